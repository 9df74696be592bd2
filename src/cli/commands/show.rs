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
    name: Option<ProfileName>,
    /// Show the secret too
    #[arg(long)]
    reveal: bool,
}

/// Runs the command.
pub fn run(args: &Args, parts: &Parts) -> Result<u8, Failure> {
    let name = super::profile(args.name.as_ref(), parts)?;
    let vault = parts.open_vault()?;
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

/// The secret goes into the output as text, or as base64 under another name where it is not UTF-8.
fn secret(profile: &Profile) -> (&'static str, Zeroizing<String>) {
    let bytes = profile.credential.secret().expose();
    match std::str::from_utf8(bytes) {
        Ok(text) => ("client_secret", Zeroizing::new(text.to_owned())),
        Err(_) => ("client_secret_base64", Zeroizing::new(STANDARD.encode(bytes))),
    }
}

fn write_json(profile: &Profile, reveal: bool) -> Result<(), Failure> {
    let mut fields = describe::json(profile);
    if reveal && let Value::Object(fields) = &mut fields {
        let (name, text) = secret(profile);
        fields.insert(name.to_owned(), Value::String(text.to_string()));
    }
    style::write_json(fields)
}

fn write_rows(profile: &Profile, reveal: bool) -> Result<(), Failure> {
    let mut rows = describe::rows(profile);
    if reveal {
        let (name, text) = secret(profile);
        rows.retain(|row| row.first().is_none_or(|name| name != "client_secret"));
        rows.push(vec![name.to_owned(), text.to_string()]);
    }
    style::write_lines(style::table(&rows))
}
