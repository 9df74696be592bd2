//! What the agent hears of logind: a stand-in for it on a system bus of the test's own. Whoever
//! listens is a process of its own, in the agent's sandbox: this program, started once more.

#![cfg(target_os = "linux")]
#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panic wherever it stands, and makes files and processes of its own"
)]

use std::fs;
use std::io::{BufRead as _, BufReader, PipeReader, Write as _, pipe};
use std::os::fd::{AsFd as _, OwnedFd};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, mpsc};
use std::time::{Duration, Instant};

use dbus::Message;
use dbus::arg::{PropMap, Variant};
use dbus::channel::Channel;
use mintage::agent::logind::{self, Event};
use mintage::agent::sandbox;
use rustix::event::{PollFd, PollFlags, poll};

#[path = "world/bus.rs"]
mod bus;

use self::bus::Bus;

/// Long enough for anything but what never comes.
const PATIENCE: Duration = Duration::from_secs(20);

const SYSTEM_BUS: &str = "DBUS_SYSTEM_BUS_ADDRESS";
const LOGIND: &str = "org.freedesktop.login1";
const MANAGER: &str = "org.freedesktop.login1.Manager";
const MANAGER_PATH: &str = "/org/freedesktop/login1";
const SESSION: &str = "org.freedesktop.login1.Session";
const SESSION_PATH: &str = "/org/freedesktop/login1/session/_31";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";

/// Another program on the bus.
fn join(bus: &Bus) -> Channel {
    let mut channel = Channel::open_private(bus.address()).expect("the bus answers");
    channel.register().expect("the bus answers");
    channel
}

/// Does what logind does when the test says so.
struct Logind(Channel);

impl Logind {
    fn on(bus: &Bus) -> Self {
        let channel = join(bus);
        let call = to_bus("RequestName").append2(LOGIND, 4_u32);
        let answer = channel.send_with_reply_and_block(call, PATIENCE).expect("answered");
        assert_eq!(answer.read1::<u32>().expect("a number"), 1, "the name is taken");
        Self(channel)
    }

    /// Gives its name up.
    fn leave(self) {
        let call = to_bus("ReleaseName").append1(LOGIND);
        self.0.send_with_reply_and_block(call, PATIENCE).expect("answered");
    }

    /// The next call of `method`.
    fn called(&self, method: &str) -> Message {
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            while let Some(message) = self.0.pop_message() {
                if message.member().is_some_and(|member| &*member == method) {
                    return message;
                }
            }
            self.0.read_write(Some(Duration::from_millis(50))).expect("the bus is there");
        }
        panic!("nobody called {method}");
    }

    fn says(&self, message: Message) {
        self.0.send(message).expect("sent");
        self.0.flush();
    }

    /// Lets the caller delay the sleep: the pipe's end, and who it is.
    fn inhibited(&self) -> (PipeReader, String) {
        let call = self.called("Inhibit");
        let wish: (&str, &str, &str, &str) = call.read4().expect("four texts");
        assert_eq!(wish, ("sleep", "mintage", "locks the vault before sleep", "delay"));
        let (held, given) = pipe().expect("a pipe");
        // libdbus sends a copy.
        let given = fs::File::from(OwnedFd::from(given));
        self.says(call.method_return().append1(given));
        (held, call.sender().expect("a sender").to_string())
    }

    /// Tells whose the session is.
    fn asked_for_user(&self, uid: u32) {
        let call = self.called("Get");
        assert_eq!(call.read2().expect("two texts"), (SESSION, "User"));
        let path = dbus::Path::from("/org/freedesktop/login1/user/_1");
        self.says(call.method_return().append1(Variant((uid, path))));
    }
}

fn to_bus(method: &str) -> Message {
    let bus = "org.freedesktop.DBus";
    Message::new_method_call(bus, "/org/freedesktop/DBus", bus, method).expect("a call")
}

fn sleeps(goes: bool) -> Message {
    let signal = Message::new_signal(MANAGER_PATH, MANAGER, "PrepareForSleep");
    signal.expect("a signal").append1(goes)
}

fn session_locks() -> Message {
    Message::new_signal(SESSION_PATH, SESSION, "Lock").expect("a signal")
}

fn hint(name: &str, value: bool) -> Message {
    let mut changed = PropMap::new();
    changed.insert(name.to_owned(), Variant(Box::new(value)));
    let signal = Message::new_signal(SESSION_PATH, PROPERTIES, "PropertiesChanged");
    signal.expect("a signal").append3(SESSION, changed, Vec::<String>::new())
}

