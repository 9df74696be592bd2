//! All keys of a vault: that of the member who opens it, and those that it opens.

use std::path::PathBuf;

use age::secrecy::SecretString;
use age::x25519;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hkdf::Hkdf;
use serde_json::Value;
use sha2::Sha256;

use super::needle::{Needle, scalar};
use super::world::World;

/// The keys of a vault whose opening key is in a file.
pub fn of(world: &World) -> Vec<Needle> {
    let opening = std::fs::read_to_string(key_file(world)).expect("readable");
    let opening = opening.lines().last().expect("a key");
    let mut needles = Vec::new();
    needles.extend(identity("opening key", opening));
    let sealed = std::fs::read(world.vault().join("key.age")).expect("readable");
    let identity_of_age: x25519::Identity = opening.parse().expect("a key");
    let keys = age::decrypt(&identity_of_age, &sealed).expect("opened");
    let keys = keys.split(|byte| *byte == b'\n').next().expect("a line");
    let keys: Value = serde_json::from_slice(keys).expect("JSON");
    let id = keys["vault"].as_str().expect("an id");
    for (name, purpose) in
        [("pin key", "pins"), ("index key", "index"), ("signing key", "member signing key")]
    {
        needles.push(Needle::new(name, derived(opening, id, purpose)));
    }
    needles.push(Needle::new("name key", decoded(&keys["name_key"])));
    for epoch in keys["epochs"].as_array().expect("a list") {
        needles.push(Needle::new("MAC key", decoded(&epoch["mac_key"])));
        needles.extend(identity("epoch key", epoch["identity"].as_str().expect("text")));
    }
    needles
}

/// This part is in every program that knows age.
const PREFIX: &str = "AGE-SECRET-KEY-1";

/// As text, and as the curve takes it.
fn identity(name: &str, text: &str) -> [Needle; 2] {
    let text = text.trim_start_matches(PREFIX);
    [Needle::new(name, text), Needle::new(&format!("{name}'s scalar"), scalar(text))]
}

fn derived(opening: &str, vault: &str, purpose: &str) -> [u8; 32] {
    let mut key = [0; 32];
    let info = format!("mintage {} {purpose}", mintage::seal::VERSION);
    let source = Hkdf::<Sha256>::new(Some(vault.as_bytes()), opening.as_bytes());
    source.expand(info.as_bytes(), &mut key).expect("short");
    key
}

fn decoded(text: &Value) -> Vec<u8> {
    let key = STANDARD.decode(text.as_str().expect("text")).expect("base64");
    assert_eq!(key.len(), 32);
    key
}

/// Puts a wrapped opening key in the place of the one in the open: with as little work as is
/// accepted, where `passphrase --to passphrase` takes a second.
pub fn wrap(world: &World, passphrase: &str) {
    use std::os::unix::fs::PermissionsExt as _;

    let file = key_file(world);
    let mut recipient = age::scrypt::Recipient::new(SecretString::from(passphrase));
    recipient.set_work_factor(10);
    let key = std::fs::read(&file).expect("readable");
    let wrapped = age::encrypt(&recipient, &key).expect("sealed");
    let place = file.with_extension("age");
    std::fs::write(&place, wrapped).expect("written");
    std::fs::set_permissions(&place, std::fs::Permissions::from_mode(0o600)).expect("private");
    std::fs::remove_file(file).expect("removed");
}

fn key_file(world: &World) -> PathBuf {
    let files = std::fs::read_dir(world.config().join("identities")).expect("a folder");
    files
        .map(|file| file.expect("readable").path())
        .find(|path| path.extension().is_some_and(|extension| extension == "key"))
        .expect("a key file")
}
