//! What this device last knew of each object, kept beside the vault in the state folder.

use std::path::{Path, PathBuf};

use super::Warning;
use super::history::Fault;
use crate::clock::Clock;
use crate::disk::{self, Lock};
use crate::limits;
use crate::seal::{Pin, PinKey, PinState};
use crate::store;

/// A pin has well under this.
const CAP: u64 = 4096;

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
    /// [`Fault::PinDamaged`] where the pin is there and is not ours.
    pub(super) fn get(&self, path: &str) -> Result<Option<Pin>, Fault> {
        match disk::read_private(&self.file(path), CAP) {
            Ok(bytes) => self.key.read(path, &bytes).map(Some).map_err(|_| Fault::PinDamaged),
            Err(disk::Error::NotFound(_)) => Ok(None),
            Err(_) => Err(Fault::PinDamaged),
        }
    }

    /// Keeps `pin` for the object at `path`.
    ///
    /// # Errors
    /// [`Warning::PinNotSaved`]: the work goes on without.
    pub(super) fn set(&self, path: &str, pin: &Pin) -> Result<(), Warning> {
        self.save(path, pin).map_err(Warning::PinNotSaved)
    }

    /// Forgets everything that was known, so that the vault is believed as it is found next.
    ///
    /// # Errors
    /// [`store::Error::Disk`].
    pub fn forget_all(&self) -> Result<(), store::Error> {
        match std::fs::remove_dir_all(&self.folder) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                let path = self.folder.clone();
                Err(store::Error::Disk(disk::Error::Io { action: "remove", path, source }))
            }
            _ => Ok(()),
        }
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

    fn save(&self, path: &str, pin: &Pin) -> Result<(), disk::Error> {
        let file = self.file(path);
        let unwritable = |_| disk::Error::NotFound(file.clone());
        let bytes = self.key.write(path, pin).map_err(unwritable)?;
        if let Some(folder) = file.parent() {
            disk::make_private_dir(folder)?;
        }
        let temp = self.folder.join("tmp");
        disk::make_private_dir(&temp)?;
        let _one_at_a_time = Lock::take(&self.folder.join("lock"), limits::PIN_LOCK, self.clock)?;
        // Another process may have seen a later version since, or removed this one.
        if self.get(path).is_ok_and(|known| known.is_some_and(|it| is_later(&it, pin))) {
            return Ok(());
        }
        disk::replace(&file, &bytes, &temp)
    }

    fn file(&self, path: &str) -> PathBuf {
        self.folder.join(format!("{path}.pin"))
    }
}

fn is_later(known: &Pin, pin: &Pin) -> bool {
    known.version > pin.version
        || (known.version == pin.version && known.state == PinState::Removed)
}

fn entries(folder: &Path) -> Vec<String> {
    let Ok(found) = std::fs::read_dir(folder) else { return Vec::new() };
    found.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}
