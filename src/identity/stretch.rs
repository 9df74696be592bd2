//! Stretching a passphrase: 256 MiB of memory for a second, so it is done in a process of its own.

use zeroize::Zeroizing;

use super::Error;
use crate::seal::{self, OpeningKey};
use crate::secret::{IdentityText, Outgoing, Passphrase, Plaintext};

/// Wraps and unwraps opening keys with a passphrase.
pub trait Stretch {
    /// Wraps `key`; the result is an age file.
    ///
    /// # Errors
    /// [`Error::Stretch`], [`Error::Key`].
    fn wrap(&self, key: &OpeningKey, passphrase: &Passphrase) -> Result<Vec<u8>, Error>;

    /// Unwraps it again.
    ///
    /// # Errors
    /// [`Error::Key`] (a wrong passphrase is [`seal::Error::WrongPassphrase`]), [`Error::Stretch`].
    fn unwrap(&self, wrapped: &[u8], passphrase: &Passphrase) -> Result<OpeningKey, Error>;
}

/// Stretches in this very process: what the child does, and the tests.
#[derive(Debug, Clone, Copy)]
pub struct InProcess;

impl Stretch for InProcess {
    fn wrap(&self, key: &OpeningKey, passphrase: &Passphrase) -> Result<Vec<u8>, Error> {
        seal::wrap(&key.to_line(), passphrase).map_err(Error::Key)
    }

    fn unwrap(&self, wrapped: &[u8], passphrase: &Passphrase) -> Result<OpeningKey, Error> {
        seal::unwrap(wrapped, passphrase).map_err(Error::Key)
    }
}

/// One task for the child, as it travels over the pipe: a letter, then passphrase and payload, each
/// behind its length (4 bytes, big-endian).
pub enum Task {
    /// Wrap the opening key in this line.
    Wrap(IdentityText, Passphrase),
    /// Unwrap these bytes.
    Unwrap(Vec<u8>, Passphrase),
}

const DONE: u8 = 0;
const WRONG_PASSPHRASE: u8 = 1;
const WORK_FACTOR: u8 = 2;
const OTHER: u8 = 3;

impl Task {
    /// The most a task or its answer has.
    pub const CAP: usize = 64 * 1024;

    /// The bytes to send.
    #[must_use]
    pub fn to_bytes(&self) -> Outgoing {
        let (letter, payload, passphrase) = match self {
            Self::Wrap(key, passphrase) => (b'w', key.expose().as_bytes(), passphrase),
            Self::Unwrap(wrapped, passphrase) => (b'u', wrapped.as_slice(), passphrase),
        };
        let mut bytes = Zeroizing::new(Vec::with_capacity(Self::CAP));
        bytes.push(letter);
        for part in [passphrase.expose().as_bytes(), payload] {
            let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(part);
        }
        Outgoing::new(bytes)
    }

    /// Reads them back. `None` where they are not a task.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (letter, rest) = bytes.split_first()?;
        let (passphrase, rest) = part(rest)?;
        let (payload, rest) = part(rest)?;
        let passphrase = std::str::from_utf8(passphrase).ok().filter(|_| rest.is_empty())?;
        let passphrase = Passphrase::new(Zeroizing::new(passphrase.to_owned()));
        match letter {
            b'w' => {
                let key = Zeroizing::new(std::str::from_utf8(payload).ok()?.to_owned());
                Some(Self::Wrap(IdentityText::new(key), passphrase))
            }
            b'u' => Some(Self::Unwrap(payload.to_vec(), passphrase)),
            _ => None,
        }
    }

    /// Does the task here and now; the answer is a status byte and the result.
    #[must_use]
    pub fn run(&self) -> Plaintext {
        let result = match self {
            Self::Wrap(key, passphrase) => {
                OpeningKey::parse(key).and_then(|_| seal::wrap(key, passphrase)).map(Zeroizing::new)
            }
            Self::Unwrap(wrapped, passphrase) => seal::unwrap(wrapped, passphrase)
                .map(|key| Zeroizing::new(key.to_line().expose().as_bytes().to_vec())),
        };
        let (status, payload) = match result {
            Ok(payload) => (DONE, payload),
            Err(seal::Error::WrongPassphrase) => (WRONG_PASSPHRASE, Zeroizing::default()),
            Err(seal::Error::WorkFactor(_)) => (WORK_FACTOR, Zeroizing::default()),
            Err(_) => (OTHER, Zeroizing::default()),
        };
        let mut answer = Zeroizing::new(Vec::with_capacity(payload.len() + 1));
        answer.push(status);
        answer.extend_from_slice(&payload);
        Plaintext::new(answer)
    }

    /// Reads an answer: the result's bytes.
    ///
    /// # Errors
    /// [`Error::Key`] as the child found it; [`Error::Stretch`] where there is no answer.
    pub fn answer(bytes: &[u8]) -> Result<&[u8], Error> {
        const WHAT: &str = "the wrapped opening key";
        match bytes.split_first() {
            Some((&DONE, result)) => Ok(result),
            Some((&WRONG_PASSPHRASE, _)) => Err(Error::Key(seal::Error::WrongPassphrase)),
            Some((&WORK_FACTOR, _)) => Err(Error::Key(seal::Error::WorkFactor(WHAT))),
            Some((&OTHER, _)) => Err(Error::Key(seal::Error::Damaged(WHAT))),
            _ => Err(Error::Stretch("its process ended without an answer")),
        }
    }
}

fn part(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passphrase(text: &str) -> Passphrase {
        Passphrase::new(Zeroizing::new(text.to_owned()))
    }

    #[test]
    fn a_task_reads_back_and_a_cut_one_does_not() {
        let task = Task::Unwrap(vec![1, 2, 3], passphrase("p w")).to_bytes();
        let Some(Task::Unwrap(wrapped, again)) = Task::parse(task.expose()) else {
            panic!("not read back")
        };
        assert_eq!((wrapped.as_slice(), again.expose()), (&[1, 2, 3][..], "p w"));
        for end in 0..task.len() {
            assert!(Task::parse(&task.expose()[..end]).is_none());
        }
    }

    #[test]
    fn no_answer_is_an_error() {
        assert!(matches!(Task::answer(b""), Err(Error::Stretch(_))));
        let wrong = Task::answer(&[WRONG_PASSPHRASE]);
        assert!(matches!(wrong, Err(Error::Key(seal::Error::WrongPassphrase))));
    }
}
