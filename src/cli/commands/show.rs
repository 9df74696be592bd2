//! `mintage show`: one profile; the secret only where asked for, and where the profile allows it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use zeroize::Zeroizing;

use super::describe;
use crate::cli::parts::Parts;
use crate::cli::{Failure, style};
use crate::model::{Profile, ProfileName};

/// Options of `show`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The profile
    #[arg(add = crate::cli::completion::profiles())]
    name: Option<ProfileName>,
    /// Show the secret too
    #[arg(long)]
    reveal: bool,
}

/// Runs the command.
pub fn run(args: &Args, parts: &Parts) -> Result<u8, Failure> {
    let which = super::which(args.name.as_ref(), parts)?;
    let vault = parts.open_vault()?;
    let name = which.name(&vault)?;
    let profile = vault.profile(&name)?;
    parts.say_warnings(&vault);
    if args.reveal && profile.flags.token_only {
        return Err(Failure::TokenOnly(name.to_string()));
    }
    if parts.style.json {
        write_json(&profile, args.reveal)?;
    } else {
        write_rows(&profile, args.reveal)?;
    }
    Ok(0)
}

/// A secret goes into the output as text, or as base64 under another name where it is not UTF-8.
fn shown(name: &str, secret: &[u8]) -> (String, Zeroizing<String>) {
    match std::str::from_utf8(secret) {
        Ok(text) => (name.to_owned(), Zeroizing::new(text.to_owned())),
        Err(_) => (format!("{name}_base64"), Zeroizing::new(STANDARD.encode(secret))),
    }
}

fn write_json(profile: &Profile, reveal: bool) -> Result<(), Failure> {
    let mut described = describe::json(profile);
    if reveal && let Value::Object(fields) = &mut described {
        let (name, text) = shown("client_secret", profile.credential.secret().expose());
        fields.insert(name, Value::String(text.to_string()));
        for (name, secret) in &profile.fields {
            let field = fields.get_mut("fields").and_then(|fields| fields.get_mut(name.as_str()));
            if let Some(Value::Object(about)) = field {
                let (value, text) = shown("value", secret.expose());
                about.insert(value, Value::String(text.to_string()));
            }
        }
    }
    style::write_json(described)
}

fn write_rows(profile: &Profile, reveal: bool) -> Result<(), Failure> {
    let mut rows = describe::rows(profile);
    if reveal {
        let client = shown("client_secret", profile.credential.secret().expose());
        let fields = profile.fields.iter().map(|(name, it)| shown(name.as_str(), it.expose()));
        // By its name, too: a label may begin with the same words.
        let is_secret = |name: &str| {
            name == "client_secret" || profile.fields.keys().any(|field| field.as_str() == name)
        };
        let is_hidden = |name: &str, shown: &str| is_secret(name) && shown.starts_with("(hidden,");
        rows.retain(|row| !matches!(row.as_slice(), [name, shown] if is_hidden(name, shown)));
        let secrets = std::iter::once(client).chain(fields);
        rows.extend(secrets.map(|(name, text)| vec![name, text.to_string()]));
    }
    style::write_lines(style::table(&rows))
}
