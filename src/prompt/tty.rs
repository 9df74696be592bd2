//! The prompt at the controlling terminal.
//!
//! The terminal is opened by itself (`/dev/tty`), so that stdin and stdout stay free for data. It is
//! read byte by byte without echo: line mode would cut a paste at 4,095 bytes. Keys that would stop
//! or end the process are read as bytes, and SIGTERM and SIGHUP wake the read, so that the terminal
//! is always put back.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{
    InputModes, LocalModes, OptionalActions, QueueSelector, Termios, tcflush, tcgetattr, tcsetattr,
};
use zeroize::Zeroizing;

use super::{Error, Prompt};
use crate::limits;
use crate::model::is_harmless;

/// A pause this long ends a paste.
const PASTE_GAP: Duration = Duration::from_millis(60);

/// What a signal that came meanwhile leaves behind; 0 is none.
const HANG_UP: usize = 1;
const INTERRUPT: usize = 2;
const TERMINATE: usize = 3;

/// The controlling terminal.
#[derive(Debug)]
pub struct Tty {
    terminal: File,
}

impl Tty {
    /// Opens it. `None` where the process has none.
    #[must_use]
    pub fn open() -> Option<Self> {
        use rustix::fs::{Mode, OFlags, open};
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let terminal = File::from(open("/dev/tty", flags, Mode::empty()).ok()?);
        tcgetattr(&terminal).ok()?;
        Some(Self { terminal })
    }

    fn say(&self, text: &str) -> io::Result<()> {
        // A question can have a path in it, and a path anything.
        let kept = |c: char| if c == '\n' || is_harmless(c) { c } else { '\u{FFFD}' };
        let text: String = text.chars().map(kept).collect();
        (&self.terminal).write_all(text.as_bytes())
    }

    fn ask(&self, question: &str, echo: Echo) -> Result<Zeroizing<Vec<u8>>, Error> {
        let quiet = Quiet::start(&self.terminal)?;
        self.say(question)?;
        let answer = Reader { quiet: &quiet, echo }.read();
        if answer.is_err() {
            quiet.drain();
        }
        self.say("\n")?;
        answer
    }
}

impl Prompt for Tty {
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

    fn confirm(&self, question: &str) -> Result<bool, Error> {
        let answer = self.line(&format!("{question} [y/N] "))?;
        Ok(matches!(answer.to_ascii_lowercase().as_str(), "y" | "yes"))
    }

    fn tell(&self, text: &str) {
        let _nobody_reads_it = self.say(&format!("{text}\n"));
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Echo {
    On,
    Off,
}

/// Whether no prompt is open. While it is set, the signals below do what they always do: a library
/// handler, once there, cannot be taken away again without a system call of our own.
fn idle_flag() -> io::Result<Arc<AtomicBool>> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
    static IDLE: OnceLock<Arc<AtomicBool>> = OnceLock::new();
    if let Some(idle) = IDLE.get() {
        return Ok(Arc::clone(idle));
    }
    let idle = Arc::new(AtomicBool::new(true));
    for signal in [SIGHUP, SIGINT, SIGQUIT, SIGTERM] {
        signal_hook::flag::register_conditional_default(signal, Arc::clone(&idle))?;
    }
    Ok(Arc::clone(IDLE.get_or_init(|| idle)))
}

/// The terminal without echo, line mode and signal keys, until dropped.
struct Quiet<'a> {
    terminal: &'a File,
    before: Termios,
    woken: UnixStream,
    signal: Arc<AtomicUsize>,
    handlers: Vec<signal_hook::SigId>,
}

