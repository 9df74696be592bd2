//! Where sealed bytes live. A store sees neither plain text nor names.

mod dir;
mod memory;

pub use dir::DirStore;
pub use memory::MemoryStore;

use crate::{disk, seal};

/// Sealed bytes as they were found, with what identifies exactly this content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// SHA-256 of the bytes, in hex.
    pub digest: String,
}

impl Found {
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        let digest = seal::digest(&bytes);
        Self { bytes, digest }
    }
}

/// What must be true of an object when it is changed; else the change is a [`Error::Conflict`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect<'a> {
    /// It is not there.
    Absent,
    /// It is there with this digest.
    Digest(&'a str),
}

/// A flat space of keys (`key.age`, `profiles/ab/….age`) with compare-and-swap.
pub trait Store {
    /// The object at `key`; `None` where there is none.
    ///
    /// # Errors
    /// [`Error::TooLarge`] above `limits::SEALED_OBJECT`, before it is read; [`Error::Disk`].
    fn get(&self, key: &str) -> Result<Option<Found>, Error>;

    /// What changes whenever the object at this key does. `None` where that cannot be told: there is none,
    /// or it changed just now, or this store cannot tell.
    fn stamp(&self, _: &str) -> Option<Stamp> {
        None
    }

    /// Puts `bytes` at `key`, durably, if the object is as expected.
    ///
    /// # Errors
    /// [`Error::Conflict`] where it is not; [`Error::Disk`] where it could not be saved: then the
    /// old object stands.
    fn put(&self, key: &str, bytes: &[u8], expect: Expect<'_>) -> Result<(), Error>;

    /// The groups that records lie in (`profiles/ab`), in order.
    ///
    /// # Errors
    /// [`Error::Disk`].
    fn shards(&self) -> Result<Vec<Look>, Error>;

    /// The records of one shard, in order; none where there is no such shard.
    ///
    /// # Errors
    /// [`Error::Disk`].
    fn records(&self, shard: &str) -> Result<Vec<Look>, Error>;

    /// How many records a shard has.
    ///
    /// # Errors
    /// [`Error::Disk`].
    fn count(&self, shard: &str) -> Result<usize, Error> {
        Ok(self.records(shard)?.len())
    }

    /// Every record's key, in order.
    ///
    /// # Errors
    /// [`Error::Disk`].
    fn list_records(&self) -> Result<Vec<String>, Error> {
        let mut keys = Vec::new();
        for shard in self.shards()? {
            keys.extend(self.records(&shard.key)?.into_iter().map(|look| look.key));
        }
        Ok(keys)
    }

    /// Removes every object for good, `key.age` first and durably: without it nothing else opens.
    /// What is not a vault's is left.
    ///
    /// # Errors
    /// [`Error::Disk`]; what is left then can be removed by another try.
    fn destroy(&self) -> Result<(), Error>;
}

/// A shard or a record as it looks from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// Its key.
    pub key: String,
    /// What changes whenever it does. `None` where that cannot be told: it changed just now.
    pub stamp: Option<Stamp>,
}

/// A word that is another one after every change.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Stamp(String);

impl Stamp {
    /// A word that changes with what it is made from.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// Of two things: it changes when either does.
    #[must_use]
    pub fn beside(&self, other: &Self) -> Self {
        Self(format!("{}+{}", self.0, other.0))
    }
}

/// Why a store did not do it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Somebody else changed the object first.
    #[error("somebody else changed it at the same time")]
    Conflict,
    /// The object is above the cap.
    #[error("an object of the vault is larger than mintage writes them")]
    TooLarge,
    /// The files below.
    #[error(transparent)]
    Disk(disk::Error),
}
