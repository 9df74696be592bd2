//! The seal of the local index: a cache that only this device reads, so one symmetric key does what
//! age and a MAC do for the vault.

use chacha20poly1305::aead::{AeadInPlace as _, KeyInit as _};
use chacha20poly1305::{Tag, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use super::{Error, VERSION, VaultId};
use crate::secret::{Plaintext, SymmetricKey};

const WHAT: &str = "the index";
const NONCE: usize = 24;
const TAG: usize = 16;

/// The key of this device's index, derived from its opening key.
pub struct IndexKey {
    key: SymmetricKey,
    intro: String,
}

impl IndexKey {
    pub(super) fn new(key: SymmetricKey, vault: &VaultId) -> Self {
        Self { key, intro: format!("mintage {VERSION} index {vault}\n") }
    }

    /// Seals `plain`: an intro line, a random nonce, XChaCha20-Poly1305 with the intro as its
    /// associated data. Random nonces of 192 bits never meet under one key.
    ///
    /// # Errors
    /// [`Error::NoRandomness`].
    pub fn seal(&self, mut plain: Zeroizing<Vec<u8>>) -> Result<Vec<u8>, Error> {
        let mut nonce = [0_u8; NONCE];
        getrandom::fill(&mut nonce).map_err(|_| Error::NoRandomness)?;
        let tag = self
            .cipher()?
            .encrypt_in_place_detached(
                XNonce::from_slice(&nonce),
                self.intro.as_bytes(),
                &mut plain,
            )
            .map_err(|_| Error::TooLarge(WHAT))?;
        Ok([self.intro.as_bytes(), &nonce, tag.as_slice(), plain.as_slice()].concat())
    }

    /// Opens it again.
    ///
    /// # Errors
    /// [`Error::Damaged`]: another version, vault, device or content than was sealed.
    pub fn open(&self, sealed: &[u8]) -> Result<Plaintext, Error> {
        let parts = sealed.strip_prefix(self.intro.as_bytes()).and_then(|rest| {
            let (nonce, rest) = rest.split_at_checked(NONCE)?;
            let (tag, body) = rest.split_at_checked(TAG)?;
            Some((nonce, tag, body))
        });
        let (nonce, tag, body) = parts.ok_or(Error::Damaged(WHAT))?;
        let mut plain = Zeroizing::new(body.to_vec());
        self.cipher()?
            .decrypt_in_place_detached(
                XNonce::from_slice(nonce),
                self.intro.as_bytes(),
                &mut plain,
                Tag::from_slice(tag),
            )
            .map_err(|_| Error::Damaged(WHAT))?;
        Ok(Plaintext::new(plain))
    }

    fn cipher(&self) -> Result<XChaCha20Poly1305, Error> {
        XChaCha20Poly1305::new_from_slice(self.key.expose()).map_err(|_| Error::Damaged(WHAT))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::OpeningKey;

    #[test]
    fn an_index_opens_whole_with_its_own_key_only() {
        let key = OpeningKey::generate(VaultId::random().expect("random"), None);
        let sealed = key.index_key().seal(Zeroizing::new(b"names".to_vec())).expect("sealed");
        assert_eq!(key.index_key().open(&sealed).expect("opens").expose(), b"names");
        let other = OpeningKey::generate(key.vault().clone(), None);
        assert_eq!(other.index_key().open(&sealed).err(), Some(Error::Damaged(WHAT)));
        for index in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[index] ^= 1;
            assert!(key.index_key().open(&changed).is_err(), "byte {index}");
            assert!(key.index_key().open(&sealed[..index]).is_err(), "cut at {index}");
        }
    }
}
