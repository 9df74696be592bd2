//! Token exchange (RFC 8693): a token of this issuer in, another one out.

use serde_json::{Value, json};

use super::Issuer;
use super::client::text;
use super::http::{Reply, Seen};
use super::state::State;
use super::token;

pub const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

const TYPE_PREFIX: &str = "urn:ietf:params:oauth:token-type:";
const TYPES: [&str; 6] = ["access_token", "refresh_token", "id_token", "saml1", "saml2", "jwt"];

pub fn token(request: &Seen, state: &mut State) -> Reply {
    if let Some(flaw) = flaw(request, state) {
        return refused("invalid_request", flaw);
    }
    let asked = text(request, "audience").or_else(|| text(request, "resource"));
    if asked.is_some_and(|target| state.refused_targets.contains(&target)) {
        return refused("invalid_target", "no tokens for that service");
    }
    let issued_type = text(request, "requested_token_type")
        .unwrap_or_else(|| format!("{TYPE_PREFIX}access_token"));
    let access = token::opaque();
    state.record(&access);
    let is_access_token = issued_type.ends_with(":access_token") || issued_type.ends_with(":jwt");
    let mut answer = json!({
        "access_token": access,
        "issued_token_type": issued_type,
        "token_type": if is_access_token { "Bearer" } else { "N_A" },
        "expires_in": state.life,
    });
    if let Some(scope) = text(request, "scope") {
        answer["scope"] = scope.into();
    }
    Reply::json(200, &answer).with("Cache-Control", "no-store")
}

/// RFC 8693 2.1: what is required, and what goes with what.
fn flaw(request: &Seen, state: &State) -> Option<&'static str> {
    let field = |name| text(request, name);
    let is_type = |name: Option<String>| {
        name.is_some_and(|name| {
            name.strip_prefix(TYPE_PREFIX).is_some_and(|it| TYPES.contains(&it))
        })
    };
    if !field("subject_token").is_some_and(|subject| state.honours_subject(&subject)) {
        return Some("the subject token is missing, unknown or over");
    }
    if !is_type(field("subject_token_type")) {
        return Some("the subject token's type is missing or unknown");
    }
    if field("requested_token_type").is_some() && !is_type(field("requested_token_type")) {
        return Some("the requested type is unknown");
    }
    match (field("actor_token"), field("actor_token_type")) {
        (None, None) => None,
        (Some(actor), kind) if is_type(kind.clone()) && state.honours_subject(&actor) => None,
        _ => Some("the actor token does not fit"),
    }
}

fn refused(error: &str, description: &str) -> Reply {
    let answer: Value = json!({"error": error, "error_description": description});
    Reply::json(400, &answer)
}

impl Issuer {
    /// Makes this a token that can be exchanged, besides those issued here.
    pub fn accept_subject_token(&self, token: &str) {
        self.state().subject_tokens.push(token.to_owned());
    }

    /// Answers a wish for this audience or resource with `invalid_target`.
    pub fn refuse_target(&self, target: &str) {
        self.state().refused_targets.push(target.to_owned());
    }
}
