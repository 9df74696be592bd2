//! A profile: everything needed to mint, as one value.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::Date;

use super::untrusted::is_harmless;
use super::{AuthStyle, Credential, Endpoint, Invalid, ProfileName, Scopes};
use crate::limits;

/// One profile. It is sealed as one record, so that no part of it can be exchanged for another's.
pub struct Profile {
    /// Its name.
    pub name: ProfileName,
    /// The preset it was made from (`instructure`, `oauth2`): decides the grant.
    pub preset: String,
    /// Where tokens are minted.
    pub endpoint: Endpoint,
    /// The base URL of the service, for clients that take one (`DAP_API_URL`).
    pub base_url: Option<Endpoint>,
    /// How the client proves itself.
    pub auth: AuthStyle,
    /// Client id and secret.
    pub credential: Credential,
    /// Scopes asked for.
    pub scopes: Scopes,
    /// Audience asked for.
    pub audience: Option<String>,
    /// Resource asked for (RFC 8707).
    pub resource: Option<String>,
    /// Further form parameters, in order.
    pub params: Vec<(String, String)>,
    /// CA certificates (PEM) trusted for this profile beside the platform's.
    pub ca: Option<String>,
    /// Free text for people.
    pub label: Option<String>,
    /// Words to select by.
    pub tags: BTreeSet<Tag>,
    /// The last day the secret works, where the user knows it.
    pub secret_expires: Option<Date>,
    /// What may not be done with it.
    pub flags: Flags,
    /// When it was added.
    pub added_at: Timestamp,
    /// When it was last changed.
    pub changed_at: Timestamp,
}

/// Restrictions of a profile.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Flags {
    /// No command gives the secret out; only tokens leave.
    pub token_only: bool,
}

impl Profile {
    /// Checks what no single field can know.
    ///
    /// # Errors
    /// - [`Invalid::ColonInClientId`]: the style cannot carry the client id.
    /// - [`Invalid::TokenOnlyOverHttp`]: the secret would cross the loopback in the clear.
    pub fn check(&self) -> Result<(), Invalid> {
        self.credential.fits(self.auth)?;
        if self.flags.token_only && self.endpoint.is_plain_http() {
            return Err(Invalid::TokenOnlyOverHttp);
        }
        Ok(())
    }

    /// Reads a text that is shown to people: a label, an audience, a resource.
    ///
    /// # Errors
    /// [`Invalid::Text`].
    pub fn text(text: &str) -> Result<String, Invalid> {
        let fits = (1..=limits::TEXT).contains(&text.len()) && text.chars().all(is_harmless);
        if fits { Ok(text.to_owned()) } else { Err(Invalid::Text) }
    }

    /// Reads `KEY=VALUE`.
    ///
    /// # Errors
    /// [`Invalid::Parameter`], also for a parameter that the grant sets itself: RFC 6749 §3.2
    /// forbids to send one twice.
    pub fn parameter(text: &str) -> Result<(String, String), Invalid> {
        const OWN: [&str; 11] = [
            "grant_type",
            "client_id",
            "client_secret",
            "scope",
            "audience",
            "resource",
            // Secrets of other grants: they would be shown like any parameter.
            "assertion",
            "client_assertion",
            "password",
            "refresh_token",
            "secret",
        ];
        let (key, value) = text.split_once('=').ok_or(Invalid::Parameter)?;
        if key.is_empty()
            || text.len() > limits::TEXT
            || OWN.contains(&key)
            || !text.chars().all(is_harmless)
        {
            return Err(Invalid::Parameter);
        }
        Ok((key.to_owned(), value.to_owned()))
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_that_the_grant_sets_is_refused() {
        assert_eq!(Profile::parameter("a=b=c"), Ok(("a".into(), "b=c".into())));
        for text in ["scope=x", "grant_type=x", "client_secret=x", "=x", "x", "a=\n"] {
            assert_eq!(Profile::parameter(text), Err(Invalid::Parameter), "{text:?}");
        }
    }

    #[test]
    fn a_text_is_one_harmless_line() {
        assert!(Profile::text("Açme, Überlingen").is_ok());
        for text in ["", "a\u{1b}[2J", "a\nb", "a\u{202e}b", &"x".repeat(513)] {
            assert_eq!(Profile::text(text), Err(Invalid::Text), "{text:?}");
        }
    }
}
