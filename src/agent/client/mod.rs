//! A client's end of the conversation. It knows who listens before it sends a byte.

mod peer;

use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::agent::error::Error;
use crate::agent::hello::Hello;
use crate::agent::protocol::Request;
use crate::agent::reply::Reply;
use crate::agent::runtime::Runtime;
use crate::clock::Clock;
use crate::disk::{self, Lock};
use crate::limits;
use crate::secret::Plaintext;

/// A conversation with the agent.
pub struct Link {
    stream: UnixStream,
    /// Which socket it went to.
    socket: Option<(u64, u64)>,
}

impl Link {
    /// Opens a conversation with an agent of this very version.
    ///
    /// # Errors
    /// [`Error`].
    pub fn open(runtime: &Runtime) -> Result<Self, Error> {
        let mut link = Self::connect(runtime)?;
        link.send(&Hello::own(false).to_frame())?;
        link.hear_hello()?;
        Ok(link)
    }

    /// Connects to a process of our own user.
    fn connect(runtime: &Runtime) -> Result<Self, Error> {
        let path = runtime.socket();
        let stream = peer::connect(&path)?;
        let uid = peer::uid(&stream).ok_or(Error::BrokeOff)?;
        if uid != rustix::process::geteuid().as_raw() {
            return Err(Error::Foreign { socket: path.display().to_string(), uid });
        }
        Ok(Self { stream, socket: runtime.socket_id() })
    }

    fn hear_hello(&mut self) -> Result<(), Error> {
        let content = self.hear(limits::HELLO, limits::AGENT_HELLO)?;
        let hello = Hello::parse(content.expose()).ok_or(Error::BrokeOff)?;
        if hello.is_ours() {
            return Ok(());
        }
        Err(Error::Differs { version: hello.version, number: hello.number })
    }

    /// Asks, and waits for the answer at most as long as `patience`.
    ///
    /// # Errors
    /// [`Error::Silent`], [`Error::BrokeOff`].
    pub fn ask(&mut self, request: &Request, patience: Duration) -> Result<Reply, Error> {
        self.send(request.to_frame().expose())?;
        self.listen(patience)
    }

    /// Has this very agent make room for another, unless somebody did that already.
    ///
    /// # Errors
    /// As [`replace`].
    pub fn replace(&self, runtime: &Runtime, clock: &dyn Clock) -> Result<(), Error> {
        let _alone = match start_lock(runtime, clock)? {
            Some(alone) if runtime.socket_id() == self.socket => alone,
            _ => return Ok(()),
        };
        give_way(runtime)
    }

    /// Says something that has no answer of its own.
    ///
    /// # Errors
    /// [`Error::Silent`], [`Error::BrokeOff`].
    pub fn say(&mut self, request: &Request) -> Result<(), Error> {
        self.send(request.to_frame().expose())
    }

    /// Waits for another answer to the same question.
    ///
    /// # Errors
    /// As [`Link::ask`].
    pub fn listen(&mut self, patience: Duration) -> Result<Reply, Error> {
        let content = self.hear(limits::FRAME, patience)?;
        Reply::parse(content.expose()).ok_or(Error::BrokeOff)
    }

    fn send(&mut self, frame: &[u8]) -> Result<(), Error> {
        self.stream.write_all(frame).map_err(|error| broken(&error, limits::AGENT_HELLO))
    }

    /// One frame without its length, of at most `cap` bytes.
    fn hear(&mut self, cap: usize, patience: Duration) -> Result<Plaintext, Error> {
        let failed = |error| broken(&error, patience);
        self.stream.set_read_timeout(Some(patience)).map_err(failed)?;
        let mut length = [0; 4];
        self.stream.read_exact(&mut length).map_err(failed)?;
        let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
        if length > cap {
            return Err(Error::BrokeOff);
        }
        let mut content = Zeroizing::new(vec![0; length]);
        self.stream.read_exact(&mut content).map_err(failed)?;
        Ok(Plaintext::new(content))
    }
}

fn broken(error: &std::io::Error, patience: Duration) -> Error {
    match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => Error::Silent(patience),
        _ => Error::BrokeOff,
    }
}

