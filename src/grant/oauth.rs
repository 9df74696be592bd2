//! What the OAuth grants share: client authentication, the form body, the reply.
//!
//! RFC 6749 §2.3.1 (client authentication), §5.1 and §5.2 (replies); RFC 7617 (Basic).

use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use url::form_urlencoded::byte_serialize;
use zeroize::Zeroizing;

use super::lifetime::{self, Seconds};
use super::{Error, http};
use crate::limits;
use crate::model::{AuthStyle, Credential, Token, TokenType, Untrusted, is_harmless};
use crate::secret::Outgoing;

/// A form body under construction. Of generous size from the start: growing leaves copies behind.
pub(super) struct Form(Zeroizing<Vec<u8>>);

impl Form {
    pub(super) fn new() -> Self {
        Self(Zeroizing::new(Vec::with_capacity(4096)))
    }

    pub(super) fn add(&mut self, name: &str, value: &[u8]) {
        if !self.0.is_empty() {
            self.0.push(b'&');
        }
        self.0.extend_from_slice(&encoded(name.as_bytes()));
        self.0.push(b'=');
        self.0.extend_from_slice(&encoded(value));
    }

    pub(super) fn finish(self) -> Outgoing {
        Outgoing::new(self.0)
    }
}

/// The `Authorization` value for `style`; `None` where the style uses the body.
pub(super) fn authorization(style: AuthStyle, credential: &Credential) -> Option<Outgoing> {
    let id = credential.client_id().as_str().as_bytes();
    let secret = credential.secret().expose();
    let joined = |id: &[u8], secret: &[u8]| Zeroizing::new([id, b":", secret].concat());
    let pair = match style {
        AuthStyle::Basic => joined(&encoded(id), &encoded(secret)),
        AuthStyle::BasicRaw => joined(id, secret),
        AuthStyle::Post => return None,
    };
    let mut value = Zeroizing::new(String::with_capacity(pair.len() * 4 / 3 + 16));
    value.push_str("Basic ");
    STANDARD.encode_string(pair.as_slice(), &mut value);
    Some(Outgoing::new(Zeroizing::new(value.as_bytes().to_vec())))
}

/// Adds id and secret to the body where the style wants them there.
pub(super) fn add_credential(form: &mut Form, style: AuthStyle, credential: &Credential) {
    if style == AuthStyle::Post {
        form.add("client_id", credential.client_id().as_str().as_bytes());
        form.add("client_secret", credential.secret().expose());
    }
}

/// Reads the reply to a token request: a token, or why there is none.
pub(super) fn token(reply: &http::Reply, credential: &Credential) -> Result<Token, Error> {
    match reply.status {
        200 => success(reply, credential),
        201..=299 => Err(Error::Unacceptable("its status is not 200")),
        status @ (408 | 429 | 500..=599) => {
            Err(Error::NotReady { status, retry_after: reply.retry_after })
        }
        status @ 300..=399 => {
            let host = reply.redirect_host.clone();
            Err(Error::Redirect { status, host: host.unwrap_or_else(|| Untrusted::new("?")) })
        }
        status => Err(refusal(status, reply, credential)),
    }
}

#[derive(Deserialize)]
struct Success {
    access_token: Option<Zeroizing<String>>,
    token_type: Option<String>,
    expires_in: Option<Seconds>,
    scope: Option<String>,
    error: Option<serde::de::IgnoredAny>,
}

fn success(reply: &http::Reply, credential: &Credential) -> Result<Token, Error> {
    let body = json(reply)?;
    // A derived struct refuses a name that is there twice (RFC 6749 §3.2).
    let found: Success = serde_json::from_slice(body)
        .map_err(|_| Error::Unacceptable("it is not a JSON object with a token in it"))?;
    if found.error.is_some() {
        // Some servers refuse with status 200.
        return Err(refusal(reply.status, reply, credential));
    }
    let text = found.access_token.ok_or(Error::Unacceptable("it has no `access_token`"))?;
    match found.token_type.as_deref() {
        Some(kind) if kind.eq_ignore_ascii_case("bearer") => {}
        Some(_) => return Err(Error::Unacceptable("its `token_type` is not Bearer")),
        None => return Err(Error::Unacceptable("it has no `token_type`")),
    }
    let life = lifetime::of(&text, found.expires_in)?;
    let access = Token::access(text)
        .map_err(|_| Error::Unacceptable("its token has characters that no token may have"))?;
    let scope = found.scope.map(|scope| granted(&scope, credential)).transpose()?;
    // Scopes are shown freely.
    if scope.as_ref().is_some_and(|scope| access.len() >= 16 && scope.contains(access.expose())) {
        return Err(Error::Unacceptable("its scope repeats the token"));
    }
    Ok(Token { access, kind: TokenType::Bearer, life, scope })
}

