//! What another process of the same user, or a crash, gets of the program's memory.
//!
//! Root may look into everything, so under root the program, and whoever attacks it, run as [`UID`].

use std::os::unix::fs::chown;
use std::path::Path;
use std::process::{Child, Command};

use rustix::process::Signal;

use crate::pty::{Desk, Session};
use crate::world::{Call, World};

const UID: u32 = 61_001;

/// A command that runs the rest of its line as an ordinary user.
const AS_USER: [&str; 4] = [
    "sh",
    "-c",
    "[ $(id -u) -ne 0 ] || set -- setpriv --reuid 61001 --regid 61001 --clear-groups \"$@\"; \
     exec \"$@\"",
    "as-user",
];

/// A vault of that user's, with the program beside it.
fn world_of_the_user() -> World {
    let world = World::with_vault();
    std::fs::copy(env!("CARGO_BIN_EXE_mintage"), world.path("mintage")).expect("copied");
    if rustix::process::geteuid().is_root() {
        give(world.home());
    }
    world
}

fn give(path: &Path) {
    chown(path, Some(UID), Some(UID)).expect("root may");
    if path.is_dir() {
        for entry in std::fs::read_dir(path).expect("a folder") {
            give(&entry.expect("readable").path());
        }
    }
}

fn as_user(world: &World) -> Call {
    world.program(AS_USER[0]).args(&AS_USER[1..])
}

/// `mintage add` of the user, at its secret prompt with half a secret typed.
fn at_its_prompt(world: &World) -> Session {
    let mut session =
        Desk::program(world, "setpriv").args(AS_USER).args(["./mintage", "add", "prod"]).start();
    session.sees("Client id").types("some-id\r").sees("Client secret: ").types("half-a-secr");
    session
}

/// Everything that a process may be looked into by.
fn looks(pid: u32) -> [String; 6] {
    [
        format!("cat /proc/{pid}/environ"),
        format!("head -c 1 /proc/{pid}/maps"),
        format!("dd if=/proc/{pid}/mem of=/dev/null bs=1 count=1 skip=4194304"),
        format!("ls /proc/{pid}/fd"),
        format!("strace -p {pid} -e trace=none & sleep 0.3; kill $! 2>/dev/null; wait $!"),
        format!("gdb -batch -nx -p {pid} 2>&1"),
    ]
}

struct Sleeper(Child);

impl Drop for Sleeper {
    fn drop(&mut self) {
        let _ended_already = self.0.kill();
        let _reaped_already = self.0.wait();
    }
}

// M01
#[test]
fn another_process_of_the_same_user_cannot_look_into_it_at_its_prompt() {
    let world = world_of_the_user();
    let session = at_its_prompt(&world);
    for look in looks(session.pid()) {
        let ran = as_user(&world).args(["sh", "-c", &look]).run();
        let said = format!("{}{}", ran.out(), ran.err());
        let refused = ["Permission denied", "Operation not permitted"];
        assert!(refused.iter().any(|text| said.contains(text)), "{look}: {said}");
        assert!(!said.contains("half-a-secr"), "{look}");
    }
    let core = world.path("looked");
    let gcore = format!("gcore -o {} {}", core.display(), session.pid());
    let ran = as_user(&world).args(["sh", "-c", &gcore]).run();
    assert_ne!(ran.code, 0, "{}", ran.out());
    assert!(!core.with_extension(session.pid().to_string()).exists());
}

// M01. What the test above relies on: the same looks succeed on any other process of that user.
#[test]
fn a_process_that_is_not_hardened_can_be_looked_into() {
    let world = world_of_the_user();
    let mut command = Command::new(AS_USER[0]);
    command.args(&AS_USER[1..]).args(["sleep", "300"]);
    let sleeper = Sleeper(command.spawn().expect("it starts"));
    let pid = sleeper.0.id();
    let name = || std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    while name().trim_end() != "sleep" {
        std::thread::yield_now();
    }
    for look in [&looks(pid)[0], &looks(pid)[1], &looks(pid)[3]] {
        as_user(&world).args(["sh", "-c", look]).run().succeeds();
    }
    let ran = as_user(&world).args(["sh", "-c", &looks(pid)[5]]).run();
    assert!(!ran.out().contains("Operation not permitted"), "{}", ran.out());
}

// M02
#[test]
fn a_crash_leaves_no_core() {
    let world = World::with_vault();
    let unlimited = |words: &[&'static str]| {
        Desk::program(&world, "prlimit").args(["--core=unlimited:unlimited"]).args(words.to_vec())
    };
    for signal in [Signal::SEGV, Signal::ABORT] {
        let mut session = unlimited(&[env!("CARGO_BIN_EXE_mintage"), "add", "prod"]).start();
        session.sees("Client id").types("some-id\r").sees("Client secret: ").types("half-a-secr");
        // The first SEGV is taken by Rust's own handler, which looks for a stack overflow.
        while session.is_running() {
            session.signal(signal);
        }
        let ended = session.ends();
        assert!(ended.code > 128 && !ended.is_dumped, "{}", ended.shown);
    }
    let control = unlimited(&["sh", "-c", "kill -SEGV $$"]).start().ends();
    assert!(control.is_dumped, "nothing leaves a core here: this test shows nothing");
}

// M01, M02
#[test]
fn it_is_hardened_before_it_reads_anything_of_the_users_and_so_is_its_child() {
    let world = World::new();
    let log = world.path("log");
    let traced = |words: &[&str]| {
        let calls = "trace=prctl,prlimit64,openat,read,execve";
        let call = crate::canary::strace(&world, calls, &log).args(["--passphrase-fd", "0"]);
        call.args(words).stdin("a long enough one\n").run().succeeds();
        std::fs::read_to_string(&log).expect("written")
    };
    traced(&["init", "--key", "passphrase", "--recovery-file", "r.txt"]);
    let log = traced(&["list"]);
    // A file below it that is opened; not the variable, and not the folder it runs in.
    let home = format!(", \"{}/", world.home().display());
    let mut processes: Vec<&str> = Vec::new();
    for line in log.lines() {
        let pid = line.split(' ').next().unwrap_or_default();
        if line.contains(" execve(") && line.contains("mintage") && !processes.contains(&pid) {
            processes.push(pid);
        }
    }
    assert_eq!(processes.len(), 2, "{log}");
    for pid in processes {
        let lines: Vec<&str> = log.lines().filter(|line| line.starts_with(pid)).collect();
        let at = |part: &str| lines.iter().position(|line| line.contains(part));
        let undumpable = at("prctl(PR_SET_DUMPABLE, SUID_DUMP_DISABLE) = 0").expect("undumpable");
        let coreless = at("RLIMIT_CORE, {rlim_cur=0").expect("without a core");
        let first = lines.iter().position(|line| line.contains(&home) || line.contains(" read(0<"));
        let first = first.expect("it reads");
        assert!(undumpable < first && coreless < first, "{}", lines[first]);
    }
}
