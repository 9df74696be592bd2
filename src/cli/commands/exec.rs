//! `mintage exec`: a command with a fresh token in its environment, and nothing more than was asked
//! for.

use std::ffi::OsString;

use super::token;
use crate::cli::Failure;
use crate::cli::parts::Parts;
use crate::grant::{Preset, Value};
use crate::handover::{self, Child, is_variable};
use crate::model::{Lease, LeaseRequest, Profile, ProfileName, Scopes};

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
        let vault = parts.open_vault()?;
        let profile = vault.profile(&which.name(&vault)?)?;
        parts.say_warnings(&vault);
        let wanted = args.wanted(&profile)?;
        let lease = args.lease_if_needed(&wanted, &profile, parts)?;
        fill(&wanted, &profile, lease.as_ref())?
    };
    let child = Child { command: args.command, variables };
    Ok(handover::replace_with(child, parts.before)?)
}

impl Args {
    /// The variables to set. `--as` replaces the default `ACCESS_TOKEN`; `--env` adds to it.
    fn wanted(&self, profile: &Profile) -> Result<Vec<(String, Value)>, Failure> {
        let mut wanted = match &self.program {
            None => vec![("ACCESS_TOKEN".to_owned(), Value::Token)],
            Some(program) => template(program, profile)?,
        };
        for (name, value) in &self.env {
            wanted.retain(|(known, _)| known != name);
            wanted.push((name.clone(), value.clone()));
        }
        let gives_secret = wanted.iter().any(|(_, value)| value.is_secret());
        if gives_secret && profile.flags.token_only {
            return Err(Failure::TokenOnly(profile.name.to_string()));
        }
        // Before anything is minted in vain.
        for (_, value) in wanted.iter().filter(|(_, value)| !value.needs_a_token()) {
            text(value, profile, None)?;
        }
        Ok(wanted)
    }

    fn lease_if_needed(
        &self,
        wanted: &[(String, Value)],
        profile: &Profile,
        parts: &Parts,
    ) -> Result<Option<Lease>, Failure> {
        if !wanted.iter().any(|(_, value)| value.needs_a_token()) {
            return Ok(None);
        }
        let request = LeaseRequest {
            scopes: Scopes::parse(self.scope.iter().map(String::as_str))?,
            audience: self.audience.clone(),
            ..LeaseRequest::plain(profile.name.clone())
        };
        let lease = super::lease_for(profile, &request, parts)?;
        super::warn_of(&lease, parts);
        Ok(Some(lease))
    }
}

fn template(program: &str, profile: &Profile) -> Result<Vec<(String, Value)>, Failure> {
    let template = Preset::find(&profile.preset).and_then(|preset| preset.template(program));
    let Some(template) = template else {
        return Err(Failure::Usage(format!(
            "`--as`: no such program is known for profiles of preset `{}`",
            profile.preset
        )));
    };
    Ok(template.variables.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
}

fn fill(
    wanted: &[(String, Value)],
    profile: &Profile,
    lease: Option<&Lease>,
) -> Result<Vec<(String, OsString)>, Failure> {
    wanted.iter().map(|(name, value)| Ok((name.clone(), text(value, profile, lease)?))).collect()
}

fn text(value: &Value, profile: &Profile, lease: Option<&Lease>) -> Result<OsString, Failure> {
    let unset = |name: &str| Failure::NotForEnvironment(name.to_owned());
    match value {
        Value::Token => lease.map(|l| l.token.access.expose().into()).ok_or(unset("token")),
        Value::ExpiresAt => lease.map(|l| token::expires_at(l).into()).ok_or(unset("expires_at")),
        Value::Scope => {
            let scope = lease.and_then(|lease| lease.token.scope.clone());
            Ok(scope.unwrap_or_default().into())
        }
        Value::ClientId => Ok(profile.credential.client_id().as_str().into()),
        Value::ClientSecret => {
            secret(profile.credential.secret().expose()).ok_or(unset("client_secret"))
        }
        Value::Field(name) => {
            let none = || Failure::NoField(profile.name.clone());
            let field = profile.fields.get(name).ok_or_else(none)?;
            secret(field.expose()).ok_or(unset(name.as_str()))
        }
        Value::BaseUrl => {
            profile.base_url.as_ref().map(|url| url.as_base().into()).ok_or(unset("base_url"))
        }
    }
}

/// `None` for a secret that no environment can hold.
fn secret(bytes: &[u8]) -> Option<OsString> {
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
