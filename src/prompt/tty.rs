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

use super::answer::{self, Echo, Keys};
use super::{Error, Prompt};

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
        (&self.terminal).write_all(answer::shown(text).as_bytes())
    }

    fn ask(&self, question: &str, echo: Echo) -> Result<Zeroizing<Vec<u8>>, Error> {
        let quiet = Quiet::start(&self.terminal)?;
        self.say(question)?;
        let answer = answer::read(&quiet, echo);
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

    fn tell(&self, text: &str) {
        let _nobody_reads_it = self.say(&format!("{text}\n"));
    }
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

    fn ending(&self) -> Error {
        match self.signal.load(Ordering::SeqCst) {
            INTERRUPT => Error::Interrupted,
            _ => Error::Terminated,
        }
    }
}

impl Keys for Quiet<'_> {
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

    fn show(&self, bytes: &[u8]) -> io::Result<()> {
        let mut terminal = self.terminal;
        terminal.write_all(bytes)
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
