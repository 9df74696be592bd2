//! `passphrase`: another passphrase or another place, and nothing left that the old one opens.

use std::fs;
use std::path::{Path, PathBuf};

use age::secrecy::SecretString;

use crate::keyring::Desk;
use crate::terminal;
use crate::world::{Call, Ran, World};

const MINTAGE: &str = env!("CARGO_BIN_EXE_mintage");
const OLD: &str = "the old passphrase";
const NEW: &str = "quite another one";

/// `mintage` with a passphrase at descriptor 8 and a new one at 9.
fn with_both(call: &dyn Fn(&str) -> Call, arguments: &str, old: &str, new: &str) -> Ran {
    let script = format!("exec \"$0\" {arguments} 8<<'OLD' 9<<'NEW'\n{old}\nOLD\n{new}\nNEW\n");
    call("sh").args(["-c", &script, MINTAGE]).run().hides(old).hides(if new.is_empty() {
        old
    } else {
        new
    })
}

fn passphrase_world() -> World {
    let world = World::new();
    let init = ["init", "--passphrase-fd", "0", "--recovery-file", "recovery.txt"];
    world.mintage(init).stdin(OLD).run().succeeds();
    world
}

fn list_with(world: &World, passphrase: &str) -> Ran {
    world.mintage(["list", "--passphrase-fd", "0"]).stdin(passphrase).run()
}

/// Every file below a folder; none where it is not there.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().map(|it| it.expect("readable").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// Whether this passphrase opens any file below the home, by the library that stock `age` is a
/// sibling of; stock `age` itself asks at a terminal only.
fn opens_something(world: &World, passphrase: &str) -> bool {
    files(world.home()).iter().any(|file| {
        let bytes = fs::read(file).expect("readable");
        let Ok(decryptor) = age::Decryptor::new_buffered(&bytes[..]) else { return false };
        let secret = SecretString::from(passphrase.to_owned());
        let identity = age::scrypt::Identity::new(secret);
        decryptor.decrypt(std::iter::once(&identity as &dyn age::Identity)).is_ok()
    })
}

/// The files that hold an opening key in the clear, but for the recovery key.
fn bare_keys(world: &World) -> Vec<PathBuf> {
    let is_bare = |file: &PathBuf| {
        let bytes = fs::read(file).expect("readable");
        bytes.windows(15).any(|part| part == b"AGE-SECRET-KEY-")
    };
    files(world.home())
        .into_iter()
        .filter(|it| !it.ends_with("recovery.txt") && is_bare(it))
        .collect()
}

// K08
#[test]
fn after_a_change_the_old_passphrase_opens_no_file_that_is_left() {
    let world = passphrase_world();
    assert!(opens_something(&world, OLD));
    let call = |program: &str| world.program(program);
    let change = "passphrase --passphrase-fd 8 --new-passphrase-fd 9";
    with_both(&call, change, OLD, NEW).succeeds().says("wrapped by the new passphrase");
    assert!(!opens_something(&world, OLD) && opens_something(&world, NEW));
    list_with(&world, OLD).exits(5);
    list_with(&world, NEW).succeeds();
    // No backup of any kind: one wrapped key, and what belongs to a lock.
    let identities = files(&world.config().join("identities"));
    let kept = identities.iter().filter(|it| it.extension().is_none_or(|end| end != "lock"));
    assert_eq!(kept.count(), 1, "{identities:?}");
}

// K08
#[test]
fn a_change_that_is_refused_changes_nothing() {
    let world = passphrase_world();
    let call = |program: &str| world.program(program);
    let change = "passphrase --passphrase-fd 8 --new-passphrase-fd 9";
    let wrapped = || {
        let all = files(&world.config().join("identities")).into_iter();
        let all = all.chain([world.config().join("settings.toml")]);
        all.filter(|it| it.extension().is_none_or(|end| end != "lock"))
            .map(|it| (fs::read(&it).expect("readable"), it))
            .collect::<Vec<_>>()
    };
    let before = wrapped();
    with_both(&call, change, "not the passphrase", NEW).exits(5);
    with_both(&call, change, OLD, "too short").exits(9);
    with_both(&call, change, OLD, "").exits(9);
    with_both(&call, "passphrase --passphrase-fd 8", OLD, NEW).exits(4);
    with_both(&call, "passphrase --new-passphrase-fd 9", OLD, NEW).exits(4);
    with_both(&call, "passphrase --to file --new-passphrase-fd 9 --passphrase-fd 8", OLD, NEW)
        .exits(2);
    let line = terminal::line(&[MINTAGE, "passphrase"]);
    let typed =
        [("Passphrase: ", OLD), ("New passphrase: ", NEW), ("The same again: ", "other one")];
    let talked = terminal::talk(world.program("script"), &line, &typed);
    talked.exits(9).shows("the two passphrases differ").hides(OLD).hides(NEW);
    assert!(wrapped() == before);
    list_with(&world, OLD).succeeds();
}