fn our_uid() -> u32 {
    rustix::process::getuid().as_raw()
}

/// Nobody holds the other end any more.
fn is_let_go(held: &PipeReader, within: Duration) -> bool {
    let mut ends = [PollFd::new(held, PollFlags::IN)];
    let within = within.try_into().expect("short");
    poll(&mut ends, Some(&within)).expect("looked") == 1
}

/// The process that listens.
struct Listener {
    process: Child,
    tell: ChildStdin,
    says: BufReader<ChildStdout>,
}

impl Listener {
    fn start(address: &str) -> Self {
        let mut process = Command::new(std::env::current_exe().expect("known"))
            .args(["--exact", "the_process_that_listens", "--ignored", "--nocapture"])
            .env(SYSTEM_BUS, address)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("started");
        let tell = process.stdin.take().expect("a pipe");
        let says = BufReader::new(process.stdout.take().expect("a pipe"));
        let mut listener = Self { process, tell, says };
        while listener.line() != "entered" {}
        listener
    }

    /// The next thing it prints.
    fn line(&mut self) -> String {
        if self.says.buffer().is_empty() {
            let mut ends = [PollFd::from_borrowed_fd(self.says.get_ref().as_fd(), PollFlags::IN)];
            let within = PATIENCE.try_into().expect("short");
            assert_eq!(poll(&mut ends, Some(&within)).expect("looked"), 1, "it says nothing");
        }
        let mut line = String::new();
        assert_ne!(self.says.read_line(&mut line).expect("readable"), 0, "it ended");
        line.trim_end().to_owned()
    }

    fn ask(&mut self, word: &str) {
        writeln!(self.tell, "{word}").expect("it listens");
    }

    /// It was told of `event`, and may go on.
    fn hears(&mut self, event: Event) {
        assert_eq!(self.line(), format!("{event:?}"));
        self.ask("go on");
    }

    fn said(&mut self) -> String {
        self.ask("said");
        self.line()
    }

    /// How often its thread was woken up; `None` where there is no such thread.
    fn wake_ups(&self) -> Option<u32> {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.process.id())).expect("it runs");
        let task = tasks.map(|task| task.expect("listed").path()).find(|task| {
            fs::read_to_string(task.join("comm")).is_ok_and(|name| name.trim_end() == "logind")
        })?;
        let status = fs::read_to_string(task.join("status")).expect("readable");
        assert!(status.contains("State:\tS"), "it is awake");
        let count = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        Some(count.expect("counted").trim().parse().expect("a number"))
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.process.kill().expect("ended");
        self.process.wait().expect("ended");
    }
}

#[test]
#[ignore = "the other tests start it"]
fn the_process_that_listens() {
    let entered = sandbox::enter(&[], &[]);
    assert!(entered.calls, "{entered:?}");
    let (go_on, wait) = mpsc::channel();
    let wait = Mutex::new(wait);
    let listening = logind::listen(move |event| {
        println!("{event:?}");
        wait.lock().expect("sound").recv().expect("told to go on");
    });
    println!("\nentered");
    for line in std::io::stdin().lines() {
        match line.expect("readable").as_str() {
            "said" => match &listening {
                Some(listening) => println!("{}", listening.said()),
                None => println!("nobody to listen to"),
            },
            _ => go_on.send(()).expect("it waits"),
        }
    }
}

#[test]
fn the_machine_sleeps_when_the_vault_is_locked_and_not_before() {
    let bus = Bus::start();
    let logind = Logind::on(&bus);
    let mut listener = Listener::start(bus.address());
    for _ in ["once", "and again"] {
        let (held, _) = logind.inhibited();
        logind.says(sleeps(true));
        assert_eq!(listener.line(), "Sleep");
        assert!(!is_let_go(&held, Duration::ZERO), "it sleeps while the vault is being locked");
        listener.ask("go on");
        assert!(is_let_go(&held, PATIENCE), "it is kept awake");
        logind.says(sleeps(false));
    }
    let _held_again = logind.inhibited();
    assert_eq!(listener.said(), "before sleep and when the session locks");
}

#[test]
fn a_locked_session_of_ours_is_heard_of() {
    let bus = Bus::start();
    let logind = Logind::on(&bus);
    let mut listener = Listener::start(bus.address());
    let _held = logind.inhibited();
    for message in [session_locks(), hint("LockedHint", true)] {
        logind.says(message);
        logind.asked_for_user(our_uid());
        listener.hears(Event::SessionLock);
    }
}

