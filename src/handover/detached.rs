//! Starts the agent, so that nothing of whoever needed it first stays with it.

use std::io;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::descriptors;
use crate::config;
use crate::limits;

/// What the agent's process is started with.
const RUN: [&str; 3] = ["agent", "run", "--started"];
/// What the process between is started with.
const DETACH: [&str; 3] = ["agent", "run", "--detach"];

/// Starts the agent and waits until it listens, at most `limits::AGENT_START`. It is no child of
/// ours, so that a program that takes this process over never finds one it did not start.
///
/// # Errors
/// It could not be started, or did not listen in time.
pub fn start_agent() -> io::Result<()> {
    descriptors::close_others_on_exec()?;
    let mut between = own(&DETACH)?.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let listens = between.stdout.take();
    between.wait()?;
    // It is closed by an agent that listens, as by one that could not.
    let Some(listens) = listens else { return Ok(()) };
    let patience = timespec(limits::AGENT_START);
    let mut waited = [PollFd::new(&listens, PollFlags::IN)];
    match poll(&mut waited, Some(&patience))? {
        0 => Err(io::ErrorKind::TimedOut.into()),
        _ => Ok(()),
    }
}

/// What the process between does: it starts the agent with a clean environment and ends. Standard
/// output is handed on, to be closed by the agent once it listens.
///
/// # Errors
/// It could not be started.
pub fn detach() -> io::Result<()> {
    let mut agent = own(&RUN)?;
    agent.env_clear().envs(config::for_agent()).current_dir("/");
    agent.stdin(Stdio::null()).stderr(Stdio::null()).spawn()?;
    Ok(())
}

/// Says to whoever waits for it that the agent listens: standard output leads nowhere from here on.
pub fn close_output() {
    let nowhere = rustix::fs::open(
        "/dev/null",
        rustix::fs::OFlags::WRONLY | rustix::fs::OFlags::CLOEXEC,
        rustix::fs::Mode::empty(),
    );
    if let Ok(nowhere) = nowhere {
        let _told_at_the_end_then = rustix::stdio::dup2_stdout(nowhere);
    }
}

/// Has whatever is said from here on go into `log`.
pub fn say_into(log: std::fs::File) {
    let _said_to_nobody_then = rustix::stdio::dup2_stderr(log);
}

fn own(arguments: &[&str]) -> io::Result<Command> {
    #[expect(clippy::disallowed_methods, reason = "this module starts all children")]
    let mut command = Command::new(config::own_program()?);
    command.args(arguments);
    Ok(command)
}

fn timespec(length: Duration) -> Timespec {
    Timespec { tv_sec: i64::try_from(length.as_secs()).unwrap_or(i64::MAX), tv_nsec: 0 }
}
