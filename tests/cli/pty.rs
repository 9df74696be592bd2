//! A terminal of its own for one program, and what is left of it afterwards.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_setfl};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

use crate::world::World;

/// Nothing that a test waits for takes this long.
const PATIENCE: Duration = Duration::from_secs(40);

/// A program about to run at a terminal: the pseudo-terminal is its stdin, stdout, stderr and
/// controlling terminal. No shell with job control stands between, which would mend the terminal.
pub struct Desk {
    command: Command,
}

impl Desk {
    /// `mintage` with these arguments.
    pub fn mintage<'a>(world: &World, arguments: impl IntoIterator<Item = &'a str>) -> Self {
        let mut desk = Self::program(world, env!("CARGO_BIN_EXE_mintage"));
        desk.command.args(arguments);
        desk
    }

    /// A shell script, in which `$M` is the path of `mintage`.
    pub fn script(world: &World, text: &str) -> Self {
        let mut desk = Self::program(world, "sh").env("M", env!("CARGO_BIN_EXE_mintage"));
        desk.command.args(["-c", text]);
        desk
    }

    /// Any program, in this world's environment.
    pub fn program(world: &World, program: impl AsRef<OsStr>) -> Self {
        let mut command = Command::new("setsid");
        command.args(["-c", "-w"]).arg(program).env_clear().current_dir(world.home());
        command.env("HOME", world.home()).env("PATH", "/usr/local/bin:/usr/bin:/bin");
        command.env("TERM", "xterm").env("MINTAGE_NO_AGENT", "1");
        Self { command }
    }

    pub fn args<'a>(mut self, arguments: impl IntoIterator<Item = &'a str>) -> Self {
        self.command.args(arguments);
        self
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    pub fn start(mut self) -> Session {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)
            .expect("a pseudo-terminal");
        grantpt(&master).expect("granted");
        unlockpt(&master).expect("unlocked");
        let name = ptsname(&master, Vec::new()).expect("a name");
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let open = rustix::fs::open(name.as_c_str(), flags, rustix::fs::Mode::empty());
        let pts = File::from(open.expect("its other side"));
        fcntl_setfl(&master, OFlags::RDWR | OFlags::NONBLOCK).expect("set");
        let end = || pts.try_clone().expect("one more");
        // Not after the start: the program may be quick.
        let before = modes(&pts);
        let child = self.command.stdin(end()).stdout(end()).stderr(end()).spawn();
        let child = child.expect("the program starts");
        Session { master: File::from(master), pts, before, child, shown: Vec::new(), read_to: 0 }
    }
}

/// Input, output, control and local modes, as numbers.
type Modes = [u64; 4];

fn modes(pts: &File) -> Modes {
    let found = tcgetattr(pts).expect("a terminal");
    [
        found.input_modes.bits().into(),
        found.output_modes.bits().into(),
        found.control_modes.bits().into(),
        found.local_modes.bits().into(),
    ]
}

/// A program that runs at a terminal.
pub struct Session {
    master: File,
    pts: File,
    before: Modes,
    child: Child,
    shown: Vec<u8>,
    read_to: usize,
}

/// What is left when it has ended.
pub struct Ended {
    pub code: i32,
    /// Everything that appeared at the terminal.
    pub shown: String,
    /// The terminal's modes are those from before the start.
    pub is_restored: bool,
    /// It left a core behind.
    pub is_dumped: bool,
    /// Bytes that the next program at this terminal would read as its input.
    pub left: u64,
}

impl Session {
    /// Waits until this is shown, after what was waited for before.
    #[track_caller]
    pub fn sees(&mut self, text: &str) -> &mut Self {
        let started = Instant::now();
        loop {
            let fresh = &self.shown[self.read_to..];
            let found = fresh.windows(text.len()).position(|part| part == text.as_bytes());
            if let Some(at) = found {
                self.read_to += at + text.len();
                return self;
            }
            let ended = self.child.try_wait().expect("waited").is_some() && !self.turn(&[]).1;
            assert!(!ended, "ended before `{text}` was shown: {}", self.shown());
            assert!(started.elapsed() < PATIENCE, "`{text}` is not shown: {}", self.shown());
            self.turn(&[]);
        }
    }

