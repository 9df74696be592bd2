//! `mintage list`: the profiles, without their secrets.

use serde_json::{Value, json};

use super::describe;
use crate::cli::parts::Parts;
use crate::cli::{Failure, report, style};
use crate::model::{Profile, Tag};
use crate::vault::{self, Listed};

/// Options of `list`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only profiles whose name has this in it
    pattern: Option<String>,
    /// Only profiles with this tag
    #[arg(long)]
    tag: Option<Tag>,
}

/// Runs the command. At a terminal: a table. To a pipe: a line a profile, fields separated by tabs:
/// name, preset, host, last day of the secret, label.
pub fn run(args: &Args, parts: &Parts) -> Result<u8, Failure> {
    let vault = parts.open_vault()?;
    let (profiles, broken) = split(vault.list()?);
    parts.say_warnings(&vault);
    let chosen: Vec<&Profile> = profiles.iter().filter(|profile| args.selects(profile)).collect();
    if parts.style.json {
        let problems: Vec<Value> = broken.iter().map(problem).collect();
        let chosen: Vec<Value> = chosen.iter().map(|profile| describe::json(profile)).collect();
        style::write_json(json!({ "profiles": chosen, "problems": problems }))?;
    } else {
        let mut rows: Vec<Vec<String>> = chosen.iter().map(|profile| row(profile)).collect();
        if style::is_seen() && rows.is_empty() {
            parts.style.say("no profiles");
        } else if style::is_seen() {
            let heading = ["NAME", "PRESET", "HOST", "EXPIRES", "LABEL"];
            rows.insert(0, heading.map(str::to_owned).to_vec());
        }
        style::write_rows(&rows)?;
    }
    for (path, error) in &broken {
        let text = report::sentence(error);
        if text.contains(path.as_str()) {
            parts.style.warn(text);
        } else {
            parts.style.warn(format_args!("`{path}`: {text}"));
        }
    }
    if broken.is_empty() { Ok(0) } else { Err(Failure::SomeRecords(broken.len())) }
}

impl Args {
    fn selects(&self, profile: &Profile) -> bool {
        let named = self.pattern.as_deref().is_none_or(|part| profile.name.as_str().contains(part));
        named && self.tag.as_ref().is_none_or(|tag| profile.tags.contains(tag))
    }
}

type Broken = (String, vault::Error);

fn split(listed: Vec<Listed>) -> (Vec<Profile>, Vec<Broken>) {
    let mut profiles = Vec::new();
    let mut broken = Vec::new();
    for Listed { path, profile } in listed {
        match profile {
            Ok(profile) => profiles.push(profile),
            Err(error) => broken.push((path, error)),
        }
    }
    (profiles, broken)
}

fn problem((path, error): &Broken) -> Value {
    json!({ "path": path, "error": report::sentence(error) })
}

fn row(profile: &Profile) -> Vec<String> {
    vec![
        profile.name.to_string(),
        profile.preset.clone(),
        profile.endpoint.host(),
        profile.secret_expires.map(|date| date.to_string()).unwrap_or_default(),
        profile.label.clone().unwrap_or_default(),
    ]
}
