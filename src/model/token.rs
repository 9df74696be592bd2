//! What an issuer returned.

use std::str::FromStr;
use std::time::Duration;

use zeroize::Zeroizing;

use super::Invalid;
use crate::limits;
use crate::secret::AccessToken;

/// How a token is presented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenType {
    /// RFC 6750: `Authorization: Bearer …`.
    Bearer,
    /// In a header of the service's own.
    Header(HeaderForm),
    /// In the query of the URL: the token is `name=value&…`, encoded as it is sent.
    Query,
}

const BEARER: &str = "Bearer";
const QUERY: &str = "query";

impl TokenType {
    /// Its name in listings: the scheme word, the header's name, or `query`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Bearer => BEARER,
            Self::Header(form) => form.name(),
            Self::Query => QUERY,
        }
    }

    /// The text that [`TokenType::parse`] reads.
    #[must_use]
    pub fn to_text(&self) -> &str {
        match self {
            Self::Header(form) => &form.0,
            other => other.as_str(),
        }
    }

    /// Reads what [`TokenType::to_text`] gives.
    ///
    /// # Errors
    /// [`Invalid::Option`].
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        match text {
            BEARER => Ok(Self::Bearer),
            QUERY => Ok(Self::Query),
            other => other.parse().map(Self::Header),
        }
    }
}

/// A header line with the place of the token in it: `Authorization: Token token={token}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderForm(String);

impl HeaderForm {
    const PLACE: &str = "{token}";

    /// The header's name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.split_once(':').map_or("", |(name, _)| name)
    }

    /// What stands before and after the token in the line.
    #[must_use]
    pub fn around(&self) -> (&str, &str) {
        self.0.split_once(Self::PLACE).unwrap_or((&self.0, ""))
    }
}

impl FromStr for HeaderForm {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        const RULE: Invalid =
            Invalid::Option("a header is written `Name: {token}`, with one `{token}` in its value");
        let is_name = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        let (name, value) = text.split_once(": ").ok_or(RULE)?;
        let fits = text.len() <= limits::TEXT
            && !name.is_empty()
            && name.bytes().all(is_name)
            && value.bytes().all(|b| b == b' ' || b.is_ascii_graphic())
            && value.matches(Self::PLACE).count() == 1;
        if fits { Ok(Self(text.to_owned())) } else { Err(RULE) }
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
    /// The same token once more, for whoever keeps it beside a lease.
    #[must_use]
    pub fn copy(&self) -> Self {
        let Self { access, kind, life, scope } = self;
        Self { access: access.copy(), kind: kind.clone(), life: *life, scope: scope.clone() }
    }

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

    /// Takes what need not be a bearer token: a key, a password, a signed query. Visible ASCII and
    /// single spaces between; nothing that ends a line or a header.
    ///
    /// # Errors
    /// [`Invalid::Token`].
    pub fn opaque(text: Zeroizing<String>) -> Result<AccessToken, Invalid> {
        let fits = (1..=limits::TOKEN).contains(&text.len())
            && text.trim() == text.as_str()
            && text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
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
    fn a_kind_reads_back_from_its_text() {
        for text in ["Bearer", "query", "X-Api-Key: {token}", "Authorization: Token token={token}"]
        {
            assert_eq!(
                TokenType::parse(text).map(|kind| kind.to_text().to_owned()),
                Ok(text.into())
            );
        }
        for text in ["X-Api-Key", "X: a", ": {token}", "A\nB: {token}", "A: {token}{token}"] {
            assert!(TokenType::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn what_need_not_be_a_bearer_token_still_breaks_no_line() {
        let opaque = |text: &str| Token::opaque(Zeroizing::new(text.to_owned())).is_ok();
        assert!(opaque("a b%2F&c=d") && opaque("p@ss word!"));
        for text in ["", " a", "a ", "a\nb", "a\u{1b}", "\u{e9}"] {
            assert!(!opaque(text), "{text:?}");
        }
    }

    #[test]
    fn a_life_is_clamped_to_a_day_and_never_nothing() {
        assert_eq!(TokenLife::stated(0), None);
        assert_eq!(TokenLife::stated(u64::MAX).map(TokenLife::duration), Some(limits::TOKEN_LIFE));
        assert_eq!(TokenLife::stated(60).map(|l| l.duration().as_secs()), Some(60));
    }
}
