//! The opening key in a file in the config folder, wrapped by a passphrase.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::{Error, Source, Stretch};
use crate::clock::Clock;
use crate::disk::{self, Lock};
use crate::limits;
use crate::model::without_final_newline;
use crate::prompt::Prompt;
use crate::seal::OpeningKey;
use crate::secret::Passphrase;

const CAP: u64 = 16 * 1024;

/// Where the passphrase itself comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PassphraseFrom {
    /// A person types it.
    Prompt,
    /// Another program wrote it to this descriptor; one final LF or CRLF is dropped.
    Descriptor(u32),
}

/// The wrapped key file `identities/<vault id>.age`.
pub struct PassphraseFile<'a> {
    /// The file.
    pub path: PathBuf,
    /// Where the passphrase comes from.
    pub from: PassphraseFrom,
    /// Who stretches it.
    pub stretch: &'a dyn Stretch,
    /// For the wait while another process stretches.
    pub clock: &'a dyn Clock,
}

impl Source for PassphraseFile<'_> {
    fn kind(&self) -> &'static str {
        "passphrase"
    }

    fn load(&self, prompt: &dyn Prompt) -> Result<OpeningKey, Error> {
        let wrapped = disk::read_private(&self.path, CAP).map_err(|error| match error {
            disk::Error::NotFound(_) => Error::Missing { kind: "config folder" },
            other => Error::File(other),
        })?;
        let passphrase = self.ask(prompt, "Passphrase: ")?;
        let _one_at_a_time = self.lock()?;
        self.stretch.unwrap(&wrapped, &passphrase)
    }

    fn save(&self, key: &OpeningKey, prompt: &dyn Prompt) -> Result<(), Error> {
        if self.path.exists() {
            return Err(Error::Exists { kind: "config folder" });
        }
        let passphrase = self.ask_for_new(prompt)?;
        let wrapped = {
            let _one_at_a_time = self.lock()?;
            self.stretch.wrap(key, &passphrase)?
        };
        disk::create_new(&self.path, &wrapped).map_err(Error::File)
    }
}

impl PassphraseFile<'_> {
    /// Wraps `key` by a passphrase that is asked for, in place of whatever the file holds. Temp files
    /// are made in `temp`, which belongs to the caller alone.
    ///
    /// # Errors
    /// As [`Source::save`]; then the old file stands.
    pub fn replace(&self, key: &OpeningKey, prompt: &dyn Prompt, temp: &Path) -> Result<(), Error> {
        let passphrase = self.ask_for_new(prompt)?;
        let wrapped = {
            let _one_at_a_time = self.lock()?;
            let wrapped = self.stretch.wrap(key, &passphrase)?;
            // What it replaces is gone afterwards, wherever that was.
            if self.stretch.unwrap(&wrapped, &passphrase)?.verify_key() != key.verify_key() {
                return Err(Error::Stretch("what was wrapped is not what comes out again"));
            }
            wrapped
        };
        disk::replace(&self.path, &wrapped, temp).map_err(Error::File)
    }

    fn ask(&self, prompt: &dyn Prompt, question: &str) -> Result<Passphrase, Error> {
        let bytes = match self.from {
            PassphraseFrom::Prompt => prompt.secret(question).map_err(Error::Prompt)?,
            PassphraseFrom::Descriptor(number) => {
                disk::read_descriptor(number, limits::PASSPHRASE + 2).map_err(Error::File)?
            }
        };
        let bytes = without_final_newline(&bytes);
        let text = std::str::from_utf8(bytes)
            .map_err(|_| Error::Passphrase("the passphrase is not UTF-8 text"))?;
        Ok(Passphrase::new(Zeroizing::new(text.to_owned())))
    }

    fn ask_for_new(&self, prompt: &dyn Prompt) -> Result<Passphrase, Error> {
        let passphrase = self.ask(prompt, "New passphrase: ")?;
        check_passphrase(&passphrase)?;
        if self.from == PassphraseFrom::Prompt {
            let again = self.ask(prompt, "The same again: ")?;
            if again.expose() != passphrase.expose() {
                return Err(Error::Passphrase("the two passphrases differ"));
            }
        }
        Ok(passphrase)
    }

    /// Where no lock can be made (a read-only disk), memory is all that is at stake.
    fn lock(&self) -> Result<Option<Lock>, Error> {
        let path = self.path.with_file_name("stretch.lock");
        match Lock::take(&path, limits::STRETCH_LOCK, self.clock) {
            Ok(lock) => Ok(Some(lock)),
            Err(error @ disk::Error::Locked { .. }) => Err(Error::File(error)),
            Err(_) => Ok(None),
        }
    }
}

/// Checks a new passphrase: 10 characters to 1024 bytes.
///
/// # Errors
/// [`Error::Passphrase`].
pub fn check_passphrase(passphrase: &Passphrase) -> Result<(), Error> {
    if passphrase.is_empty() {
        return Err(Error::Passphrase("the passphrase is empty"));
    }
    if passphrase.expose().chars().count() < limits::PASSPHRASE_MIN_CHARS {
        return Err(Error::Passphrase("the passphrase has fewer than 10 characters"));
    }
    if passphrase.len() > limits::PASSPHRASE {
        return Err(Error::Passphrase("the passphrase has more than 1024 bytes"));
    }
    Ok(())
}
