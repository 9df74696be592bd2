//! What the OAuth grants share: client authentication, the form body, the reply.
//!
//! RFC 6749 §2.3.1 (client authentication), §5.1 and §5.2 (replies); RFC 7617 (Basic).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use url::form_urlencoded::byte_serialize;
use zeroize::Zeroizing;

use super::lifetime::{self, Seconds};
use super::{Error, http};
use crate::model::{AuthStyle, Credential, Token, TokenType, Untrusted};
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
        status @ (429 | 500..=599) => {
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
    let scope = found.scope.map(|scope| {
        let words: Vec<&str> = scope.split_whitespace().collect();
        Untrusted::new(&words.join(" "))
    });
    Ok(Token { access, kind: TokenType::Bearer, life, scope })
}

/// The body, if it says it is JSON.
fn json(reply: &http::Reply) -> Result<&[u8], Error> {
    let is_json = reply.media_type == "application/json" || reply.media_type.ends_with("+json");
    if is_json { Ok(reply.body.expose()) } else { Err(Error::Unacceptable("it is not JSON")) }
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
    let said = found.and_then(|failure| said(failure, reply, credential));
    // RFC 6749 §5.2: these say that the client is known and its request is wrong.
    let about_the_request = matches!(
        code.as_str(),
        "invalid_request" | "invalid_scope" | "unsupported_grant_type" | "invalid_target"
    );
    if about_the_request || (status == 400 && code.is_empty()) || status == 404 || status == 405 {
        return Error::BadRequest { status, said };
    }
    Error::Refused { status, said }
}

/// The issuer's words, unless they repeat the credential in any form it was sent in.
fn said(failure: Failure, reply: &http::Reply, credential: &Credential) -> Option<Untrusted> {
    let Failure { error, error_description } = failure;
    if repeats(reply.body.expose(), credential) {
        return Some(Untrusted::withheld());
    }
    match (error, error_description) {
        (Some(error), Some(text)) => Some(Untrusted::new(&format!("{error}: {text}"))),
        (Some(text), None) | (None, Some(text)) => Some(Untrusted::new(&text)),
        (None, None) => None,
    }
}

fn repeats(body: &[u8], credential: &Credential) -> bool {
    let secret = credential.secret().expose();
    let contains = |part: &[u8]| {
        // A secret this short would be found in any text.
        part.len() >= 4 && body.windows(part.len()).any(|window| window == part)
    };
    let escaped = serde_json::to_vec(&String::from_utf8_lossy(secret))
        .map(Zeroizing::new)
        .unwrap_or_default();
    let inner = escaped.get(1..escaped.len().saturating_sub(1)).unwrap_or_default();
    let headers = [AuthStyle::Basic, AuthStyle::BasicRaw]
        .into_iter()
        .filter_map(|style| authorization(style, credential));
    contains(secret)
        || contains(&encoded(secret))
        || contains(inner)
        || headers
            .into_iter()
            .any(|header| contains(header.expose().strip_prefix(b"Basic ").unwrap_or_default()))
}

/// `application/x-www-form-urlencoded`.
fn encoded(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut text = Zeroizing::new(Vec::with_capacity(bytes.len() * 3));
    for part in byte_serialize(bytes) {
        text.extend_from_slice(part.as_bytes());
    }
    text
}
