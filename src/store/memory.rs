//! A store in memory: for tests, and the reference for the contract.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Error, Expect, Found, Store};
use crate::limits;

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

    fn delete(&self, key: &str, digest: &str) -> Result<(), Error> {
        let mut objects = self.objects();
        let now = objects.get(key).cloned().map(Found::new);
        if now.is_none_or(|found| found.digest != digest) {
            return Err(Error::Conflict);
        }
        objects.remove(key);
        Ok(())
    }

    fn list_records(&self) -> Result<Vec<String>, Error> {
        let objects = self.objects();
        Ok(objects.keys().filter(|key| key.starts_with("profiles/")).cloned().collect())
    }
}
