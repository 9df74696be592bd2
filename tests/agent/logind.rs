//! A stand-in for logind, on a system bus of its own, and an agent that listens to it.

use std::fs::File;
use std::io::{PipeReader, pipe};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use dbus::Message;
use dbus::arg::Variant;
use dbus::channel::Channel;
use rustix::event::{PollFd, PollFlags, poll};

use crate::keyring::Keyring;
use crate::scene::Scene;

const PATIENCE: Duration = Duration::from_secs(20);
const NAME: &str = "org.freedesktop.login1";
const MANAGER: &str = "org.freedesktop.login1.Manager";
const MANAGER_PATH: &str = "/org/freedesktop/login1";
const SESSION: &str = "org.freedesktop.login1.Session";
const SESSION_PATH: &str = "/org/freedesktop/login1/session/_31";

/// It does what logind does when the test says so.
pub struct Logind {
    channel: Channel,
    _bus: Keyring,
    /// As long as the agent holds the other end, the machine does not sleep.
    held: PipeReader,
}

impl Logind {
    /// Starts it, and then an agent in `scene` that listens to it.
    pub fn with_agent(scene: &Scene) -> Self {
        let bus = Keyring::absent();
        let mut channel = Channel::open_private(bus.address()).expect("the bus answers");
        channel.register().expect("the bus answers");
        let path = "/org/freedesktop/DBus";
        let call = Message::new_method_call(NAME_OF_BUS, path, NAME_OF_BUS, "RequestName");
        let call = call.expect("a call").append2(NAME, 4_u32);
        channel.send_with_reply_and_block(call, PATIENCE).expect("answered");
        let start = scene.mintage(["agent", "start"]);
        start.env("DBUS_SYSTEM_BUS_ADDRESS", bus.address()).run().succeeds();
        let (held, given) = pipe().expect("a pipe");
        let call = called(&channel, "Inhibit");
        // libdbus sends a copy.
        let given = File::from(OwnedFd::from(given));
        channel.send(call.method_return().append1(given)).expect("sent");
        channel.flush();
        Self { channel, _bus: bus, held }
    }

    /// The machine is about to sleep.
    pub fn says_sleep(&self) {
        let signal = Message::new_signal(MANAGER_PATH, MANAGER, "PrepareForSleep");
        self.says(signal.expect("a signal").append1(true));
    }

    /// The machine may sleep: nobody delays it any more.
    pub fn is_let_sleep(&self) -> bool {
        let mut ends = [PollFd::new(&self.held, PollFlags::IN)];
        poll(&mut ends, Some(&PATIENCE.try_into().expect("short"))).expect("looked") == 1
    }

    /// The session of `uid` was locked.
    pub fn says_lock(&self, uid: u32) {
        self.says(Message::new_signal(SESSION_PATH, SESSION, "Lock").expect("a signal"));
        let call = called(&self.channel, "Get");
        let user = dbus::Path::from("/org/freedesktop/login1/user/_1");
        self.says(call.method_return().append1(Variant((uid, user))));
    }

    fn says(&self, message: Message) {
        self.channel.send(message).expect("sent");
        self.channel.flush();
    }
}

const NAME_OF_BUS: &str = "org.freedesktop.DBus";

/// The next call of `method`.
fn called(channel: &Channel, method: &str) -> Message {
    let until = Instant::now() + PATIENCE;
    loop {
        while let Some(message) = channel.pop_message() {
            if message.member().is_some_and(|member| &*member == method) {
                return message;
            }
        }
        assert!(Instant::now() < until, "nobody called {method}");
        channel.read_write(Some(Duration::from_millis(50))).expect("the bus is there");
    }
}