/// The short way for a question that is mostly answered from memory: question and greeting go out
/// together. `None` where there is no answer.
#[must_use]
pub fn token_if_held(runtime: &Runtime, request: &Request) -> Option<Reply> {
    let mut link = Link::connect(runtime).ok()?;
    let (hello, question) = (Hello::own(false).to_frame(), request.to_frame());
    let mut both = Zeroizing::new(Vec::with_capacity(hello.len() + question.len()));
    both.extend_from_slice(&hello);
    both.extend_from_slice(question.expose());
    link.send(&both).ok()?;
    link.hear_hello().ok()?;
    link.listen(limits::AGENT_MINT).ok()
}

/// A conversation with the agent, which is started by `start` where there is none, and replaced
/// where it is of another version. Of many who do so at once, one starts it.
///
/// # Errors
/// [`Error`].
pub fn reach(
    runtime: &Runtime,
    start: impl Fn() -> std::io::Result<()>,
    clock: &dyn Clock,
) -> Result<Link, Error> {
    match open_past_an_end(runtime, clock) {
        Err(Error::NotRunning | Error::Differs { .. }) => {}
        other => return other,
    }
    runtime.prepare().map_err(Error::Folder)?;
    let alone = Lock::take(&runtime.start_lock(), limits::AGENT_START, clock);
    let _alone = alone.map_err(Error::Folder)?;
    match open_past_an_end(runtime, clock) {
        Err(Error::NotRunning) => {}
        Err(Error::Differs { .. }) => {
            give_way(runtime)?;
            // Where a supervisor listens, it has started another by now.
            match open_past_an_end(runtime, clock) {
                Err(Error::NotRunning) => {}
                other => return other,
            }
        }
        other => return other,
    }
    start().map_err(Error::NotStarted)?;
    Link::open(runtime)
}

/// An agent that is about to end may take a connection yet, and drop it before a word is said: then
/// it is gone in a moment.
fn open_past_an_end(runtime: &Runtime, clock: &dyn Clock) -> Result<Link, Error> {
    let give_up = clock.steady() + limits::AGENT_HELLO;
    loop {
        match Link::open(runtime) {
            Err(Error::BrokeOff) if clock.steady() < give_up => {
                std::thread::sleep(Duration::from_millis(5));
            }
            other => return other,
        }
    }
}

/// Has a running agent, of whatever version, lock and end, so that the next who asks starts
/// another.
///
/// # Errors
/// [`Error`].
pub fn replace(runtime: &Runtime, clock: &dyn Clock) -> Result<(), Error> {
    let Some(_alone) = start_lock(runtime, clock)? else { return Ok(()) };
    give_way(runtime)
}

/// `None` without the folder: then there is no agent either.
fn start_lock(runtime: &Runtime, clock: &dyn Clock) -> Result<Option<Lock>, Error> {
    match Lock::take(&runtime.start_lock(), limits::AGENT_START, clock) {
        Err(disk::Error::NotFound(_)) => Ok(None),
        alone => alone.map(Some).map_err(Error::Folder),
    }
}

/// It ends after the conversation, so that is waited for.
fn give_way(runtime: &Runtime) -> Result<(), Error> {
    let mut link = match Link::connect(runtime) {
        Err(Error::NotRunning) => return Ok(()),
        other => other?,
    };
    let greeted = link.send(&Hello::own(true).to_frame());
    // Whoever it is, it says so at once; one that does not would not end either.
    let heard = greeted.and_then(|()| link.hear(limits::HELLO, limits::AGENT_HELLO).map(drop));
    if let Err(error @ Error::Silent(_)) = heard {
        return Err(error);
    }
    link.stream
        .set_read_timeout(Some(limits::AGENT_START))
        .map_err(|error| broken(&error, limits::AGENT_START))?;
    let mut rest = Vec::new();
    match (&link.stream).take(limits::FRAME as u64).read_to_end(&mut rest) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::ConnectionReset => Ok(()),
        Err(error) => Err(broken(&error, limits::AGENT_START)),
    }
}
