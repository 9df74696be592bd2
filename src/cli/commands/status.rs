//! `mintage status`: what is in force. It opens nothing and asks nobody.

use serde_json::{Value, json};

use crate::cli::parts::Parts;
use crate::cli::{Failure, report, style};
use crate::config::{self, KeySource, Registered};
use crate::harden;
use crate::identity::{Keychain, KeychainState};
use crate::seal::VaultId;

/// Options of `status`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A word or two for a shell's prompt: nothing is asked but a running agent
    #[arg(long)]
    prompt: bool,
}

/// What a running agent says; `None` where there is none.
#[cfg(unix)]
pub fn of_agent(parts: &Parts) -> Result<Option<Value>, Failure> {
    let Some(mut agent) = crate::cli::through::Through::running(parts)? else { return Ok(None) };
    let text = agent.done(&crate::agent::Request::Status)?.unwrap_or_default();
    serde_json::from_str(&text).map(Some).map_err(|_| Failure::OddAnswer)
}

/// There is none on this system.
#[cfg(not(unix))]
pub fn of_agent(_: &Parts) -> Result<Option<Value>, Failure> {
    Ok(None)
}

/// `mintage agent status`.
#[cfg(unix)]
pub fn run_for_agent(parts: &Parts) -> Result<u8, Failure> {
    let Some(agent) = of_agent(parts)? else { return Err(crate::agent::Error::NotRunning.into()) };
    if parts.style.json {
        style::write_json(agent)?;
    } else {
        style::write_lines(style::table(&agent_rows(&agent)))?;
    }
    Ok(0)
}

/// `locked`, `unlocked` with the time left, or nothing where no agent runs.
fn for_prompt(parts: &Parts) -> Result<u8, Failure> {
    let text = if parts.runtime().is_locked() {
        Some("locked".to_owned())
    } else {
        of_agent(parts).ok().flatten().map(|agent| in_short(&agent))
    };
    style::write_lines(text)?;
    Ok(0)
}

/// `unlocked` with the time left; `closed` where nothing is open now; `locked` where nothing opens.
pub fn in_short(agent: &Value) -> String {
    let vaults = agent.get("vaults").and_then(Value::as_array);
    let left = |vault: &Value| {
        ["idle_lock_in", "lock_in"].iter().filter_map(|key| vault.get(key)?.as_u64()).min()
    };
    match vaults.into_iter().flatten().filter_map(left).max() {
        Some(seconds) => format!("unlocked {}", rounded(seconds)),
        None if agent.get("locked") == Some(&Value::Bool(true)) => "locked".to_owned(),
        None => "closed".to_owned(),
    }
}

/// `45s`, `12m`, `7h59m`: rounded down.
fn rounded(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        _ if seconds % 3600 < 60 => format!("{}h", seconds / 3600),
        _ => format!("{}h{:02}m", seconds / 3600, seconds % 3600 / 60),
    }
}

fn agent_rows(agent: &Value) -> Vec<Vec<String>> {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let mut rows = Vec::new();
    let field = |of: &Value, name: &str| of.get(name).map(text).unwrap_or_default();
    rows.push(vec![
        "agent".to_owned(),
        format!("version {}, process {}", field(agent, "version"), field(agent, "pid")),
    ]);
    let memory = agent.get("memory").and_then(|memory| memory.get("mode")).map(text);
    rows.push(vec!["memory".to_owned(), memory.unwrap_or_else(|| "ordinary".to_owned())]);
    for (name, otherwise) in [("sandbox", "off"), ("locks_on", "time and `mintage lock` only")] {
        let said = agent.get(name).and_then(Value::as_str).unwrap_or(otherwise);
        rows.push(vec![name.to_owned(), said.to_owned()]);
    }
    rows.push(vec!["state".to_owned(), in_short(agent)]);
    let leases = agent.get("leases").and_then(Value::as_array);
    for lease in leases.into_iter().flatten() {
        let left = lease.get("expires_in").and_then(Value::as_u64).unwrap_or_default();
        let name = field(lease, "profile");
        rows.push(vec!["lease".to_owned(), format!("{name}, {} left", rounded(left))]);
    }
    rows
}

/// Runs the command.
pub fn run(args: &Args, parts: &Parts) -> Result<u8, Failure> {
    if args.prompt {
        return for_prompt(parts);
    }
    let vault = match parts.registered() {
        Ok((name, registered)) => describe(name.as_str(), &registered, parts),
        Err(Failure::Config(config::Error::NoVault)) => Value::Null,
        Err(failure) => return Err(failure),
    };
    let protection = json!({
        "undumpable": harden::is_undumpable(),
        "wiped_on_free": true,
    });
    let agent = of_agent(parts)?;
    let locked = parts.runtime().is_locked();
    if parts.style.json {
        style::write_json(json!({
            "vault": vault,
            "locked": locked,
            "agent": agent,
            "protection": protection,
        }))?;
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
    rows.push(vec!["locked".to_owned(), if locked { "yes" } else { "no" }.to_owned()]);
    match &agent {
        Some(agent) => rows.extend(agent_rows(agent)),
        None => rows.push(vec!["agent".to_owned(), "not running".to_owned()]),
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
