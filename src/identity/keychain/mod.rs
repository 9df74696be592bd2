//! The opening key in the keychain of the operating system: service `mintage`, user = vault id.
//!
//! Every call runs on a thread of its own with a deadline, because the platforms' libraries can
//! wait for ever: for a daemon that is stopped, for a prompt that nobody answers. Whether the
//! keychain is locked is looked up first, so that it can be said before anything prompts.

#[cfg_attr(target_os = "linux", path = "linux.rs")]
#[cfg_attr(target_os = "macos", path = "macos.rs")]
#[cfg_attr(windows, path = "windows.rs")]
#[cfg_attr(not(any(target_os = "linux", target_os = "macos", windows)), path = "none.rs")]
mod platform;

use std::sync::mpsc;
use std::time::Duration;

use zeroize::Zeroizing;

use super::{Error, Source};
use crate::limits;
use crate::prompt::Prompt;
use crate::seal::{self, OpeningKey, VaultId};
use crate::secret::IdentityText;

const SERVICE: &str = "mintage";
const KIND: &str = "keychain";

/// The entry of one vault in the keychain.
#[derive(Debug, Clone)]
pub struct Keychain {
    user: String,
}

/// What a keychain says of an entry without being asked to open it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeychainState {
    /// There, and open.
    Open,
    /// There or not: it is locked.
    Locked,
    /// Open, and has no such entry.
    Empty,
}

impl Keychain {
    /// The entry of `vault`.
    #[must_use]
    pub fn of(vault: &VaultId) -> Self {
        Self { user: vault.to_string() }
    }

    /// Looks without prompting.
    ///
    /// # Errors
    /// [`Error::Unreachable`], [`Error::TimedOut`].
    pub fn state(&self) -> Result<KeychainState, Error> {
        let user = self.user.clone();
        within(limits::KEYCHAIN_UNATTENDED, move || platform::state(SERVICE, &user))
    }

    /// Takes the entry away; one that is not there is no error.
    ///
    /// # Errors
    /// As [`Source::load`].
    pub fn remove(&self, prompt: &dyn Prompt) -> Result<(), Error> {
        let user = self.user.clone();
        let removed = self.open(prompt, move || {
            platform::entry(SERVICE, &user)?.delete_credential().map_err(explain)
        });
        match removed {
            Ok(()) | Err(Error::Missing { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Runs `job` on an open keychain: says that it is locked before it prompts, and does not let
    /// it prompt where nobody is there.
    fn open<T: Send + 'static>(
        &self,
        prompt: &dyn Prompt,
        job: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let locked = self.state()? == KeychainState::Locked;
        if !locked {
            return within(limits::KEYCHAIN_UNATTENDED, job);
        }
        if !prompt.is_attended() {
            return Err(Error::Locked);
        }
        prompt.tell("the keychain is locked: waiting up to 30 s for it to be unlocked");
        within(limits::KEYCHAIN_ATTENDED, job).map_err(|error| match error {
            // Its prompt was not answered; the keychain itself did.
            Error::TimedOut { .. } => Error::Locked,
            other => other,
        })
    }
}

impl Source for Keychain {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn load(&self, prompt: &dyn Prompt) -> Result<OpeningKey, Error> {
        let user = self.user.clone();
        let text = self.open(prompt, move || {
            let bytes = platform::entry(SERVICE, &user)?.get_secret().map_err(explain)?;
            text(bytes)
        })?;
        OpeningKey::parse(&text).map_err(Error::Key)
    }

    fn save(&self, key: &OpeningKey, prompt: &dyn Prompt) -> Result<(), Error> {
        if self.state()? == KeychainState::Open {
            return Err(Error::Exists { kind: KIND });
        }
        let (user, line) = (self.user.clone(), key.to_line());
        self.open(prompt, move || {
            let entry = platform::entry(SERVICE, &user)?;
            entry.set_secret(line.expose().as_bytes()).map_err(explain)
        })
    }
}

/// Runs `job` on a thread of its own and waits for it no longer than `deadline`. A job that is late
/// is left behind; it ends with the process.
fn within<T: Send + 'static>(
    deadline: Duration,
    job: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let (answer, waiting) = mpsc::channel();
    let thread = std::thread::Builder::new().spawn(move || {
        let _nobody_waits_any_more = answer.send(job());
    });
    let broken = |why: &str| Error::Unreachable { why: why.to_owned() };
    thread.map_err(|_| broken("no thread can be started to ask it"))?;
    waiting.recv_timeout(deadline).map_err(|error| match error {
        mpsc::RecvTimeoutError::Timeout => Error::TimedOut { after: deadline },
        mpsc::RecvTimeoutError::Disconnected => broken("the library that asks it broke down"),
    })?
}

/// What the keychain crates say, by what the caller can do next. Their errors can hold the secret
/// (`BadEncoding` does), so only the platform's own text is kept.
fn explain(error: keyring_core::Error) -> Error {
    match error {
        keyring_core::Error::NoEntry => Error::Missing { kind: KIND },
        keyring_core::Error::NoStorageAccess(_) => Error::Locked,
        keyring_core::Error::PlatformFailure(cause) => {
            Error::Unreachable { why: cause.to_string() }
        }
        keyring_core::Error::Ambiguous(_) => {
            Error::Unreachable { why: "it has more than one entry for this vault".to_owned() }
        }
        _ => Error::Unreachable { why: "it cannot keep or give such an entry".to_owned() },
    }
}

/// An entry's bytes as the text that was saved.
fn text(bytes: Vec<u8>) -> Result<IdentityText, Error> {
    let bytes = Zeroizing::new(bytes);
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| Error::Key(seal::Error::Damaged("the keychain's entry")))?;
    Ok(IdentityText::new(Zeroizing::new(text.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    // K04
    #[test]
    fn a_call_that_hangs_is_given_up() {
        let hang = || {
            std::thread::sleep(Duration::from_secs(60));
            Ok(())
        };
        let answer = within(Duration::from_millis(20), hang);
        assert!(matches!(answer, Err(Error::TimedOut { .. })));
    }

    #[test]
    fn an_error_that_holds_the_secret_is_not_kept() {
        let error = explain(keyring_core::Error::BadEncoding(b"canary".to_vec()));
        assert!(!format!("{error:?} {error}").contains("canary"));
        assert!(!format!("{error:?}").contains("99, 97, 110"));
    }
}
