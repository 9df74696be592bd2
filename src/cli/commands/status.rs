//! `mintage status`: what is in force. It opens nothing and asks nobody.

use serde_json::{Value, json};

use crate::cli::parts::Parts;
use crate::cli::{Failure, report, style};
use crate::config::{self, KeySource, Registered};
use crate::harden;
use crate::identity::{Keychain, KeychainState};
use crate::seal::VaultId;

/// Options of `status`: none of its own.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs the command.
pub fn run(_: &Args, parts: &Parts) -> Result<u8, Failure> {
    let vault = match parts.registered() {
        Ok((name, registered)) => describe(name.as_str(), &registered, parts),
        Err(Failure::Config(config::Error::NoVault)) => Value::Null,
        Err(failure) => return Err(failure),
    };
    let protection = json!({
        "undumpable": harden::is_undumpable(),
        "wiped_on_free": true,
    });
    if parts.style.json {
        style::write_json(json!({ "vault": vault, "protection": protection }))?;
        return Ok(0);
    }
    if vault.is_null() {
        parts.style.hint("there is no vault yet: mintage init");
    }
    let mut rows = Vec::new();
    for group in [&vault, &protection] {
        for (name, value) in group.as_object().into_iter().flatten() {
            let shown = match value {
                Value::String(text) => text.clone(),
                Value::Bool(true) => "yes".to_owned(),
                Value::Bool(false) => "no".to_owned(),
                other => other.to_string(),
            };
            rows.push(vec![name.clone(), shown]);
        }
    }
    style::write_lines(style::table(&rows))?;
    Ok(0)
}

fn describe(name: &str, registered: &Registered, parts: &Parts) -> Value {
    let Registered { path, id, fingerprint, key, .. } = registered;
    let place = match parts.store(path) {
        Ok(_) => "reachable".to_owned(),
        Err(failure) => report::sentence(&failure),
    };
    json!({
        "vault": name,
        "path": path,
        "store": place,
        "id": id,
        "fingerprint": fingerprint,
        "key": key.as_str(),
        "key_state": key_state(key, id, parts),
    })
}

fn key_state(key: &KeySource, id: &str, parts: &Parts) -> String {
    let Ok(id) = id.parse::<VaultId>() else { return "the vault id is not well-formed".to_owned() };
    let there = |path: &std::path::Path| {
        if path.exists() { "there".to_owned() } else { "missing".to_owned() }
    };
    match key {
        KeySource::Keychain => match Keychain::of(&id).state() {
            Ok(KeychainState::Open) => "there".to_owned(),
            Ok(KeychainState::Locked) => "the keychain is locked".to_owned(),
            Ok(KeychainState::Empty) => "missing".to_owned(),
            Err(error) => report::sentence(&error),
        },
        KeySource::Passphrase => there(&parts.wrapped_key(&id)),
        KeySource::File(path) => there(path),
    }
}
