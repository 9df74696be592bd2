//! What a grant is told beside the credential: a name and a text each.

use std::collections::BTreeMap;

use super::Invalid;
use super::untrusted::is_harmless;
use crate::limits;

/// The options of a profile, by name. Which ones there are is said by the grant; none is a secret.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options(BTreeMap<String, String>);

impl Options {
    /// The text of an option.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Sets an option; an empty text takes it away.
    ///
    /// # Errors
    /// [`Invalid::Option`]: a name is a-z, 0-9 and `-`, 64 characters at most; a text is one line of
    /// at most `limits::OPTION` bytes without control or invisible characters.
    pub fn set(&mut self, name: &str, text: &str) -> Result<(), Invalid> {
        let is_name = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let fits = (1..=64).contains(&name.len())
            && name.bytes().all(is_name)
            && text.len() <= limits::OPTION
            && text.chars().all(is_harmless);
        if !fits {
            return Err(Invalid::Option("an option is written NAME=TEXT, in one line"));
        }
        if text.is_empty() {
            self.0.remove(name);
        } else {
            self.0.insert(name.to_owned(), text.to_owned());
        }
        Ok(())
    }

    /// Each with its text, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, text)| (name.as_str(), text.as_str()))
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Reads `NAME=TEXT`.
    ///
    /// # Errors
    /// As [`Options::set`].
    pub fn pair(text: &str) -> Result<(String, String), Invalid> {
        let rule = Invalid::Option("an option is written NAME=TEXT, in one line");
        let (name, value) = text.split_once('=').ok_or(rule)?;
        Self::default().set(name, value)?;
        Ok((name.to_owned(), value.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_is_a_word_and_one_line() {
        assert_eq!(Options::pair("life=60"), Ok(("life".into(), "60".into())));
        assert_eq!(
            Options::pair("url=https://a/?b=c"),
            Ok(("url".into(), "https://a/?b=c".into()))
        );
        for text in ["life", "=x", "Life=1", "a b=1", "a=\n", "a=\u{202e}"] {
            assert!(Options::pair(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn an_empty_text_takes_an_option_away() {
        let mut options = Options::default();
        options.set("life", "60").expect("an option");
        assert_eq!(options.get("life"), Some("60"));
        options.set("life", "").expect("an option");
        assert!(options.is_empty());
    }
}
