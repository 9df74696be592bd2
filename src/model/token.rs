//! What an issuer returned.

use std::time::Duration;

use zeroize::Zeroizing;

use super::Invalid;
use crate::limits;
use crate::secret::AccessToken;

/// How a token is presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenType {
    /// RFC 6750: `Authorization: Bearer …`.
    Bearer,
}

impl TokenType {
    /// The scheme word as it is sent.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bearer => "Bearer",
        }
    }
}

/// How long a token lives, counted from when the request for it was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenLife(Duration);

impl TokenLife {
    /// The issuer said so; clamped to `limits::TOKEN_LIFE`. `None` for a life of nothing.
    #[must_use]
    pub fn stated(seconds: u64) -> Option<Self> {
        (seconds > 0).then(|| Self(Duration::from_secs(seconds).min(limits::TOKEN_LIFE)))
    }

    /// The issuer did not say.
    #[must_use]
    pub fn unknown() -> Self {
        Self(limits::UNKNOWN_TOKEN_LIFE)
    }

    /// The length.
    #[must_use]
    pub fn duration(self) -> Duration {
        self.0
    }

    /// The earlier of two ends.
    #[must_use]
    pub fn min(self, other: Self) -> Self {
        Self(self.0.min(other.0))
    }
}

/// A token with everything the issuer said about it.
pub struct Token {
    /// The token itself.
    pub access: AccessToken,
    /// How to present it.
    pub kind: TokenType,
    /// How long it lives.
    pub life: TokenLife,
    /// The scope as the issuer stated it (RFC 6749 §5.1), where it did: words with single spaces
    /// between them, and without characters that act on a terminal.
    pub scope: Option<String>,
}

impl Token {
    /// Checks the characters of a token (RFC 6750 §2.1 `b64token`) and its length.
    ///
    /// # Errors
    /// [`Invalid::Token`].
    pub fn access(text: Zeroizing<String>) -> Result<AccessToken, Invalid> {
        let body = text.trim_end_matches('=');
        let fits = !body.is_empty()
            && text.len() <= limits::TOKEN
            && body.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~+/".contains(&b));
        if fits { Ok(AccessToken::new(text)) } else { Err(Invalid::Token) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_token(text: &str) -> bool {
        Token::access(Zeroizing::new(text.to_owned())).is_ok()
    }

    #[test]
    fn b64token_characters_make_a_token() {
        assert!(is_token("abc.DEF-012_~+/=="));
        assert!(is_token(&"a".repeat(limits::TOKEN)));
    }

    // R06
    #[test]
    fn anything_that_could_break_a_header_or_a_line_is_refused() {
        for text in ["", "=", "==", "a b", "a\r", "a\n", "a\0", "a\u{1b}", "\u{e9}", "a=b", "a\"b"]
        {
            assert!(!is_token(text), "{text:?}");
        }
        assert!(!is_token(&"a".repeat(limits::TOKEN + 1)));
    }

    #[test]
    fn a_life_is_clamped_to_a_day_and_never_nothing() {
        assert_eq!(TokenLife::stated(0), None);
        assert_eq!(TokenLife::stated(u64::MAX).map(TokenLife::duration), Some(limits::TOKEN_LIFE));
        assert_eq!(TokenLife::stated(60).map(|l| l.duration().as_secs()), Some(60));
    }
}
