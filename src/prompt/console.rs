//! The prompt at a Windows console.
//!
//! Keys are taken one by one from the console itself, so that stdin and stdout stay free for data;
//! only a read by the line echoes, and it would cut a paste. The console's mode is left as it is:
//! nothing has to be put back, and Ctrl-V still pastes. So Ctrl-C, too, does what it always does:
//! the system ends the process, with an exit code of its own in place of 130.

use std::cell::{Cell, RefCell};
use std::io;
use std::time::Duration;

use crossterm_winapi::{Console as Device, ConsoleMode, Handle, InputRecord, KeyEventRecord};
use zeroize::Zeroizing;

use super::answer::{self, Echo, Keys};
use super::{Error, Prompt};

/// How often it is looked whether a paste goes on: a console cannot be waited for with a limit.
const STEP: Duration = Duration::from_millis(5);

/// The console of this process.
#[derive(Debug)]
pub struct Console {
    keyboard: Device,
    screen: Device,
}

impl Console {
    /// Opens it. `None` where the process has none.
    #[must_use]
    pub fn open() -> Option<Self> {
        let keyboard = Handle::current_in_handle().ok()?;
        ConsoleMode::from(keyboard.clone()).mode().ok()?;
        let screen = Handle::current_out_handle().ok()?;
        Some(Self { keyboard: keyboard.into(), screen: screen.into() })
    }

    fn say(&self, text: &str) -> io::Result<()> {
        let text = answer::shown(text).replace('\n', "\r\n");
        self.screen.write_char_buffer(text.as_bytes()).map(drop)
    }

    fn ask(&self, question: &str, echo: Echo) -> Result<Zeroizing<Vec<u8>>, Error> {
        self.forget_keys();
        self.say(question)?;
        let answer = answer::read(&Typing::at(self), echo);
        self.forget_keys();
        self.say("\n")?;
        answer
    }

    /// What was typed before the question is no answer to it, and what is left of a long paste must
    /// not reach the shell.
    fn forget_keys(&self) {
        let _nothing_to_forget = self.keyboard.read_console_input();
    }
}

impl Prompt for Console {
    fn is_attended(&self) -> bool {
        true
    }

    fn secret(&self, question: &str) -> Result<Zeroizing<Vec<u8>>, Error> {
        self.ask(question, Echo::Off)
    }

    fn line(&self, question: &str) -> Result<String, Error> {
        let bytes = self.ask(question, Echo::On)?;
        Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
    }

    fn tell(&self, text: &str) {
        let _nobody_reads_it = self.say(&format!("{text}\n"));
    }
}

/// One answer while it is typed: the console speaks UTF-16, an answer is UTF-8.
struct Typing<'a> {
    console: &'a Console,
    /// The first half of a character of two.
    half: Cell<Option<u16>>,
    /// What is left of the last character, its end first.
    left: RefCell<Zeroizing<Vec<u8>>>,
    /// The beginning of a character that is to be shown.
    unshown: RefCell<Vec<u8>>,
}

impl<'a> Typing<'a> {
    fn at(console: &'a Console) -> Self {
        let (half, left, unshown) = Default::default();
        Self { console, half, left, unshown }
    }

    /// Whether something happens at the console before `patience` runs out.
    fn is_in_time(&self, patience: Duration) -> io::Result<bool> {
        let mut waited = Duration::ZERO;
        while self.console.keyboard.number_of_console_input_events()? == 0 {
            if waited >= patience {
                return Ok(false);
            }
            std::thread::sleep(STEP);
            waited += STEP;
        }
        Ok(true)
    }

    /// Waits for whatever happens next. Only some of it is a character.
    fn take(&self) -> Result<(), Error> {
        let InputRecord::KeyEvent(key) = self.console.keyboard.read_single_input_event()? else {
            return Ok(());
        };
        if moves_or_commands(&key) {
            return Err(Error::ControlCharacter);
        }
        let Some(unit) = unit(&key) else { return Ok(()) };
        let half = self.half.take();
        if half.is_none() && (0xD800..0xDC00).contains(&unit) {
            self.half.set(Some(unit));
            return Ok(());
        }
        let mut decoded = char::decode_utf16(half.into_iter().chain([unit]));
        let character = match decoded.next() {
            // Ctrl-Z closes the input here, as Ctrl-D does elsewhere.
            Some(Ok('\u{1A}')) => '\u{4}',
            Some(Ok(character)) => character,
            Some(Err(_)) | None => return Err(Error::ControlCharacter),
        };
        let mut bytes = Zeroizing::new([0; 4]);
        let length = character.encode_utf8(bytes.as_mut_slice()).len();
        for _ in 0..key.repeat_count.max(1) {
            self.left.borrow_mut().extend(bytes.iter().take(length).rev());
        }
        Ok(())
    }
}

impl Keys for Typing<'_> {
    fn byte(&self, patience: Option<Duration>) -> Result<Option<u8>, Error> {
        loop {
            if let Some(byte) = self.left.borrow_mut().pop() {
                return Ok(Some(byte));
            }
            if let Some(patience) = patience
                && !self.is_in_time(patience)?
            {
                return Ok(None);
            }
            self.take()?;
        }
    }

    fn show(&self, bytes: &[u8]) -> io::Result<()> {
        let mut text = self.unshown.borrow_mut();
        text.extend(bytes);
        if std::str::from_utf8(&text).is_ok() {
            self.console.screen.write_char_buffer(&text)?;
            text.clear();
        }
        Ok(())
    }
}

/// The character, or half of one, that an event stands for. Shift has none, and a key has one only
/// when it goes down; but a character that the keyboard lacks is typed, and pasted, as Alt with
/// digits, and comes when Alt goes up.
fn unit(key: &KeyEventRecord) -> Option<u16> {
    const ALT: u16 = 0x12;
    let is_typed = key.key_down || key.virtual_key_code == ALT;
    (is_typed && key.u_char != 0).then_some(key.u_char)
}

/// Arrows, Insert, Delete, F1 and the like: who presses one believes to edit a secret that nobody
/// sees. With Alt, some of them are the digits above.
fn moves_or_commands(key: &KeyEventRecord) -> bool {
    const ALT_HELD: u32 = 0x0001 | 0x0002;
    key.key_down
        && key.u_char == 0
        && matches!(key.virtual_key_code, 0x21..=0x28 | 0x2D | 0x2E | 0x70..=0x87)
        && !key.control_key_state.has_state(ALT_HELD)
}
