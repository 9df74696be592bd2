//! The agent's threads: its own, and those that libraries start. Only its own has a stack in
//! protected memory, so nothing may be on the others.

use std::sync::Arc;
use std::time::Duration;

use dbus::channel::Channel;
use dbus::{Message, MessageType};

#[path = "../world/bus.rs"]
mod bus;

use self::bus::Bus;
use super::process;
use super::scene::{IN_PLAIN, IN_SECRET, ORDINARY, Scene, wait_until};
use super::search::Search;

/// Somebody who says on the bus that he is logind.
struct Logind(Arc<Channel>);

impl Logind {
    fn on(bus: &Bus) -> Self {
        let mut channel = Channel::open_private(bus.address()).expect("the bus answers");
        channel.register().expect("the bus answers");
        let bus = "org.freedesktop.DBus";
        let call = Message::new_method_call(bus, "/org/freedesktop/DBus", bus, "RequestName");
        let call = call.expect("a call").append2("org.freedesktop.login1", 4_u32);
        channel.send_with_reply_and_block(call, Duration::from_secs(20)).expect("answered");
        let logind = Self(Arc::new(channel));
        let own = Arc::clone(&logind.0);
        std::thread::spawn(move || refuse_all(&own));
        logind
    }

    fn locks_the_session(&self) {
        let path = "/org/freedesktop/login1/session/_31";
        let lock = Message::new_signal(path, "org.freedesktop.login1.Session", "Lock");
        self.0.send(lock.expect("a signal")).expect("sent");
        self.0.flush();
    }
}

/// Answers whatever is asked, until the bus is gone, so that nobody waits.
fn refuse_all(logind: &Channel) {
    while logind.read_write(Some(Duration::from_millis(20))).is_ok() {
        while let Some(message) = logind.pop_message() {
            let no = "org.freedesktop.DBus.Error.AccessDenied".into();
            if message.msg_type() == MessageType::MethodCall {
                logind.send(message.error(&no, c"no")).expect("sent");
            }
        }
    }
}

/// What a look at the stacks of an agent's threads found, in the middle of a mint of an issuer that
/// has a name.
struct Stacks {
    names: Vec<String>,
    /// The main thread's was in the core.
    is_main_there: bool,
    /// On the others'.
    hits: Vec<String>,
}

fn stacks(scene: &Scene) -> Stacks {
    let (threads, look) = scene.in_the_middle(|| (process::threads(scene.id), scene.look()));
    let needles = scene.needles();
    let search = Search::new(&needles);
    let registers = look.core.threads();
    assert_eq!(registers.len(), threads.len());
    let (mut is_main_there, mut hits) = (false, Vec::new());
    for at in registers {
        let stack = look.core.segment_of(at.stack_pointer);
        if at.thread == scene.id {
            is_main_there = stack.is_some();
        } else {
            let stack = look.core.memory(stack.expect("an ordinary stack"));
            assert!(stack.iter().any(|byte| *byte != 0), "not a stack that is in use");
            hits.extend(Search::tally(&search.hits(stack)));
        }
    }
    let names = threads.into_iter().map(|thread| thread.name).collect();
    Stacks { names, is_main_there, hits }
}

#[test]
fn the_stack_of_each_thread_of_the_agent_is_in_no_core_or_clean() {
    let bus = Bus::start();
    let logind = Logind::on(&bus);
    for kind in [IN_SECRET, IN_PLAIN, ORDINARY] {
        let environment = [("DBUS_SYSTEM_BUS_ADDRESS", bus.address())];
        let scene = Scene::with(kind, "localhost", "", &environment);
        let Stacks { names, is_main_there, hits } = stacks(&scene);
        let main = kind.mode == "ordinary";
        assert_eq!(names, [if main { "ordinary" } else { "mintage" }, "logind", "tokio-rt-worker"]);
        assert_eq!((is_main_there, hits.as_slice()), (main, &[][..]), "{kind:?}");
        logind.locks_the_session();
        wait_until("it locks", || scene.is_closed());
        let (hits, _) = scene.read();
        assert_eq!(hits.is_empty(), !main, "{:?}", Search::tally(&hits));
    }
}
