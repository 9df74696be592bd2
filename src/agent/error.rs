//! Why the agent gave no answer.

use std::time::Duration;

use crate::disk;
use crate::limits;

/// Why the agent gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is none.
    #[error("no agent is running")]
    NotRunning,
    /// Another user listens at its place.
    #[error("`{socket}` belongs to a process of another user (uid {uid}): nothing was sent to it")]
    Foreign {
        /// The socket.
        socket: String,
        /// The user.
        uid: u32,
    },
    /// It is of another version.
    #[error("the agent is of version {version} (protocol {number}), this program is not")]
    Differs {
        /// Its version.
        version: String,
        /// The number of its protocol.
        number: u16,
    },
    /// It took too long.
    #[error("the agent did not answer within {} s", .0.as_secs())]
    Silent(Duration),
    /// It ended, or sent something else than an answer.
    #[error("the agent broke off")]
    BrokeOff,
    /// It could not be started.
    #[error("the agent could not be started")]
    NotStarted(#[source] std::io::Error),
    /// The runtime folder cannot be used.
    #[error("the runtime folder cannot be used")]
    Folder(#[source] disk::Error),
    /// The path of the socket is too long for the system.
    #[error("the path of the agent's socket is longer than {} bytes", limits::SOCKET_PATH - 1)]
    TooLong,
}
