//! The secret types: what must never be shown, copied without need, or left behind.
//!
//! Each has one way in (`new`) and one way out (`expose`), is wiped when dropped, and has no
//! `Debug`, `Display`, `Serialize`, `Clone` or `PartialEq`. The files that may call `expose` are
//! listed in `tests/architecture.rs`.
//!
//! ```
//! let secret = mintage::secret::ClientSecret::new(zeroize::Zeroizing::new(vec![1]));
//! assert_eq!(secret.len(), 1);
//! ```
//! None of these compiles:
//! ```compile_fail,E0277
//! let secret = mintage::secret::ClientSecret::new(zeroize::Zeroizing::new(vec![1]));
//! println!("{secret:?}");
//! ```
//! ```compile_fail,E0277
//! let secret = mintage::secret::ClientSecret::new(zeroize::Zeroizing::new(vec![1]));
//! println!("{secret}");
//! ```
//! ```compile_fail,E0599
//! let secret = mintage::secret::ClientSecret::new(zeroize::Zeroizing::new(vec![1]));
//! let copy = secret.clone();
//! ```
//! ```compile_fail,E0369
//! let secret = mintage::secret::ClientSecret::new(zeroize::Zeroizing::new(vec![1]));
//! assert!(secret == secret);
//! ```
//! ```compile_fail,E0277
//! let secret = mintage::secret::ClientSecret::new(zeroize::Zeroizing::new(vec![1]));
//! let text = serde_json::to_string(&secret);
//! ```

use secrecy::{ExposeSecret, SecretBox};
use zeroize::Zeroizing;

macro_rules! secret_bytes {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        pub struct $name(SecretBox<[u8]>);

        impl $name {
            /// Takes the bytes over. They are copied once into a block of their exact size, so that
            /// no spare capacity is left behind; the buffer given is wiped.
            #[must_use]
            pub fn new(bytes: Zeroizing<Vec<u8>>) -> Self {
                Self(SecretBox::new(Box::from(bytes.as_slice())))
            }

            /// The bytes themselves. Only files on the list in `tests/architecture.rs` may ask.
            #[must_use]
            pub fn expose(&self) -> &[u8] {
                self.0.expose_secret()
            }

            /// Length in bytes; this much may be shown.
            #[must_use]
            pub fn len(&self) -> usize {
                self.0.expose_secret().len()
            }

            /// Whether there is nothing in it.
            #[must_use]
            pub fn is_empty(&self) -> bool {
                self.len() == 0
            }

            /// Whether both hold the same bytes; the time it takes tells only whether they are as
            /// long as each other.
            #[must_use]
            pub fn is_same_as(&self, other: &Self) -> bool {
                let differing = self.expose().iter().zip(other.expose()).map(|(a, b)| a ^ b);
                self.len() == other.len() && differing.fold(0, |all, it| all | it) == 0
            }
        }
    };
}

macro_rules! secret_text {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        pub struct $name(SecretBox<str>);

        impl $name {
            /// Takes the text over. It is copied once into a block of its exact size, so that no
            /// spare capacity is left behind; the buffer given is wiped.
            #[must_use]
            pub fn new(text: Zeroizing<String>) -> Self {
                Self(SecretBox::new(Box::from(text.as_str())))
            }

            /// The text itself. Only files on the list in `tests/architecture.rs` may ask.
            #[must_use]
            pub fn expose(&self) -> &str {
                self.0.expose_secret()
            }

            /// Length in bytes; this much may be shown.
            #[must_use]
            pub fn len(&self) -> usize {
                self.0.expose_secret().len()
            }

            /// Whether there is nothing in it.
            #[must_use]
            pub fn is_empty(&self) -> bool {
                self.len() == 0
            }
        }
    };
}

secret_bytes! {
    /// What an issuer gave beside a client id. Any bytes, 1 to `limits::SECRET` of them: it is
    /// stored and sent exactly as it was given.
    ClientSecret
}

impl ClientSecret {
    /// A copy for whoever may be given any secret of the profile.
    #[must_use]
    pub fn as_field(&self) -> FieldSecret {
        FieldSecret::new(Zeroizing::new(self.expose().to_vec()))
    }
}

secret_bytes! {
    /// A further secret of a profile: a database URL, a signing key. Any bytes, kept as given.
    FieldSecret
}

secret_bytes! {
    /// A private key in PKCS #8 (DER): it signs, and is never sent.
    PrivateKey
}

secret_bytes! {
    /// The content of a sealed object once opened, or just before it is sealed.
    Plaintext
}

secret_bytes! {
    /// The body of an issuer's answer: it may hold a token, or echo a secret.
    ReplyBody
}

secret_bytes! {
    /// A body or header value that carries a credential to an issuer.
    Outgoing
}

secret_bytes! {
    /// A random symmetric key of the vault (32 bytes).
    SymmetricKey
}

secret_text! {
    /// A token as the issuer returned it: RFC 6750 `b64token` characters only.
    AccessToken
}

impl AccessToken {
    /// The same token once more, for whoever keeps it beside a lease.
    #[must_use]
    pub fn copy(&self) -> Self {
        Self(SecretBox::new(Box::from(self.expose())))
    }
}

secret_text! {
    /// What an issuer gives so that the next token needs no person (RFC 6749 §1.5).
    RefreshToken
}

impl RefreshToken {
    /// The same token once more: what is sent need not be what is kept.
    #[must_use]
    pub fn copy(&self) -> Self {
        Self(SecretBox::new(Box::from(self.expose())))
    }

    /// Whether both are the same.
    #[must_use]
    pub fn is_same_as(&self, other: &Self) -> bool {
        self.as_bytes().is_same_as(&other.as_bytes())
    }

    fn as_bytes(&self) -> FieldSecret {
        FieldSecret::new(Zeroizing::new(self.expose().as_bytes().to_vec()))
    }
}

secret_text! {
    /// What a person knows and types to unwrap an opening key.
    Passphrase
}

secret_text! {
    /// An age identity in its text form (`AGE-SECRET-KEY-1…`).
    IdentityText
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_comes_out_as_it_went_in() {
        let secret = ClientSecret::new(Zeroizing::new(vec![0, 255, b'\n', b':']));
        assert_eq!(secret.expose(), [0, 255, b'\n', b':']);
        assert_eq!(secret.len(), 4);
        assert!(!secret.is_empty());
    }

    #[test]
    fn secrets_are_compared_by_their_bytes() {
        let secret = |bytes: &[u8]| ClientSecret::new(Zeroizing::new(bytes.to_vec()));
        assert!(secret(b"abc").is_same_as(&secret(b"abc")));
        for other in [&b"abd"[..], b"ab", b"abcd", b""] {
            assert!(!secret(b"abc").is_same_as(&secret(other)));
        }
    }
}
