//! The environment, read once at the start.

#![expect(clippy::disallowed_methods, reason = "this is the one file that reads the environment")]

use std::env;
use std::ffi::OsString;

/// What the environment says. No variable carries a secret, a key's path or a socket's path.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a variable of its own")]
pub struct Environment {
    /// `MINTAGE_VAULT`: which registered vault.
    pub vault: Option<String>,
    /// `MINTAGE_PROFILE`: which profile where none is named.
    pub profile: Option<String>,
    /// `MINTAGE_NONINTERACTIVE` is set to something but `0`.
    pub non_interactive: bool,
    /// `MINTAGE_NO_AGENT` is set to something but `0`: as `--no-agent`.
    pub no_agent: bool,
    /// `NO_COLOR` is set to something.
    pub no_color: bool,
    /// `TERM` says that the terminal can do nothing.
    pub dumb_terminal: bool,
    /// `DISPLAY` or `WAYLAND_DISPLAY` is set, or the system has a desktop of its own.
    pub has_display: bool,
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
            no_agent: text("MINTAGE_NO_AGENT").is_some_and(|value| value != "0"),
            no_color: text("NO_COLOR").is_some(),
            dumb_terminal: text("TERM").is_none_or(|term| term == "dumb"),
            has_display: cfg!(any(windows, target_os = "macos"))
                || text("DISPLAY").or_else(|| text("WAYLAND_DISPLAY")).is_some(),
            shell: text("SHELL"),
        }
    }

    /// The arguments of this process, its own name first.
    #[must_use]
    pub fn arguments() -> Vec<OsString> {
        env::args_os().collect()
    }
}

/// The descriptor of the socket that a supervisor listens on for this process (`LISTEN_FDS`, see
/// `sd_listen_fds(3)`); `None` where there is none, or more than one.
#[must_use]
pub fn inherited_socket() -> Option<u32> {
    const FIRST: u32 = 3;
    let is_for_us = env::var("LISTEN_PID").ok()?.parse() == Ok(std::process::id());
    (is_for_us && env::var("LISTEN_FDS").ok()? == "1").then_some(FIRST)
}

/// The variables that the agent is started with: where this user's files and buses are, and nothing
/// that steers a program's libraries.
#[must_use]
pub fn for_agent() -> Vec<(&'static str, OsString)> {
    const KEPT: [&str; 9] = [
        "HOME",
        "USER",
        "LANG",
        "TZ",
        "XDG_RUNTIME_DIR",
        "XDG_CONFIG_HOME",
        "XDG_DATA_HOME",
        "XDG_STATE_HOME",
        "DBUS_SYSTEM_BUS_ADDRESS",
    ];
    KEPT.into_iter().filter_map(|name| Some((name, env::var_os(name)?))).collect()
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
