//! `mintage key`: a private key that never leaves the vault, and its public half for the issuer.

use clap::{Subcommand, ValueEnum};
use serde_json::{Value, json};

use crate::cli::parts::Parts;
use crate::cli::{Failure, style};
use crate::grant::key::{self, Kind};
use crate::grant::{self, Grant};
use crate::model::{AuthStyle, Invalid, Part, Profile, ProfileName};
use crate::secret::PrivateKey;

/// Options of `key`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make a new private key for a profile, in place of the one it has
    New(New),
    /// Show the public key of a profile: a JWK, to be pasted where the issuer wants it
    Public(Public),
}

#[derive(Debug, clap::Args)]
struct New {
    /// The profile
    #[arg(add = crate::cli::completion::profiles())]
    name: ProfileName,
    /// What kind: `rsa` (RS256), `p256` (ES256) or `ed25519` (`EdDSA`)
    #[arg(long = "type", value_name = "KIND", default_value = "rsa")]
    kind: KeyKind,
    /// The id of the key [default: its thumbprint, RFC 7638]
    #[arg(long, value_name = "ID")]
    kid: Option<String>,
    /// Write a JWK set instead of the key alone
    #[arg(long)]
    jwks: bool,
    /// Do not ask before a key is replaced
    #[arg(long)]
    yes: bool,
}

#[derive(Debug, clap::Args)]
struct Public {
    /// The profile
    #[arg(add = crate::cli::completion::profiles())]
    name: ProfileName,
    /// Write a JWK set instead of the key alone
    #[arg(long)]
    jwks: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum KeyKind {
    Rsa,
    P256,
    Ed25519,
}

impl From<KeyKind> for Kind {
    fn from(kind: KeyKind) -> Self {
        match kind {
            KeyKind::Rsa => Self::Rsa,
            KeyKind::P256 => Self::P256,
            KeyKind::Ed25519 => Self::Ed25519,
        }
    }
}

/// Runs the command.
pub fn run(args: Args, parts: &Parts) -> Result<u8, Failure> {
    match args.action {
        Action::New(new) => make(new, parts),
        Action::Public(public) => {
            let profile = parts.open_vault()?.profile(&public.name)?;
            write(&profile, public.jwks)
        }
    }
}

fn make(args: New, parts: &Parts) -> Result<u8, Failure> {
    let vault = parts.open_vault()?;
    let name = &args.name;
    let profile = vault.profile(name)?;
    if !signs(&profile)? {
        return Err(Failure::Usage(format!(
            "profiles of preset `{}` sign nothing: a key would have no use",
            profile.preset
        )));
    }
    if args.kid.is_some() && !has_rule(grant_of(&profile)?, "kid") {
        return Err(Failure::Usage(format!(
            "`--kid`: what profiles of preset `{}` sign names no key",
            profile.preset
        )));
    }
    let has_one = profile.credential.has(Part::Key);
    let question =
        format!("Replace the private key of `{name}`? The issuer must learn the new one.");
    if has_one && !args.yes && !parts.prompt.confirm(&question)? {
        return Err(Failure::NotConfirmed);
    }
    let made = key::generate(args.kind.into())?;
    let kid = match args.kid {
        Some(kid) => kid,
        None => key::thumbprint(&made)?,
    };
    vault.change::<Failure>(name, |profile| {
        let mut profile = with_key(profile, made, &kid)?;
        profile.changed_at = parts.clock().wall();
        Ok(profile)
    })?;
    parts.say_warnings(&vault);
    parts.style.say(format_args!("a new key for `{name}`; its public half is for the issuer:"));
    write(&vault.profile(name)?, args.jwks)
}

fn with_key(mut profile: Profile, key: PrivateKey, kid: &str) -> Result<Profile, Failure> {
    let (grant, before) = (grant_of(&profile)?, profile.binding());
    profile.credential.key = Some(key);
    for (name, text) in [("kid", kid), ("alg", "")] {
        if has_rule(grant, name) {
            profile.options.set(name, text)?;
        }
    }
    // A secret that the key takes the place of stays until `edit` takes it away.
    let shows_secret = profile.auth.shows() == Some(Part::Secret);
    if grant.proves_the_client() && !(shows_secret && profile.credential.has(Part::Secret)) {
        profile.auth = AuthStyle::PrivateKeyJwt;
    }
    super::add::check(&profile)?;
    let others = [Part::Secret, Part::Certificate, Part::Refresh];
    let keeps_another = others.into_iter().any(|part| profile.credential.has(part));
    if profile.flags.token_only && keeps_another && profile.binding() != before {
        return Err(Failure::SecretNeeded(profile.name));
    }
    Ok(profile)
}

/// Whether a key means anything to its grant.
fn signs(profile: &Profile) -> Result<bool, Failure> {
    let grant = grant_of(profile)?;
    Ok(has_rule(grant, "alg") || grant.needs(profile).contains(&Part::Key))
}

fn has_rule(grant: &dyn Grant, name: &str) -> bool {
    grant.options().iter().any(|rule| rule.name == name)
}

fn grant_of(profile: &Profile) -> Result<&'static dyn Grant, Failure> {
    grant::find(&profile.grant).ok_or(Failure::UnknownPreset)
}

/// Writes the public half of the key of `profile`.
///
/// # Errors
/// [`Failure::Invalid`] where it has none; [`Failure::Output`].
pub fn write(profile: &Profile, as_set: bool) -> Result<u8, Failure> {
    let key = profile.credential.key.as_ref().ok_or(Invalid::Missing(Part::Key))?;
    let jwk = key::jwk(key, profile.options.get("kid"), profile.options.get("alg"))?;
    let shown = if as_set { json!({ "keys": [jwk] }) } else { jwk };
    let text = serde_json::to_string_pretty(&shown).unwrap_or_else(|_| Value::Null.to_string());
    style::write_lines(text.lines())?;
    Ok(0)
}
