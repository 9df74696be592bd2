//! Small words: a tag to select profiles by, the name of a further secret.

use std::fmt;
use std::str::FromStr;

use super::Invalid;

/// A word to select profiles by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tag(String);

impl Tag {
    /// The tag as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Tag {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let fits = (1..=64).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b));
        if fits { Ok(Self(text.to_owned())) } else { Err(Invalid::Tag) }
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of a further secret of a profile, `database_url` say: what `exec --env VAR=NAME` takes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FieldName(String);

impl FieldName {
    /// Names that mean something of every profile, or of a token, wherever fields are shown.
    pub const TAKEN: [&str; 34] = [
        "added_at",
        "audience",
        "auth",
        "base_url",
        "ca",
        "certificate",
        "changed_at",
        "client_id",
        "client_secret",
        "endpoint",
        "expires_at",
        "expires_in",
        "fields",
        "from",
        "grant",
        "issuer",
        "label",
        "options",
        "params",
        "plain_http",
        "preset",
        "private_key",
        "profile",
        "refresh_token",
        "resource",
        "scope",
        "scopes",
        "secret",
        "secret_expires",
        "tags",
        "token",
        "token_only",
        "token_type",
        "v",
    ];

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for FieldName {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let is_word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        let fits = (1..=64).contains(&text.len())
            && text.bytes().all(is_word)
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && !Self::TAKEN.contains(&text)
            // What a field that is not text is shown under.
            && !text.ends_with("_base64");
        if fits { Ok(Self(text.to_owned())) } else { Err(Invalid::FieldName) }
    }
}

impl fmt::Display for FieldName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_field_is_a_word_that_means_nothing_else() {
        for text in ["database_url", "a", "k2"] {
            assert!(text.parse::<FieldName>().is_ok(), "{text}");
        }
        for text in [
            "",
            "A",
            "1a",
            "_a",
            "a-b",
            "a b",
            "token",
            "client_secret",
            "k_base64",
            &"a".repeat(65),
        ] {
            assert_eq!(text.parse::<FieldName>(), Err(Invalid::FieldName), "{text:?}");
        }
    }
}
