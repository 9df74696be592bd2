//! Produces leases: the driver of an exchange, which owns the wire, the clock and the tries; and the
//! leases that are held for whoever asks next.

mod driver;
mod leases;
mod rest;

pub use driver::{discover, exchange, judge, learn, mint, revoke};
pub use leases::{Held, Leases, Question};
pub use rest::Rest;

use crate::{grant, http};

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