#[test]
fn a_session_that_nobody_can_tell_about_is_ours() {
    let bus = Bus::start();
    let logind = Logind::on(&bus);
    let mut listener = Listener::start(bus.address());
    let _held = logind.inhibited();
    logind.says(session_locks());
    let call = logind.called("Get");
    let name = "org.freedesktop.DBus.Error.UnknownObject".into();
    logind.says(call.error(&name, c"it is gone"));
    listener.hears(Event::SessionLock);
}

#[test]
fn what_is_not_a_lock_of_ours_is_not_heard() {
    let bus = Bus::start();
    let logind = Logind::on(&bus);
    let mut listener = Listener::start(bus.address());
    let _held = logind.inhibited();
    logind.says(session_locks());
    logind.asked_for_user(our_uid() + 1);
    logind.says(hint("LockedHint", false));
    logind.says(hint("IdleHint", true));
    logind.says(sleeps(true));
    listener.hears(Event::Sleep);
}

#[test]
fn nobody_but_logind_is_heard() {
    let bus = Bus::start();
    let logind = Logind::on(&bus);
    let mut listener = Listener::start(bus.address());
    let (held, unique_name) = logind.inhibited();
    let forger = join(&bus);
    for to in [None, Some(unique_name)] {
        for mut forged in [sleeps(true), session_locks(), hint("LockedHint", true)] {
            forged.set_destination(to.clone().map(dbus::strings::BusName::from));
            forger.send(forged).expect("sent");
        }
    }
    // Once this is answered, the bus has passed on all that was sent before.
    forger.send_with_reply_and_block(to_bus("GetId"), PATIENCE).expect("answered");
    logind.says(session_locks());
    logind.asked_for_user(our_uid());
    listener.hears(Event::SessionLock);
    assert!(!is_let_go(&held, Duration::ZERO), "the forged sleep was believed");
}

#[test]
fn the_next_logind_is_heard_as_well() {
    let bus = Bus::start();
    let logind = Logind::on(&bus);
    let mut listener = Listener::start(bus.address());
    let _held = logind.inhibited();
    logind.leave();
    let logind = Logind::on(&bus);
    logind.says(sleeps(true));
    listener.hears(Event::Sleep);
}

#[test]
fn a_refused_delay_is_said_and_sleep_is_heard_of_all_the_same() {
    let bus = Bus::start();
    let logind = Logind::on(&bus);
    let mut listener = Listener::start(bus.address());
    let call = logind.called("Inhibit");
    let name = "org.freedesktop.DBus.Error.AccessDenied".into();
    logind.says(call.error(&name, c"no"));
    logind.says(sleeps(true));
    listener.hears(Event::Sleep);
    assert_eq!(listener.said(), "at sleep, perhaps too late, and when the session locks");
}

#[test]
fn without_a_bus_or_logind_nobody_is_listened_to() {
    let bus = Bus::start();
    for address in [bus.address(), "unix:path=/nowhere/system_bus_socket"] {
        let mut listener = Listener::start(address);
        assert_eq!(listener.said(), "nobody to listen to");
        assert_eq!(listener.wake_ups(), None);
    }
}

#[test]
fn the_thread_ends_with_the_bus() {
    let bus = Bus::start();
    let logind = Logind::on(&bus);
    let mut listener = Listener::start(bus.address());
    let _held = logind.inhibited();
    drop(logind);
    drop(bus);
    let until = Instant::now() + PATIENCE;
    while !listener.said().contains("went away") {
        assert!(Instant::now() < until, "it was not noticed");
    }
    while listener.wake_ups().is_some() {
        assert!(Instant::now() < until, "the thread stays");
    }
}

/// What cannot be waited for is that nothing happens: the one place for a pause.
#[test]
fn the_thread_is_not_woken_up_for_nothing() {
    let bus = Bus::start();
    let logind = Logind::on(&bus);
    let mut listener = Listener::start(bus.address());
    let _held = logind.inhibited();
    // It has dealt with all there was.
    logind.says(session_locks());
    logind.asked_for_user(our_uid());
    listener.hears(Event::SessionLock);
    std::thread::sleep(Duration::from_millis(300));
    let before = listener.wake_ups().expect("it listens");
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(listener.wake_ups(), Some(before));
}
