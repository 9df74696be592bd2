//! `mintage agent`: the process that holds vaults open, by hand.

#[cfg(unix)]
use std::time::Duration;

#[cfg(unix)]
use crate::agent::{Error, Runtime};
use crate::cli::Failure;
use crate::cli::parts::Parts;
#[cfg(unix)]
use crate::cli::style;
#[cfg(unix)]
use crate::disk::{self, Lock};
#[cfg(unix)]
use crate::limits;

/// Options of `agent`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Start it, where it is not running
    Start,
    /// Lock, and end it
    Stop,
    /// Say whether it runs, and what it holds
    Status,
    /// Be the agent, in the foreground
    Run(Run),
    /// Have systemd (launchd on macOS) start it when it is needed
    Install(Install),
}

#[derive(Debug, clap::Args)]
struct Run {
    /// Start it in the background and end
    #[arg(long, hide = true)]
    detach: bool,
    /// Started in the background: standard output is closed once it listens
    #[arg(long, hide = true)]
    started: bool,
}

#[derive(Debug, clap::Args)]
struct Install {
    /// Take the files away again
    #[arg(long)]
    undo: bool,
}

/// Runs the command.
#[cfg(unix)]
pub fn run(args: &Args, parts: &Parts) -> Result<u8, Failure> {
    match &args.action {
        Action::Start => start(parts),
        Action::Stop => stop(parts),
        Action::Status => super::status::run_for_agent(parts),
        Action::Run(Run { detach: true, .. }) => {
            crate::handover::detach().map_err(Error::NotStarted)?;
            Ok(0)
        }
        Action::Run(Run { started, .. }) => super::agent_run::run(*started, parts),
        Action::Install(Install { undo }) => super::agent_install::run(*undo, parts),
    }
}

/// There is none on this system.
#[cfg(not(unix))]
pub fn run(args: &Args, _: &Parts) -> Result<u8, Failure> {
    let Args { action: _ } = args;
    Err(Failure::Usage(
        "there is no agent on this system: each command opens for itself".to_owned(),
    ))
}

#[cfg(unix)]
fn start(parts: &Parts) -> Result<u8, Failure> {
    crate::agent::reach(&parts.runtime(), crate::handover::start_agent, parts.clock())?;
    tell(true, parts)
}

/// Of whatever version it is.
#[cfg(unix)]
fn stop(parts: &Parts) -> Result<u8, Failure> {
    let runtime = parts.runtime();
    match crate::agent::replace(&runtime, parts.clock()) {
        Err(Error::Silent(_)) => return Err(hung(&runtime, parts)),
        ended => ended?,
    }
    tell(false, parts)
}

/// Names its process, which its lock knows.
#[cfg(unix)]
fn hung(runtime: &Runtime, parts: &Parts) -> Failure {
    match Lock::take(&runtime.agent_lock(), Duration::ZERO, parts.clock()) {
        Err(disk::Error::Locked { holder: Some(process), .. }) => Failure::Hung(process),
        _ => Error::Silent(limits::AGENT_HELLO).into(),
    }
}

#[cfg(unix)]
fn tell(running: bool, parts: &Parts) -> Result<u8, Failure> {
    let said = if running { "the agent is running" } else { "no agent is running" };
    style::told(said, serde_json::json!({ "running": running }), parts.style)?;
    Ok(0)
}
