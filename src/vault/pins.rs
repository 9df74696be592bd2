//! What this device last knew of each object, kept beside the vault in the state folder.

use std::cell::OnceCell;
use std::path::PathBuf;
use std::time::Duration;

use crate::clock::Clock;
use crate::disk::{self, Lock, Root};
use crate::limits;
use crate::seal::{self, Pin, PinKey};

/// A pin has well under this.
const CAP: u64 = 4096;
const INDEX: &str = "index";
const DEVICE: &str = "device";

/// Why it is not known what was known.
#[derive(Debug)]
pub(super) enum Unknown {
    /// The pin was changed by somebody without the key.
    Forged,
    /// It cannot be read, or its folder cannot be trusted.
    Disk(disk::Error),
}

/// The pins of one vault: one small file an object, so that a change costs the same at any size.
/// Their folder is held open once it is there, so that all of them are of one device.
pub struct Pins<'a> {
    folder: PathBuf,
    root: OnceCell<Root>,
    key: PinKey,
    clock: &'a dyn Clock,
}

impl<'a> Pins<'a> {
    /// The pins in `folder`, under this device's `key`. Nothing is created yet.
    #[must_use]
    pub fn new(folder: PathBuf, key: PinKey, clock: &'a dyn Clock) -> Self {
        Self { folder, root: OnceCell::new(), key, clock }
    }

    /// What is known of the object at `path`; `None` where nothing is.
    ///
    /// # Errors
    /// [`Unknown::Forged`] where the pin is there and is not ours; [`Unknown::Disk`].
    pub(super) fn get(&self, path: &str) -> Result<Option<Pin>, Unknown> {
        let read = self.root().and_then(|root| disk::read_private(root.at(&file(path)), CAP));
        match read {
            Ok(bytes) => self.key.read(path, &bytes).map(Some).map_err(|_| Unknown::Forged),
            Err(disk::Error::NotFound(_)) => Ok(None),
            Err(error) => Err(Unknown::Disk(error)),
        }
    }

    /// Keeps `pin` for the object at `path`, unless a later one is kept.
    ///
    /// # Errors
    /// [`disk::Error`].
    pub(super) fn set(&self, path: &str, pin: &Pin) -> Result<(), disk::Error> {
        let file = file(path);
        let unwritable = |_| disk::Error::NotFound(self.folder.join(&file));
        let bytes = self.key.write(path, pin).map_err(unwritable)?;
        self.write(&file, &bytes, || {
            // Another process may have seen more since.
            self.get(path).is_ok_and(|known| known.is_some_and(|it| it.version > pin.version))
        })
    }

    /// Keeps other processes from what belongs to the object at `path`, as long as the lock lives.
    ///
    /// # Errors
    /// [`disk::Error::Locked`] where another one has it; [`disk::Error`].
    pub(super) fn lock(&self, path: &str, patience: Duration) -> Result<Lock, disk::Error> {
        disk::make_private_dir(&self.folder)?;
        let root = self.root()?;
        if let Some((folder, _)) = path.rsplit_once('/') {
            disk::make_private_dir(root.at(folder))?;
        }
        Lock::take(root.at(&format!("{path}.lock")), patience, self.clock)
    }

    /// A random word of this device, made where there is none yet.
    pub(super) fn device(&self) -> Option<String> {
        let read = || {
            let bytes = disk::read_private(self.root().ok()?.at(DEVICE), CAP).ok()?;
            String::from_utf8(bytes.to_vec()).ok().filter(|word| !word.is_empty())
        };
        if let Some(word) = read() {
            return Some(word);
        }
        let word = seal::VaultId::random().ok()?;
        // Another process may have made one at the same time: the first stands.
        let made = self.write(DEVICE, word.as_str().as_bytes(), || read().is_some());
        made.ok().and_then(|()| read())
    }

    /// The sealed index, where there is one.
    pub(super) fn index(&self) -> Option<Vec<u8>> {
        let read = self.root().and_then(|root| disk::read_private(root.at(INDEX), limits::INDEX));
        read.ok().map(|bytes| bytes.to_vec())
    }

