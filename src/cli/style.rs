//! How things look: data to standard output, messages to standard error.

use std::fmt::{Display, Write as _};
use std::io::{self, IsTerminal as _, Write as _};

use serde_json::Value;

use super::Failure;
use super::args::{Color, Global};
use crate::config::Environment;

/// How much is said, and in which form.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// Results as JSON.
    pub json: bool,
    color: bool,
    volume: Volume,
}

/// How much is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Volume {
    Quiet,
    Normal,
    Verbose,
}

impl Style {
    /// Before options and environment are known.
    pub fn plain() -> Self {
        Self { json: false, color: false, volume: Volume::Normal }
    }

    /// As asked for.
    pub fn new(global: &Global, environment: &Environment) -> Self {
        let color = match global.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                io::stderr().is_terminal() && !environment.no_color && !environment.dumb_terminal
            }
        };
        let volume = match (global.quiet, global.verbose) {
            (true, _) => Volume::Quiet,
            (false, 0) => Volume::Normal,
            (false, _) => Volume::Verbose,
        };
        Self { json: global.json, color, volume }
    }

    /// Says what was done; for people, not for programs.
    pub fn say(self, text: impl Display) {
        if self.volume >= Volume::Normal {
            line(&text);
        }
    }

    /// Says what is being done, where that was asked for.
    pub fn note(self, text: impl Display) {
        if self.volume == Volume::Verbose {
            line(&format_args!("{} {text}", self.word("note:", "2")));
        }
    }

    /// Says that something is not as it should be.
    pub fn warn(self, text: impl Display) {
        if self.volume >= Volume::Normal {
            line(&format_args!("{} {text}", self.word("warning:", "33")));
        }
    }

    /// Says why it failed. Never silenced.
    pub fn error(self, text: impl Display) {
        line(&format_args!("{} {text}", self.word("error:", "31")));
    }

    /// Says what to do about it.
    pub fn hint(self, text: impl Display) {
        if self.volume >= Volume::Normal {
            line(&format_args!("{} {text}", self.word("hint:", "36")));
        }
    }

    fn word(self, word: &str, color: &str) -> String {
        if self.color { format!("\u{1b}[{color}m{word}\u{1b}[0m") } else { word.to_owned() }
    }
}

/// A message that cannot be written has nowhere else to go.
fn line(text: &dyn Display) {
    let _nowhere_else_to_go = writeln!(io::stderr().lock(), "{text}");
}

/// Whether a person looks at standard output.
pub fn is_seen() -> bool {
    io::stdout().is_terminal()
}

/// Writes bytes to standard output: all of them, or an error.
///
/// # Errors
/// [`Failure::Output`].
pub fn write(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush()).map_err(Failure::Output)
}

/// Writes lines of text.
///
/// # Errors
/// [`Failure::Output`].
pub fn write_lines<T: Display>(lines: impl IntoIterator<Item = T>) -> Result<(), Failure> {
    let mut text = String::new();
    for line in lines {
        let _writing_to_a_string_never_fails = writeln!(text, "{line}");
    }
    write(text.as_bytes())
}

/// Writes one JSON object on a line, with `"v":1` first.
///
/// # Errors
/// [`Failure::Output`].
pub fn write_json(value: Value) -> Result<(), Failure> {
    write_lines([versioned(value)])
}

/// The object with `"v":1` in it.
pub fn versioned(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let version = ("v".to_owned(), Value::from(1));
            Value::Object(std::iter::once(version).chain(fields).collect())
        }
        other => other,
    }
}

/// Lays rows out in columns, two spaces apart; the last column is not padded.
pub fn table(rows: &[Vec<String>]) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max()
    };
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or_default()).collect();
    rows.iter().map(|row| table_line(row, &widths)).collect()
}

fn table_line(row: &[String], widths: &[usize]) -> String {
    let cells: Vec<String> =
        row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
    cells.join("  ").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_aligns_its_columns() {
        let row = |cells: [&str; 2]| cells.map(str::to_owned).to_vec();
        assert_eq!(table(&[]), Vec::<String>::new());
        assert_eq!(table(&[row(["a", "b"])]), ["a  b"]);
        assert_eq!(table(&[row(["a", "b"]), row(["ccc", ""])]), ["a    b", "ccc"]);
    }
}
