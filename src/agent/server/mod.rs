//! The agent's life: it takes its place, answers whoever may ask, and ends.

mod alarm;
mod answer;
mod connection;
mod election;
mod flights;
mod host;
mod listing;
mod opening;
#[cfg(target_os = "linux")]
mod readable;
mod revocation;
mod slots;
mod state;
mod status;
mod vaults;
mod watch;

use std::cell::OnceCell;
use std::io;
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use rustix::fs::Mode;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit, umask};
use tokio::net::UnixListener;
use tokio::sync::Semaphore;
use tokio::task::{LocalSet, spawn_local};

pub use self::host::{Host, NotOpen, Trouble};
pub use self::state::Guards;
pub use self::watch::Notify;

use self::alarm::Alarm;
use self::connection::Connection;
use self::state::{Agent, wipe_stack};
use crate::agent::error::Error;
use crate::agent::runtime::Runtime;
use crate::clock::Clock;
use crate::disk::{self, Lock};
use crate::limits;

/// A pause where the system has no descriptor left.
const STARVED: Duration = Duration::from_millis(100);
/// Descriptors beside those of connections: files, and one or two for each mint.
const DESCRIPTORS_OF_OUR_OWN: u64 = 32;

/// The agent's place, taken: nobody else can take it as long as this lives.
pub struct Place {
    listener: std::os::unix::net::UnixListener,
    runtime: Runtime,
    own_socket: Option<(u64, u64)>,
    _alone: Lock,
}

/// Takes the agent's place: the socket in the runtime folder, or the one that was `inherited` from
/// a supervisor that listens on it. A socket that a dead agent left is replaced; that of a living
/// one is not.
///
/// # Errors
/// - [`Error::Folder`] with [`disk::Error::Locked`]: another agent lives there.
/// - [`Error::Folder`], [`Error::TooLong`], [`Error::NotStarted`].
pub fn listen(
    runtime: &Runtime,
    inherited: Option<OwnedFd>,
    clock: &dyn Clock,
) -> Result<Place, Error> {
    runtime.prepare().map_err(Error::Folder)?;
    // An agent whose socket a supervisor replaced ends by itself, and may need a moment.
    let patience = if inherited.is_some() { limits::AGENT_START } else { limits::AGENT_HELLO };
    let alone = Lock::take(&runtime.agent_lock(), patience, clock);
    let alone = alone.map_err(Error::Folder)?;
    let (listener, own_socket) = match inherited {
        Some(socket) => (std::os::unix::net::UnixListener::from(socket), None),
        None => (bind(runtime)?, runtime.socket_id()),
    };
    listener.set_nonblocking(true).map_err(Error::NotStarted)?;
    Ok(Place { listener, runtime: runtime.clone(), own_socket, _alone: alone })
}

fn bind(runtime: &Runtime) -> Result<std::os::unix::net::UnixListener, Error> {
    let socket = runtime.socket();
    if socket.as_os_str().len() >= limits::SOCKET_PATH {
        return Err(Error::TooLong);
    }
    match disk::remove(&socket) {
        Ok(()) | Err(disk::Error::NotFound(_)) => {}
        Err(error) => return Err(Error::Folder(error)),
    }
    let before = umask(Mode::from_raw_mode(0o177));
    let bound = std::os::unix::net::UnixListener::bind(&socket);
    umask(before);
    bound.map_err(Error::NotStarted)
}

/// Answers until it is told to end, or its socket is gone. `begin` runs once the agent listens and
/// before anything is accepted: what it gives back is told by `status`.
///
/// # Errors
/// The system refuses what a server needs.
pub fn serve(
    place: Place,
    host: Box<dyn Host>,
    begin: impl FnOnce(Notify) -> Guards,
) -> io::Result<()> {
    let loop_of_its_own = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .on_thread_park(wipe_stack)
        .build()?;
    let local = LocalSet::new();
    let ended = local.block_on(&loop_of_its_own, run(place, host, begin));
    drop(local);
    loop_of_its_own.shutdown_background();
    ended
}

async fn run(
    place: Place,
    host: Box<dyn Host>,
    begin: impl FnOnce(Notify) -> Guards,
) -> io::Result<()> {
    let Place { listener, runtime, own_socket, _alone } = place;
    let listener = UnixListener::from_std(listener)?;
    let (notify, events) = watch::channel();
    let guards = begin(notify);
    let agent = Rc::new(Agent::new(host, (runtime, own_socket), Alarm::new()?, guards));
    watch::all(&agent, events)?;
    let accepting = spawn_local(accept(Rc::clone(&agent), listener));
    agent.ending.notified().await;
    accepting.abort();
    agent.lock().await;
    watch::leave(&agent);
    Ok(())
}

async fn accept(agent: Rc<Agent>, listener: UnixListener) {
    let room = Arc::new(Semaphore::new(room()));
    loop {
        let Ok(place) = Arc::clone(&room).acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(STARVED).await;
            continue;
        };
        let own = rustix::process::geteuid().as_raw();
        match stream.peer_cred() {
            Ok(peer) if peer.uid() == own => {}
            Ok(peer) => {
                agent.host.log(&format!("refused a process of uid {}", peer.uid()));
                continue;
            }
            Err(_) => continue,
        }
        let task = Rc::new(OnceCell::new());
        let connection = Connection::new(stream, Rc::clone(&agent), Rc::clone(&task));
        let running = spawn_local(async move {
            let _gone = connection.run().await;
            drop(place);
        });
        let _set_once = task.set(running.abort_handle());
    }
}

/// How many connections there is room for, with as many descriptors as the system gives.
fn room() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let _as_it_was = setrlimit(Resource::Nofile, raised);
    let most = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    // Each may need one for a mint of its own.
    let room = most.saturating_sub(DESCRIPTORS_OF_OUR_OWN) / 2;
    usize::try_from(room).unwrap_or(usize::MAX).clamp(4, limits::CONNECTIONS)
}
