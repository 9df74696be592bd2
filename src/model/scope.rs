//! The scopes a token is asked for.

use std::fmt;

use super::Invalid;

/// A set of scopes in the order they were given. Equal scopes are kept once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Scopes(Vec<String>);

impl Scopes {
    /// Reads scopes; each text may hold several, separated by spaces.
    ///
    /// # Errors
    /// [`Invalid::Scope`] where one has a character outside RFC 6749 §3.3.
    pub fn parse<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, Invalid> {
        let mut scopes = Vec::new();
        for scope in texts.into_iter().flat_map(|text| text.split(' ')) {
            if scope.is_empty() {
                continue;
            }
            if !scope.bytes().all(is_scope_byte) {
                return Err(Invalid::Scope);
            }
            if !scopes.iter().any(|known| known == scope) {
                scopes.push(scope.to_owned());
            }
        }
        Ok(Self(scopes))
    }

    /// Whether none is asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each scope.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

/// The wire form: separated by single spaces.
impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}

fn is_scope_byte(byte: u8) -> bool {
    matches!(byte, 0x21 | 0x23..=0x5B | 0x5D..=0x7E)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_joined_by_spaces_and_kept_once() {
        let shown = |texts: &[&str]| Scopes::parse(texts.iter().copied()).map(|s| s.to_string());
        assert_eq!(shown(&[]), Ok(String::new()));
        assert_eq!(shown(&["a"]), Ok("a".into()));
        assert_eq!(shown(&["a b", "b", "url:POST|/api/v1/x"]), Ok("a b url:POST|/api/v1/x".into()));
    }

    #[test]
    fn a_scope_with_a_quote_or_control_character_is_refused() {
        for text in ["a\"b", "a\\b", "a\nb", "\u{e9}"] {
            assert_eq!(Scopes::parse([text]), Err(Invalid::Scope), "{text:?}");
        }
    }
}
