//! An opening key wrapped by a passphrase: an age file with one scrypt stanza.

use age::scrypt;
use age::secrecy::SecretString;
use zeroize::Zeroizing;

use super::{Caps, Error, OpeningKey, envelope};
use crate::limits;
use crate::secret::{IdentityText, Passphrase, Plaintext};

const WHAT: &str = "the wrapped opening key";

/// Wraps `key`. Takes about a second and 256 MiB.
///
/// # Errors
/// [`Error::NoRandomness`].
pub fn wrap(key: &IdentityText, passphrase: &Passphrase) -> Result<Vec<u8>, Error> {
    let mut recipient = scrypt::Recipient::new(secret(passphrase));
    recipient.set_work_factor(limits::SCRYPT_WORK_WRITTEN);
    let encryptor =
        age::Encryptor::with_recipients(std::iter::once(&recipient as &dyn age::Recipient))
            .map_err(|_| Error::Damaged(WHAT))?;
    envelope::write(encryptor, &Plaintext::new(Zeroizing::new(key.expose().as_bytes().to_vec())))
}

/// Unwraps it again. The header is checked before any work is done.
///
/// # Errors
/// - [`Error::WrongPassphrase`].
/// - [`Error::WorkFactor`], [`Error::Damaged`], [`Error::TextConversion`], [`Error::TooLarge`].
pub fn unwrap(wrapped: &[u8], passphrase: &Passphrase) -> Result<OpeningKey, Error> {
    let mut identity = scrypt::Identity::new(secret(passphrase));
    identity.set_max_work_factor(*limits::SCRYPT_WORK.end());
    let identity = std::iter::once(&identity as &dyn age::Identity);
    let opened = envelope::open(wrapped, identity, &Caps::passphrase(), WHAT);
    // To age, a passphrase that does not fit is a key like any other.
    let plain = opened.map_err(|error| match error {
        Error::WrongKey(_) => Error::WrongPassphrase,
        other => other,
    })?;
    let text = std::str::from_utf8(plain.expose()).map_err(|_| Error::Damaged(WHAT))?;
    OpeningKey::parse(&IdentityText::new(Zeroizing::new(text.to_owned())))
}

fn secret(passphrase: &Passphrase) -> SecretString {
    SecretString::from(passphrase.expose().to_owned())
}
