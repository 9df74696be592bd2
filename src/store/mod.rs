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

    /// Puts `bytes` at `key`, durably, if the object is as expected.
    ///
    /// # Errors
    /// [`Error::Conflict`] where it is not; [`Error::Disk`] where it could not be saved: then the
    /// old object stands.
    fn put(&self, key: &str, bytes: &[u8], expect: Expect<'_>) -> Result<(), Error>;

    /// Removes the object at `key`, durably, if it has this digest.
    ///
    /// # Errors
    /// As [`Store::put`].
    fn delete(&self, key: &str, digest: &str) -> Result<(), Error>;

    /// Every key that begins with `profiles/`, in order.
    ///
    /// # Errors
    /// [`Error::Disk`].
    fn list_records(&self) -> Result<Vec<String>, Error>;
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
