//! An ordinary OAuth 2 token endpoint: which grant is asked for, and those of RFC 6749 itself.

use serde_json::json;

use super::client::{self, text};
use super::family::{self, Service};
use super::http::{Reply, Seen};
use super::state::State;
use super::{device, exchange, jwt_bearer, token};

pub const PATH: &str = "/oauth/token";
/// The same, as Google has it.
pub const SHORT_PATH: &str = "/token";

/// Gives opaque tokens to clients that authenticate. Where an assertion is the grant, the client
/// need not.
pub fn token(request: &Seen, state: &mut State) -> Reply {
    if !request.is_form() {
        return Reply::error(400, "invalid_request");
    }
    let asks = text(request, "grant_type");
    if asks.as_deref() == Some(jwt_bearer::GRANT) && !names_client(request) {
        return jwt_bearer::token(request, state);
    }
    let id = match client::authenticated(request, state) {
        Ok(id) => id,
        Err(refusal) => return refusal,
    };
    match asks.as_deref() {
        Some("client_credentials") => credentials(request, &id, state),
        Some("authorization_code") => code(request, Service::OAuth, &id, state),
        Some("refresh_token") => refresh(request, Service::OAuth, &id, state),
        Some(device::GRANT) => device::token(request, &id, state),
        Some(exchange::GRANT) => exchange::token(request, state),
        Some(jwt_bearer::GRANT) => jwt_bearer::token(request, state),
        Some(_) => Reply::error(400, "unsupported_grant_type"),
        None => Reply::error(400, "invalid_request"),
    }
}

/// A new token, alone.
pub fn alone(state: &mut State, scope: Option<&str>) -> Reply {
    let access = token::opaque();
    state.record(&access);
    sent(state, &access, scope, None)
}

/// A new token with a refresh token.
pub fn begun(state: &mut State, service: Service, client: &str, scope: &str) -> Reply {
    let access = token::opaque();
    state.record(&access);
    let refresh = state.families(service).begin(client, scope, &access);
    sent(state, &access, Some(scope).filter(|scope| !scope.is_empty()), Some(&refresh))
}

/// RFC 6749 4.1.3 and 7636 4.6.
pub fn code(request: &Seen, service: Service, client: &str, state: &mut State) -> Reply {
    match state.codes.redeem(service, client, request) {
        Ok(code) => begun(state, service, client, &code.scope),
        Err(_) => Reply::error(400, "invalid_grant"),
    }
}

/// RFC 6749, 6.
pub fn refresh(request: &Seen, service: Service, client: &str, state: &mut State) -> Reply {
    let Some(given) = text(request, "refresh_token") else {
        return Reply::error(400, "invalid_request");
    };
    let Some((access, next)) = family::refresh(state, service, client, &given) else {
        return Reply::error(400, "invalid_grant");
    };
    let scope = text(request, "scope").unwrap_or(next.scope);
    let scope = Some(scope.as_str()).filter(|scope| !scope.is_empty());
    sent(state, &access, scope, next.refresh.as_deref())
}

/// RFC 6749, 4.4.
fn credentials(request: &Seen, client: &str, state: &mut State) -> Reply {
    if state.clients.is_public(client) {
        return Reply::error(400, "unauthorized_client");
    }
    alone(state, text(request, "scope").as_deref())
}

fn sent(state: &State, access: &str, scope: Option<&str>, refresh: Option<&str>) -> Reply {
    let mut answer = json!({
        "access_token": access,
        "expires_in": state.life,
        "token_type": "Bearer",
    });
    if let Some(scope) = scope {
        answer["scope"] = scope.into();
    }
    if let Some(refresh) = refresh {
        answer["refresh_token"] = refresh.into();
    }
    Reply::json(200, &answer).with("Cache-Control", "no-store")
}

fn names_client(request: &Seen) -> bool {
    let in_body = ["client_id", "client_assertion"];
    request.basic().is_some() || in_body.iter().any(|field| request.form_field(field).is_some())
}
