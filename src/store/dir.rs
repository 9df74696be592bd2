//! A vault in a folder: one file an object, one lock for all writers.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Error, Expect, Found, Look, Stamp, Store};
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

    /// Only its stamp tells that a record was replaced: the name stays, and length and time of the
    /// last write can be set to anything. The time of the last change of the inode cannot.
    fn look(&self, key: String) -> Look {
        let found = fs::symlink_metadata(self.root.join(&key)).ok();
        let stamp = found.and_then(|found| {
            let (changed, place) = disk::last_change(&found)?;
            let settled =
                changed.checked_add(limits::SETTLED).is_ok_and(|it| it < self.clock.wall());
            settled.then(|| Stamp(format!("{}.{}.{place}", changed.as_nanosecond(), found.len())))
        });
        Look { key, stamp }
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

    fn shards(&self) -> Result<Vec<Look>, Error> {
        let mut shards = Vec::new();
        for name in names(&self.root.join("profiles"))?.into_iter().filter(|name| is_shard(name)) {
            shards.push(self.look(format!("profiles/{name}")));
        }
        shards.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        Ok(shards)
    }

    fn records(&self, shard: &str) -> Result<Vec<Look>, Error> {
        let keys = names(&self.root.join(shard))?.into_iter().map(|file| format!("{shard}/{file}"));
        // What a file manager or a sync program left there is not ours to judge.
        let records = keys.filter(|key| seal::RecordPath::parse(key).is_some());
        let mut looks: Vec<Look> = records.map(|key| self.look(key)).collect();
        looks.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        Ok(looks)
    }

    fn destroy(&self) -> Result<(), Error> {
        if !self.root.exists() {
            return Ok(());
        }
        self.locked(|| {
            match disk::remove(&self.root.join("key.age")) {
                Ok(()) | Err(disk::Error::NotFound(_)) => {}
                Err(error) => return Err(Error::Disk(error)),
            }
            for shard in self.shards()? {
                for record in self.records(&shard.key)? {
                    remove_file(&self.root.join(record.key))?;
                }
                // Not empty where something foreign is in it.
                let _foreign_files_stay = fs::remove_dir(self.root.join(shard.key));
            }
            for file in ["members.age", "vault.json"] {
                remove_file(&self.root.join(file))?;
            }
            disk::remove_dir(&self.root.join("tmp")).map_err(Error::Disk)
        })?;
        remove_file(&self.root.join("lock"))?;
        for folder in [self.root.join("profiles"), self.root.clone()] {
            let _foreign_files_stay = fs::remove_dir(folder);
        }
        Ok(())
    }
}

fn remove_file(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            let path = path.to_owned();
            Err(Error::Disk(disk::Error::Io { action: "remove", path, source }))
        }
        _ => Ok(()),
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
