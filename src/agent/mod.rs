//! The agent: a process of the user that holds opened vaults and leases, and gives them to whoever
//! may ask. It is reached through one socket, opens nothing by itself and asks nobody: the key is
//! brought by a client.

mod codec;
mod error;
mod hello;
pub mod logind;
mod protocol;
mod reply;
mod runtime;
pub mod sandbox;
mod summary;

#[cfg(unix)]
mod alarm;
#[cfg(unix)]
mod answer;
#[cfg(unix)]
mod client;
#[cfg(unix)]
mod connection;
#[cfg(unix)]
mod election;
#[cfg(unix)]
mod flights;
#[cfg(unix)]
mod host;
#[cfg(unix)]
mod listing;
#[cfg(unix)]
mod opening;
#[cfg(unix)]
mod peer;
#[cfg(target_os = "linux")]
mod readable;
#[cfg(unix)]
mod revocation;
#[cfg(unix)]
mod server;
#[cfg(unix)]
mod state;
#[cfg(unix)]
mod status;
#[cfg(unix)]
mod vaults;
#[cfg(unix)]
mod watch;

#[cfg(unix)]
pub use client::{Link, reach, replace, token_if_held};
pub use error::Error;
pub use hello::{Hello, NUMBER, VERSION};
#[cfg(unix)]
pub use host::{Host, NotOpen, Trouble};
pub use protocol::{Asker, NotOpened, Place, Request, Wanted};
pub use reply::{Leased, Reply};
pub use runtime::Runtime;
#[cfg(unix)]
pub use server::{listen, serve};
#[cfg(unix)]
pub use state::Guards;
#[cfg(unix)]
pub use watch::Notify;
