//! `mintage presets`: the services that are known, and what each needs.

use serde_json::{Value, json};

use crate::cli::parts::{Parts, own_preset};
use crate::cli::{Failure, style};
use crate::grant::{self, Preset};

/// Options of `presets`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Show all of one: its options, its defaults, where its vendor describes it
    name: Option<String>,
}

/// Runs the command.
pub fn run(args: &Args, parts: &Parts) -> Result<u8, Failure> {
    if let Some(name) = &args.name {
        return one(name, parts);
    }
    let presets = all(parts)?;
    if parts.style.json {
        let presets: Vec<Value> = presets.iter().map(described).collect();
        style::write_json(json!({ "presets": presets }))?;
        return Ok(0);
    }
    let row =
        |preset: &Preset| vec![preset.name.to_string(), preset.about.to_string(), needs(preset)];
    style::write_rows(&presets.iter().map(row).collect::<Vec<_>>())?;
    Ok(0)
}

/// Ours, then those of the settings.
///
/// # Errors
/// As [`Parts::preset`].
pub fn all(parts: &Parts) -> Result<Vec<Preset>, Failure> {
    let mut presets = Preset::all().to_vec();
    for (name, own) in &parts.settings()?.presets {
        presets.push(own_preset(name, own)?);
    }
    Ok(presets)
}

fn one(name: &str, parts: &Parts) -> Result<u8, Failure> {
    let Some(preset) = parts.preset(name)? else {
        return Err(Failure::Usage("no such preset: see `mintage presets`".to_owned()));
    };
    let shown = described(&preset);
    if parts.style.json {
        style::write_json(shown)?;
        return Ok(0);
    }
    let mut rows = Vec::new();
    for (name, value) in shown.as_object().into_iter().flatten() {
        match value {
            Value::String(text) if !text.is_empty() => rows.push(vec![name.clone(), text.clone()]),
            Value::Array(options) => rows.extend(options.iter().map(option)),
            _ => {}
        }
    }
    style::write_rows(&rows)?;
    Ok(0)
}

fn option(option: &Value) -> Vec<String> {
    let text = |name: &str| option.get(name).and_then(Value::as_str).unwrap_or_default();
    let otherwise = match text("default") {
        "" => String::new(),
        otherwise => format!(" [{otherwise}]"),
    };
    vec![format!("--set {}", text("name")), format!("{}{otherwise}", text("about"))]
}

fn described(preset: &Preset) -> Value {
    let Preset { name, about, grant, base_url, base_example, auth, docs, .. } = preset;
    let otherwise = |name: &str| {
        let found = preset.options.iter().find(|(known, _)| known == name);
        found.map(|(_, text)| text.to_string())
    };
    let rules = grant::find(grant).map(grant::Grant::options).unwrap_or_default();
    let options = rules.iter().map(|rule| {
        json!({ "name": rule.name, "about": rule.about, "required": rule.required,
            "default": otherwise(rule.name) })
    });
    json!({
        "preset": name,
        "about": about,
        "needs": needs(preset),
        "grant": grant,
        "base_url": base_url,
        "base_url_example": base_example,
        "auth": auth.as_str(),
        "docs": docs,
        "options": options.collect::<Vec<_>>(),
    })
}

/// What is needed of whoever adds a profile.
fn needs(preset: &Preset) -> String {
    let place = (preset.base_url.is_none()).then(|| match preset.base_example {
        "" if preset.token_path.is_some() => String::new(),
        "" => "a token endpoint or an issuer".to_owned(),
        _ => "a base URL".to_owned(),
    });
    let asks = preset.asks.iter().map(|ask| ask.to_text());
    let all: Vec<String> = place.into_iter().chain(asks).filter(|text| !text.is_empty()).collect();
    all.join(", ")
}
