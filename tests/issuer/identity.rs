//! The Identity service's login, which data services such as DAP stand behind.

use serde_json::json;

use super::http::{Reply, Seen};
use super::state::{State, unix_now};
use super::token;

pub const PATH: &str = "/ids/auth/login";

/// Raw Basic in, a JWT out; 400 for a malformed request and 403, not 401, for an unknown pair.
/// `expires_in` is one second less than the token's life, as in the published example.
pub fn login(request: &Seen, state: &mut State) -> Reply {
    let asks = request.form_field("grant_type");
    if !request.is_form() || asks.as_deref() != Some(b"client_credentials") {
        return Reply::error(400, "bad request");
    }
    let Some((client_id, secret)) = request.basic() else {
        return Reply::error(403, "forbidden");
    };
    if !state.knows_pair(&client_id, &secret) {
        return Reply::error(403, "forbidden");
    }
    let issued_at = unix_now().saturating_add(state.skew);
    let token = token::jwt(issued_at, issued_at.saturating_add(state.life));
    state.record(&token);
    let [principal, partner] = [token::uuid(), token::uuid()];
    let scope = format!("dap principal:{principal} partner:{partner}\nregion:us-east-1\n");
    Reply::json(
        200,
        &json!({
            "access_token": token,
            "expires_in": state.life.saturating_sub(1),
            "scope": scope,
            "token_type": "bearer",
        }),
    )
}
