//! Canvas's own OAuth 2: codes and refresh tokens of users, and their end.

use serde_json::{Value, json};

use super::canvas;
use super::canvas_assertion;
use super::canvas_grant::NoGrant;
use super::client::text;
use super::code::Misfit;
use super::family::Service;
use super::http::{Reply, Seen};
use super::state::State;

pub const PATH: &str = "/login/oauth2/token";

/// `POST`. The kind of grant is looked at first, then the client, then what it brings.
pub fn token(request: &Seen, state: &mut State) -> Reply {
    let asks = text(request, "grant_type")
        .or_else(|| request.form_field("code").map(|_| "authorization_code".to_owned()));
    let answer = match asks.as_deref() {
        Some("authorization_code") => {
            client(request, state).and_then(|id| code(request, &id, state))
        }
        Some("refresh_token") => client(request, state).and_then(|id| refresh(request, &id, state)),
        Some("client_credentials") => canvas_assertion::credentials(request, state),
        _ => {
            let said = "The grant_type you requested is not currently supported";
            Err(bad_request("unsupported_grant_type", said))
        }
    };
    answer.unwrap_or_else(|refusal| refusal)
}

/// `DELETE`: ends the sign-in that the bearer came of.
pub fn revoke(request: &Seen, state: &mut State) -> Reply {
    match canvas::caller(request, state) {
        Ok(bearer) => {
            state.canvas.revoke(&bearer);
            state.revoke(&bearer);
            Reply::json(200, &json!({}))
        }
        Err(refusal) => refusal,
    }
}

/// 400 with this error.
pub fn bad_request(error: &str, description: &str) -> Reply {
    Reply::json(400, &json!({"error": error, "error_description": description}))
}

/// 401: the client is unknown, or shows a wrong secret.
pub fn bad_client(description: &str) -> Reply {
    let answer = json!({"error": "invalid_client", "error_description": description});
    Reply::json(401, &answer).with("WWW-Authenticate", "Canvas OAuth 2.0")
}

/// Id and secret from the body, else from Basic, which is not form-decoded here. A public client
/// needs no secret where it shows a verifier, or refreshes.
fn client(request: &Seen, state: &State) -> Result<String, Reply> {
    let (user, password) = request.basic().unzip();
    let id = request.form_field("client_id").or(user).unwrap_or_default();
    let secret = request.form_field("client_secret").or(password);
    let client_id = String::from_utf8_lossy(&id).into_owned();
    if !state.knows_client(&client_id) {
        return Err(bad_client("unknown client"));
    }
    let is_authorized = match secret {
        Some(secret) => state.knows_pair(&id, &secret),
        None => state.clients.is_public(&client_id),
    };
    if is_authorized { Ok(client_id) } else { Err(bad_client("invalid client")) }
}

fn code(request: &Seen, client_id: &str, state: &mut State) -> Result<Reply, Reply> {
    if request.form_field("code").is_none() {
        return Err(not_supplied("code", "authorization_code"));
    }
    let redeemed = state.codes.redeem(Service::Canvas, client_id, request);
    redeemed.map_err(|misfit| match misfit {
        Misfit::Unknown => bad_request("invalid_grant", "authorization_code not found"),
        Misfit::OtherClient => bad_request("invalid_grant", "incorrect client"),
        Misfit::Verifier => bad_request("invalid_grant", "invalid code_verifier"),
        Misfit::OtherRedirect => {
            bad_request("invalid_request", "redirect_uri does not match client settings")
        }
    })?;
    let (refresh, access) = state.canvas.begin(client_id, state.life);
    state.record(&access);
    let mut answer = answer(&access.into(), state);
    answer["refresh_token"] = refresh.into();
    Ok(sent(&answer))
}

fn refresh(request: &Seen, client_id: &str, state: &mut State) -> Result<Reply, Reply> {
    let Some(refresh) = text(request, "refresh_token") else {
        return Err(not_supplied("refresh_token", "refresh_token"));
    };
    let access = match state.canvas.refresh(client_id, &refresh, state.life) {
        Ok(access) => {
            state.record(&access);
            access.into()
        }
        Err(NoGrant::JustRefreshed) => Value::Null,
        Err(NoGrant::Unknown) => {
            return Err(bad_request("invalid_request", "refresh_token not found"));
        }
        Err(NoGrant::OtherClient) => return Err(bad_request("invalid_grant", "incorrect client")),
    };
    Ok(sent(&answer(&access, state)))
}

fn not_supplied(parameter: &str, grant: &str) -> Reply {
    let said =
        format!("You must provide the {parameter} parameter when using the {grant} grant type");
    bad_request("invalid_request", &said)
}

fn answer(access: &Value, state: &State) -> Value {
    let mut answer = json!({
        "access_token": access,
        "token_type": "Bearer",
        "user": {"id": 42, "name": "Mock User", "global_id": "10000000000042", "effective_locale": "en"},
        "canvas_region": "us-east-1",
    });
    if !state.canvas.never_expires {
        answer["expires_in"] = state.life.into();
    }
    answer
}

fn sent(answer: &Value) -> Reply {
    Reply::json(200, answer).with("Cache-Control", "no-store").with("Pragma", "no-cache")
}
