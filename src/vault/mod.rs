//! A store and an opened key together: the only way to profiles.

mod create;
mod descriptor;
mod history;
mod index;
mod open;
mod pins;
mod records;
mod slots;

use jiff::Timestamp;

pub use create::{Founding, found, identify, is_born};
pub use descriptor::Descriptor;
pub use history::Fault;
pub use index::Listing;
pub use open::OpenVault;
pub use pins::Pins;
pub use slots::{Held, SlotLock};

use crate::model::ProfileName;
use crate::{disk, seal, store};

/// Why the vault did not do it. Nothing is changed by a refusal.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no vault in the place.
    #[error("there is no vault at `{0}`")]
    NotThere(String),
    /// The vault was begun and never finished.
    #[error("the making of this vault was interrupted")]
    Unborn,
    /// Something is in the place where a vault was to be made.
    #[error("there is a vault already at `{0}`")]
    Occupied(String),
    /// No such profile.
    #[error("no profile `{0}`")]
    NoProfile(ProfileName),
    /// The name is taken.
    #[error("a profile `{0}` exists already")]
    Exists(ProfileName),
    /// More profiles than `limits::PROFILES`.
    #[error("the vault is full: it has 100000 profiles, those that were removed included")]
    Full,
    /// An object was refused: damaged, forged, or for another key.
    #[error("{0}")]
    Sealed(#[from] seal::Error),
    /// An object is not the one that was last known.
    #[error("{what}: {fault}")]
    History {
        /// The object.
        what: String,
        /// How it differs.
        fault: Fault,
    },
    /// A later version of mintage has taken the vault over.
    #[error("this version of mintage is too old to change this vault")]
    TooOldToWrite,
    /// The store below.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Something that is not as it should be and does not stop the work.
#[derive(Debug, thiserror::Error)]
pub enum Warning {
    /// What was learned could not be kept, so the next rollback of it would not be seen.
    #[error("cannot remember the state of the vault, so a later rollback would not be noticed")]
    PinNotSaved(#[source] disk::Error),
}

/// The version of an object as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) version: u64,
    pub(crate) previous: Option<String>,
    pub(crate) ancestors: Vec<String>,
    pub(crate) sha256: String,
    pub(crate) saved_at: Timestamp,
}
