//! A vault in a folder: one file an object, one lock for all writers.

use std::path::Path;

use super::{Error, Expect, Found, Store};
use crate::clock::Clock;
use crate::disk::{self, Lock, Root};
use crate::limits;
use crate::seal;

/// A folder of sealed objects, 0700, with files of 0600.
///
/// The folder is held open, so that all that is read and written is of one vault. Readers take no
/// lock: every change is a rename. Writers hold `lock` from the comparison to the
/// last fsync.
pub struct DirStore<'a> {
    root: Root,
    clock: &'a dyn Clock,
}

impl<'a> DirStore<'a> {
    /// The store in the folder `root`, which must be there and be private.
    ///
    /// # Errors
    /// [`Error::Disk`]: not there, or others could have written in it.
    pub fn open(root: &Path, clock: &'a dyn Clock) -> Result<Self, Error> {
        Ok(Self { root: Root::open(root).map_err(Error::Disk)?, clock })
    }

    /// Makes the folder (and those above it) where it is not there yet.
    ///
    /// # Errors
    /// [`Error::Disk`].
    pub fn create(root: &Path, clock: &'a dyn Clock) -> Result<Self, Error> {
        disk::make_private_dir(root).map_err(Error::Disk)?;
        Self::open(root, clock)
    }

    fn locked<T>(&self, change: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
        let _held = Lock::take(self.root.at("lock"), limits::VAULT_LOCK, self.clock)
            .map_err(Error::Disk)?;
        change()
    }

    fn replace(&self, key: &str, bytes: &[u8]) -> Result<(), disk::Error> {
        let temp = self.root.at("tmp");
        disk::make_private_dir(temp.clone())?;
        if let Some((folder, _)) = key.rsplit_once('/') {
            disk::make_private_dir(self.root.at(folder))?;
        }
        disk::replace(self.root.at(key), bytes, temp)
    }

    fn names(&self, folder: &str) -> Result<Vec<String>, Error> {
        disk::names(self.root.at(folder)).map_err(Error::Disk)
    }
}

impl Store for DirStore<'_> {
    fn get(&self, key: &str) -> Result<Option<Found>, Error> {
        match disk::read_private(self.root.at(key), limits::SEALED_OBJECT) {
            Ok(bytes) => Ok(Some(Found::new(bytes.to_vec()))),
            Err(disk::Error::NotFound(_)) => Ok(None),
            Err(disk::Error::TooLarge { .. }) => Err(Error::TooLarge),
            Err(error) => Err(Error::Disk(error)),
        }
    }

    fn put(&self, key: &str, bytes: &[u8], expect: Expect<'_>) -> Result<(), Error> {
        self.locked(|| {
            let now = self.get(key)?;
            let as_expected = match (expect, &now) {
                (Expect::Absent, None) => true,
                (Expect::Digest(digest), Some(found)) => found.digest == digest,
                (Expect::Absent, Some(_)) | (Expect::Digest(_), None) => false,
            };
            if !as_expected {
                return Err(Error::Conflict);
            }
            self.replace(key, bytes).map_err(Error::Disk)
        })
    }

    fn delete(&self, key: &str, digest: &str) -> Result<(), Error> {
        self.locked(|| match self.get(key)? {
            Some(found) if found.digest == digest => {
                disk::remove(self.root.at(key)).map_err(Error::Disk)
            }
            _ => Err(Error::Conflict),
        })
    }

    fn list_records(&self) -> Result<Vec<String>, Error> {
        let mut keys = Vec::new();
        for shard in self.names("profiles")?.into_iter().filter(|name| is_shard(name)) {
            for file in self.names(&format!("profiles/{shard}"))? {
                keys.push(format!("profiles/{shard}/{file}"));
            }
        }
        // What a file manager or a sync program left there is not ours to judge.
        keys.retain(|key| seal::RecordPath::parse(key).is_some());
        keys.sort_unstable();
        Ok(keys)
    }
}

fn is_shard(name: &str) -> bool {
    name.len() == 2 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}
