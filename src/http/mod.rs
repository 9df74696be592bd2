//! The one HTTP client, with its own request and reply.
//!
//! https only (plain http to a literal loopback address), no redirects, no cookies, no proxy from
//! the environment, no kept-alive connection, everything capped and timed.

mod client;
mod ready;
mod roots;

use std::time::Duration;

pub use client::Client;
pub use ready::Ready;
pub use roots::{count as count_roots, is_usable as is_usable_ca};

use crate::model::{Endpoint, Untrusted};
use crate::secret::{Outgoing, ReplyBody};

/// One request to an issuer.
pub struct Request {
    /// What is to be done there.
    pub method: Method,
    /// Where to.
    pub endpoint: Endpoint,
    /// The value of the `Authorization` header, where there is one.
    pub authorization: Option<Outgoing>,
    /// What is sent, which may hold a credential.
    pub body: Body,
}

/// What a request does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// It asks.
    Get,
    /// It sends something.
    Post,
    /// It takes something away.
    Delete,
}

/// What a request sends.
pub enum Body {
    /// Nothing.
    None,
    /// `application/x-www-form-urlencoded`.
    Form(Outgoing),
    /// `application/json`.
    Json(Outgoing),
}

impl Request {
    /// A question without a credential.
    #[must_use]
    pub fn get(endpoint: Endpoint) -> Self {
        Self { method: Method::Get, endpoint, authorization: None, body: Body::None }
    }

    /// A form that is sent.
    #[must_use]
    pub fn post(endpoint: Endpoint, authorization: Option<Outgoing>, form: Outgoing) -> Self {
        Self { method: Method::Post, endpoint, authorization, body: Body::Form(form) }
    }
}

/// One answer, read whole.
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// The media type without parameters, in lower case; empty where none was stated.
    pub media_type: String,
    /// What `Retry-After` said, where it was in seconds.
    pub retry_after: Option<Duration>,
    /// The scheme that `WWW-Authenticate` names, where it is there.
    pub challenge: Option<Untrusted>,
    /// What `X-Rate-Limit-Remaining` said (Canvas: units left in a bucket).
    pub units_left: Option<f64>,
    /// What the server's clock shows, by `Date`.
    pub date: Option<jiff::Timestamp>,
    /// Where a redirect pointed (its host only). Never followed.
    pub redirect_host: Option<Untrusted>,
    /// The body.
    pub body: ReplyBody,
}

/// Why there is no answer. Holds no URL and no header.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No connection: name, address, proxy or the other end.
    #[error("cannot reach `{host}`: {why}")]
    Unreachable {
        /// The host asked.
        host: String,
        /// What failed, as the network library put it.
        why: String,
    },
    /// The other end could not prove who it is.
    #[error("`{host}` could not prove who it is: {why}")]
    NotTrusted {
        /// The host asked.
        host: String,
        /// What was wrong with its certificate.
        why: String,
    },
    /// Nothing, or not all, came in time.
    #[error("`{host}` did not answer within {} s", .after.as_secs())]
    TimedOut {
        /// The host asked.
        host: String,
        /// The deadline that passed.
        after: Duration,
    },
    /// The connection ended inside the answer.
    #[error("the answer of `{host}` broke off")]
    BrokeOff {
        /// The host asked.
        host: String,
    },
    /// More than `limits::REPLY_BODY`.
    #[error("the answer of `{host}` is larger than 1 MiB")]
    TooLarge {
        /// The host asked.
        host: String,
    },
    /// The CA certificates of the profile or of the platform cannot be used.
    #[error("the CA certificates cannot be used: {0}")]
    Roots(&'static str),
    /// The proxy of the settings cannot be used.
    #[error("the proxy in the settings cannot be used")]
    Proxy,
    /// The client certificate of the profile cannot be shown.
    #[error("the client certificate of the profile cannot be used")]
    Certificate,
    /// The client itself could not be made.
    #[error("the HTTP client cannot be made: {0}")]
    Client(String),
}

impl Error {
    /// Whether the same request may be sent again: nothing was answered, so nothing was minted.
    #[must_use]
    pub fn is_worth_a_retry(&self) -> bool {
        matches!(self, Self::Unreachable { .. })
    }
}
