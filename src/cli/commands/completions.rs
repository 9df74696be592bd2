//! `mintage completions`: the script that teaches a shell to complete our commands.

use clap::ValueEnum;

use crate::cli::{Failure, completion, style};

/// Where each shell looks for its script.
const WHERE: &str = "\
bash:        mintage completions bash > ~/.local/share/bash-completion/completions/mintage
zsh:         mintage completions zsh > a folder of $fpath, as _mintage
fish:        mintage completions fish > ~/.config/fish/completions/mintage.fish
PowerShell:  mintage completions powershell >> $PROFILE";

/// Options of `completions`.
#[derive(Debug, clap::Args)]
#[command(after_help = WHERE)]
pub struct Args {
    /// The shell
    shell: Shell,
}

/// Shells that can be taught.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    Bash,
    Zsh,
    Fish,
    Powershell,
}

/// Runs the command.
pub fn run(args: &Args) -> Result<u8, Failure> {
    let shell = match args.shell {
        Shell::Bash => "bash",
        Shell::Zsh => "zsh",
        Shell::Fish => "fish",
        Shell::Powershell => "powershell",
    };
    style::write(&completion::script(shell)?)?;
    Ok(0)
}