impl<'a> Quiet<'a> {
    fn start(terminal: &'a File) -> Result<Self, Error> {
        use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
        let before = tcgetattr(terminal).map_err(io::Error::from)?;
        let (woken, wake) = UnixStream::pair()?;
        let signal = Arc::new(AtomicUsize::new(0));
        let mut handlers = Vec::new();
        for (number, mark) in
            [(SIGHUP, HANG_UP), (SIGINT, INTERRUPT), (SIGQUIT, INTERRUPT), (SIGTERM, TERMINATE)]
        {
            handlers.push(signal_hook::flag::register_usize(number, Arc::clone(&signal), mark)?);
            handlers.push(signal_hook::low_level::pipe::register(number, wake.try_clone()?)?);
        }
        idle_flag()?.store(false, Ordering::SeqCst);
        let mut quiet = before.clone();
        quiet.local_modes -= LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG;
        quiet.local_modes -= LocalModes::IEXTEN;
        // Ctrl-S would stop our own writing, with the signals in our hands.
        quiet.input_modes -= InputModes::IXON;
        let set = tcsetattr(terminal, OptionalActions::Flush, &quiet);
        let quiet = Self { terminal, before, woken, signal, handlers };
        set.map_err(io::Error::from)?;
        Ok(quiet)
    }

    /// Waits for a byte. `None` when `patience` ran out.
    fn byte(&self, patience: Option<Duration>) -> Result<Option<u8>, Error> {
        let patience_left = patience;
        let patience = patience.map(|left| Timespec {
            tv_sec: left.as_secs().try_into().unwrap_or(i64::MAX),
            tv_nsec: left.subsec_nanos().into(),
        });
        let mut both =
            [PollFd::new(self.terminal, PollFlags::IN), PollFd::new(&self.woken, PollFlags::IN)];
        match poll(&mut both, patience.as_ref()) {
            Ok(0) => return Ok(None),
            Ok(_) if !both[1].revents().is_empty() => return Err(self.ending()),
            Ok(_) => {}
            // Nearly always one of ours, which is seen next.
            Err(rustix::io::Errno::INTR) => return self.byte(patience_left),
            Err(error) => return Err(Error::Io(error.into())),
        }
        let mut byte = [0_u8];
        let mut terminal = self.terminal;
        match terminal.read(&mut byte) {
            Ok(0) => Err(Error::NoAnswer),
            Ok(_) => Ok(Some(byte[0])),
            Err(error) => Err(Error::Io(error)),
        }
    }
}

impl Quiet<'_> {
    /// A paste arrives piece by piece: what is still to come would be run by the shell.
    fn drain(&self) {
        while let Ok(Some(_)) = self.byte(Some(PASTE_GAP)) {}
    }

    fn ending(&self) -> Error {
        match self.signal.load(Ordering::SeqCst) {
            INTERRUPT => Error::Interrupted,
            _ => Error::Terminated,
        }
    }
}

impl Drop for Quiet<'_> {
    fn drop(&mut self) {
        // What is left of a long paste must not reach the shell.
        let _nothing_to_drop = tcflush(self.terminal, QueueSelector::IFlush);
        let _terminal_is_gone = tcsetattr(self.terminal, OptionalActions::Now, &self.before);
        for handler in self.handlers.drain(..) {
            signal_hook::low_level::unregister(handler);
        }
        if let Ok(idle) = idle_flag() {
            idle.store(true, Ordering::SeqCst);
        }
    }
}

struct Reader<'a> {
    quiet: &'a Quiet<'a>,
    echo: Echo,
}

impl Reader<'_> {
    fn read(&self) -> Result<Zeroizing<Vec<u8>>, Error> {
        // Of full size from the start: growing would leave copies behind.
        let mut answer = Zeroizing::new(Vec::with_capacity(limits::PASTE));
        while let Some(byte) = self.quiet.byte(None)? {
            match byte {
                b'\r' | b'\n' => return self.rest_of_paste(answer),
                3 | 28 => return Err(Error::Interrupted),
                4 if answer.is_empty() => return Err(Error::NoAnswer),
                4 => {
                    self.quiet.drain();
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
        while let Some(byte) = self.quiet.byte(Some(PASTE_GAP))? {
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
            (&*self.quiet.terminal).write_all(&[byte])?;
        }
        Ok(())
    }

    fn erase(&self, answer: &mut Zeroizing<Vec<u8>>) {
        // A whole character: its continuation bytes first.
        while answer.last().is_some_and(|byte| byte & 0xC0 == 0x80) {
            answer.pop();
        }
        if answer.pop().is_some() && self.echo == Echo::On {
            let _only_for_the_eye = (&*self.quiet.terminal).write_all(b"\x08 \x08");
        }
    }
}
