//! `mintage presets`: the services that are known.

use serde_json::{Value, json};

use crate::cli::parts::Parts;
use crate::cli::{Failure, style};
use crate::grant::Preset;

/// Options of `presets`: none of its own.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs the command.
pub fn run(_: &Args, parts: &Parts) -> Result<u8, Failure> {
    if parts.style.json {
        let presets: Vec<Value> = Preset::ALL
            .iter()
            .map(|preset| {
                let Preset { name, about, base_url, auth, .. } = preset;
                json!({ "preset": name, "about": about, "base_url": base_url, "auth": auth.as_str() })
            })
            .collect();
        style::write_json(json!({ "presets": presets }))?;
        return Ok(0);
    }
    let rows: Vec<Vec<String>> = Preset::ALL
        .iter()
        .map(|preset| vec![preset.name.to_owned(), preset.about.to_owned()])
        .collect();
    style::write_rows(&rows)?;
    Ok(0)
}
