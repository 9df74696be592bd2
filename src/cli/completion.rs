//! Completion of what is typed in a shell. The library writes the shells' scripts and reads what they
//! send; names of profiles come from a vault that opens without asking anybody.

use std::ffi::{OsStr, OsString};

use clap::CommandFactory as _;
use clap_complete::CompleteEnv;
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};
use clap_complete::env::Shells;

use super::Failure;
use super::args::{Cli, Color, Global};
use super::holder::Holder;
use super::parts::Parts;
use crate::config;
use crate::harden;

/// Set by the scripts, for this program to answer them.
const VARIABLE: &str = "MINTAGE_COMPLETE";
const NAME: &str = "mintage";

/// Answers a shell that asks for completions: its script sets a variable and puts `--` before what
/// was typed. `false` where this is no such call. The variable alone is none: it must not keep a
/// command from being run.
pub fn answer(arguments: &[OsString]) -> bool {
    if arguments.get(1).is_none_or(|first| first != "--") {
        return false;
    }
    let here = config::working_folder().ok();
    let asked = CompleteEnv::with_factory(Cli::command).var(VARIABLE).bin(NAME).completer(NAME);
    // A shell shows nothing for an error: there is nobody to tell.
    asked.try_complete(arguments.iter().cloned(), here.as_deref()).unwrap_or(true)
}

/// The script that a shell reads at its start.
///
/// # Errors
/// [`Failure::Output`].
pub fn script(shell: &str) -> Result<Vec<u8>, Failure> {
    let mut script = Vec::new();
    let known = Shells::builtins();
    let shell = known.completer(shell).ok_or(Failure::Usage("no such shell".to_owned()))?;
    shell.write_registration(VARIABLE, NAME, NAME, NAME, &mut script).map_err(Failure::Output)?;
    if shell.name() == "zsh" {
        // As a file of $fpath it is run at the first Tab, which is to be answered, too.
        script.extend_from_slice(
            b"\nif [ \"$funcstack[1]\" = _mintage ]; then _clap_dynamic_completer_mintage \"$@\"; fi\n",
        );
    }
    Ok(script)
}

/// The vault that was typed before, among the words that the shell sends.
fn typed_vault(words: &[OsString]) -> Option<String> {
    let mut words = words.iter().filter_map(|word| word.to_str());
    while let Some(word) = words.next() {
        match word.strip_prefix("--vault") {
            Some("") => return words.next().map(str::to_owned),
            Some(rest) => return rest.strip_prefix('=').map(str::to_owned),
            None => {}
        }
    }
    None
}

/// Completes the name of a profile.
pub fn profiles() -> ArgValueCompleter {
    ArgValueCompleter::new(names)
}

/// Nothing where the vault does not open by itself: a key on the Tab bar shall not prompt, and what
/// is wrong is said by the command itself.
fn names(typed: &OsStr) -> Vec<CompletionCandidate> {
    let global = Global {
        vault: typed_vault(&config::Environment::arguments()),
        non_interactive: true,
        quiet: true,
        color: Color::Never,
        ..Global::plain()
    };
    let Ok(parts) = Parts::gather(global, harden::apply()) else { return Vec::new() };
    let listed = Holder::at_hand(&parts).and_then(|mut holder| holder.list());
    let Some((listed, typed)) = listed.ok().zip(typed.to_str()) else { return Vec::new() };
    let candidates = listed.profiles.into_iter().filter(|it| it.name.as_str().starts_with(typed));
    candidates
        .map(|summary| {
            let help = summary.label.map(Into::into);
            CompletionCandidate::new(summary.name.as_str()).help(help)
        })
        .collect()
}