/// Moves a key on a desktop, and gives the arguments of a listing.
fn to(desk: &Desk, place: &str, passphrase: bool) -> Ran {
    let call = |program: &str| desk.on_bus(desk.world.program(program));
    let new = if place.contains("passphrase") { " --new-passphrase-fd 9" } else { "" };
    let old = if passphrase { " --passphrase-fd 8" } else { "" };
    with_both(&call, &format!("passphrase --to {place}{new}{old}"), NEW, NEW).succeeds()
}

/// Where an opening key is now: entries of the keychain, wrapped files, bare files.
fn kept(desk: &Desk) -> (usize, usize, usize) {
    let wrapped = files(&desk.world.config().join("identities"));
    let wrapped = wrapped.iter().filter(|it| it.extension().is_some_and(|end| end == "age"));
    (desk.keyring.entries(), wrapped.count(), bare_keys(&desk.world).len())
}

#[track_caller]
fn opens(desk: &Desk) {
    let call = |program: &str| desk.on_bus(desk.world.program(program));
    with_both(&call, "--passphrase-fd 8 list", NEW, NEW).succeeds();
}

#[test]
fn a_key_moves_between_all_places_and_leaves_nothing_behind() {
    let desk = Desk::with_vault();
    assert_eq!(kept(&desk), (1, 0, 0));
    let mut is_wrapped = false;
    for place in ["passphrase", "keychain", "file", "passphrase", "file", "keychain", "keychain"] {
        to(&desk, place, is_wrapped);
        is_wrapped = place == "passphrase";
        let expected = match place {
            "keychain" => (1, 0, 0),
            "passphrase" => (0, 1, 0),
            _ => (0, 0, 1),
        };
        assert_eq!(kept(&desk), expected, "after a move to {place}");
        opens(&desk);
        let status = desk.run(&["status", "--json"]).succeeds().json();
        assert_eq!(status["vault"]["key"], place);
    }
    // The keychain alone has it: without it, nothing opens.
    desk.world.run(["list"]).exits(8);
}

#[test]
fn a_file_that_the_user_chose_is_never_deleted_and_that_is_said() {
    let desk = Desk::with_vault();
    let mine = desk.world.path("mine.key");
    to(&desk, "file --identity-file mine.key", false);
    assert_eq!((desk.keyring.entries(), bare_keys(&desk.world)), (0, vec![mine.clone()]));
    let ran = to(&desk, "keychain", false);
    let hint = format!("the key is still in `{}`, too", mine.display());
    assert_eq!(ran.says(&hint).hides("AGE-SECRET-KEY").code, 0);
    assert!(mine.exists());
    desk.run(&["list"]).succeeds();
    // The recovery key is another key, and is never written over.
    let recovery = fs::read(desk.world.path("recovery.txt")).expect("readable");
    let call = |program: &str| desk.on_bus(desk.world.program(program));
    let onto = "passphrase --to file --identity-file recovery.txt";
    with_both(&call, onto, NEW, NEW).exits(11);
    assert_eq!(fs::read(desk.world.path("recovery.txt")).expect("readable"), recovery);
    desk.run(&["list"]).succeeds();
}

#[test]
fn an_entry_that_an_interrupted_move_left_in_the_keychain_goes_with_the_next() {
    let desk = Desk::with_vault();
    let id = desk.vault_id();
    let entry = desk.keyring.lookup(&id).expect("an entry");
    for place in ["file", "passphrase"] {
        to(&desk, place, false);
        // As it is after a kill between the settings and the end.
        desk.keyring.store(&id, &entry);
        to(&desk, place, place == "passphrase");
        assert_eq!(desk.keyring.entries(), 0, "after another move to {place}");
        opens(&desk);
    }
}

#[test]
fn a_move_leaves_the_key_of_another_registration_of_the_same_vault_alone() {
    let desk = Desk::with_vault();
    let vault = desk.world.vault().display().to_string();
    let add = ["vault", "add", &vault, "--identity-file", "recovery.txt", "--name", "again"];
    desk.run(&add).succeeds();
    desk.run(&["passphrase", "--vault", "again", "--to", "file"]).succeeds();
    assert_eq!(desk.keyring.entries(), 1);
    for vault in ["default", "again"] {
        desk.run(&["list", "--vault", vault]).succeeds();
    }
}

#[test]
fn a_key_is_moved_where_no_keychain_answers() {
    let world = World::with_vault();
    world.run(["passphrase", "--to", "file", "--identity-file", "mine.key"]).succeeds();
    world.run(["list"]).succeeds();
    world.run(["passphrase", "--to", "keychain"]).exits(8);
    world.run(["passphrase"]).exits(2).says("`--to passphrase` gives it one");
    world.run(["passphrase", "--to", "passphrase"]).exits(4);
    world.run(["list"]).succeeds();
}
