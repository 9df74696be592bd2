//! A private key in the forms in which people are handed one: PEM (PKCS #8, PKCS #1, SEC 1), a JWK or
//! a set with one, and Google's file of a service account.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::pkcs8::EncodePrivateKey as _;
use rsa::BigUint;
use rsa::pkcs1::DecodeRsaPrivateKey as _;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::checked;
use crate::model::{Certificate, Endpoint, Invalid};
use crate::secret::PrivateKey;

const NOT_ONE: Invalid = Invalid::Key("give PEM, a JWK, or the JSON file of a service account");

/// Of any number in an RSA key that is looked at.
const MOST_BYTES: usize = 1024;

/// A key with what its file says beside.
pub struct Imported {
    /// The key.
    pub key: PrivateKey,
    /// Its id, for the header of what it signs.
    pub kid: Option<String>,
    /// Whose it is.
    pub client_id: Option<String>,
    /// Where it is good.
    pub token_endpoint: Option<Endpoint>,
    /// The way to sign that a JWK asks for.
    pub alg: Option<String>,
}

impl From<PrivateKey> for Imported {
    fn from(key: PrivateKey) -> Self {
        Self { key, kid: None, client_id: None, token_endpoint: None, alg: None }
    }
}

/// Reads a key in any of these forms.
///
/// # Errors
/// [`Invalid::Key`]: none of them, encrypted, or too weak.
pub fn import(bytes: &[u8]) -> Result<Imported, Invalid> {
    if bytes.trim_ascii_start().starts_with(b"{") { from_json(bytes) } else { from_pem(bytes) }
}

/// Reads a certificate and its key from one PEM file.
///
/// # Errors
/// [`Invalid::Certificate`], [`Invalid::Key`].
pub fn certificate(pem: &[u8]) -> Result<Certificate, Invalid> {
    let key = from_pem(pem)?.key;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let chain = chain.map_err(|_| Invalid::Certificate)?;
    if chain.is_empty() {
        return Err(Invalid::Certificate);
    }
    let text = |der: &CertificateDer<'_>| {
        let body = base64::engine::general_purpose::STANDARD.encode(der);
        let lines: Vec<_> = body.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
        let lines = lines.join("\n");
        format!("-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n")
    };
    Ok(Certificate { chain: chain.iter().map(text).collect(), key })
}

fn from_pem(bytes: &[u8]) -> Result<Imported, Invalid> {
    if bytes.windows(9).any(|word| word == b"ENCRYPTED") {
        return Err(Invalid::Key(
            "it is encrypted: take its passphrase away first (openssl pkey -in FILE)",
        ));
    }
    let found = PrivateKeyDer::from_pem_slice(bytes).map_err(|_| NOT_ONE)?;
    let key = match &found {
        PrivateKeyDer::Pkcs8(der) => checked(der.secret_pkcs8_der()),
        PrivateKeyDer::Pkcs1(der) => {
            let key = rsa::RsaPrivateKey::from_pkcs1_der(der.secret_pkcs1_der());
            pkcs8(&key.map_err(|_| NOT_ONE)?)
        }
        PrivateKeyDer::Sec1(der) => {
            let key = p256::SecretKey::from_sec1_der(der.secret_sec1_der());
            pkcs8(&key.map_err(|_| Invalid::Key("of the curves only P-256 is known"))?)
        }
        _ => Err(NOT_ONE),
    };
    key.map(Imported::from)
}

