//! A store in memory: for tests, and the reference for the contract.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Error, Expect, Found, Look, Stamp, Store};
use crate::limits;
use crate::seal;

/// Objects in a map.
#[derive(Debug, Default)]
pub struct MemoryStore {
    objects: Mutex<BTreeMap<String, Vec<u8>>>,
}

impl MemoryStore {
    fn objects(&self) -> MutexGuard<'_, BTreeMap<String, Vec<u8>>> {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    fn get(&self, key: &str) -> Result<Option<Found>, Error> {
        match self.objects().get(key) {
            Some(bytes) if bytes.len() as u64 > limits::SEALED_OBJECT => Err(Error::TooLarge),
            found => Ok(found.cloned().map(Found::new)),
        }
    }

    fn put(&self, key: &str, bytes: &[u8], expect: Expect<'_>) -> Result<(), Error> {
        let mut objects = self.objects();
        let now = objects.get(key).cloned().map(Found::new);
        let as_expected = match expect {
            Expect::Absent => now.is_none(),
            Expect::Digest(digest) => now.is_some_and(|found| found.digest == digest),
        };
        if !as_expected {
            return Err(Error::Conflict);
        }
        objects.insert(key.to_owned(), bytes.to_vec());
        Ok(())
    }

    fn shards(&self) -> Result<Vec<Look>, Error> {
        let objects = self.objects();
        let shard =
            |key: &String| Some(key.strip_prefix("profiles/")?.split_once('/')?.0.to_owned());
        let names: BTreeSet<String> = objects.keys().filter_map(shard).collect();
        let look = |name: String| Look { key: format!("profiles/{name}"), stamp: None };
        Ok(names.into_iter().map(look).collect())
    }

    fn records(&self, shard: &str) -> Result<Vec<Look>, Error> {
        let objects = self.objects();
        let inside = format!("{shard}/");
        let of_shard = objects.iter().filter(|(key, _)| key.starts_with(&inside));
        let look = |(key, bytes): (&String, &Vec<u8>)| Look {
            key: key.clone(),
            stamp: Some(Stamp(seal::digest(bytes))),
        };
        Ok(of_shard.map(look).collect())
    }

    fn destroy(&self) -> Result<(), Error> {
        self.objects().clear();
        Ok(())
    }
}
