//! Keys into an answer, the same at every kind of terminal: what Enter, Ctrl-C and the others do,
//! and where a paste ends.

use std::io;
use std::time::Duration;

use zeroize::Zeroizing;

use super::Error;
use crate::limits;
use crate::model::is_harmless;

/// A pause this long ends a paste.
const PASTE_GAP: Duration = Duration::from_millis(60);

/// Whether what is typed is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Echo {
    On,
    Off,
}

/// A keyboard without echo and line mode, and what shows what is typed on it.
pub(super) trait Keys {
    /// Waits for a byte of UTF-8. `None` when `patience` ran out.
    ///
    /// # Errors
    /// [`Error`].
    fn byte(&self, patience: Option<Duration>) -> Result<Option<u8>, Error>;

    /// Shows a part of what was typed; it may end within a character.
    ///
    /// # Errors
    /// The terminal failed.
    fn show(&self, bytes: &[u8]) -> io::Result<()>;
}

/// Reads until Enter, or until the end of a paste that Enter is part of.
///
/// # Errors
/// [`Error`]; then whatever was still being pasted is dropped.
pub(super) fn read(keys: &impl Keys, echo: Echo) -> Result<Zeroizing<Vec<u8>>, Error> {
    let answer = Reader { keys, echo }.read();
    if answer.is_err() {
        drain(keys);
    }
    answer
}

/// A question as it can be shown: it can have a path in it, and a path anything.
pub(super) fn shown(text: &str) -> String {
    let kept = |c: char| if c == '\n' || is_harmless(c) { c } else { '\u{FFFD}' };
    text.chars().map(kept).collect()
}

/// A paste arrives piece by piece: what is still to come would be run by the shell.
fn drain(keys: &impl Keys) {
    while let Ok(Some(_)) = keys.byte(Some(PASTE_GAP)) {}
}

struct Reader<'a, K> {
    keys: &'a K,
    echo: Echo,
}

impl<K: Keys> Reader<'_, K> {
    fn read(&self) -> Result<Zeroizing<Vec<u8>>, Error> {
        // Of full size from the start: growing would leave copies behind.
        let mut answer = Zeroizing::new(Vec::with_capacity(limits::PASTE));
        while let Some(byte) = self.keys.byte(None)? {
            match byte {
                b'\r' | b'\n' => return self.rest_of_paste(answer),
                3 | 28 => return Err(Error::Interrupted),
                4 if answer.is_empty() => return Err(Error::NoAnswer),
                4 => {
                    drain(self.keys);
                    return Ok(answer);
                }
                8 | 127 => self.erase(&mut answer),
                21 => {
                    while !answer.is_empty() {
                        self.erase(&mut answer);
                    }
                }
                _ if answer.len() == limits::PASTE => return Err(Error::TooLong),
                // An arrow key or Ctrl-Z would become part of a secret that nobody sees.
                0..=8 | 11..=31 => return Err(Error::ControlCharacter),
                _ => self.push(&mut answer, byte)?,
            }
        }
        Ok(answer)
    }

    /// A person presses Enter and waits; a paste goes on at once.
    fn rest_of_paste(&self, mut answer: Zeroizing<Vec<u8>>) -> Result<Zeroizing<Vec<u8>>, Error> {
        answer.push(b'\n');
        while let Some(byte) = self.keys.byte(Some(PASTE_GAP))? {
            if answer.len() >= limits::PASTE {
                return Err(Error::TooLong);
            }
            match byte {
                3 => return Err(Error::Interrupted),
                b'\r' => answer.push(b'\n'),
                _ => answer.push(byte),
            }
        }
        while answer.last() == Some(&b'\n') {
            answer.pop();
        }
        Ok(answer)
    }

    fn push(&self, answer: &mut Zeroizing<Vec<u8>>, byte: u8) -> Result<(), Error> {
        answer.push(byte);
        if self.echo == Echo::On && (byte >= 0x20 || byte == b'\t') {
            self.keys.show(&[byte])?;
        }
        Ok(())
    }

    fn erase(&self, answer: &mut Zeroizing<Vec<u8>>) {
        // A whole character: its continuation bytes first.
        while answer.last().is_some_and(|byte| byte & 0xC0 == 0x80) {
            answer.pop();
        }
        if answer.pop().is_some() && self.echo == Echo::On {
            let _only_for_the_eye = self.keys.show(b"\x08 \x08");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    /// Bytes that are all there at once, as in a paste.
    struct Pasted {
        left: RefCell<Vec<u8>>,
        shown: RefCell<Vec<u8>>,
    }

    impl Pasted {
        fn new(text: &[u8]) -> Self {
            let left = text.iter().rev().copied().collect();
            Self { left: RefCell::new(left), shown: RefCell::default() }
        }
    }

    impl Keys for Pasted {
        fn byte(&self, _patience: Option<Duration>) -> Result<Option<u8>, Error> {
            Ok(self.left.borrow_mut().pop())
        }

        fn show(&self, bytes: &[u8]) -> io::Result<()> {
            self.shown.borrow_mut().extend(bytes);
            Ok(())
        }
    }

    fn secret(keys: &[u8]) -> Result<Vec<u8>, Error> {
        read(&Pasted::new(keys), Echo::Off).map(|answer| answer.to_vec())
    }

    #[test]
    fn a_paste_of_several_lines_is_one_answer() {
        assert_eq!(secret(b"A=1\r\nB=2\r\n").expect("read"), b"A=1\n\nB=2");
        assert_eq!(secret(b"one\r").expect("read"), b"one");
    }

    #[test]
    fn keys_that_erase_take_whole_characters() {
        assert_eq!(secret("a\u{fc}\x7fb\r".as_bytes()).expect("read"), b"ab");
        assert_eq!(secret(b"wrong\x15right\r").expect("read"), b"right");
    }

    #[test]
    fn a_refused_paste_is_dropped_to_its_end() {
        let keys = Pasted::new(b"a\x1b[Dsecret\r");
        assert!(matches!(read(&keys, Echo::Off), Err(Error::ControlCharacter)));
        assert!(keys.left.borrow().is_empty());
    }

    #[test]
    fn the_input_can_be_closed_and_broken_off() {
        assert!(matches!(secret(b"\x04"), Err(Error::NoAnswer)));
        assert!(matches!(secret(b"ab\x03"), Err(Error::Interrupted)));
        assert_eq!(secret(b"ab\x04").expect("read"), b"ab");
    }

    #[test]
    fn only_what_may_be_seen_is_shown() {
        let (hidden, seen) = (Pasted::new(b"secret\r"), Pasted::new(b"nam\x08me\r"));
        read(&hidden, Echo::Off).expect("read");
        assert!(hidden.shown.borrow().is_empty());
        read(&seen, Echo::On).expect("read");
        assert_eq!(*seen.shown.borrow(), b"nam\x08 \x08me");
    }
}
