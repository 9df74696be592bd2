//! What an issuer says of a token: RFC 7662.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::oauth::{self, Reading, Sent};
use super::{Error, http};
use crate::model::{Endpoint, Profile};
use crate::secret::AccessToken;

/// The request that asks about `token` at `endpoint` (§2.1), with the profile's credential.
///
/// # Errors
/// [`Error::Unacceptable`] where `endpoint` is not of the origin that the credential is for.
pub fn request(
    profile: &Profile,
    endpoint: Endpoint,
    token: &AccessToken,
    now: Timestamp,
) -> Result<http::Request, Error> {
    let elsewhere = "it looks into tokens at another host than the one that the secret is for";
    oauth::about_token(profile, endpoint, token, now, elsewhere)
}

/// Reads the answer (§2.2): whether it is active, and what else the issuer says of it. A field that
/// repeats part of the token, or of a secret, is left out.
///
/// # Errors
/// [`Error`].
pub fn read(
    reply: &http::Reply,
    profile: &Profile,
    token: &AccessToken,
) -> Result<Map<String, Value>, Error> {
    let sent = Sent::of(&profile.credential).with_source(Some(token));
    if reply.status != 200 {
        return Err(oauth::refusal(reply, Reading::strict(sent)));
    }
    let mut said: Map<String, Value> = serde_json::from_slice(oauth::json(reply)?)
        .map_err(|_| Error::Unacceptable("it does not say anything of the token"))?;
    if !said.get("active").is_some_and(Value::is_boolean) {
        return Err(Error::Unacceptable("it does not say whether the token is active"));
    }
    said.retain(|name, value| !sent.is_repeated_by(&format!("{name} {value}")));
    Ok(said)
}
