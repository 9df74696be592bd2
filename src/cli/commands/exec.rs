//! `mintage exec`: a command with a fresh token in its environment, and nothing more than was asked
//! for.

use std::ffi::OsString;

use super::{Which, token};
use crate::agent::Wanted;
use crate::cli::Failure;
use crate::cli::holder::Holder;
use crate::cli::parts::Parts;
use crate::grant::Value;
use crate::handover::{self, Child, is_variable};
use crate::model::{Described, FieldName, Lease, ProfileName, Scopes};

/// Options of `exec`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The profile
    #[arg(add = crate::cli::completion::profiles())]
    name: Option<ProfileName>,
    /// Set the variables that a program expects: dap
    #[arg(long = "as", value_name = "PROGRAM")]
    program: Option<String>,
    /// Set VAR to a field of the profile or its token
    #[arg(long, value_name = "VAR=FIELD", value_parser = mapping,
        long_help = "Set VAR to a field: token, expires_at, scope, client_id, client_secret, \
                     base_url, or one that was added by `--field`")]
    env: Vec<(String, Value)>,
    /// Scopes in place of the profile's own; may be repeated
    #[arg(long, value_name = "SCOPE")]
    scope: Vec<String>,
    /// Audience in place of the profile's own
    #[arg(long)]
    audience: Option<String>,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    command: Vec<OsString>,
}

/// Runs the command; it does not come back where it succeeds.
pub fn run(args: Args, parts: &Parts) -> Result<u8, Failure> {
    let which = super::which(args.name.as_ref(), parts)?;
    let variables = {
        let mut holder = Holder::reach(parts)?;
        let profile = holder.describe(&which)?;
        let wanted = args.wanted(&profile, parts)?;
        // Before anything is minted in vain.
        let texts = texts(&wanted, &profile, &mut holder)?;
        let lease = args.lease_if_needed(&wanted, &which, &mut holder, parts)?;
        fill(wanted, texts, lease.as_ref())?
    };
    let child = Child { command: args.command, variables };
    Ok(handover::replace_with(child, parts.before)?)
}

impl Args {
    /// The variables to set. `--as` replaces the default `ACCESS_TOKEN`, and `--env` adds to it. There
    /// is no default where the token is the secret itself: that is only where it was mapped to.
    fn wanted(&self, profile: &Described, parts: &Parts) -> Result<Vec<(String, Value)>, Failure> {
        let mut wanted = match &self.program {
            None if profile.gives_the_secret && self.env.is_empty() => {
                return Err(Failure::Usage(
                    "the token of this profile is the secret itself: say which variable it goes \
                     into, by `--env VAR=token`"
                        .to_owned(),
                ));
            }
            None if profile.gives_the_secret => Vec::new(),
            None => vec![("ACCESS_TOKEN".to_owned(), Value::Token)],
            Some(program) => template(program, profile, parts)?,
        };
        for (name, value) in &self.env {
            wanted.retain(|(known, _)| known != name);
            wanted.push((name.clone(), value.clone()));
        }
        let gives_secret = wanted.iter().any(|(_, value)| value.is_secret());
        if gives_secret && profile.token_only {
            return Err(Failure::TokenOnly(profile.profile.clone()));
        }
        Ok(wanted)
    }

    fn lease_if_needed(
        &self,
        wanted: &[(String, Value)],
        which: &Which,
        holder: &mut Holder<'_>,
        parts: &Parts,
    ) -> Result<Option<Lease>, Failure> {
        if !wanted.iter().any(|(_, value)| value.needs_a_token()) {
            return Ok(None);
        }
        let scopes = Scopes::parse(self.scope.iter().map(String::as_str))?;
        let audience = self.audience.clone();
        let lease = holder.lease(which, &Wanted { scopes, audience, ..Wanted::default() })?;
        super::warn_of(&lease, parts);
        Ok(Some(lease))
    }
}

fn template(
    program: &str,
    profile: &Described,
    parts: &Parts,
) -> Result<Vec<(String, Value)>, Failure> {
    let preset = parts.preset(&profile.preset)?;
    let template = preset.and_then(|preset| preset.template(program));
    let Some(template) = template else {
        return Err(Failure::Usage(format!(
            "`--as`: no such program is known for profiles of preset `{}`",
            profile.preset
        )));
    };
    Ok(template.variables.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
}

/// What needs no token; `None` for what does.
fn texts(
    wanted: &[(String, Value)],
    profile: &Described,
    holder: &mut Holder<'_>,
) -> Result<Vec<Option<OsString>>, Failure> {
    let name: ProfileName = profile.profile.parse()?;
    let unset = |name: &str| Failure::NotForEnvironment(name.to_owned());
    let mut secret = |field: Option<&FieldName>, shown: &str| {
        let secret = holder.reveal(&name, field)?;
        in_environment(secret.expose()).map(Some).ok_or_else(|| unset(shown))
    };
    let mut text = |value: &Value| match value {
        Value::Token | Value::ExpiresAt | Value::Scope => Ok(None),
        Value::ClientId if profile.client_id.is_empty() => Err(unset("client_id")),
        Value::ClientId => Ok(Some(profile.client_id.as_str().into())),
        Value::ClientSecret => secret(None, "client_secret"),
        Value::Field(field) => {
            if !profile.fields.iter().any(|known| known == field.as_str()) {
                return Err(Failure::NoField(name.clone()));
            }
            secret(Some(field), field.as_str())
        }
        Value::BaseUrl => {
            profile.base_url.as_deref().map(|url| Some(url.into())).ok_or(unset("base_url"))
        }
    };
    wanted.iter().map(|(_, value)| text(value)).collect()
}

fn fill(
    wanted: Vec<(String, Value)>,
    texts: Vec<Option<OsString>>,
    lease: Option<&Lease>,
) -> Result<Vec<(String, OsString)>, Failure> {
    let filled = wanted.into_iter().zip(texts).map(|((name, value), text)| {
        let text = match text {
            Some(text) => text,
            None => of_lease(&value, lease.ok_or(Failure::OddAnswer)?),
        };
        Ok((name, text))
    });
    filled.collect()
}

fn of_lease(value: &Value, lease: &Lease) -> OsString {
    match value {
        Value::ExpiresAt => token::expires_at(lease).into(),
        Value::Scope => lease.token.scope.clone().unwrap_or_default().into(),
        _ => lease.token.access.expose().into(),
    }
}

/// `None` for a secret that no environment can hold.
fn in_environment(bytes: &[u8]) -> Option<OsString> {
    if bytes.contains(&0) {
        return None;
    }
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt as _;
        Some(std::ffi::OsStr::from_bytes(bytes).to_owned())
    }
    #[cfg(not(unix))]
    std::str::from_utf8(bytes).ok().map(OsString::from)
}

fn mapping(text: &str) -> Result<(String, Value), &'static str> {
    const RULE: &str = "VAR=FIELD, where FIELD is token, expires_at, scope, client_id, client_secret, base_url or one \
         that was added by `--field`";
    let (name, field) = text.split_once('=').ok_or(RULE)?;
    let value = Value::parse(field).filter(|_| is_variable(name)).ok_or(RULE)?;
    Ok((name.to_owned(), value))
}
