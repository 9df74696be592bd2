//! The opening key of a member: one age identity, from which its signing key is derived.

use std::fmt;
use std::str::FromStr;

use age::secrecy::ExposeSecret as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::binding::{self, base64, from_base64};
use super::{Error, IndexKey, PinKey, VERSION, VaultId};
use crate::secret::{IdentityText, SymmetricKey};

/// A member's key to one vault. What is stored of it is the identity, the vault's id and the
/// vault's fingerprint; everything else is derived.
pub struct OpeningKey {
    identity: age::x25519::Identity,
    vault: VaultId,
    fingerprint: Option<Fingerprint>,
}

impl OpeningKey {
    /// A new key for `vault`, whose fingerprint is not known yet or is `fingerprint`.
    #[must_use]
    pub fn generate(vault: VaultId, fingerprint: Option<Fingerprint>) -> Self {
        Self { identity: age::x25519::Identity::generate(), vault, fingerprint }
    }

    /// The vault it is for.
    #[must_use]
    pub fn vault(&self) -> &VaultId {
        &self.vault
    }

    /// The fingerprint that was stored with it.
    #[must_use]
    pub fn fingerprint(&self) -> Option<&Fingerprint> {
        self.fingerprint.as_ref()
    }

    /// The same key, with the vault's fingerprint beside it.
    #[must_use]
    pub fn with_fingerprint(self, fingerprint: Fingerprint) -> Self {
        Self { fingerprint: Some(fingerprint), ..self }
    }

    pub(super) fn identity(&self) -> &age::x25519::Identity {
        &self.identity
    }

    /// The public half of the identity.
    #[must_use]
    pub fn recipient(&self) -> age::x25519::Recipient {
        self.identity.to_public()
    }

    /// The public half of the signing key.
    #[must_use]
    pub fn verify_key(&self) -> VerifyKey {
        VerifyKey(self.signing_key().verifying_key())
    }

    /// The fingerprint of a vault that this key founds.
    #[must_use]
    pub fn founding_fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.vault, &self.verify_key())
    }

    pub(super) fn sign(&self, what: &str, body: &[u8]) -> Signed {
        let signature = self.signing_key().sign(&message(what, body));
        Signed {
            signed_by: self.verify_key().to_string(),
            signature: base64(&signature.to_bytes()).to_string(),
        }
    }

    /// 16 hex digits that tell this key from the vault's other ones, and tell nothing else.
    #[must_use]
    pub fn short_name(&self) -> String {
        let digest = Sha256::digest(self.verify_key().to_string().as_bytes());
        super::hex(digest.get(..8).unwrap_or_default())
    }

    /// The key that protects this device's pins.
    #[must_use]
    pub fn pin_key(&self) -> PinKey {
        let key = self.derived("pins");
        PinKey::new(SymmetricKey::new(Zeroizing::new(key.to_vec())))
    }

    /// The key that seals this device's index.
    #[must_use]
    pub fn index_key(&self) -> IndexKey {
        let key = self.derived("index");
        IndexKey::new(SymmetricKey::new(Zeroizing::new(key.to_vec())), &self.vault)
    }

    /// One line for a keychain: `mintage draft-3 <vault id> <fingerprint> <identity>`.
    #[must_use]
    pub fn to_line(&self) -> IdentityText {
        let identity = self.identity.to_string();
        let fingerprint = self.fingerprint.as_ref().map_or("-", Fingerprint::as_str);
        let vault = &self.vault;
        let line = format!("mintage {VERSION} {vault} {fingerprint} {}", identity.expose_secret());
        IdentityText::new(Zeroizing::new(line))
    }

    /// A file that stock `age -i` takes too: the vault's id and fingerprint as comments.
    #[must_use]
    pub fn to_file(&self, title: &str) -> IdentityText {
        let identity = self.identity.to_string();
        let fingerprint = self.fingerprint.as_ref().map_or("-", Fingerprint::as_str);
        let mut text = Zeroizing::new(String::with_capacity(512));
        for part in [
            "# mintage ",
            title,
            "\n# vault: ",
            self.vault.as_str(),
            "\n# fingerprint: ",
            fingerprint,
            "\n",
            identity.expose_secret(),
            "\n",
        ] {
            text.push_str(part);
        }
        IdentityText::new(text)
    }

    /// Reads either form back.
    ///
    /// # Errors
    /// [`Error::UnknownVersion`], [`Error::Damaged`].
    pub fn parse(text: &IdentityText) -> Result<Self, Error> {
        const WHAT: &str = "the opening key";
        let text = text.expose();
        let (vault, fingerprint, identity) = match text.strip_prefix("mintage ") {
            Some(line) => from_line(line, WHAT)?,
            None => from_file(text).ok_or(Error::Damaged(WHAT))?,
        };
        let fingerprint = match fingerprint {
            "-" => None,
            text => Some(text.parse()?),
        };
        let identity = identity.parse().map_err(|_| Error::Damaged(WHAT))?;
        Ok(Self { identity, vault: vault.parse()?, fingerprint })
    }

    fn signing_key(&self) -> SigningKey {
        SigningKey::from_bytes(&self.derived("member signing key"))
    }

    fn derived(&self, purpose: &str) -> Zeroizing<[u8; 32]> {
        let identity = self.identity.to_string();
        binding::derive(identity.expose_secret().as_bytes(), self.vault.as_str(), purpose)
    }
}

