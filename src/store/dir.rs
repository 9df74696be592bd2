//! A vault in a folder: one file an object, one lock for all writers.

use std::path::Path;

use super::{Error, Expect, Found, Look, Stamp, Store};
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

    /// Only its stamp tells that a record was replaced: the name stays, and length and time of the
    /// last write can be set to anything.
    fn look(&self, key: String) -> Look {
        let stamp = self.root.stamp(&key, self.clock).map(Stamp::new);
        Look { key, stamp }
    }

    fn replace(&self, key: &str, bytes: &[u8]) -> Result<(), disk::Error> {
        let temp = self.root.at("tmp");
        disk::make_private_dir(temp.clone())?;
        if let Some((folder, _)) = key.rsplit_once('/') {
            disk::make_private_dir(self.root.at(folder))?;
        }
        disk::replace(self.root.at(key), bytes, temp)
    }

    fn record_keys(&self, shard: &str) -> Result<Vec<String>, Error> {
        let keys = self.names(shard)?.into_iter().map(|file| format!("{shard}/{file}"));
        // What a file manager or a sync program left there is not ours to judge.
        Ok(keys.filter(|key| seal::RecordPath::parse(key).is_some()).collect())
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
            // Where a folder should be there is none: then nothing is in it.
            Err(disk::Error::Io { source, .. })
                if source.kind() == std::io::ErrorKind::NotADirectory =>
            {
                Ok(None)
            }
            Err(disk::Error::TooLarge { .. }) => Err(Error::TooLarge),
            Err(error) => Err(Error::Disk(error)),
        }
    }

    fn stamp(&self, key: &str) -> Option<Stamp> {
        self.look(key.to_owned()).stamp
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
        for name in self.names("profiles")?.into_iter().filter(|name| is_shard(name)) {
            shards.push(self.look(format!("profiles/{name}")));
        }
        shards.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        Ok(shards)
    }

    fn records(&self, shard: &str) -> Result<Vec<Look>, Error> {
        let keys = self.record_keys(shard)?;
        let mut looks: Vec<Look> = keys.into_iter().map(|key| self.look(key)).collect();
        looks.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        Ok(looks)
    }

    fn count(&self, shard: &str) -> Result<usize, Error> {
        Ok(self.record_keys(shard)?.len())
    }

    fn destroy(&self) -> Result<(), Error> {
        let clear = |folder: &str, is_ours: &dyn Fn(&str) -> bool| {
            disk::clear_dir(self.root.at(folder), is_ours).map_err(Error::Disk)
        };
        self.locked(|| {
            // Durably, before anything else: a record without it is noise.
            clear(".", &|name| name == "key.age")?;
            for Look { key: shard, .. } in self.shards()? {
                let is_record =
                    |name: &str| seal::RecordPath::parse(&format!("{shard}/{name}")).is_some();
                clear(&shard, &is_record)?;
            }
            clear("profiles", &|_| false)?;
            for shard in self.names("tokens")?.into_iter().filter(|name| is_shard(name)) {
                let is_slot = |name: &str| {
                    seal::RecordPath::parse(&format!("profiles/{shard}/{name}")).is_some()
                };
                clear(&format!("tokens/{shard}"), &is_slot)?;
            }
            clear("tokens", &|_| false)?;
            clear("tmp", &|_| true)?;
            clear(".", &|name| ["members.age", "vault.json"].contains(&name))
        })?;
        clear(".", &|name| name == "lock")?;
        disk::remove_empty_dir(self.root.path()).map_err(Error::Disk)
    }
}

fn is_shard(name: &str) -> bool {
    name.len() == 2 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}
