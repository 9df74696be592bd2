//! `mintage revoke`: the tokens of a profile are forgotten, and the issuer takes them back.

use crate::cli::Failure;
use crate::cli::parts::Parts;
use crate::model::ProfileName;

/// Options of `revoke`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The profile
    #[arg(add = crate::cli::completion::profiles())]
    name: ProfileName,
}

/// Runs the command. Without an agent no token is known that could be taken back.
pub fn run(args: &Args, parts: &Parts) -> Result<u8, Failure> {
    let name = &args.name;
    #[cfg(unix)]
    if let Some(mut agent) = crate::cli::through::Through::running(parts)? {
        let (place, asker) = (agent.place(), agent.asker());
        let profile = name.clone();
        let said = agent.done(&crate::agent::Request::Revoke { place, profile, asker })?;
        if let Some(said) = said {
            parts.style.say(format_args!("`{name}`: {said}"));
            return Ok(0);
        }
    }
    parts.style.say(format_args!("`{name}`: no token of it was held"));
    Ok(0)
}
