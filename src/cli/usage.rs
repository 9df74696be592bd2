//! Explains a wrong command line without repeating what was typed: it may be a secret.

use std::error::Error as _;
use std::io::Write as _;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::style::Style;
use super::{Failure, report};

const USAGE: u8 = 2;

/// Shows help or version on standard output (exit code 0), or what is wrong on standard error
/// (exit code 2).
pub fn show(error: &clap::Error) -> u8 {
    if is_pair(error) {
        return report::show(&Failure::SecretOnCommandLine, Style::plain());
    }
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            let written = write!(std::io::stdout().lock(), "{}", error.render());
            u8::from(written.is_err())
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let _nowhere_to_say_it = write!(std::io::stderr().lock(), "{}", error.render());
            USAGE
        }
        _ => {
            let _nowhere_to_say_it =
                write!(std::io::stderr().lock(), "error: {}\n{}", explain(error), advice(error));
            USAGE
        }
    }
}

/// An `id:secret` where no argument is taken.
fn is_pair(error: &clap::Error) -> bool {
    let argument = text(error, ContextKind::InvalidArg);
    error.kind() == ErrorKind::UnknownArgument
        && argument.contains(':')
        && !argument.contains("://")
}

fn explain(error: &clap::Error) -> String {
    let argument = text(error, ContextKind::InvalidArg);
    match error.kind() {
        ErrorKind::MissingRequiredArgument => format!("missing: {argument}"),
        ErrorKind::ArgumentConflict => {
            let other = text(error, ContextKind::PriorArg);
            format!("`{argument}` cannot be used with `{other}`")
        }
        // Here clap would name what was typed.
        ErrorKind::UnknownArgument | ErrorKind::TooManyValues => {
            "an argument that is not known here (not repeated: it may be a secret)".to_owned()
        }
        ErrorKind::InvalidSubcommand => "no such command".to_owned(),
        ErrorKind::MissingSubcommand => "a command is needed".to_owned(),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation | ErrorKind::NoEquals => {
            match rule(error) {
                Some(rule) => format!("`{argument}`: {rule}"),
                None => format!("`{argument}`: not a value it takes"),
            }
        }
        ErrorKind::InvalidUtf8 => "an argument is not UTF-8".to_owned(),
        _ => "the command line is not complete or not consistent".to_owned(),
    }
}

/// The rule that a value breaks; rules are our own words and never quote.
fn rule(error: &clap::Error) -> Option<String> {
    let valid = text(error, ContextKind::ValidValue);
    if valid.is_empty() {
        error.source().map(ToString::to_string)
    } else {
        Some(format!("one of {valid}"))
    }
}

fn advice(error: &clap::Error) -> String {
    let mut lines = String::new();
    for kind in [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand] {
        let suggested = text(error, kind);
        if !suggested.is_empty() {
            lines = format!("{lines}hint: is `{suggested}` meant?\n");
        }
    }
    if error.kind() == ErrorKind::UnknownArgument {
        lines.push_str(
            "hint: a secret is given at the prompt, or by `--stdin`, `--secret-file`, `--secret-fd`; \
             if one was typed here, it is in your shell's history now: delete it there, rotate it\n",
        );
    }
    let usage = text(error, ContextKind::Usage);
    if !usage.is_empty() {
        lines = format!("{lines}{usage}\n");
    }
    lines.push_str("hint: mintage --help\n");
    lines
}

fn text(error: &clap::Error, kind: ContextKind) -> String {
    match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(", "),
        Some(ContextValue::StyledStr(text)) => text.to_string(),
        _ => String::new(),
    }
}
