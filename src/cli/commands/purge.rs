//! `mintage purge`: the tokens of a profile are forgotten; the next command mints again.

use crate::cli::Failure;
use crate::cli::parts::Parts;
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
    parts.style.say(format_args!("no token of `{}` is held", args.name));
    Ok(0)
}
