//! An ordinary OAuth 2 token endpoint for the client credentials grant (RFC 6749, 4.4).

use serde_json::json;

use super::http::{Reply, Seen, form_decoded};
use super::state::State;
use super::token;

pub const PATH: &str = "/oauth/token";

/// Takes the pair as form-encoded Basic (2.3.1) or in the body, but not both; gives an opaque
/// token with the scope asked for.
pub fn token(request: &Seen, state: &mut State) -> Reply {
    if !request.is_form() {
        return Reply::error(400, "invalid_request");
    }
    let in_header = request.basic().map(|(id, key)| (form_decoded(&id), form_decoded(&key)));
    let in_body = request.form_field("client_id").zip(request.form_field("client_secret"));
    if in_header.is_some() && in_body.is_some() {
        return Reply::error(400, "invalid_request");
    }
    let known = in_header.or(in_body).is_some_and(|(id, key)| state.knows_pair(&id, &key));
    if !known {
        let challenge = r#"Basic realm="issuer""#;
        return Reply::error(401, "invalid_client").with("WWW-Authenticate", challenge);
    }
    match request.form_field("grant_type").as_deref() {
        Some(b"client_credentials") => {}
        Some(_) => return Reply::error(400, "unsupported_grant_type"),
        None => return Reply::error(400, "invalid_request"),
    }
    let token = token::opaque();
    state.record(&token);
    let mut answer = json!({
        "access_token": token,
        "expires_in": state.life,
        "token_type": "Bearer",
    });
    if let Some(scope) = request.form_field("scope") {
        answer["scope"] = String::from_utf8_lossy(&scope).into();
    }
    Reply::json(200, &answer).with("Cache-Control", "no-store")
}
