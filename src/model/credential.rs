//! What an issuer handed out: a client id, and what proves it.

use std::fmt;
use std::str::FromStr;

use zeroize::Zeroizing;

use super::{AuthStyle, Invalid};
use crate::limits;
use crate::secret::{ClientSecret, PrivateKey, RefreshToken};

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

/// A part of a credential. Which parts there must be is decided by the grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The client id.
    ClientId,
    /// The client secret: a password or an API key, where the service calls it so.
    Secret,
    /// The private key that signs.
    Key,
    /// The client certificate with its key.
    Certificate,
    /// The refresh token.
    Refresh,
}

impl Part {
    /// Its name in a sentence.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ClientId => "client id",
            Self::Secret => "client secret",
            Self::Key => "private key",
            Self::Certificate => "client certificate",
            Self::Refresh => "refresh token",
        }
    }
}

/// A client's certificate with those above it (PEM), and its key.
pub struct Certificate {
    /// The certificates, the client's own first.
    pub chain: String,
    /// The key of the first.
    pub key: PrivateKey,
}

/// A client id with what proves it: what a grant turns into a token.
#[derive(Default)]
pub struct Credential {
    /// The public half.
    pub client_id: Option<ClientId>,
    /// The secret half.
    pub secret: Option<ClientSecret>,
    /// The key that signs in its place.
    pub key: Option<PrivateKey>,
    /// What is shown while a connection is made.
    pub certificate: Option<Certificate>,
    /// What a person's login left.
    pub refresh: Option<RefreshToken>,
}

impl Credential {
    /// A client id and its secret.
    ///
    /// # Errors
    /// [`Invalid::Secret`].
    pub fn new(client_id: ClientId, secret: Zeroizing<Vec<u8>>) -> Result<Self, Invalid> {
        let secret = Self::secret_of(secret)?;
        Ok(Self { client_id: Some(client_id), secret: Some(secret), ..Self::default() })
    }

    /// Takes a secret.
    ///
    /// # Errors
    /// [`Invalid::Secret`] where it is empty or above `limits::SECRET`.
    pub fn secret_of(bytes: Zeroizing<Vec<u8>>) -> Result<ClientSecret, Invalid> {
        let fits = (1..=limits::SECRET).contains(&bytes.len());
        if fits { Ok(ClientSecret::new(bytes)) } else { Err(Invalid::Secret) }
    }

    /// Takes a refresh token: 1 byte to `limits::SECRET` of visible characters and spaces
    /// (RFC 6749 Appendix A.17).
    ///
    /// # Errors
    /// [`Invalid::Refresh`].
    pub fn refresh_of(text: Zeroizing<String>) -> Result<RefreshToken, Invalid> {
        let fits = (1..=limits::SECRET).contains(&text.len())
            && text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
        if fits { Ok(RefreshToken::new(text)) } else { Err(Invalid::Refresh) }
    }

    /// Whether it has `part`.
    #[must_use]
    pub fn has(&self, part: Part) -> bool {
        match part {
            Part::ClientId => self.client_id.is_some(),
            Part::Secret => self.secret.is_some(),
            Part::Key => self.key.is_some(),
            Part::Certificate => self.certificate.is_some(),
            Part::Refresh => self.refresh.is_some(),
        }
    }

    /// The client id as text; empty where there is none.
    #[must_use]
    pub fn id(&self) -> &str {
        self.client_id.as_ref().map_or("", ClientId::as_str)
    }

    /// Whether both are the same in every part.
    #[must_use]
    pub fn is_same_as(&self, other: &Self) -> bool {
        let Self { client_id, secret, key, certificate, refresh } = self;
        *client_id == other.client_id
            && agree(secret.as_ref(), other.secret.as_ref(), ClientSecret::is_same_as)
            && agree(key.as_ref(), other.key.as_ref(), PrivateKey::is_same_as)
            && agree(certificate.as_ref(), other.certificate.as_ref(), |one, other| {
                one.chain == other.chain && one.key.is_same_as(&other.key)
            })
            && agree(refresh.as_ref(), other.refresh.as_ref(), RefreshToken::is_same_as)
    }

    /// Whether `style` can carry this credential.
    ///
    /// # Errors
    /// [`Invalid::ColonInClientId`]: RFC 7617 splits at the first colon, so raw Basic would send
    /// part of the id as the secret.
    pub fn fits(&self, style: AuthStyle) -> Result<(), Invalid> {
        if style == AuthStyle::BasicRaw && self.id().contains(':') {
            return Err(Invalid::ColonInClientId);
        }
        Ok(())
    }
}

fn agree<T>(one: Option<&T>, other: Option<&T>, same: impl Fn(&T, &T) -> bool) -> bool {
    match (one, other) {
        (None, None) => true,
        (Some(one), Some(other)) => same(one, other),
        _ => false,
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

    #[test]
    fn a_refresh_token_is_printable() {
        let refresh = |text: &str| Credential::refresh_of(Zeroizing::new(text.to_owned())).err();
        assert_eq!(refresh("1//0a b"), None);
        for text in ["", "a\n", "\u{e9}"] {
            assert_eq!(refresh(text), Some(Invalid::Refresh), "{text:?}");
        }
    }

    #[test]
    fn every_part_counts_in_a_comparison() {
        let one = || credential("id", b"s").expect("a credential");
        assert!(one().is_same_as(&one()));
        let refresh = Some(RefreshToken::new(Zeroizing::new("r".to_owned())));
        assert!(!one().is_same_as(&Credential { refresh, ..one() }));
        assert!(!one().is_same_as(&Credential { secret: None, ..one() }));
    }
}
