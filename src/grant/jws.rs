//! Signed tokens of our own making: JWS in its compact form (RFC 7515), by `jsonwebtoken`, which lays
//! them out, and `ring`, which signs.

use std::sync::Once;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, KeyUtils};
use jsonwebtoken::errors::{Error as JwtError, ErrorKind};
use jsonwebtoken::signature::{Error as SignatureError, Signer};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256,
    RSA_PSS_SHA256, RsaEncoding, RsaKeyPair,
};
use serde::Serialize;
use zeroize::Zeroizing;

use super::key::{self, Kind};
use crate::model::{Invalid, Options};
use crate::secret::{ClientSecret, PrivateKey};

/// What the option `alg` is for.
pub(super) const ABOUT: &str = "how assertions are signed: RS256, PS256, ES256 or EdDSA";

/// Whether a text names a way to sign.
pub(super) fn is_algorithm(text: &str) -> bool {
    ["RS256", "PS256", "ES256", "EdDSA"].contains(&text)
}

/// Signs `claims` with a private key. How, and the id of the key, is said by the options `alg` and
/// `kid`; unless told otherwise, an RSA key signs with RS256.
///
/// # Errors
/// [`Invalid::Key`] where the key cannot sign in this way.
pub(super) fn sign(
    key: &PrivateKey,
    options: &Options,
    claims: &impl Serialize,
) -> Result<Zeroizing<String>, Invalid> {
    const OTHER: Invalid = Invalid::Key("it cannot sign in the way that `alg` says");
    let kind = key::kind(key)?;
    let (algorithm, content) = match (options.get("alg"), kind) {
        (None | Some("RS256"), Kind::Rsa) => {
            (Algorithm::RS256, EncodingKey::from_rsa_der(key.expose()))
        }
        (Some("PS256"), Kind::Rsa) => (Algorithm::PS256, EncodingKey::from_rsa_der(key.expose())),
        (None | Some("ES256"), Kind::P256) => {
            (Algorithm::ES256, EncodingKey::from_ec_der(key.expose()))
        }
        (None | Some("EdDSA"), Kind::Ed25519) => {
            (Algorithm::EdDSA, EncodingKey::from_ed_der(key.expose()))
        }
        _ => return Err(OTHER),
    };
    let header = Header { kid: options.get("kid").map(str::to_owned), ..Header::new(algorithm) };
    encode(&header, claims, &content)
}

/// Signs `claims` with a secret that both sides have (HS256).
///
/// # Errors
/// [`Invalid::Key`].
pub(super) fn sign_with_secret(
    secret: &ClientSecret,
    claims: &impl Serialize,
) -> Result<Zeroizing<String>, Invalid> {
    let key = EncodingKey::from_secret(secret.expose());
    encode(&Header::new(Algorithm::HS256), claims, &key)
}

fn encode(
    header: &Header,
    claims: &impl Serialize,
    key: &EncodingKey,
) -> Result<Zeroizing<String>, Invalid> {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // Nobody else in this process installs another.
        let _taken_already = PROVIDER.install_default();
    });
    let token = jsonwebtoken::encode(header, claims, key);
    token.map(Zeroizing::new).map_err(|_| Invalid::Key("it does not sign"))
}

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| Ok(Box::new(Ring::new(*algorithm, key)?)),
    // Nothing is verified here: that is for whoever accepts the token.
    verifier_factory: |_, _| Err(refused()),
    key_utils: KeyUtils::new_unimplemented(),
};

fn refused() -> JwtError {
    ErrorKind::InvalidAlgorithm.into()
}

/// A key that is ready to sign.
struct Ring {
    algorithm: Algorithm,
    pair: Pair,
}

enum Pair {
    Hmac(ring::hmac::Key),
    Rsa(&'static dyn RsaEncoding, Box<RsaKeyPair>),
    P256(Box<EcdsaKeyPair>),
    Ed25519(Box<Ed25519KeyPair>),
}

impl Ring {
    fn new(algorithm: Algorithm, key: &EncodingKey) -> Result<Self, JwtError> {
        let der = key.as_bytes();
        let rsa = |encoding| {
            let pair = RsaKeyPair::from_pkcs8(der).map_err(|_| refused())?;
            Ok::<_, JwtError>(Pair::Rsa(encoding, Box::new(pair)))
        };
        let pair = match algorithm {
            Algorithm::HS256 => Pair::Hmac(ring::hmac::Key::new(ring::hmac::HMAC_SHA256, der)),
            Algorithm::RS256 => rsa(&RSA_PKCS1_SHA256)?,
            Algorithm::PS256 => rsa(&RSA_PSS_SHA256)?,
            Algorithm::ES256 => Pair::P256(Box::new(p256(der)?)),
            Algorithm::EdDSA => {
                let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der);
                Pair::Ed25519(Box::new(pair.map_err(|_| refused())?))
            }
            _ => return Err(refused()),
        };
        Ok(Self { algorithm, pair })
    }
}

fn p256(der: &[u8]) -> Result<EcdsaKeyPair, JwtError> {
    let random = SystemRandom::new();
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der, &random).map_err(|_| refused())
}

impl Signer<Vec<u8>> for Ring {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, SignatureError> {
        let failed = |_| SignatureError::new();
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Hmac(key) => Ok(ring::hmac::sign(key, message).as_ref().to_vec()),
            Pair::Rsa(encoding, pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(*encoding, &random, message, &mut signature).map_err(failed)?;
                Ok(signature)
            }
            Pair::P256(pair) => {
                pair.sign(&random, message).map(|it| it.as_ref().to_vec()).map_err(failed)
            }
            Pair::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
        }
    }
}

impl JwtSigner for Ring {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

/// 128 random bits in base64url: a `jti`, a `state`, a `code_verifier`'s half.
///
/// # Errors
/// [`Invalid::Key`] where the system gives none.
pub(super) fn random_word() -> Result<String, Invalid> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(|_| Invalid::Key("the system gives no random bytes"))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}
