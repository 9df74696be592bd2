//! What may be typed: options that all commands share, and the list of commands.

use std::time::Duration;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

use super::commands::{
    add, check, completions, default, destroy, doctor, edit, exec, init, inspect, list, man,
    passphrase, presets, remove, rename, show, status, token, vault,
};

/// A credential vault that mints short-lived tokens.
#[derive(Debug, Parser)]
#[command(
    name = "mintage",
    version,
    max_term_width = 100,
    disable_help_subcommand = true,
    after_help = "First steps:\n  mintage add prod      asks for a client id and secret, and makes the vault\n  \
                  mintage token prod    mints a token"
)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Use this registered vault: its name or its place
    #[arg(long, global = true, value_name = "NAME|PATH")]
    pub vault: Option<String>,
    /// Write results as JSON
    #[arg(long, global = true)]
    pub json: bool,
    /// Never ask a person: what needs one fails with exit code 4
    #[arg(long, global = true)]
    pub non_interactive: bool,
    /// Read the passphrase from this file descriptor
    #[arg(long, global = true, value_name = "N")]
    pub passphrase_fd: Option<u32>,
    /// Say nothing but errors
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Say what is done
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
    /// Colour messages
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
}

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// At a terminal, unless `NO_COLOR` is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The commands, in the order a newcomer meets them.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a vault and its keys
    Init(init::Args),
    /// Add a profile: a client id and secret, and where they are used
    Add(Box<add::Args>),
    /// List the profiles
    List(list::Args),
    /// Show one profile
    Show(show::Args),
    /// Change a profile, or all with a tag
    Edit(Box<edit::Args>),
    /// Give a profile another name
    Rename(rename::Args),
    /// Remove a profile
    Remove(remove::Args),
    /// Choose the profile that is meant where none is named
    Default(default::Args),
    /// Mint a token and write it to standard output
    Token(token::Args),
    /// Run a command with a fresh token in its environment
    Exec(exec::Args),
    /// Show what a token says of itself, without the token
    Inspect(inspect::Args),
    /// Log in once for each profile, and report
    Check(check::Args),
    /// List the services that `add --preset` knows
    Presets(presets::Args),
    /// Say which vault, key and protection are in force
    Status(status::Args),
    /// Look for what is wrong or weak, and say how to mend it
    Doctor(doctor::Args),
    /// Change the passphrase, or where the opening key is kept
    Passphrase(passphrase::Args),
    /// List, register and accept vaults
    Vault(vault::Args),
    /// Destroy a vault with all that is in it
    Destroy(destroy::Args),
    /// Write the script that teaches a shell to complete commands
    Completions(completions::Args),
    /// Write the manual page
    Man(man::Args),
    #[command(hide = true)]
    InternalStretch,
    #[command(hide = true)]
    InternalKeychainRead,
}

/// Reads a length of time: `90`, `90s`, `5m`, `1h`.
pub fn duration(text: &str) -> Result<Duration, &'static str> {
    const RULE: &str = "a length of time is a number with s, m or h behind it";
    if let Ok(seconds) = text.parse() {
        return Ok(Duration::from_secs(seconds));
    }
    let length: jiff::SignedDuration = text.parse().map_err(|_| RULE)?;
    Duration::try_from(length).map_err(|_| RULE)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn lengths_of_time_are_read() {
        assert_eq!(duration("90"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("5m"), Ok(Duration::from_secs(300)));
        assert_eq!(duration("1h30m"), Ok(Duration::from_secs(5400)));
        assert!(duration("-5s").is_err());
        assert!(duration("soon").is_err());
    }
}
