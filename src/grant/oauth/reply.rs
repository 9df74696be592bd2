//! The reply to a token request (RFC 6749 §5.1, §5.2).

use std::time::Duration;

use serde::Deserialize;
use zeroize::Zeroizing;

use super::lifetime::{self, Seconds};
use super::{Error, Sent, http};
use crate::grant::Minted;
use crate::limits;
use crate::model::{Credential, Invalid, Token, TokenLife, TokenType, Untrusted, is_harmless};
use crate::secret::{AccessToken, RefreshToken};

/// What a grant lets a reply be.
#[derive(Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is a rule of its own")]
pub(in crate::grant) struct Reading<'a> {
    /// What the issuer was sent.
    pub(in crate::grant) sent: Sent<'a>,
    /// `token_type` may be missing, or `N_A`: it is presented as Bearer then.
    pub(in crate::grant) may_be_untyped: bool,
    /// Without a token in it, somebody else has just got one (Canvas).
    pub(in crate::grant) may_be_empty: bool,
    /// A refresh token in it is kept; else it is dropped (RFC 6749 §4.4.3).
    pub(in crate::grant) keeps_refresh: bool,
    /// `invalid_request` is about the refresh token (Canvas).
    pub(in crate::grant) invalid_request_is_refusal: bool,
    /// What is assumed where nothing says how long the token lives.
    pub(in crate::grant) life: TokenLife,
}

impl<'a> Reading<'a> {
    /// As the RFC has it.
    pub(in crate::grant) fn strict(sent: Sent<'a>) -> Self {
        Self {
            sent,
            may_be_untyped: false,
            may_be_empty: false,
            keeps_refresh: false,
            invalid_request_is_refusal: false,
            life: TokenLife::unknown(),
        }
    }

    /// Where a person has logged in, and a refresh token is what makes that last.
    pub(in crate::grant) fn lasting(sent: Sent<'a>) -> Self {
        Self { keeps_refresh: true, ..Self::strict(sent) }
    }
}

