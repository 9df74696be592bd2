//! The public half of a key, to be pasted where an issuer wants it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RsaKeyPair,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{Kind, kind};
use crate::model::Invalid;
use crate::secret::PrivateKey;

/// The public key as a JWK (RFC 7517) that signs, under the id that what it signs carries, if any.
///
/// # Errors
/// [`Invalid::Key`].
pub fn jwk(key: &PrivateKey, kid: Option<&str>, alg: Option<&str>) -> Result<Value, Invalid> {
    let (mut fields, usual) = bare(key)?;
    if let Some(fields) = fields.as_object_mut() {
        fields.insert("alg".to_owned(), alg.unwrap_or(usual).into());
        fields.insert("use".to_owned(), "sig".into());
        if let Some(kid) = kid {
            fields.insert("kid".to_owned(), kid.into());
        }
    }
    Ok(fields)
}

/// What RFC 7638 makes of the public key: SHA-256 of its required members, in base64url.
///
/// # Errors
/// [`Invalid::Key`].
pub fn thumbprint(key: &PrivateKey) -> Result<String, Invalid> {
    let (fields, _) = bare(key)?;
    // Its members are laid out in the order that §3 asks for.
    Ok(URL_SAFE_NO_PAD.encode(Sha256::digest(fields.to_string())))
}

/// The required members of the JWK, in lexical order, and how such a key usually signs.
fn bare(key: &PrivateKey) -> Result<(Value, &'static str), Invalid> {
    const UNREADABLE: Invalid = Invalid::Key("it cannot be read");
    let der = key.expose();
    let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    Ok(match kind(key)? {
        Kind::Rsa => {
            let pair = RsaKeyPair::from_pkcs8(der).map_err(|_| UNREADABLE)?;
            let public = ring::rsa::PublicKeyComponents::<Vec<u8>>::from(pair.public());
            (json!({ "e": text(&public.e), "kty": "RSA", "n": text(&public.n) }), "RS256")
        }
        Kind::P256 => {
            let random = SystemRandom::new();
            let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der, &random);
            let pair = pair.map_err(|_| UNREADABLE)?;
            // An uncompressed point: 4, x, y.
            let (x, y) = pair.public_key().as_ref().split_at(33);
            let x = text(x.get(1..).unwrap_or_default());
            (json!({ "crv": "P-256", "kty": "EC", "x": x, "y": text(y) }), "ES256")
        }
        Kind::Ed25519 => {
            let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).map_err(|_| UNREADABLE)?;
            let x = text(pair.public_key().as_ref());
            (json!({ "crv": "Ed25519", "kty": "OKP", "x": x }), "EdDSA")
        }
    })
}
