//! JSON Web Tokens as they arrive: taken apart, and their signatures checked.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256,
    UnparsedPublicKey, VerificationAlgorithm,
};
use rustls::pki_types::SubjectPublicKeyInfoDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::Value;

/// A public key that a client has registered.
#[derive(Clone)]
pub struct PublicKey(Vec<u8>);

impl PublicKey {
    /// From `BEGIN PUBLIC KEY`.
    pub fn from_pem(pem: &str) -> Self {
        let info = SubjectPublicKeyInfoDer::from_pem_slice(pem.as_bytes()).expect("a public key");
        Self(key_bits(&info).expect("a public key's fields").to_vec())
    }

    fn verifies(&self, algorithm: &str, signed: &str, signature: &[u8]) -> bool {
        let algorithm: &'static dyn VerificationAlgorithm = match algorithm {
            "RS256" => &RSA_PKCS1_2048_8192_SHA256,
            "PS256" => &RSA_PSS_2048_8192_SHA256,
            "ES256" => &ECDSA_P256_SHA256_FIXED,
            "EdDSA" => &ED25519,
            _ => return false,
        };
        UnparsedPublicKey::new(algorithm, &self.0).verify(signed.as_bytes(), signature).is_ok()
    }
}

/// A compact JWS whose header and claims are JSON objects. Nothing is checked yet.
pub struct Jwt {
    pub header: Value,
    pub claims: Value,
    signed: String,
    signature: Vec<u8>,
}

impl Jwt {
    pub fn parse(text: &str) -> Option<Self> {
        let (signed, signature) = text.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        Some(Self {
            header: object(header)?,
            claims: object(claims)?,
            signed: signed.to_owned(),
            signature: URL_SAFE_NO_PAD.decode(signature).ok()?,
        })
    }

    /// The parsed bytes of a form field.
    pub fn of_field(field: Option<Vec<u8>>) -> Option<Self> {
        Self::parse(str::from_utf8(&field?).ok()?)
    }

    pub fn algorithm(&self) -> &str {
        self.header["alg"].as_str().unwrap_or_default()
    }

    /// A claim that is a string.
    pub fn text(&self, claim: &str) -> Option<&str> {
        self.claims[claim].as_str()
    }

    /// A claim that is a whole number.
    pub fn number(&self, claim: &str) -> Option<i64> {
        self.claims[claim].as_i64()
    }

    /// Whether `aud` is one of these or an array with one of them in it.
    pub fn is_for(&self, audiences: &[String]) -> bool {
        let is_known = |audience: &Value| audiences.iter().any(|known| audience == known.as_str());
        match &self.claims["aud"] {
            Value::Array(named) => named.iter().any(is_known),
            named => is_known(named),
        }
    }

    /// Whether this key made the signature, in the way that the header says.
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        key.verifies(self.algorithm(), &self.signed, &self.signature)
    }

    /// Whether it is an HS256 under this secret.
    pub fn is_sealed_with(&self, secret: &[u8]) -> bool {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        self.algorithm() == "HS256"
            && hmac::verify(&key, self.signed.as_bytes(), &self.signature).is_ok()
    }
}

fn object(part: &str) -> Option<Value> {
    let value: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()?;
    value.is_object().then_some(value)
}

/// The bit string at the end of a `SubjectPublicKeyInfo`: what `ring` takes for a key.
fn key_bits(info: &[u8]) -> Option<&[u8]> {
    let (fields, _) = element(info, 0x30)?;
    let (_algorithm, rest) = element(fields, 0x30)?;
    let (bits, _) = element(rest, 0x03)?;
    bits.strip_prefix(&[0])
}

/// The content of the DER element in front, and what follows it.
fn element(der: &[u8], wanted: u8) -> Option<(&[u8], &[u8])> {
    let (&[tag, first], mut rest) = der.split_first_chunk()?;
    let mut length = usize::from(first);
    if first >= 0x80 {
        let (digits, after) = rest.split_at_checked(usize::from(first & 0x7f))?;
        length = digits.iter().fold(0, |sum, digit| sum << 8 | usize::from(*digit));
        rest = after;
    }
    if tag == wanted { rest.split_at_checked(length) } else { None }
}
