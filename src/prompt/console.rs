//! The prompt at a Windows console.

use std::io;

use zeroize::Zeroizing;

use super::{Error, Prompt};

/// The console of this process. Asking is not built yet: everything can be given by
/// `--secret-stdin`, `--secret-file` and `--passphrase-fd`.
#[derive(Debug)]
pub struct Console;

impl Console {
    /// Always `None` for now, so that nothing waits for a person who cannot be asked.
    #[must_use]
    pub fn open() -> Option<Self> {
        None
    }
}

impl Prompt for Console {
    fn is_attended(&self) -> bool {
        false
    }

    fn secret(&self, _question: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
        Err(Error::Io(io::ErrorKind::Unsupported.into()))
    }

    fn line(&self, _question: &str) -> Result<String, Error> {
        Err(Error::Io(io::ErrorKind::Unsupported.into()))
    }

    fn confirm(&self, _question: &str) -> Result<bool, Error> {
        Err(Error::Io(io::ErrorKind::Unsupported.into()))
    }

    fn tell(&self, _text: &str) {}
}
