//! Text that somebody else wrote and a person may have to read.

use std::fmt;

use crate::limits;

/// An issuer's own words, made fit for a terminal once and for all: at most 500 characters, each
/// control or invisible formatting character replaced, and anything shaped like a token cut out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Untrusted(String);

impl Untrusted {
    /// Cleans `text`.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut shown = String::new();
        for (index, character) in text.chars().enumerate() {
            if index == limits::ERROR_TEXT_CHARS {
                shown.push('…');
                break;
            }
            shown.push(if is_harmless(character) { character } else { '\u{FFFD}' });
        }
        Self(without_tokens(&shown))
    }

    /// What is said in place of a text that repeats the credential.
    #[must_use]
    pub fn withheld() -> Self {
        Self("(withheld: it repeats the credential)".to_owned())
    }
}

impl fmt::Display for Untrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Printable, and not one of the characters that reorder or hide the rest of a line.
#[must_use]
pub fn is_harmless(character: char) -> bool {
    !character.is_control()
        && !matches!(character,
            '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}

/// Three or more long base64url parts joined by dots are a JWT or JWE.
fn without_tokens(text: &str) -> String {
    let is_word = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(is_word) {
        let (before, from_word) = rest.split_at(start);
        let end = from_word.find(|c| !is_word(c)).unwrap_or(from_word.len());
        let (word, after) = from_word.split_at(end);
        shown.push_str(before);
        shown.push_str(if is_token_shaped(word) { "(token withheld)" } else { word });
        rest = after;
    }
    shown.push_str(rest);
    shown
}

fn is_token_shaped(word: &str) -> bool {
    word.split('.').filter(|part| part.len() >= 16).count() >= 2 || word.starts_with("eyJ")
}

#[cfg(test)]
mod tests {
    use super::*;

    // T04, R07
    #[test]
    fn control_characters_never_reach_a_terminal() {
        let shown = Untrusted::new("\u{1b}[31mred\u{7}\r\n\u{202e}x\u{8}").to_string();
        assert!(shown.chars().all(is_harmless), "{shown:?}");
        assert!(shown.contains("red"));
    }

    #[test]
    fn a_long_text_is_cut() {
        let shown = Untrusted::new(&"word ".repeat(200_000)).to_string();
        assert_eq!(shown.chars().count(), limits::ERROR_TEXT_CHARS + 1);
    }

    #[test]
    fn a_token_in_the_text_is_cut_out() {
        let jwt = format!("{}.{}.{}", "eyJhbGciOiJSUzI1NiJ9", "a".repeat(40), "b".repeat(40));
        let shown = Untrusted::new(&format!("token '{jwt}' was refused")).to_string();
        assert_eq!(shown, "token '(token withheld)' was refused");
    }

    #[test]
    fn ordinary_words_and_hosts_are_kept() {
        let text = "see docs at auth.example.com: invalid_client (a.b.c)";
        assert_eq!(Untrusted::new(text).to_string(), text);
    }
}
