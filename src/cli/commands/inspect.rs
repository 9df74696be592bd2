//! `mintage inspect`: what a token says of itself, without the token.

use serde_json::{Map, Value, json};

use super::describe;
use crate::agent::Wanted;
use crate::broker;
use crate::cli::holder::Holder;
use crate::cli::parts::Parts;
use crate::cli::{Failure, style};
use crate::disk;
use crate::limits;
use crate::mint;
use crate::model::{
    Anatomy, Invalid, Lease, ProfileName, Token, scope_parts, without_final_newline,
};
use crate::secret::AccessToken;

/// Options of `inspect`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The profile to mint for
    #[arg(add = crate::cli::completion::profiles())]
    name: Option<ProfileName>,
    /// Ask the issuer about the token, too (RFC 7662)
    #[arg(long, conflicts_with = "stdin")]
    introspect: bool,
    /// Inspect the token on standard input instead
    #[arg(long, conflicts_with = "name")]
    stdin: bool,
}

/// Runs the command. Rows of name and value; neither the signature nor the whole token.
pub fn run(args: &Args, parts: &Parts) -> Result<u8, Failure> {
    let found = if args.stdin { given(parts)? } else { minted(args, parts)? };
    if parts.style.json {
        style::write_json(Value::Object(found))?;
    } else {
        style::write_rows(&rows(&found))?;
    }
    Ok(0)
}

fn given(parts: &Parts) -> Result<Map<String, Value>, Failure> {
    let input = disk::read_stdin(limits::TOKEN + 2)?.unwrap_or_default();
    let text = std::str::from_utf8(without_final_newline(&input)).map_err(|_| Invalid::Token)?;
    let token = Token::access(zeroize::Zeroizing::new(text.to_owned()))?;
    let mut found = anatomy(&token);
    if let Some(expires) = expires_by_claim(&found) {
        let left = expires.as_second() - parts.clock().wall().as_second();
        found.insert("expires_at".to_owned(), describe::second(expires).into());
        found.insert("expires_in".to_owned(), left.into());
    }
    Ok(found)
}

fn minted(args: &Args, parts: &Parts) -> Result<Map<String, Value>, Failure> {
    let which = super::which(args.name.as_ref(), parts)?;
    let mut holder = Holder::reach(parts)?;
    let preset = holder.describe(&which)?.preset;
    let lease = holder.lease(&which, &Wanted::default())?;
    let mut found = Map::new();
    found.insert("profile".to_owned(), lease.profile.as_str().into());
    found.insert("token_type".to_owned(), lease.token.kind.as_str().into());
    found.insert("expires_at".to_owned(), describe::second(lease.expires_at).into());
    found.insert("expires_in".to_owned(), lease.remaining(parts.clock()).as_secs().into());
    if let Some(scope) = &lease.token.scope {
        found.insert("scope".to_owned(), scope.as_str().into());
        if preset == "instructure" {
            found.extend(parts_of(scope));
        }
    }
    found.extend(anatomy(&lease.token.access));
    if args.introspect {
        found.insert("issuer_says".to_owned(), Value::Object(introspected(&lease, parts)?));
    }
    Ok(found)
}

/// What the issuer says of it. The question is asked with the profile's credential, so the vault is
/// opened here.
fn introspected(lease: &Lease, parts: &Parts) -> Result<Map<String, Value>, Failure> {
    let profile = parts.open_vault()?.profile(&lease.profile)?;
    let settings = parts.settings()?;
    let (token, clock) = (&lease.token.access, parts.clock());
    let said = mint::introspect(&profile, token, settings.proxy.as_deref(), clock);
    crate::stack::scrub(crate::stack::Depth::Mint);
    said.map_err(|error| {
        let source = broker::Error::mint(&profile, error, clock);
        Failure::Mint { profile: profile.name.clone(), source }
    })
}

/// The identity service's own form of a scope; nothing where a name is there twice.
fn parts_of(scope: &str) -> Option<(String, Value)> {
    let mut parts = Map::new();
    for (name, value) in scope_parts(scope) {
        if parts.insert(name.to_owned(), value.into()).is_some() {
            return None;
        }
    }
    Some(("scope_parts".to_owned(), Value::Object(parts)))
}

fn anatomy(token: &AccessToken) -> Map<String, Value> {
    let shown = match Anatomy::of(token) {
        Anatomy::Jwt { header, claims } => {
            json!({ "kind": "jwt", "bytes": token.len(), "header": header, "claims": claims })
        }
        Anatomy::Jwe { header } => {
            json!({ "kind": "jwe", "bytes": token.len(), "header": header, "claims": null })
        }
        Anatomy::Opaque => json!({ "kind": "opaque", "bytes": token.len() }),
    };
    match shown {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

fn expires_by_claim(found: &Map<String, Value>) -> Option<jiff::Timestamp> {
    time(found.get("claims")?.get("exp")?)
}

/// RFC 7519 §2: seconds since 1970, perhaps with a fraction.
fn time(value: &Value) -> Option<jiff::Timestamp> {
    #[expect(clippy::cast_possible_truncation, reason = "a float cast saturates")]
    let seconds = value.as_i64().or_else(|| value.as_f64().map(|seconds| seconds as i64))?;
    jiff::Timestamp::from_second(seconds).ok()
}

/// Times of claims are shown as dates, too.
fn rows(found: &Map<String, Value>) -> Vec<Vec<String>> {
    const TIMES: [&str; 4] = ["exp", "iat", "nbf", "auth_time"];
    let mut rows = Vec::new();
    for (name, value) in found {
        match value {
            Value::Object(fields) => rows.extend(fields.iter().map(|(field, value)| {
                let shown = match time(value).filter(|_| TIMES.contains(&field.as_str())) {
                    Some(time) => format!("{value} ({})", describe::second(time)),
                    None => text(value),
                };
                vec![format!("{name}.{}", cell(field)), shown]
            })),
            Value::Null => rows.push(vec![
                name.clone(),
                "(encrypted: only its audience can read them)".to_owned(),
            ]),
            value => rows.push(vec![name.clone(), text(value)]),
        }
    }
    rows
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), cell)
}

/// Whoever made the token chose this text: a tab or line end in it would make a row of its own.
fn cell(text: &str) -> String {
    let shown = |character: char| {
        let escaped = character.is_control().then(|| character.escape_default());
        let plain = escaped.is_none().then_some(character);
        escaped.into_iter().flatten().chain(plain)
    };
    text.chars().flat_map(shown).collect()
}
