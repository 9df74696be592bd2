//! What is known of a token (RFC 7662), and its end (RFC 7009).

use serde_json::json;

use super::client::{self, text};
use super::family::{self, Service};
use super::http::{Reply, Seen};
use super::state::State;

pub const PATH: &str = "/oauth/introspect";
pub const REVOCATION_PATH: &str = "/oauth/revoke";

/// A client that authenticates learns whether a token is honoured, and until when.
pub fn introspect(request: &Seen, state: &mut State) -> Reply {
    let client_id = match client::authenticated(request, state) {
        Ok(id) => id,
        Err(refusal) => return refusal,
    };
    let Some(token) = text(request, "token") else {
        return Reply::error(400, "invalid_request");
    };
    let until = state.honours(&token).then(|| state.until(&token)).flatten();
    let answer = match until {
        None => json!({"active": false}),
        Some(until) => json!({
            "active": true, "client_id": client_id, "token_type": "Bearer", "exp": until,
        }),
    };
    Reply::json(200, &answer).with("Cache-Control", "no-store")
}

/// 200 for any token, known or not.
pub fn revoke(request: &Seen, state: &mut State) -> Reply {
    if let Err(refusal) = client::authenticated(request, state) {
        return refusal;
    }
    let Some(token) = text(request, "token") else {
        return Reply::error(400, "invalid_request");
    };
    family::end(state, Service::OAuth, &token);
    state.revoke(&token);
    Reply::of_type(200, "application/json", "")
}