/// The scope as one line. Longer than any header is not a scope, and a credential is none.
fn granted(scope: &str, credential: &Credential) -> Result<String, Error> {
    let words: Vec<&str> = scope.split_whitespace().collect();
    let line = words.join(" ");
    if line.len() > limits::TOKEN || !line.chars().all(is_harmless) {
        return Err(Error::Unacceptable("its scope is not one"));
    }
    // A short secret can be an ordinary word of a scope.
    if credential.secret().len() >= 8 && repeats(line.as_bytes(), credential) {
        return Err(Error::Unacceptable("its scope repeats the credential"));
    }
    Ok(line)
}

/// Whether it says that it is JSON.
pub(super) fn is_json(reply: &http::Reply) -> bool {
    reply.media_type == "application/json" || reply.media_type.ends_with("+json")
}

/// The body, if it says it is JSON and can be one object. A derived struct would take an array as
/// well, and skip what it does not know at any depth.
pub(super) fn json(reply: &http::Reply) -> Result<&[u8], Error> {
    let body = reply.body.expose();
    if !is_json(reply) {
        return Err(Error::Unacceptable("it is not JSON"));
    }
    if !body.trim_ascii_start().starts_with(b"{") || depth(body) > limits::REPLY_DEPTH {
        return Err(Error::Unacceptable("it is not a JSON object"));
    }
    Ok(body)
}

/// How deeply objects and arrays lie in each other.
fn depth(json: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut bytes, mut in_string) = (json.iter(), false);
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => in_string = !in_string,
            b'\\' if in_string => drop(bytes.next()),
            _ if in_string => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

#[derive(Deserialize)]
struct Failure {
    error: Option<String>,
    error_description: Option<String>,
}

fn refusal(status: u16, reply: &http::Reply, credential: &Credential) -> Error {
    let found: Option<Failure> =
        json(reply).ok().and_then(|body| serde_json::from_slice(body).ok());
    let code = found.as_ref().and_then(|failure| failure.error.clone()).unwrap_or_default();
    let said = found.and_then(|failure| said(failure, credential));
    // RFC 6749 §5.2: only these are about the credential; to call another fault that would make
    // people rotate keys that work.
    match (code.as_str(), status) {
        ("temporarily_unavailable" | "server_error" | "slow_down", _) => {
            Error::NotReady { status, retry_after: reply.retry_after }
        }
        ("invalid_client" | "invalid_grant" | "unauthorized_client" | "access_denied", _) => {
            Error::Refused { status, said }
        }
        ("invalid_request" | "invalid_scope" | "unsupported_grant_type" | "invalid_target", _) => {
            Error::BadRequest { status, said }
        }
        (_, 401 | 403) => Error::Refused { status, said },
        _ => Error::BadRequest { status, said },
    }
}

/// The issuer's words, unless they repeat the credential.
fn said(failure: Failure, credential: &Credential) -> Option<Untrusted> {
    let Failure { error, error_description } = failure;
    let text = match (error, error_description) {
        (Some(error), Some(text)) => format!("{error}: {text}"),
        (Some(text), None) | (None, Some(text)) => text,
        (None, None) => return None,
    };
    Some(shown(&text, credential))
}

fn shown(text: &str, credential: &Credential) -> Untrusted {
    if repeats(text.as_bytes(), credential) {
        return Untrusted::withheld();
    }
    Untrusted::new(text)
}

/// Whether `text` has part of the secret in it, as it is or in a form that it was sent in: however
/// the issuer cut, escaped or joined that.
fn repeats(text: &[u8], credential: &Credential) -> bool {
    let secret = credential.secret().expose();
    // What stands before it shifts base64: three ways to begin are all.
    let shifted = ["", "x", "xx"].map(|lead| {
        let whole = Zeroizing::new([lead.as_bytes(), secret].concat());
        Outgoing::new(Zeroizing::new(STANDARD.encode(whole.as_slice()).into_bytes()))
    });
    let headers = [AuthStyle::Basic, AuthStyle::BasicRaw]
        .into_iter()
        .filter_map(|style| authorization(style, credential));
    shares_a_run(text, secret)
        || shares_a_run(text, &encoded(secret))
        || headers.chain(shifted).any(|form| {
            let form = form.expose();
            shares_a_run(text, form.strip_prefix(b"Basic ").unwrap_or(form))
        })
}

/// Without regard to case: percent-encoding comes in both.
fn shares_a_run(text: &[u8], form: &[u8]) -> bool {
    // So much in common is no accident; a form of less than 4 bytes is found in any text.
    const RUN: usize = 12;
    let (text, form) = (text.to_ascii_lowercase(), Zeroizing::new(form.to_ascii_lowercase()));
    let length = form.len().min(RUN);
    let runs: HashSet<&[u8]> = form.windows(length.max(4)).collect();
    text.windows(length.max(4)).any(|run| runs.contains(run))
}

/// `application/x-www-form-urlencoded`.
fn encoded(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut text = Zeroizing::new(Vec::with_capacity(bytes.len() * 3));
    for part in byte_serialize(bytes) {
        text.extend_from_slice(part.as_bytes());
    }
    text
}