    /// Keeps a sealed index beside the pins it was made with.
    ///
    /// # Errors
    /// [`disk::Error`].
    pub(super) fn keep_index(&self, sealed: &[u8]) -> Result<(), disk::Error> {
        self.write(INDEX, sealed, || false)
    }

    fn write(
        &self,
        file: &str,
        bytes: &[u8],
        is_outdated: impl FnOnce() -> bool,
    ) -> Result<(), disk::Error> {
        disk::make_private_dir(&self.folder)?;
        let root = self.root()?;
        disk::make_private_dir(root.at("tmp"))?;
        if let Some((folder, _)) = file.rsplit_once('/') {
            disk::make_private_dir(root.at(folder))?;
        }
        let _one_at_a_time = Lock::take(root.at("lock"), limits::PIN_LOCK, self.clock)?;
        if is_outdated() { Ok(()) } else { disk::replace(root.at(file), bytes, root.at("tmp")) }
    }

    /// Their folder.
    ///
    /// # Errors
    /// [`disk::Error::NotFound`] where nothing was kept yet.
    fn root(&self) -> Result<&Root, disk::Error> {
        if let Some(root) = self.root.get() {
            return Ok(root);
        }
        let root = Root::open(&self.folder)?;
        Ok(self.root.get_or_init(|| root))
    }

    /// Whether what is held open is still what lies in their place: others may have been accepted.
    pub(super) fn is_in_place(&self) -> bool {
        self.root.get().is_none_or(Root::is_in_place)
    }

    /// Takes the place of what is known in `old`, which is forgotten.
    ///
    /// # Errors
    /// [`disk::Error`]; then `old` stands.
    pub fn replace(&self, old: &Self) -> Result<(), disk::Error> {
        let aside = old.folder.with_extension("old");
        disk::remove_dir(&aside)?;
        if old.folder.exists() {
            disk::rename(&old.folder, &aside)?;
        }
        disk::rename(&self.folder, &old.folder)?;
        disk::remove_dir(&aside)
    }

    /// The shards (`profiles/<aa>`) in which something is pinned.
    ///
    /// # Errors
    /// [`disk::Error`]: it cannot be told what is missing.
    pub(super) fn shards(&self) -> Result<Vec<String>, disk::Error> {
        let shards = self.entries("profiles")?;
        Ok(shards.into_iter().map(|shard| format!("profiles/{shard}")).collect())
    }

    /// The objects of a shard that are pinned.
    ///
    /// # Errors
    /// As [`Pins::shards`].
    pub(super) fn records(&self, shard: &str) -> Result<Vec<String>, disk::Error> {
        let files = self.entries(shard)?;
        let name = |file: &String| Some(format!("{shard}/{}", file.strip_suffix(".pin")?));
        Ok(files.iter().filter_map(name).collect())
    }

    /// What changes whenever a pin in this folder does; `None` where that cannot be told.
    pub(super) fn stamp(&self, folder: &str) -> Option<String> {
        self.root().ok()?.stamp(folder, self.clock)
    }

    /// The same of one object's pin.
    pub(super) fn stamp_of(&self, path: &str) -> Option<String> {
        self.stamp(&file(path))
    }

    fn entries(&self, folder: &str) -> Result<Vec<String>, disk::Error> {
        match self.root() {
            Ok(root) => disk::names(root.at(folder)),
            Err(disk::Error::NotFound(_)) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }
}

fn file(path: &str) -> String {
    format!("{path}.pin")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::System;
    use crate::seal::{OpeningKey, VaultId};

    #[test]
    fn a_pin_never_goes_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let key = OpeningKey::generate(VaultId::random().expect("random"), None);
        let path = std::fs::canonicalize(folder.path()).expect("there").join("pins");
        let pins = Pins::new(path, key.pin_key(), &System);
        let after = |version| {
            let pin = Pin { version, sha256: "00".to_owned(), saved_at: System.wall() };
            pins.set("key", &pin).expect("saved");
            pins.get("key").expect("ours").map(|pin| pin.version)
        };
        assert_eq!([2, 1, 3, 2].map(after), [Some(2), Some(2), Some(3), Some(3)]);
    }
}
