//! What an issuer handed out: a client id and its secret.

use std::fmt;
use std::str::FromStr;

use zeroize::Zeroizing;

use super::{AuthStyle, Invalid};
use crate::limits;
use crate::secret::ClientSecret;

/// A client id: public, but shown only where asked for. 1 to 1024 printable ASCII characters
/// without spaces (`us-east-1#…` of the Identity service is one).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ClientId(String);

impl ClientId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ClientId {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let fits = (1..=limits::CLIENT_ID).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_graphic());
        if fits { Ok(Self(text.to_owned())) } else { Err(Invalid::ClientId) }
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A client id with its secret: what a grant turns into a token.
pub struct Credential {
    client_id: ClientId,
    secret: ClientSecret,
}

impl Credential {
    /// Joins the two.
    ///
    /// # Errors
    /// [`Invalid::Secret`] where the secret is empty or above `limits::SECRET`.
    pub fn new(client_id: ClientId, secret: Zeroizing<Vec<u8>>) -> Result<Self, Invalid> {
        if !(1..=limits::SECRET).contains(&secret.len()) {
            return Err(Invalid::Secret);
        }
        Ok(Self { client_id, secret: ClientSecret::new(secret) })
    }

    /// The same secret under another client id.
    #[must_use]
    pub fn with_client_id(self, client_id: ClientId) -> Self {
        Self { client_id, ..self }
    }

    /// The public half.
    #[must_use]
    pub fn client_id(&self) -> &ClientId {
        &self.client_id
    }

    /// The secret half, still closed.
    #[must_use]
    pub fn secret(&self) -> &ClientSecret {
        &self.secret
    }

    /// Whether both are the same pair.
    #[must_use]
    pub fn is_same_as(&self, other: &Self) -> bool {
        self.client_id == other.client_id && self.secret.is_same_as(&other.secret)
    }

    /// Whether `style` can carry this credential.
    ///
    /// # Errors
    /// [`Invalid::ColonInClientId`]: RFC 7617 splits at the first colon, so raw Basic would send
    /// part of the id as the secret.
    pub fn fits(&self, style: AuthStyle) -> Result<(), Invalid> {
        if style == AuthStyle::BasicRaw && self.client_id.as_str().contains(':') {
            return Err(Invalid::ColonInClientId);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credential(id: &str, secret: &[u8]) -> Result<Credential, Invalid> {
        Credential::new(id.parse()?, Zeroizing::new(secret.to_vec()))
    }

    #[test]
    fn an_empty_or_huge_secret_is_refused() {
        assert_eq!(credential("id", b"").err(), Some(Invalid::Secret));
        assert_eq!(credential("id", &vec![7; limits::SECRET + 1]).err(), Some(Invalid::Secret));
        assert!(credential("id", &vec![7; limits::SECRET]).is_ok());
    }

    #[test]
    fn a_client_id_is_printable_ascii() {
        for text in ["", "a b", "a\n", "caf\u{e9}", "a\0"] {
            assert_eq!(text.parse::<ClientId>(), Err(Invalid::ClientId), "{text:?}");
        }
        assert!("us-east-1#0a1b".parse::<ClientId>().is_ok());
    }

    // H13
    #[test]
    fn raw_basic_refuses_an_id_with_a_colon() {
        let credential = credential("a:b", b"secret").expect("a credential");
        assert_eq!(credential.fits(AuthStyle::BasicRaw), Err(Invalid::ColonInClientId));
        assert_eq!(credential.fits(AuthStyle::Basic), Ok(()));
    }
}
