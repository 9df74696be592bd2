//! Names of profiles and vaults. ASCII only, so that no two names look alike.

use std::fmt;
use std::str::FromStr;

use super::Invalid;
use crate::limits;

/// The name of a profile: `prod`, `acme/dap-eu`. Segments `[a-z0-9][a-z0-9._-]*` joined by `/`, at
/// most 128 bytes. It is never used as a path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProfileName(String);

impl ProfileName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ProfileName {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let fits = text.len() <= limits::PROFILE_NAME && text.split('/').all(is_segment);
        if fits { Ok(Self(text.to_owned())) } else { Err(Invalid::ProfileName) }
    }
}

impl fmt::Display for ProfileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_segment(segment: &str) -> bool {
    let mut bytes = segment.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_lowercase() || first.is_ascii_digit())
        && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b))
}

/// The name under which a vault is registered in the settings: `[a-z][a-z0-9-]*`, at most 64 bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VaultName(String);

impl VaultName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for VaultName {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let mut bytes = text.bytes();
        let fits = text.len() <= 64
            && bytes.next().is_some_and(|first| first.is_ascii_lowercase())
            && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if fits { Ok(Self(text.to_owned())) } else { Err(Invalid::VaultName) }
    }
}

impl fmt::Display for VaultName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_names_are_profile_names() {
        for text in ["prod", "acme/dap-eu", "a.b_c-d", "0", "a/b/c"] {
            assert_eq!(text.parse::<ProfileName>().map(|name| name.to_string()), Ok(text.into()));
        }
    }

    // N01, N02
    #[test]
    fn everything_else_is_refused() {
        let long = "a".repeat(limits::PROFILE_NAME + 1);
        let refused = [
            "",
            ".",
            "..",
            "../../x",
            "/abs",
            "a/",
            "/",
            "a//b",
            "a/../b",
            "a\0b",
            "a\nb",
            "a\tb",
            "-rf",
            "--help",
            "Prod",
            "PROD",
            "caf\u{e9}",
            "cafe\u{301}",
            "\u{430}bc",
            "a\u{200b}b",
            "\u{202e}abc",
            "\u{1f511}",
            "a b",
            ".hidden",
            "a/.b",
            &long,
        ];
        for text in refused {
            assert_eq!(text.parse::<ProfileName>(), Err(Invalid::ProfileName), "{text:?}");
        }
    }

    #[test]
    fn a_vault_name_is_one_plain_word() {
        assert!("work-2".parse::<VaultName>().is_ok());
        for text in ["", "2work", "a/b", "A", "a.b", &"a".repeat(65)] {
            assert_eq!(text.parse::<VaultName>(), Err(Invalid::VaultName), "{text:?}");
        }
    }
}
