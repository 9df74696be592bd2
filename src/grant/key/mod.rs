//! Private keys: read in the forms people have them, made here, and their public halves as JWK
//! (RFC 7517).

mod import;
mod public;

use p256::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, PrivateKeyInfo};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair};
use zeroize::Zeroizing;

pub use import::{Imported, certificate, import};
pub use public::{jwk, thumbprint};

use crate::model::Invalid;
use crate::secret::PrivateKey;

/// Bits of an RSA key that is made here: what services make for their users, too. It can be replaced
/// any day, and one of 3072 takes three times as long at every mint.
const RSA_BITS: usize = 2048;

/// The most that `ring` signs with: 4096 bits.
const MOST_RSA_BYTES: usize = 512;

const TOO_LARGE: Invalid = Invalid::Key("an RSA key that signs has 4096 bits at most");

/// What kind of key it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// RSA, of 2048 bits at least.
    Rsa,
    /// NIST P-256.
    P256,
    /// Ed25519.
    Ed25519,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Rsa, Self::P256, Self::Ed25519];

    /// Its spelling on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rsa => "rsa",
            Self::P256 => "p256",
            Self::Ed25519 => "ed25519",
        }
    }
}

/// The kind of a key.
///
/// # Errors
/// [`Invalid::Key`]: of another kind, or no key.
pub fn kind(key: &PrivateKey) -> Result<Kind, Invalid> {
    let found = PrivateKeyInfo::try_from(key.expose()).map_err(|_| Invalid::Key("no PKCS #8"))?;
    match found.algorithm.oid.to_string().as_str() {
        "1.2.840.113549.1.1.1" => Ok(Kind::Rsa),
        "1.2.840.10045.2.1" => Ok(Kind::P256),
        "1.3.101.112" => Ok(Kind::Ed25519),
        _ => Err(Invalid::Key("only RSA, P-256 and Ed25519 keys are known")),
    }
}

/// Makes a key.
///
/// # Errors
/// [`Invalid::Key`] where the system gives no random bytes.
pub fn generate(kind: Kind) -> Result<PrivateKey, Invalid> {
    const FAILED: Invalid = Invalid::Key("the system gives no random bytes");
    let random = SystemRandom::new();
    let der = |document: ring::pkcs8::Document| Zeroizing::new(document.as_ref().to_vec());
    let key = match kind {
        Kind::Rsa => {
            let key = rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, RSA_BITS);
            let key = key.map_err(|_| FAILED)?.to_pkcs8_der().map_err(|_| FAILED)?;
            Zeroizing::new(key.as_bytes().to_vec())
        }
        Kind::P256 => {
            let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random);
            der(made.map_err(|_| FAILED)?)
        }
        Kind::Ed25519 => der(Ed25519KeyPair::generate_pkcs8(&random).map_err(|_| FAILED)?),
    };
    Ok(PrivateKey::new(key))
}

/// A key from its PKCS #8 form, if it is one that can sign.
///
/// # Errors
/// [`Invalid::Key`].
pub fn checked(der: &[u8]) -> Result<PrivateKey, Invalid> {
    let key = PrivateKey::new(Zeroizing::new(der.to_vec()));
    let signs = match kind(&key)? {
        Kind::Rsa => ring::signature::RsaKeyPair::from_pkcs8(der).is_ok(),
        Kind::P256 => {
            p256::SecretKey::from_pkcs8_der(der).is_ok()
                && EcdsaKeyPair::from_pkcs8(
                    &ECDSA_P256_SHA256_FIXED_SIGNING,
                    der,
                    &SystemRandom::new(),
                )
                .is_ok()
        }
        Kind::Ed25519 => Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).is_ok(),
    };
    if signs {
        return Ok(key);
    }
    if rsa_bytes(der).is_some_and(|bytes| bytes > MOST_RSA_BYTES) {
        return Err(TOO_LARGE);
    }
    Err(Invalid::Key("an RSA key must have 2048 bits at least, and a key be whole"))
}

/// Bytes of the modulus; `None` where it is no RSA key, or not to be read.
fn rsa_bytes(der: &[u8]) -> Option<usize> {
    let found = PrivateKeyInfo::try_from(der).ok()?;
    let key = rsa::pkcs1::RsaPrivateKey::try_from(found.private_key).ok()?;
    Some(key.modulus.as_bytes().len())
}

/// The PEM form of a key, for whoever may have it (RFC 7468).
#[must_use]
pub fn to_pem(key: &PrivateKey) -> Zeroizing<String> {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let text = Zeroizing::new(STANDARD.encode(key.expose()));
    let mut pem = Zeroizing::new(String::with_capacity(text.len() + text.len() / 32 + 64));
    pem.push_str("-----BEGIN PRIVATE KEY-----\n");
    for line in text.as_bytes().chunks(64) {
        pem.push_str(&String::from_utf8_lossy(line));
        pem.push('\n');
    }
    pem.push_str("-----END PRIVATE KEY-----\n");
    pem
}
