//! The other end of a socket, as a client finds it: how to get there, and whose process it is.

use std::os::unix::net::UnixStream;
use std::path::Path;

use crate::agent::error::Error;
use crate::limits;

/// Connects, within `limits::AGENT_HELLO` where the system lets us say so: an agent that is stopped
/// lets others wait even for that. Sending has the same deadline from then on.
#[cfg(target_os = "linux")]
pub(super) fn connect(path: &Path) -> Result<UnixStream, Error> {
    use rustix::net::sockopt::{Timeout, set_socket_timeout};
    use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, socket_with};

    let address = SocketAddrUnix::new(path).map_err(|_| Error::TooLong)?;
    let broken = |_| Error::BrokeOff;
    let (family, kind) = (AddressFamily::UNIX, SocketType::STREAM);
    let socket = socket_with(family, kind, SocketFlags::CLOEXEC, None).map_err(broken)?;
    for way in [Timeout::Send, Timeout::Recv] {
        set_socket_timeout(&socket, way, Some(limits::AGENT_HELLO)).map_err(broken)?;
    }
    rustix::net::connect(&socket, &address).map_err(|error| match error {
        rustix::io::Errno::AGAIN => Error::Silent(limits::AGENT_HELLO),
        _ => Error::NotRunning,
    })?;
    Ok(UnixStream::from(socket))
}

/// The same, without a deadline for the connection itself.
#[cfg(not(target_os = "linux"))]
pub(super) fn connect(path: &Path) -> Result<UnixStream, Error> {
    if path.as_os_str().len() >= limits::SOCKET_PATH {
        return Err(Error::TooLong);
    }
    let stream = UnixStream::connect(path).map_err(|_| Error::NotRunning)?;
    let broken = |_| Error::BrokeOff;
    stream.set_write_timeout(Some(limits::AGENT_HELLO)).map_err(broken)?;
    stream.set_read_timeout(Some(limits::AGENT_HELLO)).map_err(broken)?;
    Ok(stream)
}

/// The user whose process listens; `None` where the system does not say.
#[cfg(target_os = "linux")]
pub(super) fn uid(stream: &UnixStream) -> Option<u32> {
    let peer = rustix::net::sockopt::socket_peercred(stream).ok()?;
    Some(peer.uid.as_raw())
}

/// The same, through the library that knows the system's call for it.
#[cfg(not(target_os = "linux"))]
pub(super) fn uid(stream: &UnixStream) -> Option<u32> {
    let copy = stream.try_clone().ok()?;
    let looked = tokio::runtime::Builder::new_current_thread().enable_io().build().ok()?;
    let _within = looked.enter();
    copy.set_nonblocking(true).ok()?;
    let peer = tokio::net::UnixStream::from_std(copy).ok()?.peer_cred().ok();
    // The two share it.
    stream.set_nonblocking(false).ok()?;
    Some(peer?.uid())
}