/// [`Reading::lasting`] as a plain function.
pub(in crate::grant) fn lasting(sent: Sent<'_>) -> Reading<'_> {
    Reading::lasting(sent)
}

/// Reads the reply to a token request: a token, or why there is none.
pub(in crate::grant) fn read(reply: &http::Reply, how: Reading<'_>) -> Result<Minted, Error> {
    match reply.status {
        200 => success(reply, how),
        201..=299 => Err(Error::Unacceptable("its status is not 200")),
        _ => Err(refusal(reply, how)),
    }
}

/// Canvas refuses to make another token for so long after the last.
const JUST_REFRESHED: Duration = Duration::from_secs(5);

#[derive(Deserialize)]
struct Success {
    access_token: Option<Zeroizing<String>>,
    token_type: Option<String>,
    expires_in: Option<Seconds>,
    scope: Option<String>,
    refresh_token: Option<Zeroizing<String>>,
    error: Option<serde::de::IgnoredAny>,
}

fn success(reply: &http::Reply, how: Reading<'_>) -> Result<Minted, Error> {
    let body = json(reply)?;
    // A derived struct refuses a name that is there twice (RFC 6749 §3.2).
    let found: Success = serde_json::from_slice(body)
        .map_err(|_| Error::Unacceptable("it is not a JSON object with a token in it"))?;
    if found.error.is_some() {
        // Some servers refuse with status 200.
        return Err(refusal(reply, how));
    }
    if found.access_token.is_none() && how.may_be_empty {
        return Err(Error::NotReady { status: reply.status, retry_after: Some(JUST_REFRESHED) });
    }
    let text = found.access_token.ok_or(Error::Unacceptable("it has no `access_token`"))?;
    match found.token_type.as_deref() {
        Some(kind) if kind.eq_ignore_ascii_case("bearer") => {}
        Some("N_A") | None if how.may_be_untyped => {}
        Some(_) => return Err(Error::Unacceptable("its `token_type` is not Bearer")),
        None => return Err(Error::Unacceptable("it has no `token_type`")),
    }
    let life = lifetime::of(&text, found.expires_in, how.life)?;
    let access = access(text)?;
    let refresh = found.refresh_token.filter(|text| how.keeps_refresh && !text.is_empty());
    let refresh = refresh.map(Credential::refresh_of).transpose().map_err(|_: Invalid| {
        Error::Unacceptable("its refresh token has characters that none may have")
    })?;
    let scope = found.scope.map(|scope| granted(&scope, &access, refresh.as_ref(), how.sent));
    let scope = scope.transpose()?;
    Ok(Minted { token: Token { access, kind: TokenType::Bearer, life, scope }, refresh })
}

/// A token from a reply.
pub(in crate::grant) fn access(text: Zeroizing<String>) -> Result<AccessToken, Error> {
    Token::access(text)
        .map_err(|_| Error::Unacceptable("its token has characters that no token may have"))
}

/// The scope as one line. Longer than any header is not a scope, and a secret is none: scopes are
/// shown freely.
fn granted(
    scope: &str,
    access: &AccessToken,
    refresh: Option<&RefreshToken>,
    sent: Sent<'_>,
) -> Result<String, Error> {
    let words: Vec<&str> = scope.split_whitespace().collect();
    let line = words.join(" ");
    if line.len() > limits::TOKEN || !line.chars().all(is_harmless) {
        return Err(Error::Unacceptable("its scope is not one"));
    }
    if sent.is_repeated_by_words(&line) {
        return Err(Error::Unacceptable("its scope repeats the credential"));
    }
    let has = |secret: &str| secret.len() >= 16 && scope.contains(secret);
    if has(access.expose()) || refresh.is_some_and(|refresh| has(refresh.expose())) {
        return Err(Error::Unacceptable("its scope repeats the token"));
    }
    Ok(line)
}

/// Whether it says that it is JSON.
pub(in crate::grant) fn is_json(reply: &http::Reply) -> bool {
    reply.media_type == "application/json" || reply.media_type.ends_with("+json")
}

/// The body, if it says it is JSON and can be one object. A derived struct would take an array as
/// well, and skip what it does not know at any depth.
pub(in crate::grant) fn json(reply: &http::Reply) -> Result<&[u8], Error> {
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
    /// GitHub's.
    message: Option<String>,
}

/// Why there is nothing good in a reply.
pub(in crate::grant) fn refusal(reply: &http::Reply, how: Reading<'_>) -> Error {
    let status = reply.status;
    match status {
        408 | 429 | 500..=599 => return Error::NotReady { status, retry_after: reply.retry_after },
        300..=399 => {
            let host = reply.redirect_host.clone();
            return Error::Redirect { status, host: host.unwrap_or_else(|| Untrusted::new("?")) };
        }
        _ => {}
    }
    let found: Option<Failure> =
        json(reply).ok().and_then(|body| serde_json::from_slice(body).ok());
    let code = found.as_ref().and_then(|failure| failure.error.clone()).unwrap_or_default();
    let said = found.and_then(|failure| said(failure, how.sent));
    // RFC 6749 §5.2: only these are about the credential; to call another fault that would make
    // people rotate keys that work.
    match (code.as_str(), status) {
        ("temporarily_unavailable" | "server_error" | "slow_down", _) => {
            Error::NotReady { status, retry_after: reply.retry_after }
        }
        ("invalid_client" | "invalid_grant" | "unauthorized_client" | "access_denied", _) => {
            Error::Refused { status, said }
        }
        ("invalid_request", _) if how.invalid_request_is_refusal => Error::Refused { status, said },
        ("invalid_request" | "invalid_scope" | "unsupported_grant_type" | "invalid_target", _) => {
            Error::BadRequest { status, said }
        }
        (_, 401 | 403) => Error::Refused { status, said },
        _ => Error::BadRequest { status, said },
    }
}

/// The code of a refusal (RFC 6749 §5.2, RFC 8628 §3.5), where it has one.
pub(in crate::grant) fn code(reply: &http::Reply) -> Option<String> {
    let failure: Failure = json(reply).ok().and_then(|body| serde_json::from_slice(body).ok())?;
    failure.error
}

#[derive(Deserialize)]
struct Listed {
    errors: Vec<ListedError>,
}

#[derive(Deserialize)]
struct ListedError {
    message: String,
}

/// The words of a refusal as Canvas puts them: the first of a list.
pub(in crate::grant) fn first_error(reply: &http::Reply, sent: Sent<'_>) -> Option<Untrusted> {
    let listed: Listed = json(reply).ok().and_then(|body| serde_json::from_slice(body).ok())?;
    listed.errors.first().map(|error| sent.shown(&error.message))
}

/// The issuer's words, unless they repeat the credential.
fn said(failure: Failure, sent: Sent<'_>) -> Option<Untrusted> {
    let Failure { error, error_description, message } = failure;
    let text = match (error, error_description.or(message)) {
        (Some(error), Some(text)) => format!("{error}: {text}"),
        (Some(text), None) | (None, Some(text)) => text,
        (None, None) => return None,
    };
    Some(sent.shown(&text))
}
