//! `mintage show`: one profile; the secret only where asked for, and where the profile allows it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use zeroize::Zeroizing;

use super::describe;
use crate::cli::holder::Holder;
use crate::cli::parts::Parts;
use crate::cli::{Failure, style};
use crate::model::{FieldName, ProfileName};
use crate::secret::FieldSecret;

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
    let mut holder = Holder::reach(parts)?;
    let described = holder.show(&which)?;
    let secrets = if args.reveal { secrets(&described, &mut holder)? } else { Vec::new() };
    if parts.style.json {
        write_json(described, &secrets)?;
    } else {
        write_rows(&described, &secrets)?;
    }
    Ok(0)
}

/// A secret with its name, in text.
struct Shown {
    /// The name of the field; the client secret without.
    field: Option<FieldName>,
    secret: FieldSecret,
}

fn secrets(described: &Value, holder: &mut Holder<'_>) -> Result<Vec<Shown>, Failure> {
    let name = described.get("profile").and_then(Value::as_str).unwrap_or_default();
    if described.get("token_only") == Some(&Value::Bool(true)) {
        return Err(Failure::TokenOnly(name.to_owned()));
    }
    let name: ProfileName = name.parse()?;
    let fields = described.get("fields").and_then(Value::as_object);
    let has_secret = described.get("client_secret_bytes").is_some_and(|bytes| !bytes.is_null());
    let mut wanted = if has_secret { vec![None] } else { Vec::new() };
    for field in fields.into_iter().flat_map(|fields| fields.keys()) {
        wanted.push(Some(field.parse()?));
    }
    let reveal = |field: Option<FieldName>| {
        let secret = holder.reveal(&name, field.as_ref())?;
        Ok(Shown { field, secret })
    };
    wanted.into_iter().map(reveal).collect()
}

/// A secret goes into the output as text, or as base64 under another name where it is not UTF-8.
fn shown(name: &str, secret: &[u8]) -> (String, Zeroizing<String>) {
    match std::str::from_utf8(secret) {
        Ok(text) => (name.to_owned(), Zeroizing::new(text.to_owned())),
        Err(_) => (format!("{name}_base64"), Zeroizing::new(STANDARD.encode(secret))),
    }
}

fn write_json(mut described: Value, secrets: &[Shown]) -> Result<(), Failure> {
    for Shown { field, secret } in secrets {
        let (within, name) = match field {
            None => (Some(&mut described), "client_secret"),
            Some(field) => {
                let fields = described.get_mut("fields");
                (fields.and_then(|fields| fields.get_mut(field.as_str())), "value")
            }
        };
        if let Some(Value::Object(within)) = within {
            let (name, text) = shown(name, secret.expose());
            within.insert(name, Value::String(text.to_string()));
        }
    }
    style::write_json(described)
}

fn write_rows(described: &Value, secrets: &[Shown]) -> Result<(), Failure> {
    let mut rows = describe::rows(described);
    let name = |it: &Shown| it.field.as_ref().map_or("client_secret", FieldName::as_str).to_owned();
    let names: Vec<String> = secrets.iter().map(name).collect();
    // By its name, too: a label may begin with the same words.
    let is_hidden =
        |name: &String, shown: &str| names.contains(name) && shown.starts_with("(hidden,");
    rows.retain(|row| !matches!(row.as_slice(), [name, shown] if is_hidden(name, shown)));
    for (name, Shown { secret, .. }) in names.iter().zip(secrets) {
        let (name, text) = shown(name, secret.expose());
        rows.push(vec![name, text.to_string()]);
    }
    style::write_lines(style::table(&rows))
}
