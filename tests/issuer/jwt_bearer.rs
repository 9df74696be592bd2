//! A signed assertion as the grant itself (RFC 7523 2.1), as service accounts use it.

use serde_json::json;

use super::client::{self, text};
use super::http::{Reply, Seen};
use super::jose::Jwt;
use super::oauth;
use super::state::State;

pub const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// RS256 by a key registered for its `iss`, at most an hour between `iat` and `exp`. The `jti` is
/// not needed. There is no refresh token.
pub fn token(request: &Seen, state: &mut State) -> Reply {
    let Some(jwt) = Jwt::of_field(request.form_field("assertion")) else {
        return refused("the assertion is missing, or no JWT");
    };
    let issuer = jwt.text("iss").unwrap_or_default();
    let is_signed = state.clients.keys_of(issuer).any(|key| jwt.is_signed_by(key));
    if !is_signed || jwt.algorithm() != "RS256" {
        return refused("Invalid JWT Signature.");
    }
    if !jwt.is_for(&state.clients.audiences(request, state.scheme)) {
        return refused("`aud` is wrong");
    }
    if jwt.number("iat").is_none() {
        return refused("`iat` is missing");
    }
    if let Err(flaw) = client::timely(&jwt) {
        return refused(flaw);
    }
    state.clients.note(&jwt);
    let scope = text(request, "scope").or_else(|| jwt.text("scope").map(str::to_owned));
    oauth::alone(state, scope.as_deref())
}

fn refused(description: &str) -> Reply {
    let answer = json!({"error": "invalid_grant", "error_description": description});
    Reply::json(400, &answer)
}
