//! Assignments that a shell can evaluate.

use std::str::FromStr;

use zeroize::Zeroizing;

/// A family of shells, by how they quote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shell {
    /// sh, bash, zsh, dash, ksh.
    Posix,
    /// fish.
    Fish,
    /// PowerShell.
    PowerShell,
}

/// The text names no shell that we can write for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the shell is `sh`, `fish` or `powershell`")]
pub struct UnknownShell;

impl FromStr for Shell {
    type Err = UnknownShell;

    fn from_str(text: &str) -> Result<Self, UnknownShell> {
        match text {
            "sh" | "bash" | "zsh" | "dash" | "ksh" => Ok(Self::Posix),
            "fish" => Ok(Self::Fish),
            "powershell" | "pwsh" => Ok(Self::PowerShell),
            _ => Err(UnknownShell),
        }
    }
}

impl Shell {
    /// The shell whose program is at `path` (the variable `SHELL`); sh where it is not known.
    #[must_use]
    pub fn at(path: Option<&str>) -> Self {
        let default = if cfg!(windows) { Self::PowerShell } else { Self::Posix };
        path.and_then(|path| path.rsplit('/').next()?.parse().ok()).unwrap_or(default)
    }

    /// A line that sets and exports `variable`, which must be a plain name.
    #[must_use]
    pub fn export(self, variable: &str, value: &str) -> Zeroizing<String> {
        let quoted = self.quote(value);
        Zeroizing::new(match self {
            Self::Posix => format!("export {variable}={}", *quoted),
            Self::Fish => format!("set -gx {variable} {}", *quoted),
            Self::PowerShell => format!("$env:{variable} = {}", *quoted),
        })
    }

    /// `value` in single quotes, in which only the quote itself (and in fish the backslash) means
    /// something.
    fn quote(self, value: &str) -> Zeroizing<String> {
        let mut quoted = Zeroizing::new(String::with_capacity(value.len() * 2 + 2));
        quoted.push('\'');
        for character in value.chars() {
            match (self, character) {
                (Self::Posix, '\'') => quoted.push_str(r"'\''"),
                (Self::Fish, '\'') => quoted.push_str(r"\'"),
                (Self::Fish, '\\') => quoted.push_str(r"\\"),
                // PowerShell takes typographic quotes for quotes.
                (Self::PowerShell, '\'' | '\u{2018}' | '\u{2019}' | '\u{201A}' | '\u{201B}') => {
                    quoted.push(character);
                    quoted.push(character);
                }
                (_, other) => quoted.push(other),
            }
        }
        quoted.push('\'');
        quoted
    }
}

/// Whether `name` may be the name of a variable in every shell.
#[must_use]
pub fn is_variable(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_shell_has_its_own_quotes() {
        let value = r"a'b\c $x `y`";
        assert_eq!(*Shell::Posix.export("T", value), r"export T='a'\''b\c $x `y`'");
        assert_eq!(*Shell::Fish.export("T", value), r"set -gx T 'a\'b\\c $x `y`'");
        assert_eq!(*Shell::PowerShell.export("T", value), r"$env:T = 'a''b\c $x `y`'");
    }

    #[test]
    fn the_shell_is_known_by_its_program() {
        assert_eq!(Shell::at(Some("/usr/bin/fish")), Shell::Fish);
        assert_eq!(Shell::at(Some("/bin/zsh")), Shell::Posix);
        assert_eq!(Shell::at(Some("/opt/pwsh")), Shell::PowerShell);
    }

    #[test]
    fn a_variable_is_a_plain_name() {
        assert!(is_variable("DAP_API_URL") && is_variable("_x1"));
        for name in ["", "1A", "A-B", "A B", "A;B", "A=B", "\u{c4}"] {
            assert!(!is_variable(name), "{name:?}");
        }
    }
}
