//! A vault in a folder: one file an object, one lock for all writers.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Error, Expect, Found, Store};
use crate::clock::Clock;
use crate::disk::{self, Lock};
use crate::limits;
use crate::seal;

/// A folder of sealed objects, 0700, with files of 0600.
///
/// Readers take no lock: every change is a rename. Writers hold `lock` from the comparison to the
/// last fsync.
pub struct DirStore<'a> {
    root: PathBuf,
    clock: &'a dyn Clock,
}

impl<'a> DirStore<'a> {
    /// The store in the folder `root`, which must be there and be private.
    ///
    /// # Errors
    /// [`Error::Disk`]: not there, or others could have written in it.
    pub fn open(root: PathBuf, clock: &'a dyn Clock) -> Result<Self, Error> {
        disk::check_dir(&root).map_err(Error::Disk)?;
        Ok(Self { root, clock })
    }

    /// Makes the folder (and those above it) where it is not there yet.
    ///
    /// # Errors
    /// [`Error::Disk`].
    pub fn create(root: PathBuf, clock: &'a dyn Clock) -> Result<Self, Error> {
        disk::make_private_dir(&root).map_err(Error::Disk)?;
        Self::open(root, clock)
    }

    fn locked<T>(&self, change: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
        let _held = Lock::take(&self.root.join("lock"), limits::VAULT_LOCK, self.clock)
            .map_err(Error::Disk)?;
        change()
    }

    fn replace(&self, key: &str, bytes: &[u8]) -> Result<(), disk::Error> {
        let temp = self.root.join("tmp");
        let path = self.root.join(key);
        disk::make_private_dir(&temp)?;
        if let Some(folder) = path.parent() {
            disk::make_private_dir(folder)?;
        }
        disk::replace(&path, bytes, &temp)
    }
}

impl Store for DirStore<'_> {
    fn get(&self, key: &str) -> Result<Option<Found>, Error> {
        match disk::read_private(&self.root.join(key), limits::SEALED_OBJECT) {
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
                disk::remove(&self.root.join(key)).map_err(Error::Disk)
            }
            _ => Err(Error::Conflict),
        })
    }

    fn list_records(&self) -> Result<Vec<String>, Error> {
        let mut keys = Vec::new();
        let profiles = self.root.join("profiles");
        for shard in names(&profiles)?.into_iter().filter(|name| is_shard(name)) {
            for file in names(&profiles.join(&shard))? {
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

/// What a folder holds; nothing where it is not there.
fn names(folder: &Path) -> Result<Vec<String>, Error> {
    let failed = |source| {
        let path = folder.to_owned();
        Error::Disk(disk::Error::Io { action: "list", path, source })
    };
    match fs::read_dir(folder) {
        Err(error)
            if matches!(
                error.kind(),
                std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory
            ) =>
        {
            Ok(Vec::new())
        }
        Err(error) => Err(failed(error)),
        Ok(entries) => entries
            .map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()))
            .collect::<Result<_, _>>()
            .map_err(failed),
    }
}
