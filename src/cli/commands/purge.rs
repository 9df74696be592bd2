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

/// Runs the command. Without an agent nothing is held, so there is nothing to forget.
pub fn run(args: &Args, parts: &Parts) -> Result<u8, Failure> {
    #[cfg(unix)]
    if let Some(mut agent) = crate::cli::through::Through::running(parts)? {
        let (place, profile) = (agent.place(), args.name.clone());
        agent.done(&crate::agent::Request::Purge { place, profile })?;
    }
    let name = &args.name;
    let value = json!({ "profile": name.as_str(), "held": 0 });
    style::told(format_args!("no token of `{name}` is held"), value, parts.style)?;
    Ok(0)
}