    /// Types or pastes these bytes, as fast as the terminal takes them.
    pub fn types(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        let mut rest = bytes.as_ref();
        let started = Instant::now();
        while !rest.is_empty() && started.elapsed() < PATIENCE {
            let (taken, _) = self.turn(rest);
            rest = &rest[taken..];
            // What nobody reads any more cannot be typed to its end.
            if taken == 0 && self.child.try_wait().expect("waited").is_some() {
                break;
            }
        }
        self
    }

    /// Everything that appeared at the terminal so far.
    pub fn shown(&self) -> String {
        String::from_utf8_lossy(&self.shown).into_owned()
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("waited").is_none()
    }

    pub fn signal(&mut self, signal: Signal) -> &mut Self {
        let id = i32::try_from(self.child.id()).expect("an id");
        kill_process(Pid::from_raw(id).expect("an id"), signal).expect("signalled");
        self
    }

    /// Whether the terminal echoes what is typed.
    pub fn echoes(&self) -> bool {
        tcgetattr(&self.pts).expect("a terminal").local_modes.contains(LocalModes::ECHO)
    }

    /// Waits for its end.
    pub fn ends(mut self) -> Ended {
        let started = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("waited") {
                break status;
            }
            assert!(started.elapsed() < PATIENCE, "it does not end: {}", self.shown());
            self.turn(&[]);
        };
        while self.turn(&[]).1 {}
        let is_restored = modes(&self.pts) == self.before;
        Ended {
            code: status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0)),
            shown: self.shown(),
            is_restored,
            is_dumped: status.core_dumped(),
            left: self.unread(),
        }
    }

    fn unread(&self) -> u64 {
        // In line mode only whole lines would be counted.
        let mut raw = tcgetattr(&self.pts).expect("a terminal");
        raw.local_modes -= LocalModes::ICANON;
        tcsetattr(&self.pts, OptionalActions::Now, &raw).expect("set");
        rustix::io::ioctl_fionread(&self.pts).expect("counted")
    }

    /// Reads what is shown and types of `rest` what fits: how much did, and whether something was
    /// read. Waits a moment for either.
    fn turn(&mut self, rest: &[u8]) -> (usize, bool) {
        let wanted = if rest.is_empty() { PollFlags::IN } else { PollFlags::IN | PollFlags::OUT };
        let moment = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };
        let mut one = [PollFd::new(&self.master, wanted)];
        let ready = poll(&mut one, Some(&moment)).map_or(PollFlags::empty(), |_| one[0].revents());
        let mut bytes = [0; 4096];
        let read = if ready.contains(PollFlags::IN) {
            self.master.read(&mut bytes).unwrap_or_default()
        } else {
            0
        };
        self.shown.extend_from_slice(&bytes[..read]);
        let chunk = &rest[..rest.len().min(1024)];
        let typed = if ready.contains(PollFlags::OUT) && !chunk.is_empty() {
            self.master.write(chunk).unwrap_or_default()
        } else {
            0
        };
        (typed, read > 0)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // A test that failed meanwhile leaves nobody waiting at a prompt.
        let _ended_already = self.child.kill();
        let _reaped_already = self.child.wait();
    }
}

impl Ended {
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}", self.shown);
        self
    }

    /// The terminal is as it was, and nothing typed is left for the next program.
    #[track_caller]
    pub fn leaves_the_terminal_alone(self) -> Self {
        assert!(self.is_restored, "the modes of the terminal were changed");
        assert_eq!(self.left, 0, "bytes left for the next program");
        self
    }

    #[track_caller]
    pub fn shows(self, text: &str) -> Self {
        assert!(self.shown.contains(text), "not shown: {text}\n{}", self.shown);
        self
    }

    #[track_caller]
    pub fn hides(self, text: &str) -> Self {
        assert!(!self.shown.contains(text), "shown: {text}");
        self
    }
}
