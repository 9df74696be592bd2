//! What a token says of itself. Its signature is never looked at and never shown: whether a token is
//! good is for whoever accepts it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::secret::AccessToken;

/// What kind of token it is, and what can be read of it without a key.
#[derive(Debug, Clone, PartialEq)]
pub enum Anatomy {
    /// A signed JWT (RFC 7519 over RFC 7515): header and claims.
    Jwt {
        /// The JOSE header.
        header: Map<String, Value>,
        /// The claims.
        claims: Map<String, Value>,
    },
    /// An encrypted one (RFC 7516): only its header can be read, also by us.
    Jwe {
        /// The JOSE header.
        header: Map<String, Value>,
    },
    /// Any other text.
    Opaque,
}

impl Anatomy {
    /// Takes `token` apart. What is not well-formed is opaque.
    #[must_use]
    pub fn of(token: &AccessToken) -> Self {
        let parts: Vec<&str> = token.expose().split('.').collect();
        let found = match parts.as_slice() {
            [header, claims, _] => object(header)
                .zip(object(claims))
                .map(|(header, claims)| Self::Jwt { header, claims }),
            [header, _, _, _, _] => object(header).map(|header| Self::Jwe { header }),
            _ => None,
        };
        found.unwrap_or(Self::Opaque)
    }
}

fn object(part: &str) -> Option<Map<String, Value>> {
    let json = Zeroizing::new(URL_SAFE_NO_PAD.decode(part).ok()?);
    serde_json::from_slice(&json).ok()
}

/// A scope of Instructure's identity service in its parts: the service, and what follows `name:`.
/// They stand between spaces or line ends.
pub fn scope_parts(scope: &str) -> impl Iterator<Item = (&str, &str)> {
    scope.split_whitespace().map(|word| word.split_once(':').unwrap_or(("service", word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn anatomy(text: &str) -> Anatomy {
        Anatomy::of(&AccessToken::new(Zeroizing::new(text.to_owned())))
    }

    #[test]
    fn only_what_is_well_formed_is_taken_apart() {
        let part = |json: &str| URL_SAFE_NO_PAD.encode(json);
        let (header, claims) = (part(r#"{"alg":"RS256"}"#), part(r#"{"sub":"s","exp":1}"#));
        let Anatomy::Jwt { claims: found, .. } = anatomy(&format!("{header}.{claims}.c2ln")) else {
            panic!("a JWT")
        };
        assert_eq!(found["exp"], 1);
        assert!(matches!(anatomy(&format!("{header}.a.b.c.d")), Anatomy::Jwe { .. }));
        for text in ["abc", "a.b.c", &format!("{header}.{claims}"), &format!("{header}.x.y"), ""] {
            assert_eq!(anatomy(text), Anatomy::Opaque, "{text}");
        }
    }

    #[test]
    fn a_scope_is_split_at_any_space() {
        let parts: Vec<_> = scope_parts("svc principal:p partner:x\nregion:r\n").collect();
        let expected = [("service", "svc"), ("principal", "p"), ("partner", "x"), ("region", "r")];
        assert_eq!(parts, expected);
    }
}
