//! `mintage remove`: takes a profile out of the vault.

use serde_json::json;

use crate::cli::parts::Parts;
use crate::cli::{Failure, style};
use crate::model::ProfileName;

/// Options of `remove`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The profile
    #[arg(add = crate::cli::completion::profiles())]
    name: ProfileName,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

/// Runs the command.
pub fn run(args: &Args, parts: &Parts) -> Result<u8, Failure> {
    let Args { name, yes } = args;
    let vault = parts.open_vault()?;
    vault.profile(name)?;
    if !yes && !parts.prompt.confirm(&format!("Remove `{name}` and its secret for good?"))? {
        return Err(Failure::NotConfirmed);
    }
    vault.remove(name)?;
    super::default::follow(&vault, name, None, parts)?;
    parts.say_warnings(&vault);
    if parts.style.json {
        style::write_json(json!({ "profile": name.as_str(), "removed": true }))?;
    }
    parts.style.say(format_args!("profile `{name}` removed"));
    parts
        .style
        .hint("the issuer still accepts the secret: revoke it there if it is not used elsewhere");
    Ok(0)
}
