//! The client's side of signed assertions: keys made for one test, and tokens signed with them.

use std::io::Write as _;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ED25519, SignatureAlgorithm};
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA256,
    RSA_PSS_SHA256, RsaEncoding, RsaKeyPair,
};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::{Value, json};

/// How a key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    Rs256,
    Ps256,
    Es256,
    EdDsa,
}

impl Algorithm {
    /// As `alg` has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }
}

/// A fresh private key and its public half.
pub struct SigningKey {
    private_pem: String,
    public_pem: String,
}

impl SigningKey {
    /// RSA of 2048 bits, for `RS256` and `PS256`; by `openssl`, since `ring` makes none.
    pub fn rsa() -> Self {
        let bits = "rsa_keygen_bits:2048";
        let private_pem = openssl(&["genpkey", "-algorithm", "RSA", "-pkeyopt", bits], "");
        let public_pem = openssl(&["pkey", "-pubout"], &private_pem);
        Self { private_pem, public_pem }
    }

    /// For `ES256`.
    pub fn p256() -> Self {
        Self::generated(&PKCS_ECDSA_P256_SHA256)
    }

    /// For `EdDSA`.
    pub fn ed25519() -> Self {
        Self::generated(&PKCS_ED25519)
    }

    fn generated(algorithm: &'static SignatureAlgorithm) -> Self {
        let pair = KeyPair::generate_for(algorithm).expect("a key");
        Self { private_pem: pair.serialize_pem(), public_pem: pair.public_key_pem() }
    }

    /// PKCS #8.
    pub fn private_pem(&self) -> &str {
        &self.private_pem
    }

    /// `SubjectPublicKeyInfo`.
    pub fn public_pem(&self) -> &str {
        &self.public_pem
    }

    /// These claims signed with this key, which must fit `algorithm`.
    pub fn jwt(&self, algorithm: Algorithm, claims: &Value) -> String {
        let key = PrivatePkcs8KeyDer::from_pem_slice(self.private_pem.as_bytes()).expect("PKCS #8");
        let der = key.secret_pkcs8_der();
        compact(algorithm.name(), claims, |signed| match algorithm {
            Algorithm::Rs256 => rsa(der, &RSA_PKCS1_SHA256, signed),
            Algorithm::Ps256 => rsa(der, &RSA_PSS_SHA256, signed),
            Algorithm::Es256 => p256(der, signed),
            Algorithm::EdDsa => ed25519(der, signed),
        })
    }
}

/// These claims under an HS256 of this secret.
pub fn sealed_jwt(secret: &[u8], claims: &Value) -> String {
    compact("HS256", claims, |signed| {
        hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), signed).as_ref().to_vec()
    })
}

fn compact(algorithm: &str, claims: &Value, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let header = json!({"alg": algorithm, "typ": "JWT"});
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(&header), part(claims));
    let signature = sign(signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn rsa(der: &[u8], padding: &'static dyn RsaEncoding, signed: &[u8]) -> Vec<u8> {
    let key = RsaKeyPair::from_pkcs8(der).expect("an RSA key");
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(padding, &SystemRandom::new(), signed, &mut signature).expect("a signature");
    signature
}

fn p256(der: &[u8], signed: &[u8]) -> Vec<u8> {
    let random = SystemRandom::new();
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der, &random);
    let key = key.expect("a P-256 key");
    key.sign(&random, signed).expect("a signature").as_ref().to_vec()
}

fn ed25519(der: &[u8], signed: &[u8]) -> Vec<u8> {
    let key = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).expect("an Ed25519 key");
    key.sign(signed).as_ref().to_vec()
}

fn openssl(arguments: &[&str], input: &str) -> String {
    let mut command = Command::new("openssl");
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().expect("openssl starts");
    let mut pipe = child.stdin.take().expect("a pipe");
    pipe.write_all(input.as_bytes()).expect("openssl reads");
    drop(pipe);
    let output = child.wait_with_output().expect("openssl ends");
    assert!(output.status.success(), "openssl {} fails", arguments[0]);
    String::from_utf8(output.stdout).expect("PEM")
}
