//! Authorization codes: made at once, as if a browser were signed in and its user agreed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use url::Url;

use super::Issuer;
use super::client::text;
use super::family::Service;
use super::http::{Reply, Seen};
use super::state::{State, unix_now};
use super::token;

/// The redirect target that stands for "show the code to the user".
pub const OUT_OF_BAND: &str = "urn:ietf:wg:oauth:2.0:oob";

/// Where a browser is sent first.
const ENDPOINTS: [(&str, Service); 4] = [
    ("/login/oauth2/auth", Service::Canvas),
    ("/o/authorize", Service::Badges),
    ("/api/public/oauth/authorize", Service::Studio),
    ("/oauth/authorize", Service::OAuth),
];

/// All codes given out.
pub struct Codes {
    list: Vec<Code>,
    life: i64,
    refusal: Option<String>,
}

/// What a code stands for.
#[derive(Clone)]
pub struct Code {
    pub scope: String,
    text: String,
    service: Service,
    client: String,
    redirect_uri: String,
    challenge: Option<String>,
    until: i64,
    is_spent: bool,
}

/// Why a code brings nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misfit {
    /// Never given out, spent, or too old.
    Unknown,
    OtherClient,
    OtherRedirect,
    /// The verifier is missing, wrong, or there for a code without a challenge.
    Verifier,
}

impl Codes {
    pub fn new() -> Self {
        Self { list: Vec::new(), life: 600, refusal: None }
    }

    /// Spends the code of a token request; a code is spent by a wrong request, too.
    pub fn redeem(
        &mut self,
        service: Service,
        client: &str,
        request: &Seen,
    ) -> Result<Code, Misfit> {
        let (given, now) = (text(request, "code").unwrap_or_default(), unix_now());
        let is_it = |code: &&mut Code| {
            code.text == given && code.service == service && !code.is_spent && now < code.until
        };
        let code = self.list.iter_mut().find(is_it).ok_or(Misfit::Unknown)?;
        code.is_spent = true;
        if code.client != client {
            return Err(Misfit::OtherClient);
        }
        if text(request, "redirect_uri").unwrap_or_default() != code.redirect_uri {
            return Err(Misfit::OtherRedirect);
        }
        let shown = request.form_field("code_verifier").map(|verifier| challenge_of(&verifier));
        if shown == code.challenge { Ok(code.clone()) } else { Err(Misfit::Verifier) }
    }
}

/// The service whose authorization endpoint this path is.
pub fn service_at(path: &str) -> Option<Service> {
    ENDPOINTS.iter().find(|(at, _)| *at == path).map(|(_, service)| *service)
}

/// RFC 6749 4.1.1 and 7636 4.3: a redirect with the code, or a page that shows it.
pub fn authorize(request: &Seen, service: Service, state: &mut State) -> Reply {
    let client = request.query_field("client_id").unwrap_or_default();
    if !state.knows_client(&client) {
        return unknown_client(service);
    }
    let redirect_uri = request.query_field("redirect_uri").unwrap_or_default();
    if !is_local(&redirect_uri) {
        let answer = json!({
            "error": "invalid_request",
            "error_description": "redirect_uri does not match client settings",
        });
        return Reply::json(400, &answer);
    }
    let outcome = match flaw(request, &client, state) {
        Some(error) => ("error", error),
        None => ("code", made(request, service, state)),
    };
    back(request, &redirect_uri, outcome)
}

fn unknown_client(service: Service) -> Reply {
    let answer = json!({"error": "invalid_client", "error_description": "unknown client"});
    let reply = Reply::json(401, &answer);
    match service {
        Service::Canvas => reply.with("WWW-Authenticate", "Canvas OAuth 2.0"),
        Service::Badges | Service::Studio | Service::OAuth => reply,
    }
}

/// A plain `http` URL on the loopback interface, at any port; or none at all.
fn is_local(redirect_uri: &str) -> bool {
    let Ok(url) = Url::parse(redirect_uri) else { return false };
    let host = url.host_str().unwrap_or_default();
    redirect_uri == OUT_OF_BAND
        || url.scheme() == "http" && ["127.0.0.1", "[::1]", "localhost"].contains(&host)
}

fn flaw(request: &Seen, client: &str, state: &State) -> Option<String> {
    let challenge = request.query_field("code_challenge");
    let method = request.query_field("code_challenge_method");
    if request.query_field("response_type").as_deref() != Some("code") {
        return Some("unsupported_response_type".to_owned());
    }
    let is_open = challenge.is_none() && state.clients.is_public(client);
    if is_open || (challenge.is_some() && method.as_deref() != Some("S256")) {
        return Some("invalid_request".to_owned());
    }
    state.codes.refusal.clone()
}

fn made(request: &Seen, service: Service, state: &mut State) -> String {
    let text = token::opaque();
    let asked = |field| request.query_field(field).unwrap_or_default();
    state.codes.list.push(Code {
        scope: asked("scope"),
        text: text.clone(),
        service,
        client: asked("client_id"),
        redirect_uri: asked("redirect_uri"),
        challenge: request.query_field("code_challenge"),
        until: unix_now().saturating_add(state.codes.life),
        is_spent: false,
    });
    text
}

fn back(request: &Seen, redirect_uri: &str, (name, value): (&str, String)) -> Reply {
    if redirect_uri == OUT_OF_BAND {
        let page = format!("<!DOCTYPE html><title>{name}</title><code>{value}</code>\n");
        return Reply::of_type(200, "text/html; charset=utf-8", page);
    }
    let mut to = Url::parse(redirect_uri).expect("looked at before");
    to.query_pairs_mut().append_pair(name, &value);
    if let Some(state) = request.query_field("state") {
        to.query_pairs_mut().append_pair("state", &state);
    }
    Reply::of_type(302, "text/html", "").with("Location", to)
}

fn challenge_of(verifier: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}

impl Issuer {
    /// The life of codes made from now on; 600 s unless set, and none of them works at 0.
    pub fn code_life(&self, seconds: i64) {
        self.state().codes.life = seconds;
    }

    /// What authorization endpoints send back in place of a code, `access_denied` say; `None` for
    /// a user who agrees again.
    pub fn refuse_codes(&self, error: Option<&str>) {
        self.state().codes.refusal = error.map(str::to_owned);
    }
}
