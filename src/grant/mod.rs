//! How an issuer turns a credential into a token. A grant does no I/O: it says what to send and
//! reads what came back.
//!
//! A new grant is a file here with a line in [`find`], and a row in `preset.rs` for each service
//! that uses it.

mod client_credentials;
pub mod discovery;
mod lifetime;
mod oauth;
mod preset;
pub mod revocation;

use std::time::Duration;

pub use preset::{Preset, Template, Value};

use crate::http;
use crate::model::{Invalid, LeaseRequest, Profile, Token, Untrusted};

/// One way in which a credential becomes a token.
pub trait Grant: Sync {
    /// Begins one exchange for `profile`, as `request` asks.
    ///
    /// # Errors
    /// [`Error::Setup`] where the profile lacks what the grant needs.
    fn begin<'a>(
        &self,
        profile: &'a Profile,
        request: &'a LeaseRequest,
    ) -> Result<Box<dyn Exchange + 'a>, Error>;
}

/// One run of a grant, from the first request to the token.
pub trait Exchange {
    /// What to do next. `reply` is the answer to the request last given, if any.
    ///
    /// # Errors
    /// [`Error`]; the exchange is over then.
    fn step(&mut self, reply: Option<&http::Reply>) -> Result<Step, Error>;
}

/// What the driver is to do.
pub enum Step {
    /// Send this and come back with the reply.
    Send(http::Request),
    /// The token is here.
    Done(Token),
}

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The profile is not set up for this grant.
    #[error("the profile cannot be used: {0}")]
    Setup(#[from] Invalid),
    /// The issuer refused the credential: wrong, expired, revoked, or not yet active.
    #[error("the issuer refused the credential (status {status}{})", words(.said.as_ref()))]
    Refused {
        /// The status code.
        status: u16,
        /// The issuer's own words.
        said: Option<Untrusted>,
    },
    /// The issuer accepted the credential, perhaps, but not the request: scope, audience, grant.
    #[error("the issuer refused the request (status {status}{})", words(.said.as_ref()))]
    BadRequest {
        /// The status code.
        status: u16,
        /// The issuer's own words.
        said: Option<Untrusted>,
    },
    /// The issuer asks to come back later, or is out of order.
    #[error("the issuer is not ready (status {status})")]
    NotReady {
        /// The status code.
        status: u16,
        /// After how long to try again, where it said so.
        retry_after: Option<Duration>,
    },
    /// The issuer sends us elsewhere. A credential never follows.
    #[error(
        "the issuer answers with a redirect (status {status}) to `{host}`, which is not followed"
    )]
    Redirect {
        /// The status code.
        status: u16,
        /// The host it points to.
        host: Untrusted,
    },
    /// The answer breaks the rules; the text says which one, and quotes nothing.
    #[error("the issuer's answer is not acceptable: {0}")]
    Unacceptable(&'static str),
}

fn words(text: Option<&Untrusted>) -> String {
    text.map(|text| format!(": {text}")).unwrap_or_default()
}

/// The grant of a preset; `None` for a preset that this version does not know.
#[must_use]
pub fn find(preset: &str) -> Option<&'static dyn Grant> {
    let preset = Preset::find(preset)?;
    Some(match preset.grant {
        "client-credentials" => &client_credentials::ClientCredentials,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_has_its_grant() {
        for preset in Preset::ALL {
            assert!(find(preset.name).is_some(), "{}", preset.name);
        }
        assert!(find("no-such-preset").is_none());
    }
}
