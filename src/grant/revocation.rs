//! Token revocation, RFC 7009.

use super::oauth::{self, Form};
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
) -> Result<http::Request, Error> {
    let Profile { auth, credential, endpoint: approved, .. } = profile;
    if endpoint.url().origin() != approved.url().origin() {
        return Err(Error::Unacceptable(
            "it takes tokens back at another host than the one that the secret is for",
        ));
    }
    let mut form = Form::new();
    form.add("token", token.expose().as_bytes());
    form.add("token_type_hint", b"access_token");
    oauth::add_credential(&mut form, *auth, credential);
    let authorization = oauth::authorization(*auth, credential);
    Ok(http::Request { endpoint, authorization, form: Some(form.finish()) })
}

/// Reads the answer (RFC 7009 §2.2): 200 is done, even for a token that it does not know.
///
/// # Errors
/// [`Error::NotReady`], [`Error::Refused`], [`Error::BadRequest`] (an issuer that takes no access
/// tokens back says `unsupported_token_type`).
pub fn read(reply: &http::Reply) -> Result<(), Error> {
    match reply.status {
        200 => Ok(()),
        status @ (408 | 429 | 500..=599) => {
            Err(Error::NotReady { status, retry_after: reply.retry_after })
        }
        status @ (401 | 403) => Err(Error::Refused { status, said: None }),
        status => Err(Error::BadRequest { status, said: None }),
    }
}
