//! What may be typed: options that all commands share, and the list of commands.

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

use super::commands::{
    add, agent, check, completions, default, destroy, doctor, edit, exec, init, inspect, key, list,
    lock, login, man, passphrase, presets, purge, remove, rename, revoke, show, status, token,
    unlock, unlocked, vault,
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
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub struct Global {
    /// Use this registered vault: its name or its place
    #[arg(long, global = true, value_name = "NAME|PATH")]
    pub vault: Option<String>,
    /// Write results as JSON
    #[arg(long, global = true)]
    pub json: bool,
    /// Neither start nor use the agent
    #[arg(long, global = true)]
    pub no_agent: bool,
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

impl Global {
    /// As where none is given.
    pub fn plain() -> Self {
        Self {
            vault: None,
            json: false,
            no_agent: false,
            non_interactive: false,
            passphrase_fd: None,
            quiet: false,
            verbose: 0,
            color: Color::Auto,
        }
    }
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
    /// Log in at the issuer of a profile, as a person
    Login(login::Args),
    /// Make a private key, and show its public half
    Key(key::Args),
    /// Show what a token says of itself, without the token
    Inspect(inspect::Args),
    /// Log in once for each profile, and report
    Check(check::Args),
    /// List the services that `add --preset` knows, and what each needs
    Presets(presets::Args),
    /// Open the vault for a while: the agent holds it
    Unlock(unlock::Args),
    /// Close every vault until `unlock`, and forget what was opened
    Lock(lock::Args),
    /// Succeed where the vault is open in the agent; for scripts
    Unlocked(unlocked::Args),
    /// Forget the tokens of a profile
    Purge(purge::Args),
    /// Forget the tokens of a profile, and have the issuer take them back
    Revoke(revoke::Args),
    /// Start, stop and install the agent
    Agent(agent::Args),
    /// Say which vault, key, agent and protection are in force
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

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