fn pkcs8(key: &impl p256::pkcs8::EncodePrivateKey) -> Result<PrivateKey, Invalid> {
    let der = key.to_pkcs8_der().map_err(|_| NOT_ONE)?;
    checked(der.as_bytes())
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Form {
    Account(Account),
    Set { keys: Vec<Jwk> },
    One(Jwk),
}

/// Google's: what `gcloud iam service-accounts keys create` writes.
#[derive(Deserialize)]
struct Account {
    private_key: Zeroizing<String>,
    private_key_id: Option<String>,
    client_email: String,
    token_uri: Option<String>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    crv: Option<String>,
    kid: Option<String>,
    alg: Option<String>,
    d: Option<Zeroizing<String>>,
    n: Option<String>,
    e: Option<String>,
    p: Option<Zeroizing<String>>,
    q: Option<Zeroizing<String>>,
}

fn from_json(bytes: &[u8]) -> Result<Imported, Invalid> {
    let form: Form = serde_json::from_slice(bytes).map_err(|_| NOT_ONE)?;
    match form {
        Form::Account(account) => from_account(account),
        Form::One(jwk) => from_jwk(jwk),
        Form::Set { keys } => {
            let mut keys = keys.into_iter().filter(|jwk| jwk.d.is_some());
            match (keys.next(), keys.next()) {
                (Some(jwk), None) => from_jwk(jwk),
                _ => Err(Invalid::Key("the set must have one private key in it")),
            }
        }
    }
}

fn from_account(account: Account) -> Result<Imported, Invalid> {
    let Account { private_key, private_key_id, client_email, token_uri } = account;
    let key = from_pem(private_key.as_bytes())?.key;
    let token_endpoint = token_uri.map(|url| url.parse()).transpose()?;
    let (kid, client_id) = (private_key_id, Some(client_email));
    Ok(Imported { kid, client_id, token_endpoint, ..Imported::from(key) })
}

fn from_jwk(jwk: Jwk) -> Result<Imported, Invalid> {
    if jwk.alg.as_ref().is_some_and(|alg| !super::super::jws::is_algorithm(alg)) {
        return Err(Invalid::Key("its `alg` is none of RS256, PS256, ES256 and EdDSA"));
    }
    let d = bytes(jwk.d.as_ref().map(|text| text.as_str()))
        .map_err(|_| Invalid::Key("the JWK is a public key"))?;
    let key = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
        ("RSA", _) => rsa_key(&jwk, &d)?,
        ("EC", Some("P-256")) => pkcs8(&p256::SecretKey::from_slice(&d).map_err(|_| NOT_ONE)?)?,
        ("OKP", Some("Ed25519")) => {
            let seed: [u8; 32] = d.as_slice().try_into().map_err(|_| NOT_ONE)?;
            let key = ed25519_dalek::SigningKey::from_bytes(&seed);
            checked(key.to_pkcs8_der().map_err(|_| NOT_ONE)?.as_bytes())?
        }
        _ => return Err(Invalid::Key("only RSA, P-256 and Ed25519 keys are known")),
    };
    Ok(Imported { kid: jwk.kid, alg: jwk.alg, ..Imported::from(key) })
}

fn rsa_key(jwk: &Jwk, d: &[u8]) -> Result<PrivateKey, Invalid> {
    let number = |text: Option<&str>| {
        let bytes = bytes(text)?;
        // What is no key at all may be as large as a file: nothing is reckoned with that.
        if bytes.len() > MOST_BYTES || d.len() > MOST_BYTES {
            return Err(super::TOO_LARGE);
        }
        Ok(BigUint::from_bytes_be(&bytes))
    };
    let prime = |text: &Option<Zeroizing<String>>| number(text.as_ref().map(|it| it.as_str()));
    let primes = match (&jwk.p, &jwk.q) {
        (Some(_), Some(_)) => vec![prime(&jwk.p)?, prime(&jwk.q)?],
        // RFC 7518 §6.3.2: they may be missing, and follow from the others.
        _ => Vec::new(),
    };
    let (n, e) = (number(jwk.n.as_deref())?, number(jwk.e.as_deref())?);
    let key = rsa::RsaPrivateKey::from_components(n, e, BigUint::from_bytes_be(d), primes);
    pkcs8(&key.map_err(|_| NOT_ONE)?)
}

fn bytes(text: Option<&str>) -> Result<Zeroizing<Vec<u8>>, Invalid> {
    let text = text.ok_or(NOT_ONE)?;
    URL_SAFE_NO_PAD.decode(text).map(Zeroizing::new).map_err(|_| NOT_ONE)
}
