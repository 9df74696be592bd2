//! Keyed hashes with a purpose each: MACs of records and pins, names of records, derived keys.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hkdf::Hkdf;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{Error, VERSION};
use crate::secret::SymmetricKey;

/// What a keyed hash is for; it is hashed first, so that none can stand in for another.
#[derive(Debug, Clone, Copy)]
pub(super) enum Purpose {
    Record,
    ProfileName,
    Pin,
}

impl Purpose {
    fn label(self) -> &'static str {
        match self {
            Self::Record => "record",
            Self::ProfileName => "profile name",
            Self::Pin => "pin",
        }
    }
}

/// HMAC-SHA256 under `key` over `mintage <version> <purpose> LF <context> LF <message>`.
pub(super) fn mac(key: &SymmetricKey, purpose: Purpose, context: &str, message: &[u8]) -> [u8; 32] {
    start(key, purpose, context, message).finalize().into_bytes().into()
}

/// Compares in constant time.
pub(super) fn is_mac(
    key: &SymmetricKey,
    purpose: Purpose,
    context: &str,
    message: &[u8],
    claimed: &[u8],
) -> bool {
    start(key, purpose, context, message).verify_slice(claimed).is_ok()
}

fn start(key: &SymmetricKey, purpose: Purpose, context: &str, message: &[u8]) -> Hmac<Sha256> {
    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length (RFC 2104)")]
    let mut hash = Hmac::<Sha256>::new_from_slice(key.expose()).expect("a key of any length");
    hash.update(format!("mintage {VERSION} {}\n{context}\n", purpose.label()).as_bytes());
    hash.update(message);
    hash
}

/// HKDF-SHA256 of `secret`, salted with the vault's id.
pub(super) fn derive(secret: &[u8], salt: &str, purpose: &str) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0_u8; 32]);
    let info = format!("mintage {VERSION} {purpose}");
    #[expect(clippy::expect_used, reason = "32 bytes is far below HKDF's limit of 8160")]
    Hkdf::<Sha256>::new(Some(salt.as_bytes()), secret)
        .expand(info.as_bytes(), key.as_mut_slice())
        .expect("a length that HKDF can give");
    key
}

/// 32 bytes from the system.
pub(super) fn random_key() -> Result<SymmetricKey, Error> {
    let mut bytes = Zeroizing::new(vec![0_u8; 32]);
    getrandom::fill(&mut bytes).map_err(|_| Error::NoRandomness)?;
    Ok(SymmetricKey::new(bytes))
}

pub(super) fn base64(bytes: &[u8]) -> Zeroizing<String> {
    Zeroizing::new(STANDARD.encode(bytes))
}

pub(super) fn from_base64(text: &str, what: &'static str) -> Result<Zeroizing<Vec<u8>>, Error> {
    STANDARD.decode(text).map(Zeroizing::new).map_err(|_| Error::Damaged(what))
}

pub(super) fn key_from_base64(text: &str, what: &'static str) -> Result<SymmetricKey, Error> {
    let bytes = from_base64(text, what)?;
    if bytes.len() == 32 { Ok(SymmetricKey::new(bytes)) } else { Err(Error::Damaged(what)) }
}
