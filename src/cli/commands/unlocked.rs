//! `mintage unlocked`: an exit code for scripts.

use crate::cli::Failure;
use crate::cli::parts::Parts;

/// Options of `unlocked`: none of its own.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs the command: 0 where the agent holds the vault open, 4 where not. Starts and opens nothing.
pub fn run(_: &Args, parts: &Parts) -> Result<u8, Failure> {
    let (_, registered) = parts.registered()?;
    parts.refuse_if_locked()?;
    let status = super::status::of_agent(parts)?;
    let open = status.as_ref().and_then(|status| status.get("vaults")?.as_array().cloned());
    let is_it = |vault: &serde_json::Value| {
        vault.get("id").and_then(|id| id.as_str()) == Some(registered.id.as_str())
    };
    if open.is_some_and(|vaults| vaults.iter().any(is_it)) {
        Ok(0)
    } else {
        Err(Failure::Locked { sticky: false })
    }
}
