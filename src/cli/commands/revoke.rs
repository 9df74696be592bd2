//! `mintage revoke`: the tokens of a profile are forgotten, and the issuer takes them back.

use serde_json::json;

use crate::cli::parts::Parts;
use crate::cli::{Failure, style};
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
    let said = by_agent(name, parts)?;
    let said = said.unwrap_or_else(|| "no token of it was held".to_owned());
    let value = json!({ "profile": name.as_str(), "said": said });
    style::told(format_args!("`{name}`: {said}"), value, parts.style)?;
    Ok(0)
}

#[cfg(unix)]
fn by_agent(name: &ProfileName, parts: &Parts) -> Result<Option<String>, Failure> {
    let Some(mut agent) = crate::cli::through::Through::running(parts)? else { return Ok(None) };
    let (place, asker, profile) = (agent.place(), agent.asker(), name.clone());
    agent.done(&crate::agent::Request::Revoke { place, profile, asker })
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "there is no agent here")]
fn by_agent(_: &ProfileName, _: &Parts) -> Result<Option<String>, Failure> {
    Ok(None)
}
