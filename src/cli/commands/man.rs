//! `mintage man`: the manual page of the program or of one command.

use clap::CommandFactory as _;

use crate::cli::args::Cli;
use crate::cli::{Failure, style};

/// Options of `man`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Read it at once: mintage man | man -l -")]
pub struct Args {
    /// A command, and one of its own commands; without any, the page of the program itself
    command: Vec<String>,
}

/// Runs the command.
pub fn run(args: &Args) -> Result<u8, Failure> {
    let mut program = Cli::command().disable_help_subcommand(true);
    program.build();
    let mut words = args.command.iter();
    let shown = words.try_fold(&program, |command, word| {
        command.find_subcommand(word).filter(|command| !command.is_hide_set())
    });
    let command = shown.ok_or(Failure::Usage("no such command".to_owned()))?.clone();
    let mut page = Vec::new();
    let title = command.get_bin_name().unwrap_or("mintage").replace(' ', "-");
    clap_mangen::Man::new(command)
        .title(title)
        .source(concat!("mintage ", env!("CARGO_PKG_VERSION")))
        .render(&mut page)
        .map_err(Failure::Output)?;
    style::write(&page)?;
    Ok(0)
}
