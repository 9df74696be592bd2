//! The environment, read once at the start.

#![expect(clippy::disallowed_methods, reason = "this is the one file that reads the environment")]

use std::env;
use std::ffi::OsString;

/// What the environment says. No variable carries a secret, a key's path or a socket's path.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    /// `MINTAGE_VAULT`: which registered vault.
    pub vault: Option<String>,
    /// `MINTAGE_PROFILE`: which profile where none is named.
    pub profile: Option<String>,
    /// `MINTAGE_NONINTERACTIVE` is set to something but `0`.
    pub non_interactive: bool,
    /// `NO_COLOR` is set to something.
    pub no_color: bool,
    /// `TERM` says that the terminal can do nothing.
    pub dumb_terminal: bool,
    /// The user's shell, for the quoting of `token --env`.
    pub shell: Option<String>,
}

impl Environment {
    /// Reads it. Values that are not UTF-8 count as not set.
    #[must_use]
    pub fn read() -> Self {
        let text = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        Self {
            vault: text("MINTAGE_VAULT"),
            profile: text("MINTAGE_PROFILE"),
            non_interactive: text("MINTAGE_NONINTERACTIVE").is_some_and(|value| value != "0"),
            no_color: text("NO_COLOR").is_some(),
            dumb_terminal: text("TERM").is_none_or(|term| term == "dumb"),
            shell: text("SHELL"),
        }
    }

    /// The arguments of this process, its own name first.
    #[must_use]
    pub fn arguments() -> Vec<OsString> {
        env::args_os().collect()
    }
}

/// The file of the running program, to start it again for one short task.
///
/// # Errors
/// The system does not know it.
pub fn own_program() -> std::io::Result<std::path::PathBuf> {
    env::current_exe()
}

/// The folder that relative paths on the command line are meant from.
///
/// # Errors
/// It is gone or closed to us.
pub fn working_folder() -> std::io::Result<std::path::PathBuf> {
    env::current_dir()
}
