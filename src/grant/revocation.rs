//! Token revocation, RFC 7009.

use jiff::Timestamp;

use super::oauth;
use super::{Error, http};
use crate::model::{Endpoint, Profile};
use crate::secret::AccessToken;

/// The request that takes `token` back at `endpoint` (RFC 7009 §2.1), with the profile's credential.
///
/// # Errors
/// [`Error::Unacceptable`] where `endpoint` is not of the origin that the credential is for: what
/// metadata name today must not lead a secret elsewhere.
pub fn request(
    profile: &Profile,
    endpoint: Endpoint,
    token: &AccessToken,
    now: Timestamp,
) -> Result<http::Request, Error> {
    let elsewhere = "it takes tokens back at another host than the one that the secret is for";
    oauth::about_token(profile, endpoint, token, now, elsewhere)
}

/// Reads the answer (RFC 7009 §2.2): 200 is done, even for a token that it does not know.
///
/// # Errors
/// [`Error::NotReady`], [`Error::Refused`], [`Error::BadRequest`] (an issuer that takes no access
/// tokens back says `unsupported_token_type`).
pub fn read(reply: &http::Reply) -> Result<(), Error> {
    match reply.status {
        // Others than those of RFC 7009 say 204.
        200 | 204 => Ok(()),
        status @ (408 | 429 | 500..=599) => {
            Err(Error::NotReady { status, retry_after: reply.retry_after })
        }
        status @ (401 | 403) => Err(Error::Refused { status, said: None }),
        status => Err(Error::BadRequest { status, said: None }),
    }
}
