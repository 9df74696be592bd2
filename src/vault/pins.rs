//! What this device last knew of each object, kept beside the vault in the state folder.

use std::path::{Path, PathBuf};

use crate::clock::Clock;
use crate::disk::{self, Lock};
use crate::limits;
use crate::seal::{Pin, PinKey, PinState};

/// A pin has well under this.
const CAP: u64 = 4096;

/// Why it is not known what was known.
#[derive(Debug)]
pub(super) enum Unknown {
    /// The pin was changed by somebody without the key.
    Forged,
    /// It cannot be read, or its folder cannot be trusted.
    Disk(disk::Error),
}

/// The pins of one vault: one small file an object, so that a change costs the same at any size.
pub struct Pins<'a> {
    folder: PathBuf,
    key: PinKey,
    clock: &'a dyn Clock,
}

impl<'a> Pins<'a> {
    /// The pins in `folder`, under this device's `key`. Nothing is created yet.
    #[must_use]
    pub fn new(folder: PathBuf, key: PinKey, clock: &'a dyn Clock) -> Self {
        Self { folder, key, clock }
    }

    /// What is known of the object at `path`; `None` where nothing is.
    ///
    /// # Errors
    /// [`Unknown::Forged`] where the pin is there and is not ours; [`Unknown::Disk`].
    pub(super) fn get(&self, path: &str) -> Result<Option<Pin>, Unknown> {
        match disk::read_private(&self.file(path), CAP) {
            Ok(bytes) => self.key.read(path, &bytes).map(Some).map_err(|_| Unknown::Forged),
            Err(disk::Error::NotFound(_)) => Ok(None),
            Err(error) => Err(Unknown::Disk(error)),
        }
    }

    /// Keeps `pin` for the object at `path`.
    ///
    /// # Errors
    /// [`disk::Error`].
    pub(super) fn set(&self, path: &str, pin: &Pin) -> Result<(), disk::Error> {
        self.write(path, pin, is_later)
    }

    /// Keeps `pin` in place of the beginning of a removal that did not happen. A removal that did,
    /// by another process, stands.
    ///
    /// # Errors
    /// [`disk::Error`].
    pub(super) fn take_back(&self, path: &str, pin: &Pin) -> Result<(), disk::Error> {
        self.write(path, pin, |known, pin| {
            known.version > pin.version || known.state == PinState::Removed
        })
    }

    fn write(
        &self,
        path: &str,
        pin: &Pin,
        stands: impl Fn(&Pin, &Pin) -> bool,
    ) -> Result<(), disk::Error> {
        let file = self.file(path);
        let unwritable = |_| disk::Error::NotFound(file.clone());
        let bytes = self.key.write(path, pin).map_err(unwritable)?;
        let temp = self.folder.join("tmp");
        disk::make_private_dir(&temp)?;
        disk::check_dir(&self.folder)?;
        if let Some(folder) = file.parent() {
            disk::make_private_dir(folder)?;
        }
        let _one_at_a_time = Lock::take(&self.folder.join("lock"), limits::PIN_LOCK, self.clock)?;
        // Another process may have seen more since.
        if self.get(path).is_ok_and(|known| known.is_some_and(|known| stands(&known, pin))) {
            return Ok(());
        }
        disk::replace(&file, &bytes, &temp)
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

    /// The object paths that have a pin and begin with `profiles/`.
    pub(super) fn record_paths(&self) -> Vec<String> {
        let mut paths = Vec::new();
        for shard in entries(&self.folder.join("profiles")) {
            for file in entries(&self.folder.join("profiles").join(&shard)) {
                if let Some(name) = file.strip_suffix(".pin") {
                    paths.push(format!("profiles/{shard}/{name}"));
                }
            }
        }
        paths
    }

    fn file(&self, path: &str) -> PathBuf {
        self.folder.join(format!("{path}.pin"))
    }
}

/// What is leaving or removed stays so, whatever a reader says that saw it just before it went.
fn is_later(known: &Pin, pin: &Pin) -> bool {
    (known.version, known.state) > (pin.version, pin.state)
}

fn entries(folder: &Path) -> Vec<String> {
    disk::names(folder).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::System;
    use crate::seal::{OpeningKey, VaultId};

    #[test]
    fn a_pin_never_goes_back() {
        use PinState::{Leaving, Present, Removed};
        let folder = tempfile::tempdir().expect("a folder");
        let key = OpeningKey::generate(VaultId::random().expect("random"), None);
        let path = std::fs::canonicalize(folder.path()).expect("there").join("pins");
        let pins = Pins::new(path, key.pin_key(), &System);
        let after = |version, state| {
            let pin = Pin { version, sha256: "00".to_owned(), saved_at: System.wall(), state };
            pins.set("key", &pin).expect("saved");
            pins.get("key").expect("ours").map(|pin| (pin.version, pin.state))
        };
        assert_eq!(after(2, Present), Some((2, Present)));
        assert_eq!(after(1, Removed), Some((2, Present)));
        assert_eq!(after(2, Leaving), Some((2, Leaving)));
        assert_eq!(after(2, Present), Some((2, Leaving)), "one that read it while it left");
        assert_eq!(after(2, Removed), Some((2, Removed)));
        assert_eq!(after(2, Leaving), Some((2, Removed)), "a second one that removes it");
        assert_eq!(after(2, Present), Some((2, Removed)), "one that read it before");
        assert_eq!(after(3, Present), Some((3, Present)));
    }
}
