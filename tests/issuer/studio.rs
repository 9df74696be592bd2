//! Studio: an ordinary code grant with a developer key. That it refreshes is a guess.

use super::client;
use super::family::{self, Service};
use super::http::{Reply, Seen};
use super::oauth;
use super::state::State;

pub const PATH: &str = "/api/public/oauth/token";

pub fn token(request: &Seen, state: &mut State) -> Reply {
    if !request.is_form() {
        return Reply::error(400, "invalid_request");
    }
    let id = match client::authenticated(request, state) {
        Ok(id) => id,
        Err(refusal) => return refusal,
    };
    match client::text(request, "grant_type").as_deref() {
        Some("authorization_code") => oauth::code(request, Service::Studio, &id, state),
        Some("refresh_token") => oauth::refresh(request, Service::Studio, &id, state),
        Some(_) => Reply::error(400, "unsupported_grant_type"),
        None => Reply::error(400, "invalid_request"),
    }
}
