//! A vault with one profile in it, and the means to meddle with what lies on the disk.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use mintage::seal::{OpeningKey, Pin};
use mintage::secret::IdentityText;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::world::{Call, Canary, Ran, World};

/// A home with a vault, its opening key in a file, and the profile `prod`. Its issuer is a closed
/// port: whatever a test lets through ends at the network, with exit code 8.
pub struct Scene {
    pub world: World,
    pub canary: Canary,
}

/// What "the vault file" means, in turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Descriptor,
    Key,
    Members,
    Record,
    /// The pin of the record.
    Pin,
}

impl Part {
    pub const ALL: [Self; 5] =
        [Self::Descriptor, Self::Key, Self::Members, Self::Record, Self::Pin];
    pub const SEALED: [Self; 3] = [Self::Key, Self::Members, Self::Record];

    /// Whether it matters to one profile only.
    pub fn is_of_one_profile(self) -> bool {
        matches!(self, Self::Record | Self::Pin)
    }
}

pub const NOWHERE: &str = "https://127.0.0.1:1";

impl Scene {
    pub fn new() -> Self {
        let scene = Self { world: World::with_vault(), canary: Canary::new() };
        scene.add("prod").succeeds();
        scene
    }

    pub fn adding(&self, name: &str) -> Call {
        self.world
            .mintage(["add", name, "--stdin", "--base-url", NOWHERE])
            .stdin(self.canary.pair())
    }

    pub fn add(&self, name: &str) -> Ran {
        self.adding(name).run()
    }

    pub fn path(&self, part: Part) -> PathBuf {
        let vault = self.world.vault();
        match part {
            Part::Descriptor => vault.join("vault.json"),
            Part::Key => vault.join("key.age"),
            Part::Members => vault.join("members.age"),
            Part::Record => self.world.records()[0].clone(),
            Part::Pin => self.pin(&self.record_key()),
        }
    }

    /// The store's key of the only record.
    pub fn record_key(&self) -> String {
        let record = self.path(Part::Record);
        record.strip_prefix(self.world.vault()).expect("below").display().to_string()
    }

    /// The pin file of the object at a store's key. Each opening key has a folder of its own.
    pub fn pin(&self, key: &str) -> PathBuf {
        let name = format!("{key}.pin");
        let mut files = snapshot(&self.world.state()).into_keys();
        files.find(|file| file.ends_with(&name)).expect("a pin")
    }

    /// Makes this device believe that it has seen that version of an object.
    pub fn pretend(&self, key: &str, version: u64, sha256: &str) {
        let saved_at = "2026-01-02T03:04:05Z".parse().expect("a time");
        let pin = Pin { version, sha256: sha256.to_owned(), saved_at };
        let bytes = self.key().pin_key().write(key, &pin).expect("plain data");
        write(&self.pin(key), &bytes);
    }

    /// As a device that sees the vault for the first time.
    pub fn forget(&self) {
        fs::remove_dir_all(self.world.state()).expect("removed");
    }

    /// The file of this device's opening key.
    pub fn key_file(&self) -> PathBuf {
        let identities = self.world.config().join("identities");
        let mut files = fs::read_dir(identities).expect("a folder");
        files.next().expect("one").expect("readable").path()
    }

    pub fn key(&self) -> OpeningKey {
        let text = fs::read_to_string(self.key_file()).expect("readable");
        OpeningKey::parse(&IdentityText::new(Zeroizing::new(text))).expect("a key")
    }

    pub fn read(&self, part: Part) -> Vec<u8> {
        fs::read(self.path(part)).expect("readable")
    }

    pub fn write(&self, part: Part, bytes: &[u8]) {
        write(&self.path(part), bytes);
    }

    /// Runs it and asserts what holds of every refusal: the exit code, nothing changed on the disk,
    /// and the secret nowhere in the output.
    #[track_caller]
    pub fn refuses(&self, call: Call, code: i32) -> Ran {
        let before = snapshot(self.world.home());
        let ran = call.run().exits(code).hides(&self.canary.secret).hides("panicked");
        assert_same(&before, &snapshot(self.world.home()));
        ran
    }

    /// Every command that needs `part` refuses with `code`, `list` perhaps only in part.
    #[track_caller]
    pub fn refuses_all(&self, part: Part, code: i32) -> Vec<Ran> {
        let mut calls = vec![
            self.world.mintage(["show", "prod"]),
            self.world.mintage(["token", "prod"]),
            self.world.mintage(["remove", "prod", "--yes"]),
            self.adding("prod"),
        ];
        if !part.is_of_one_profile() {
            calls.push(self.adding("other"));
            calls.push(self.world.mintage(["list"]));
        }
        calls.into_iter().map(|call| self.refuses(call, code)).collect()
    }

    /// All is well: `prod` is there, and its secret is whole.
    #[track_caller]
    pub fn is_well(&self) {
        let shown = self.world.run(["show", "prod", "--json", "--reveal"]).succeeds();
        assert_eq!(shown.json()["client_secret"], self.canary.secret.as_str());
        self.world.run(["list"]).succeeds();
    }
}

/// Writes a file as its owner would, with mode 0600.
pub fn write(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).expect("written");
    fs::set_permissions(path, Permissions::from_mode(0o600)).expect("changed");
}

pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

/// Each file below a folder with its mode, length and content. Lock files count by their presence:
/// they hold the number of the last process.
pub fn snapshot(folder: &Path) -> BTreeMap<PathBuf, (u32, u64, String)> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("readable").path();
            let about = path.symlink_metadata().expect("there");
            if about.is_dir() {
                folders.push(path.clone());
            }
            let is_lock =
                path.file_name().is_some_and(|name| name.to_string_lossy().contains("lock"));
            let is_read = about.is_file() && !is_lock && (1..1 << 20).contains(&about.len());
            let content = is_read.then(|| sha256(&fs::read(&path).expect("readable")));
            let length = if about.is_file() && !is_lock { about.len() } else { 0 };
            found.insert(path, (about.mode(), length, content.unwrap_or_default()));
        }
    }
    found
}

#[track_caller]
pub fn assert_same<V: PartialEq + std::fmt::Debug>(
    before: &BTreeMap<PathBuf, V>,
    after: &BTreeMap<PathBuf, V>,
) {
    for (path, was) in before {
        assert_eq!(after.get(path), Some(was), "{} was touched", path.display());
    }
    for path in after.keys() {
        assert!(before.contains_key(path), "{} was made", path.display());
    }
}

/// Whatever a crash may leave: the temp files below a folder.
pub fn leftovers(folder: &Path) -> Vec<PathBuf> {
    let is_temp = |path: &PathBuf| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(".mintage-tmp-"))
    };
    snapshot(folder).into_keys().filter(is_temp).collect()
}

/// Where the payload of an age file begins.
pub fn payload_at(sealed: &[u8]) -> usize {
    let mac = sealed.windows(5).position(|five| five == b"\n--- ").expect("a header") + 1;
    mac + sealed[mac..].iter().position(|byte| *byte == b'\n').expect("its end") + 1
}