fn from_line<'a>(line: &'a str, what: &'static str) -> Result<(&'a str, &'a str, &'a str), Error> {
    let mut words = line.trim_end().split(' ');
    match (words.next(), words.next(), words.next(), words.next(), words.next()) {
        (Some(VERSION), Some(vault), Some(fingerprint), Some(identity), None) => {
            Ok((vault, fingerprint, identity))
        }
        (Some(version), ..) if version != VERSION => Err(Error::UnknownVersion(what)),
        _ => Err(Error::Damaged(what)),
    }
}

fn from_file(text: &str) -> Option<(&str, &str, &str)> {
    let comment = |name: &str| {
        text.lines().find_map(|line| line.strip_prefix("# ")?.strip_prefix(name)).map(str::trim)
    };
    let identity = text.lines().map(str::trim).find(|line| line.starts_with("AGE-SECRET-KEY-1"))?;
    Some((comment("vault:")?, comment("fingerprint:")?, identity))
}

/// The check line of a signed sheet.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Signed {
    pub(super) signed_by: String,
    signature: String,
}

impl Signed {
    /// Who claims to have signed.
    pub(super) fn signer(&self, what: &'static str) -> Result<VerifyKey, Error> {
        VerifyKey::parse(&self.signed_by).ok_or(Error::Damaged(what))
    }

    /// Checks the signature over `body` with the key it names (strictly: RFC 8032 §5.1.7 without
    /// small-order keys).
    pub(super) fn verify(&self, what: &'static str, body: &[u8]) -> Result<(), Error> {
        let bytes = from_base64(&self.signature, what)?;
        let signature = Signature::from_slice(&bytes).map_err(|_| Error::Damaged(what))?;
        let key = self.signer(what)?;
        key.0.verify_strict(&message(what, body), &signature).map_err(|_| Error::Forged(what))
    }
}

fn message(what: &str, body: &[u8]) -> Vec<u8> {
    let mut message = format!("mintage {VERSION} {what}\n").into_bytes();
    message.extend_from_slice(body);
    message
}

/// The public half of a member's signing key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyKey(VerifyingKey);

impl VerifyKey {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let bytes = from_base64(text, "a verify key").ok()?;
        let key = VerifyingKey::from_bytes(bytes.as_slice().try_into().ok()?).ok()?;
        Some(Self(key))
    }
}

impl fmt::Display for VerifyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base64(self.0.as_bytes()))
    }
}

/// Which vault it is, in one comparable word: `SHA256:` and the hash of the vault's id with its
/// founder's verify key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint(String);

impl Fingerprint {
    pub(super) fn of(vault: &VaultId, founder: &VerifyKey) -> Self {
        let text = format!("mintage {VERSION} fingerprint\n{vault}\n{founder}\n");
        Self(format!("SHA256:{}", STANDARD_NO_PAD.encode(Sha256::digest(text.as_bytes()))))
    }

    /// The fingerprint as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Fingerprint {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let decoded =
            text.strip_prefix("SHA256:").and_then(|rest| STANDARD_NO_PAD.decode(rest).ok());
        match decoded {
            Some(bytes) if bytes.len() == 32 => Ok(Self(text.to_owned())),
            _ => Err(Error::Damaged("the fingerprint")),
        }
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> OpeningKey {
        let key = OpeningKey::generate(VaultId::random().expect("random"), None);
        let fingerprint = key.founding_fingerprint();
        key.with_fingerprint(fingerprint)
    }

    #[test]
    fn an_opening_key_reads_back_from_both_forms() {
        let key = key();
        for text in [key.to_line(), key.to_file("recovery key")] {
            let again = OpeningKey::parse(&text).expect("well-formed");
            assert_eq!(again.verify_key(), key.verify_key());
            assert_eq!(again.vault(), key.vault());
            assert_eq!(again.fingerprint(), key.fingerprint());
        }
    }

    // K05
    #[test]
    fn the_keychain_line_fits_the_smallest_keychain() {
        assert!(key().to_line().len() * 2 <= 2560);
    }

    #[test]
    fn a_signature_holds_for_its_text_and_object_only() {
        let signed = key().sign("key.age", b"body");
        assert_eq!(signed.verify("key.age", b"body"), Ok(()));
        assert_eq!(signed.verify("key.age", b"bodY"), Err(Error::Forged("key.age")));
        assert_eq!(signed.verify("members.age", b"body"), Err(Error::Forged("members.age")));
    }

    #[test]
    fn another_version_or_a_cut_key_is_refused() {
        let line = key().to_line();
        let other = line.expose().replace(VERSION, "draft-0");
        let parse = |text: &str| OpeningKey::parse(&IdentityText::new(Zeroizing::new(text.into())));
        assert_eq!(parse(&other).err(), Some(Error::UnknownVersion("the opening key")));
        let cut = &line.expose()[..line.len() - 3];
        assert_eq!(parse(cut).err(), Some(Error::Damaged("the opening key")));
        assert_eq!(parse("").err(), Some(Error::Damaged("the opening key")));
    }
}
