//! How things look: data to standard output, messages to standard error.

use std::fmt::{Display, Write as _};
use std::io::{self, IsTerminal as _, Write as _};

use serde_json::Value;

use super::Failure;
use super::args::{Color, Global};
use crate::config::Environment;
use crate::model::is_harmless;

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
            line("", text);
        }
    }

    /// Says what is being done, where that was asked for.
    pub fn note(self, text: impl Display) {
        if self.volume == Volume::Verbose {
            line(&self.word("note:", "2"), text);
        }
    }

    /// Says that something is not as it should be.
    pub fn warn(self, text: impl Display) {
        if self.volume >= Volume::Normal {
            line(&self.word("warning:", "33"), text);
        }
    }

    /// Says why it failed. Never silenced.
    pub fn error(self, text: impl Display) {
        line(&self.word("error:", "31"), text);
    }

    /// Says what to do about it.
    pub fn hint(self, text: impl Display) {
        if self.volume >= Volume::Normal {
            line(&self.word("hint:", "36"), text);
        }
    }

    fn word(self, word: &str, color: &str) -> String {
        if self.color { format!("\u{1b}[{color}m{word}\u{1b}[0m ") } else { format!("{word} ") }
    }
}

/// A message that cannot be written has nowhere else to go.
fn line(word: &str, text: impl Display) {
    let text = visible(&text.to_string());
    let _nowhere_else_to_go = writeln!(io::stderr().lock(), "{word}{text}");
}

/// One line in which nothing acts on a terminal: file names and arguments may hold anything.
fn visible(text: &str) -> String {
    escaped(text, |character, out| out.extend(character.escape_default()))
}

fn escaped(text: &str, escape: impl Fn(char, &mut String)) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if is_harmless(character) {
            shown.push(character);
        } else {
            escape(character, &mut shown);
        }
    }
    shown
}

/// `1 profile`, `2 profiles`.
pub fn profiles(count: usize) -> String {
    if count == 1 { "1 profile".to_owned() } else { format!("{count} profiles") }
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

/// Writes lines of text; at a terminal without anything that acts on it.
///
/// # Errors
/// [`Failure::Output`].
pub fn write_lines<T: Display>(lines: impl IntoIterator<Item = T>) -> Result<(), Failure> {
    let is_seen = is_seen();
    let mut text = String::new();
    for line in lines {
        let line = line.to_string();
        text.push_str(&if is_seen { visible(&line) } else { line });
        text.push('\n');
    }
    write(text.as_bytes())
}

/// Writes rows: aligned at a terminal, separated by tabs on a pipe.
///
/// # Errors
/// [`Failure::Output`].
pub fn write_rows(rows: &[Vec<String>]) -> Result<(), Failure> {
    if is_seen() {
        write_lines(table(rows))
    } else {
        write_lines(rows.iter().map(|row| row.join("\t")))
    }
}

/// Writes one JSON object on a line, with `"v":1` first. Characters that act on a terminal are in it
/// as escapes only.
///
/// # Errors
/// [`Failure::Output`].
pub fn write_json(value: Value) -> Result<(), Failure> {
    let text = versioned(value).to_string();
    write_lines([escaped(&text, |character, out| {
        let _writing_to_a_string_never_fails = write!(out, "\\u{:04x}", u32::from(character));
    })])
}

/// Says what was done: to a program as JSON on standard output, to people as a message.
///
/// # Errors
/// [`Failure::Output`].
pub fn told(said: impl Display, value: Value, style: Style) -> Result<(), Failure> {
    if style.json {
        return write_json(value);
    }
    style.say(said);
    Ok(())
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
    // By hand: a formatter's width ends at 65,535, and panics.
    let mut line = String::new();
    for (cell, width) in row.iter().zip(widths) {
        let gap = if line.is_empty() { 0 } else { 2 };
        line.extend(std::iter::repeat_n(' ', gap));
        line.push_str(cell);
        line.extend(std::iter::repeat_n(' ', width.saturating_sub(cell.chars().count())));
    }
    line.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    // T04, N06
    #[test]
    fn what_acts_on_a_terminal_is_escaped() {
        assert_eq!(visible("a\u{1b}[2J\u{202e}\n\u{e9}"), "a\\u{1b}[2J\\u{202e}\\n\u{e9}");
    }

    #[test]
    fn a_table_aligns_its_columns() {
        let row = |cells: [&str; 2]| cells.map(str::to_owned).to_vec();
        assert_eq!(table(&[]), Vec::<String>::new());
        assert_eq!(table(&[row(["a", "b"])]), ["a  b"]);
        assert_eq!(table(&[row(["a", "b"]), row(["ccc", ""])]), ["a    b", "ccc"]);
    }
}
