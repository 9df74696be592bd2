//! Produces leases: the driver of an exchange, which owns the wire, the clock and the tries; and the
//! leases that are held for whoever asks next.

mod driver;
mod leases;
mod login;
mod rest;
mod returned;
mod slots;

pub use driver::{
    Means, client, discover, exchange, introspect, judge, learn, mint, revoke, take_back,
};
pub use leases::{Held, Leases, Question};
pub use login::{Logged, Person, login};
pub use rest::Rest;
pub use slots::{Slots, Unsaved};

use crate::{grant, http, prompt, vault};

/// Why there is no lease.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The profile was made by a later version, with a preset that this one does not know.
    #[error("the profile's preset is not known to this version of mintage")]
    UnknownPreset,
    /// The grant, by the issuer's answer.
    #[error(transparent)]
    Grant(grant::Error),
    /// The way to the issuer.
    #[error(transparent)]
    Http(http::Error),
    /// What the last mint left could not be read, or no word be left that it is about to be spent.
    #[error("what a mint leaves for the next one: {0}")]
    Slot(#[source] vault::Error),
    /// What this mint leaves could not be kept: whatever it spent is gone.
    #[error("the issuer's answer could not be kept for the next mint: {0}")]
    NotKept(#[source] Box<vault::Error>),
    /// Another process, or another device, is minting for the same profile.
    #[error("somebody else is minting for this profile, and does not come to an end")]
    Busy,
    /// Nobody logged in.
    #[error("nobody logged in")]
    NoLogin(#[source] prompt::Error),
    /// The browser cannot come back to this machine.
    #[error("the browser cannot come back here: the port {0} cannot be had")]
    NoWayBack(u16, #[source] std::io::Error),
    /// A fresh token lives shorter than was asked for.
    #[error("the issuer's tokens live {lives} s, less than the {wanted} s asked for")]
    TooShort {
        /// The life of a fresh token, in seconds.
        lives: u64,
        /// What was asked for, in seconds.
        wanted: u64,
    },
    /// The process cannot run network code.
    #[error("cannot start the network")]
    Runtime(#[source] std::io::Error),
}
