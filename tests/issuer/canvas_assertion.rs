//! Canvas's `client_credentials`: a signed assertion, or the secret of a service user's key.

use serde_json::{Value, json};

use super::canvas_oauth::{bad_client, bad_request};
use super::client::{ASSERTION_TYPE, text};
use super::http::{Reply, Seen};
use super::jose::Jwt;
use super::state::{State, unix_now};
use super::token;

/// The claims without which an assertion is nothing, in the order in which they are missed.
const REQUIRED: [&str; 6] = ["sub", "aud", "exp", "iat", "jti", "iss"];

pub fn credentials(request: &Seen, state: &mut State) -> Result<Reply, Reply> {
    if request.form_field("client_assertion_type").as_deref() == Some(ASSERTION_TYPE) {
        by_assertion(request, state)
    } else {
        by_secret(request, state)
    }
}

/// A signed token in, a signed token with the scopes asked for out. The `jti` may be used again.
fn by_assertion(request: &Seen, state: &mut State) -> Result<Reply, Reply> {
    let Some(jwt) = Jwt::of_field(request.form_field("client_assertion")) else {
        return Err(bad_request("invalid_request", "JWS signature invalid."));
    };
    let client_id = jwt.text("sub").unwrap_or_default().to_owned();
    if !state.knows_client(&client_id) {
        return Err(bad_client("unknown client"));
    }
    let is_signed = state.clients.keys_of(&client_id).any(|key| jwt.is_signed_by(key));
    if !is_signed || jwt.algorithm() != "RS256" {
        return Err(bad_request("invalid_request", "JWS signature invalid."));
    }
    let audiences = state.clients.audiences(request, state.scheme);
    let flaws = claim_flaws(&jwt, &audiences[..1]);
    if !flaws.is_empty() {
        return Err(bad_request("invalid_request", &flaws.join(" | ")));
    }
    let scope = granted_scope(request, state)?;
    state.clients.note(&jwt);
    Ok(issue(state, "https://canvas.example", &client_id, Some(&scope)))
}

/// The texts of Canvas for what is wrong with the claims.
fn claim_flaws(jwt: &Jwt, audiences: &[String]) -> Vec<String> {
    let missing = REQUIRED.into_iter().filter(|claim| jwt.claims.get(claim).is_none());
    let missing: Vec<&str> = missing.collect();
    if !missing.is_empty() {
        return vec![format!("the following assertions are missing: {}", missing.join(","))];
    }
    let now = unix_now();
    let (exp, iat) = (seconds(&jwt.claims["exp"]), seconds(&jwt.claims["iat"]));
    let flaws = [
        (!jwt.is_for(audiences), "the 'aud' is invalid"),
        (exp.is_none(), "the 'exp' must be a number"),
        (exp.is_some_and(|exp| exp < now), "the JWT has expired"),
        (iat.is_none(), "the 'iat' must be a number"),
        (iat.is_some_and(|iat| iat < now - 300), "the 'iat' must be less than 300 seconds old"),
        (iat.is_some_and(|iat| iat > now + 30), "the 'iat' must not be in the future"),
    ];
    flaws.into_iter().filter(|(is_one, _)| *is_one).map(|(_, said)| said.to_owned()).collect()
}

/// A number, cut to whole seconds.
fn seconds(claim: &Value) -> Option<i64> {
    claim.as_number()?.to_string().split('.').next()?.parse().ok()
}

fn granted_scope(request: &Seen, state: &State) -> Result<String, Reply> {
    let asked = text(request, "scope").unwrap_or_default();
    let allowed = &state.canvas.scopes;
    let is_given = |scope: &&str| allowed.is_empty() || allowed.iter().any(|known| known == scope);
    let refused: Vec<&str> = asked.split_whitespace().filter(|scope| !is_given(scope)).collect();
    if refused.is_empty() {
        return Ok(asked);
    }
    let said = format!(
        "A requested scope is invalid, unknown, malformed, or exceeds the scope granted by the \
         resource owner. The following scopes were requested, but not granted: {}",
        refused.join(" ")
    );
    Err(bad_request("invalid_scope", &said))
}

/// A developer key bound to a service user: an `InstAccess` token that can be read.
fn by_secret(request: &Seen, state: &mut State) -> Result<Reply, Reply> {
    let Some((id, secret)) =
        request.form_field("client_id").zip(request.form_field("client_secret"))
    else {
        let said = "assertion method not supported for this grant_type";
        return Err(bad_request("invalid_request", said));
    };
    let client_id = String::from_utf8_lossy(&id).into_owned();
    if !state.knows_client(&client_id) {
        return Err(bad_client("unknown client"));
    }
    if !state.knows_pair(&id, &secret) {
        return Err(bad_client("invalid client"));
    }
    Ok(issue(state, "instructure:inst_access", &client_id, None))
}

fn issue(state: &mut State, issuer: &str, client_id: &str, scope: Option<&str>) -> Reply {
    let issued_at = unix_now().saturating_add(state.skew);
    let expires_at = issued_at.saturating_add(state.life);
    let id = token::uuid();
    let access = token::jwt_of(&json!({
        "iss": issuer, "sub": client_id, "iat": issued_at, "exp": expires_at, "jti": id,
    }));
    state.record(&access);
    let mut answer =
        json!({"access_token": access, "token_type": "Bearer", "expires_in": state.life});
    if let Some(scope) = scope {
        answer["scope"] = scope.into();
    }
    Reply::json(200, &answer).with("Cache-Control", "no-store").with("Pragma", "no-cache")
}
