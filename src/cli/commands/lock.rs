//! `mintage lock`: every vault is closed until somebody unlocks, whatever else happens.

use serde_json::json;

use crate::cli::parts::Parts;
use crate::cli::{Failure, style};

/// Options of `lock`: none of its own.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs the command. The mark comes first: it holds even where no agent answers.
pub fn run(_: &Args, parts: &Parts) -> Result<u8, Failure> {
    let marked = parts.runtime().lock();
    #[cfg(unix)]
    match crate::cli::through::Through::running(parts) {
        Ok(Some(mut agent)) => drop(agent.done(&crate::agent::Request::Lock)?),
        Ok(None) => {}
        // One of another version need not be understood to be ended.
        Err(Failure::Agent(crate::agent::Error::Differs { .. })) => {
            crate::agent::replace(&parts.runtime(), parts.clock())?;
        }
        Err(failure) => {
            if marked.is_ok() {
                parts.style.warn(
                    "no command opens a vault from here on, but a running agent did not say that \
                     it closed its own",
                );
            }
            return Err(failure);
        }
    }
    marked?;
    style::told("locked", json!({ "locked": true }), parts.style)?;
    Ok(0)
}
