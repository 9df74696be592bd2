//! What is seen of a process from outside, and an agent that is a child of the test's.

use std::fs::{self, File};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::scene::Scene;
use crate::world::{Call, Ran, until};

/// Far longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// The agent's processes, and its socket.
impl Scene {
    pub fn socket(&self) -> PathBuf {
        self.folder().join("agent.sock")
    }

    pub fn pid(&self) -> u32 {
        self.agent_pid().as_raw_nonzero().get().unsigned_abs()
    }

    /// All that run for this user.
    pub fn agents(&self) -> Vec<u32> {
        agents(&self.world.path("run"))
    }

    /// One as a child of the test's.
    pub fn foreground(&self) -> Foreground {
        self.foreground_of(self.mintage(["agent", "run"]))
    }

    /// One as a child of the test's, by another call.
    pub fn foreground_of(&self, call: Call) -> Foreground {
        Foreground::start(call, &self.socket(), self.world.path("said"))
    }

    /// Any program, in the environment of [`Scene::mintage`].
    pub fn program(&self, program: &str) -> Call {
        let mut call = self.world.program(program);
        call.command.env_remove("MINTAGE_NO_AGENT");
        call.env("XDG_RUNTIME_DIR", self.world.path("run"))
    }
}

/// Runs it in another thread: what it gives, and how long that took; a hang fails.
#[track_caller]
pub fn in_time(call: Call) -> (Ran, Duration) {
    let (done, is_done) = std::sync::mpsc::channel();
    let start = Instant::now();
    thread::spawn(move || done.send(call.run()));
    let ran = is_done.recv_timeout(PATIENCE).expect("it hangs");
    (ran, start.elapsed())
}

pub fn signal(pid: u32, signal: Signal) {
    let pid = Pid::from_raw(pid.try_into().expect("a number")).expect("not 0");
    kill_process(pid, signal).expect("sent");
}

/// Whether it runs; a zombie does not.
pub fn is_running(pid: u32) -> bool {
    stat(pid).is_some_and(|fields| !["Z", "X"].contains(&fields[0].as_str()))
}

/// What stands behind its name in `proc_pid_stat(5)`: state, parent, group, session, terminal.
pub fn stat(pid: u32) -> Option<Vec<String>> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(") ")?;
    Some(fields.split(' ').map(str::to_owned).collect())
}

/// A line of `proc_pid_status(5)`: in KiB, where it is memory.
pub fn status(pid: u32, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let number = line.expect("there").split_whitespace().next().expect("a value");
    number.parse().expect("a number")
}

/// What its descriptors lead to.
pub fn descriptors(pid: u32) -> Vec<String> {
    let listed = fs::read_dir(format!("/proc/{pid}/fd")).expect("it runs, and we are root");
    let links = listed.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
    links.map(|link| link.display().to_string()).collect()
}

/// The words of one of its lists that end in zero bytes: `cmdline`, `environ`.
pub fn words(pid: u32, list: &str) -> Vec<String> {
    let bytes = fs::read(format!("/proc/{pid}/{list}")).unwrap_or_default();
    let words = bytes.split(|byte| *byte == 0).filter(|word| !word.is_empty());
    words.map(|word| String::from_utf8_lossy(word).into_owned()).collect()
}

/// All agents whose `XDG_RUNTIME_DIR` is this.
pub fn agents(runtime: &Path) -> Vec<u32> {
    let place = format!("XDG_RUNTIME_DIR={}", runtime.display());
    let listed = fs::read_dir("/proc").expect("listed");
    let pids = listed.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let is_agent = |pid: &u32| {
        let said = words(*pid, "cmdline");
        said.windows(2).any(|pair| pair == ["agent", "run"])
            && words(*pid, "environ").contains(&place)
            && is_running(*pid)
    };
    pids.filter(is_agent).collect()
}

/// A socket as `/proc/net/unix` lists it: its path, `@…` for one without a file.
pub struct Listed {
    pub inode: String,
    pub listens: bool,
    pub path: String,
}

pub fn unix_sockets() -> Vec<Listed> {
    let listed = fs::read_to_string("/proc/net/unix").expect("readable");
    let read = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        Listed {
            inode: fields[6].to_owned(),
            listens: fields[3] == "00010000",
            path: fields.get(7).copied().unwrap_or_default().to_owned(),
        }
    };
    listed.lines().skip(1).map(read).collect()
}

/// Whether somebody listens there; it is not asked.
pub fn is_listening(socket: &Path) -> bool {
    let path = socket.display().to_string();
    unix_sockets().iter().any(|it| it.listens && it.path == path)
}

/// An agent in the foreground. It is killed if it is still there at the end.
pub struct Foreground {
    child: Child,
    log: PathBuf,
}

impl Foreground {
    /// Listens at `socket` when this returns; what it says is kept in `log`.
    pub fn start(mut call: Call, socket: &Path, log: PathBuf) -> Self {
        let file = File::create(&log).expect("made");
        call.command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(file);
        let child = call.command.spawn().expect("it starts");
        let started = Self { child, log };
        until("it listens", || is_listening(socket));
        started
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it said so far.
    pub fn said(&self) -> String {
        fs::read_to_string(&self.log).expect("readable")
    }

    pub fn signal(&self, it: Signal) {
        signal(self.pid(), it);
    }

    /// Waits for its end.
    pub fn ends(&mut self) -> ExitStatus {
        let mut ended = None;
        until("it ends", || {
            ended = self.child.try_wait().expect("ours");
            ended.is_some()
        });
        ended.expect("ended")
    }

    /// Its code, or 128 and the number of the signal.
    pub fn code(&mut self) -> i32 {
        let ended = self.ends();
        ended.code().unwrap_or_else(|| 128 + ended.signal().unwrap_or(0))
    }
}

impl Drop for Foreground {
    fn drop(&mut self) {
        let _ended_already = self.child.kill();
        let _reaped_already = self.child.wait();
    }
}
