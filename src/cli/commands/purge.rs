//! `mintage purge`: the tokens of a profile are forgotten; the next command mints again.

use serde_json::json;

use crate::cli::parts::Parts;
use crate::cli::{Failure, style};
use crate::model::ProfileName;

/// Options of `purge`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The profile
    #[arg(add = crate::cli::completion::profiles())]
    name: ProfileName,
}

/// Whether an agent that has the vault open forgot them.
#[cfg(unix)]
fn by_agent(name: &ProfileName, parts: &Parts) -> Result<bool, Failure> {
    let Some(mut agent) = crate::cli::through::Through::running(parts)? else { return Ok(false) };
    let (place, profile) = (agent.place(), name.clone());
    let said = agent.done(&crate::agent::Request::Purge { place, profile })?;
    Ok(said.is_some_and(|said| said.is_empty()))
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "there is no agent here")]
fn by_agent(_: &ProfileName, _: &Parts) -> Result<bool, Failure> {
    Ok(false)
}

/// Runs the command. Without an agent nothing is held, so there is nothing to forget.
pub fn run(args: &Args, parts: &Parts) -> Result<u8, Failure> {
    let name = &args.name;
    // What an agent that has the vault closed leaves, and all there is without one.
    if !by_agent(name, parts)? {
        let vault = parts.open_vault()?;
        vault.forget_kept(&vault.path_of(name))?;
    }
    let value = json!({ "profile": name.as_str(), "held": 0 });
    style::told(format_args!("no token of `{name}` is held"), value, parts.style)?;
    Ok(0)
}
