//! What the agent listens to beside its clients: the clock, signals, its folder, the machine.

use std::io;
use std::rc::Rc;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::task::spawn_local;

use super::state::Agent;

/// How long whoever brings an event waits until the agent has locked.
const LOCKED_WITHIN: Duration = Duration::from_secs(1);

/// An event of the machine: the other end is told once the agent has locked.
type Event = std::sync::mpsc::SyncSender<()>;

/// Tells the agent, from another thread, to lock.
#[derive(Clone)]
pub struct Notify(mpsc::UnboundedSender<Event>);

impl Notify {
    /// Has the agent close every vault, and waits until it has, at most a second.
    pub fn lock(&self) {
        let (done, is_done) = std::sync::mpsc::sync_channel(1);
        if self.0.send(done).is_ok() {
            let _late_or_ended = is_done.recv_timeout(LOCKED_WITHIN);
        }
    }
}

/// The events of [`Notify`].
pub(super) type Events = mpsc::UnboundedReceiver<Event>;

/// A way for other threads to reach the agent.
pub(super) fn channel() -> (Notify, Events) {
    let (send, receive) = mpsc::unbounded_channel();
    (Notify(send), receive)
}

/// Begins to listen.
pub(super) fn all(agent: &Rc<Agent>, mut events: Events) -> io::Result<()> {
    let of_clock = Rc::clone(agent);
    spawn_local(async move {
        loop {
            of_clock.alarm.rings().await;
            of_clock.keep_time().await;
            of_clock.renew();
            of_clock.set_alarm();
        }
    });
    let of_machine = Rc::clone(agent);
    spawn_local(async move {
        while let Some(done) = events.recv().await {
            of_machine.lock().await;
            let _gave_up_waiting = done.send(());
        }
    });
    signals(agent)?;
    folder(agent);
    Ok(())
}

/// `SIGUSR1` locks until somebody unlocks; the usual ones end the agent.
fn signals(agent: &Rc<Agent>) -> io::Result<()> {
    let mut locking = signal(SignalKind::user_defined1())?;
    let of_lock = Rc::clone(agent);
    spawn_local(async move {
        while locking.recv().await.is_some() {
            if of_lock.runtime.lock().is_err() {
                of_lock.host.log("the lock could not be marked: it ends with the agent");
            }
            of_lock.lock().await;
        }
    });
    for kind in [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup()] {
        let mut ending = signal(kind)?;
        let of_end = Rc::clone(agent);
        spawn_local(async move {
            if ending.recv().await.is_some() {
                of_end.end();
            }
        });
    }
    Ok(())
}

/// Leaves the place: the socket goes, where it is still the agent's own.
pub(super) fn leave(agent: &Agent) {
    if agent.own_socket.is_some() && agent.runtime.socket_id() == agent.own_socket {
        let _stale_then = crate::disk::remove(&agent.runtime.socket());
    }
}

/// Locks as soon as the mark is set, and ends where nobody can reach the agent any more: its socket,
/// or the whole folder, is gone or another one's.
#[cfg(target_os = "linux")]
fn folder(agent: &Rc<Agent>) {
    use std::mem::MaybeUninit;

    let agent = Rc::clone(agent);
    let socket = agent.own_socket.or_else(|| agent.runtime.socket_id());
    let is_gone = move |agent: &Agent| agent.runtime.socket_id() != socket;
    let watched = watched(&agent);
    // It may be gone already: a watch tells only what comes after it.
    if is_gone(&agent) {
        agent.end();
    }
    let Some(watched) = watched else { return };
    spawn_local(async move {
        let take = |descriptor: &_| {
            let mut buffer = [MaybeUninit::uninit(); 4096];
            let mut reader = rustix::fs::inotify::Reader::new(descriptor, &mut buffer);
            while reader.next().is_ok() {}
        };
        while watched.wait(take).await.is_ok() {
            agent.keep_time().await;
            if is_gone(&agent) {
                agent.end();
            }
        }
    });
}

#[cfg(target_os = "linux")]
fn watched(agent: &Agent) -> Option<super::readable::Readable> {
    use rustix::fs::inotify::{CreateFlags, WatchFlags, add_watch, init};

    let watched = init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).ok()?;
    let flags = WatchFlags::CREATE
        | WatchFlags::DELETE
        | WatchFlags::MOVE
        | WatchFlags::DELETE_SELF
        | WatchFlags::MOVE_SELF;
    add_watch(&watched, agent.runtime.folder(), flags).ok()?;
    super::readable::Readable::new(watched).ok()
}

/// Elsewhere every request looks at the mark; the folder itself is not watched.
#[cfg(not(target_os = "linux"))]
fn folder(_: &Rc<Agent>) {}
