//! Hands this process over to another program.

use std::ffi::OsString;
use std::process::Command;

use crate::harden::Before;

/// A program to run, with what is added to our caller's environment for it.
pub struct Child {
    /// The program and its arguments. They never hold a token or secret.
    pub command: Vec<OsString>,
    /// Variables to set.
    pub variables: Vec<(String, OsString)>,
}

/// Why the program did not run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such program.
    #[error("`{0}` was not found")]
    NotFound(String),
    /// It cannot be executed.
    #[error("`{0}` cannot be executed")]
    NotExecutable(String),
    /// Nothing to run.
    #[error("no command was given")]
    Empty,
    /// The system refused.
    #[error("the command could not be started")]
    Io(#[source] std::io::Error),
}

/// Becomes `child`: its exit code, signals and terminal are its own, and nothing of us is left in
/// memory. It gets descriptors 0, 1 and 2 and the core limit that we were started with. Returns
/// only on failure.
///
/// Windows has no such call: there the child is waited for, its exit code is given back (1 for one
/// above 255), the variables stay in our memory as long as it runs, and it inherits whatever other
/// handles our caller let us inherit.
///
/// # Errors
/// [`Error`].
pub fn replace_with(child: Child, before: Before) -> Result<u8, Error> {
    let Child { command, variables } = child;
    let (program, arguments) = command.split_first().ok_or(Error::Empty)?;
    #[expect(clippy::disallowed_methods, reason = "this module starts all children")]
    let mut command = Command::new(program);
    command.args(arguments).envs(variables);
    let name = program.to_string_lossy().into_owned();
    run(command, before).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Error::NotFound(name),
        std::io::ErrorKind::PermissionDenied => Error::NotExecutable(name),
        _ => Error::Io(error),
    })
}

#[cfg(unix)]
fn run(mut command: Command, before: Before) -> std::io::Result<u8> {
    use std::os::unix::process::CommandExt as _;
    super::descriptors::close_others_on_exec()?;
    before.restore();
    Err(command.exec())
}

#[cfg(not(unix))]
fn run(mut command: Command, before: Before) -> std::io::Result<u8> {
    before.restore();
    let status = command.status()?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}
