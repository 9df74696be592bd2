//! Where an opening key comes from. One source a file; the keychain is the usual one.

mod file;
mod keychain;
mod passphrase;
mod stretch;

pub use file::IdentityFile;
pub use keychain::{Keychain, KeychainState};
pub use passphrase::{PassphraseFile, PassphraseFrom, check_passphrase};
pub use stretch::{InProcess, Stretch, Task};

use std::time::Duration;

use crate::prompt::{self, Prompt};
use crate::seal::OpeningKey;
use crate::{disk, seal};

/// A place that keeps the opening key of one vault.
pub trait Source {
    /// Its kind, as in the settings: `keychain`, `passphrase`, `file`.
    fn kind(&self) -> &'static str;

    /// Fetches the key. Asks `prompt` at most once, and only where the source needs a person.
    ///
    /// # Errors
    /// - [`Error::Unreachable`], [`Error::TimedOut`]: nothing answers; may pass.
    /// - [`Error::Locked`], [`Error::Prompt`]: a person is needed.
    /// - [`Error::Missing`]: it answers, and has no key for this vault.
    /// - [`Error::Key`]: it has one that is damaged or needs another passphrase.
    /// - [`Error::File`]: the file cannot be trusted or read.
    fn load(&self, prompt: &dyn Prompt) -> Result<OpeningKey, Error>;

    /// Keeps `key`. Never replaces one that is there.
    ///
    /// # Errors
    /// [`Error::Exists`] where a key for this vault is kept already; else as [`Source::load`].
    fn save(&self, key: &OpeningKey, prompt: &dyn Prompt) -> Result<(), Error>;
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No keychain answers on this machine or in this login.
    #[error("no keychain answers: {why}")]
    Unreachable {
        /// What the platform said.
        why: String,
    },
    /// A keychain is there and does not answer.
    #[error("the keychain did not answer within {} s", .after.as_secs())]
    TimedOut {
        /// The deadline that passed.
        after: Duration,
    },
    /// The keychain is locked and was not unlocked.
    #[error("the keychain is locked")]
    Locked,
    /// The source has no key for this vault.
    #[error("the {kind} has no key for this vault")]
    Missing {
        /// Which source.
        kind: &'static str,
    },
    /// The source has a key for this vault already.
    #[error("the {kind} has a key for this vault already")]
    Exists {
        /// Which source.
        kind: &'static str,
    },
    /// The passphrase breaks a rule.
    #[error("{0}")]
    Passphrase(&'static str),
    /// A person is needed.
    #[error("the passphrase is needed")]
    Prompt(#[source] prompt::Error),
    /// The file with the key.
    #[error("the key file cannot be used")]
    File(#[source] disk::Error),
    /// What was found is no key, or is closed by another passphrase.
    #[error(transparent)]
    Key(seal::Error),
    /// The child process that stretches the passphrase failed.
    #[error("the passphrase could not be stretched: {0}")]
    Stretch(&'static str),
}
