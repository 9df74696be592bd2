//! How a client proves itself to a token endpoint.

use std::fmt;
use std::str::FromStr;

use super::Part;

/// The client authentication style. There is no way to guess it: servers that want one form refuse
/// the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AuthStyle {
    /// HTTP Basic with id and secret form-encoded first (RFC 6749 §2.3.1).
    Basic,
    /// HTTP Basic with id and secret as they are (Instructure's identity service, and others that
    /// never read the RFC).
    BasicRaw,
    /// `client_id` and `client_secret` in the form body.
    Post,
    /// An assertion signed with the client's private key (RFC 7523 §2.2).
    PrivateKeyJwt,
    /// An assertion signed with the client secret (RFC 7523 §2.2, HS256).
    ClientSecretJwt,
    /// The client's certificate, shown while the connection is made (RFC 8705 §2).
    Tls,
    /// A public client: its id alone, in the form body (RFC 6749 §2.1).
    None,
}

impl AuthStyle {
    /// Every style, in the order help shows them.
    pub const ALL: [Self; 7] = [
        Self::Basic,
        Self::BasicRaw,
        Self::Post,
        Self::PrivateKeyJwt,
        Self::ClientSecretJwt,
        Self::Tls,
        Self::None,
    ];

    /// What of a credential it shows to the issuer beside the client id.
    #[must_use]
    pub fn shows(self) -> Option<Part> {
        match self {
            Self::Basic | Self::BasicRaw | Self::Post | Self::ClientSecretJwt => Some(Part::Secret),
            Self::PrivateKeyJwt => Some(Part::Key),
            Self::Tls => Some(Part::Certificate),
            Self::None => None,
        }
    }

    /// Its spelling on the command line and in records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Basic => "basic",
            Self::BasicRaw => "basic-raw",
            Self::Post => "post",
            Self::PrivateKeyJwt => "private-key-jwt",
            Self::ClientSecretJwt => "client-secret-jwt",
            Self::Tls => "tls",
            Self::None => "none",
        }
    }
}

impl fmt::Display for AuthStyle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no style.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the authentication style is `basic`, `basic-raw`, `post`, `private-key-jwt`, \
     `client-secret-jwt`, `tls` or `none`"
)]
pub struct UnknownStyle;

impl FromStr for AuthStyle {
    type Err = UnknownStyle;

    fn from_str(text: &str) -> Result<Self, UnknownStyle> {
        Self::ALL.into_iter().find(|style| style.as_str() == text).ok_or(UnknownStyle)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_style_reads_back_from_its_spelling() {
        for style in AuthStyle::ALL {
            assert_eq!(style.as_str().parse(), Ok(style));
        }
        assert_eq!("BASIC".parse::<AuthStyle>(), Err(UnknownStyle));
    }
}
