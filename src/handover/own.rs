//! Starts this very program again, for a task that is better done in a process of its own.

use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};

use zeroize::Zeroizing;

use crate::config;
use crate::identity::{Error, Stretch, Task};
use crate::seal::OpeningKey;
use crate::secret::{IdentityText, Outgoing, Passphrase, Plaintext};

/// Runs `mintage <arguments>`, writes `input` to its standard input and gives back what it wrote to
/// its standard output (at most [`Task::CAP`] bytes). Its standard error is ours.
///
/// # Errors
/// The process cannot be started, or the pipe to it broke.
pub fn ask_own(arguments: &[&str], input: &Outgoing) -> std::io::Result<Plaintext> {
    #[expect(clippy::disallowed_methods, reason = "this module starts all children")]
    let mut child = Command::new(config::own_program()?)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let written = match child.stdin.take() {
        Some(mut pipe) => pipe.write_all(input.expose()),
        None => Ok(()),
    };
    let mut answer = Zeroizing::new(Vec::with_capacity(Task::CAP));
    if let Some(pipe) = child.stdout.take() {
        pipe.take(Task::CAP as u64).read_to_end(&mut answer)?;
    }
    child.wait()?;
    written?;
    Ok(Plaintext::new(answer))
}

/// Stretches passphrases in a short-lived process: its 256 MiB are gone with it.
#[derive(Debug, Clone, Copy)]
pub struct ChildStretch;

impl ChildStretch {
    /// The command (hidden from help) that the child runs.
    pub const COMMAND: &str = "internal-stretch";

    fn run(task: &Task) -> Result<Plaintext, Error> {
        ask_own(&[Self::COMMAND], &task.to_bytes())
            .map_err(|_| Error::Stretch("its process could not be started"))
    }
}

impl Stretch for ChildStretch {
    fn wrap(&self, key: &OpeningKey, passphrase: &Passphrase) -> Result<Vec<u8>, Error> {
        let passphrase = copy(passphrase);
        let answer = Self::run(&Task::Wrap(key.to_line(), passphrase))?;
        Task::answer(answer.expose()).map(<[u8]>::to_vec)
    }

    fn unwrap(&self, wrapped: &[u8], passphrase: &Passphrase) -> Result<OpeningKey, Error> {
        let answer = Self::run(&Task::Unwrap(wrapped.to_vec(), copy(passphrase)))?;
        let line = Task::answer(answer.expose())?;
        let line = std::str::from_utf8(line).map_err(|_| Error::Stretch("its answer is cut"))?;
        let line = IdentityText::new(Zeroizing::new(line.to_owned()));
        OpeningKey::parse(&line).map_err(Error::Key)
    }
}

fn copy(passphrase: &Passphrase) -> Passphrase {
    Passphrase::new(Zeroizing::new(passphrase.expose().to_owned()))
}
