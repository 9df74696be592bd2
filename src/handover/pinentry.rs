//! A passphrase asked for in a window, by `pinentry`, which other vaults ask with, too.
//!
//! The protocol is Assuan: a line each way, `D` lines carry what was typed, `%XX` escapes in it.

use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use zeroize::Zeroizing;

use crate::limits;
use crate::prompt::{Error, Prompt};

/// Everything escaped, and the command before it.
const LINE: usize = 3 * limits::PASSPHRASE + 64;
/// `GPG_ERR_CANCELED` and `GPG_ERR_FULLY_CANCELED`, without the number of the program.
const CANCELLED: [u32; 2] = [99, 198];

/// A person at a screen.
pub struct Pinentry {
    program: PathBuf,
}

impl Pinentry {
    /// Asked by `program`, an absolute path from the settings.
    #[must_use]
    pub fn new(program: PathBuf) -> Self {
        Self { program }
    }
}

impl Prompt for Pinentry {
    fn is_attended(&self) -> bool {
        true
    }

    fn secret(&self, question: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
        let mut talk = Talk::begin(&self.program)?;
        talk.say("SETTITLE mintage")?;
        talk.say("SETDESC The vault is locked. Its passphrase opens it.")?;
        talk.say(&format!("SETPROMPT {}", escaped(question.trim_end())))?;
        talk.say("GETPIN")
    }

    /// It asks for nothing but secrets.
    fn line(&self, _: &str) -> Result<String, Error> {
        Err(Error::NobodyThere)
    }

    fn tell(&self, _: &str) {}
}

struct Talk {
    child: Child,
    to: ChildStdin,
    from: ChildStdout,
}

impl Talk {
    fn begin(program: &std::path::Path) -> Result<Self, Error> {
        #[expect(clippy::disallowed_methods, reason = "this module starts all children")]
        let mut child =
            Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let ends = child.stdin.take().zip(child.stdout.take());
        let (to, from) =
            ends.ok_or_else(|| std::io::Error::from(std::io::ErrorKind::BrokenPipe))?;
        let mut talk = Self { child, to, from };
        talk.answer()?;
        Ok(talk)
    }

    /// Says a line; gives back what was typed meanwhile.
    fn say(&mut self, line: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
        self.to.write_all(format!("{line}\n").as_bytes())?;
        self.answer()
    }

    fn answer(&mut self) -> Result<Zeroizing<Vec<u8>>, Error> {
        let mut typed = Zeroizing::new(Vec::with_capacity(LINE));
        loop {
            let line = self.line()?;
            match line.split_first_chunk::<2>() {
                _ if line.starts_with(b"OK") => return Ok(typed),
                _ if line.starts_with(b"ERR ") => return Err(refusal(&line)),
                Some((b"D ", data)) => {
                    typed.extend_from_slice(&unescaped(data));
                    if typed.len() > limits::PASSPHRASE {
                        return Err(Error::TooLong);
                    }
                }
                // Comments and notes.
                _ => {}
            }
        }
    }

    fn line(&mut self) -> Result<Zeroizing<Vec<u8>>, Error> {
        let mut line = Zeroizing::new(Vec::with_capacity(LINE));
        loop {
            let seconds = i64::try_from(limits::OPENING_ATTENDED.as_secs()).unwrap_or(i64::MAX);
            let patience = Timespec { tv_sec: seconds, tv_nsec: 0 };
            let mut waited = [PollFd::new(&self.from, PollFlags::IN)];
            if poll(&mut waited, Some(&patience)).map_err(std::io::Error::from)? == 0 {
                return Err(Error::NoAnswer);
            }
            let mut byte = [0];
            if self.from.read(&mut byte)? == 0 {
                return Err(Error::NobodyThere);
            }
            match byte {
                [b'\n'] => return Ok(line),
                _ if line.len() == LINE => return Err(Error::TooLong),
                [byte] => line.push(byte),
            }
        }
    }
}

impl Drop for Talk {
    fn drop(&mut self) {
        let _ended_already = self.to.write_all(b"BYE\n");
        let _ended_already = self.child.kill();
        let _no_zombie = self.child.wait();
    }
}

/// The number's low 16 bits say why, whoever says it.
fn refusal(line: &[u8]) -> Error {
    let text = String::from_utf8_lossy(line);
    let number = text.split(' ').nth(1).and_then(|number| number.parse::<u32>().ok());
    match number.map(|number| number & 0xFFFF) {
        Some(number) if CANCELLED.contains(&number) => Error::NoAnswer,
        _ => Error::NobodyThere,
    }
}

fn escaped(text: &str) -> String {
    text.replace('%', "%25").replace('\n', "%0A").replace('\r', "%0D")
}

fn unescaped(data: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(data.len()));
    let mut rest = data;
    while let Some((first, after)) = rest.split_first() {
        let hex = |digit: u8| char::from(digit).to_digit(16);
        let code = after.split_first_chunk::<2>().filter(|_| *first == b'%');
        let code = code.and_then(|([a, b], after)| Some((hex(*a)? * 16 + hex(*b)?, after)));
        let decoded = code.and_then(|(code, after)| Some((u8::try_from(code).ok()?, after)));
        let (byte, after) = decoded.unwrap_or((*first, after));
        bytes.push(byte);
        rest = after;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_undone_and_nothing_else_is() {
        assert_eq!(*unescaped(b"a%25b%0Ac%zz%4"), b"a%b\nc%zz%4");
        assert_eq!(escaped("a%b\nc"), "a%25b%0Ac");
    }

    #[test]
    fn a_cancelled_window_is_no_answer() {
        assert!(matches!(refusal(b"ERR 83886179 Operation cancelled"), Error::NoAnswer));
        assert!(matches!(refusal(b"ERR 83886340 No display"), Error::NobodyThere));
    }
}
