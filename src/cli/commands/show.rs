//! `mintage show`: one profile; the secret only where asked for, and where the profile allows it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};
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

/// The secrets go into the output as text, or as base64 under another name where they are not UTF-8.
fn secrets(profile: &Profile) -> Vec<(String, Zeroizing<String>)> {
    let client = ("client_secret", profile.credential.secret().expose());
    let fields = profile.fields.iter().map(|(name, secret)| (name.as_str(), secret.expose()));
    let shown = |(name, bytes): (&str, &[u8])| match std::str::from_utf8(bytes) {
        Ok(text) => (name.to_owned(), Zeroizing::new(text.to_owned())),
        Err(_) => (format!("{name}_base64"), Zeroizing::new(STANDARD.encode(bytes))),
    };
    std::iter::once(client).chain(fields).map(shown).collect()
}

fn write_json(profile: &Profile, reveal: bool) -> Result<(), Failure> {
    let mut shown = describe::json(profile);
    if reveal && let Value::Object(shown) = &mut shown {
        let mut fields = Map::new();
        for (index, (name, text)) in secrets(profile).into_iter().enumerate() {
            let into = if index == 0 { &mut *shown } else { &mut fields };
            into.insert(name, Value::String(text.to_string()));
        }
        shown.insert("fields".to_owned(), Value::Object(fields));
    }
    style::write_json(shown)
}

fn write_rows(profile: &Profile, reveal: bool) -> Result<(), Failure> {
    let mut rows = describe::rows(profile);
    if reveal {
        let secrets = secrets(profile);
        // By its name, too: a label may begin with the same words.
        let is_secret = |name: &str| {
            name == "client_secret" || profile.fields.keys().any(|field| field.as_str() == name)
        };
        let is_hidden = |name: &str, shown: &str| is_secret(name) && shown.starts_with("(hidden,");
        rows.retain(|row| !matches!(row.as_slice(), [name, shown] if is_hidden(name, shown)));
        rows.extend(secrets.into_iter().map(|(name, text)| vec![name, text.to_string()]));
    }
    style::write_lines(style::table(&rows))
}
