//! What is asked of an issuer about a token that it gave.

use jiff::Timestamp;

use super::client::{authenticate, is_approved};
use super::form::Form;
use super::{Error, http};
use crate::model::{Endpoint, Profile};
use crate::secret::AccessToken;

/// The request that names `token` at `endpoint`, with the profile's credential (RFC 7009 §2.1,
/// RFC 7662 §2.1).
///
/// # Errors
/// [`Error::Unacceptable`] with `elsewhere` where `endpoint` is not of the origin that the credential
/// is for: what metadata name today must not lead a secret to another host.
pub(in crate::grant) fn about(
    profile: &Profile,
    endpoint: Endpoint,
    token: &AccessToken,
    now: Timestamp,
    elsewhere: &'static str,
) -> Result<http::Request, Error> {
    if !is_approved(profile, &endpoint) {
        return Err(Error::Unacceptable(elsewhere));
    }
    let mut form = Form::new();
    form.add("token", token.expose().as_bytes());
    form.add("token_type_hint", b"access_token");
    let authorization = authenticate(&mut form, profile, now)?;
    Ok(http::Request::post(endpoint, authorization, form.finish()))
}
