//! The agent: a process of the user that holds opened vaults and leases, and gives them to whoever
//! may ask. It is reached through one socket, opens nothing by itself and asks nobody: the key is
//! brought by a client.
//!
//! Here is what both sides say and where they meet; `client` and `server` are the two sides.

#[cfg(unix)]
mod client;
mod codec;
mod error;
mod hello;
pub mod logind;
mod protocol;
mod reply;
mod runtime;
pub mod sandbox;
#[cfg(unix)]
mod server;
mod summary;

#[cfg(unix)]
pub use client::{Link, reach, replace, token_if_held};
pub use error::Error;
pub use hello::{Hello, NUMBER, VERSION};
pub use protocol::{Asker, NotOpened, Place, Request, Wanted};
pub use reply::{Leased, Reply};
pub use runtime::Runtime;
#[cfg(unix)]
pub use server::{Guards, Host, NotOpen, Notify, Trouble, listen, serve};
