//! The command line: the only module that knows all others.

mod advice;
mod args;
mod commands;
mod completion;
mod credential;
mod failure;
mod holder;
#[cfg(unix)]
mod host;
mod input;
mod parts;
mod report;
mod style;
#[cfg(unix)]
mod through;
mod trap;
mod usage;
#[cfg(unix)]
mod warm;

use std::ffi::OsString;

use clap::Parser as _;

use self::args::Cli;
use self::failure::Failure;
use self::parts::Parts;
use crate::{harden, stack};

/// Runs the program with `arguments` (its own name first) and gives back the exit code; the codes
/// are listed in `docs/exit-codes.md`.
///
/// Hardens the process before anything else. Expects [`crate::alloc::Wiping`] to be the global
/// allocator of the program that calls it.
#[must_use]
pub fn run(arguments: &[OsString]) -> u8 {
    let before = harden::apply();
    #[cfg(unix)]
    if let Some(code) = warm::run(arguments) {
        return code;
    }
    if completion::answer(arguments) {
        return 0;
    }
    if let Err(failure) = trap::check(arguments) {
        return report::show(&failure, style::Style::plain());
    }
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => return usage::show(&error),
    };
    let Cli { global, command } = cli;
    let parts = match Parts::gather(global, before) {
        Ok(parts) => parts,
        Err(failure) => return report::show(&failure, style::Style::plain()),
    };
    let done = commands::run(command, &parts);
    // A vault's keys were moved about in its frames.
    stack::scrub(stack::Depth::Opening);
    match done {
        Ok(code) => code,
        Err(failure) => report::show(&failure, parts.style),
    }
}
