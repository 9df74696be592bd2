//! `mintage unlock`: ends a lock, and has the agent hold the vault open.

use std::time::Duration;

use serde_json::json;

use crate::cli::parts::Parts;
use crate::cli::{Failure, style};
use crate::limits;
use crate::model::length;

/// Options of `unlock`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Stay open so long, used or not, in place of the times in the settings
    #[arg(long = "for", value_name = "TIME", value_parser = open_for)]
    length: Option<Duration>,
}

/// Runs the command.
pub fn run(args: &Args, parts: &Parts) -> Result<u8, Failure> {
    #[cfg(unix)]
    if let Some(mut agent) = crate::cli::through::Through::reach(parts)?
        && agent.unlock(args.length)?
    {
        style::told("unlocked", json!({ "locked": false }), parts.style)?;
        return Ok(0);
    }
    // Only who has the key ends a lock; where there is no vault, there is nothing to lock.
    if parts.settings()?.vaults().next().is_some() {
        drop(parts.open_for_unlock()?);
    }
    parts.runtime().unlock()?;
    if args.length.is_some() {
        parts.style.warn("without an agent nothing stays open: each command opens for itself");
    }
    style::told("unlocked", json!({ "locked": false }), parts.style)?;
    Ok(0)
}

fn open_for(text: &str) -> Result<Duration, &'static str> {
    let length = length(text)?;
    let fits = (Duration::from_secs(1)..=limits::LONGEST_UNLOCK).contains(&length);
    fits.then_some(length).ok_or("a second to 30 days (720h)")
}
