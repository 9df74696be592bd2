//! The age layer: caps first, then the parser.

use std::io::{Read as _, Write as _};
use std::ops::RangeInclusive;

use age::{DecryptError, Decryptor, Encryptor};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::{Error, hex};
use crate::limits;
use crate::secret::Plaintext;

const INTRO: &[u8] = b"age-encryption.org/v1\n";

/// Seals `plain` to `recipients`.
///
/// # Errors
/// [`Error::TooLarge`] where the result would be above `limits::SEALED_OBJECT`.
pub fn seal<'a>(
    plain: &Plaintext,
    recipients: impl Iterator<Item = &'a age::x25519::Recipient>,
) -> Result<Vec<u8>, Error> {
    let encryptor = Encryptor::with_recipients(recipients.map(|r| r as &dyn age::Recipient))
        .map_err(|_| Error::Damaged("the list of recipients"))?;
    write(encryptor, plain)
}

pub(super) fn write(encryptor: Encryptor, plain: &Plaintext) -> Result<Vec<u8>, Error> {
    // Writing into memory fails only for want of memory or randomness.
    let failed = |_: std::io::Error| Error::NoRandomness;
    let mut sealed = Vec::with_capacity(plain.len() + 1024);
    let mut writer = encryptor.wrap_output(&mut sealed).map_err(failed)?;
    writer.write_all(plain.expose()).map_err(failed)?;
    writer.finish().map_err(failed)?;
    if sealed.len() as u64 > limits::SEALED_OBJECT {
        return Err(Error::TooLarge("the object"));
    }
    Ok(sealed)
}

/// What a sealed object may be, checked before the parser sees it.
#[derive(Debug, Clone)]
pub struct Caps {
    /// Its size in bytes.
    pub bytes: u64,
    /// Its header in bytes.
    pub header: usize,
    /// X25519 stanzas.
    pub x25519: usize,
    /// Work factors of a scrypt stanza, where it may have one; then it has no other stanza.
    pub scrypt: Option<RangeInclusive<u8>>,
}

impl Caps {
    /// An object sealed to at most `stanzas` recipients.
    #[must_use]
    pub fn recipients(stanzas: usize) -> Self {
        let header = limits::AGE_HEADER_PER_STANZA * (stanzas + 1);
        Self { bytes: limits::SEALED_OBJECT, header, x25519: stanzas, scrypt: None }
    }

    /// An object wrapped by a passphrase.
    #[must_use]
    pub fn passphrase() -> Self {
        let header = 2 * limits::AGE_HEADER_PER_STANZA;
        let scrypt = Some(limits::SCRYPT_WORK);
        Self { bytes: limits::SEALED_OBJECT, header, x25519: 0, scrypt }
    }
}

/// Opens `sealed` within `caps`. `what` names the object in errors. Nothing is released unless all
/// of it is authentic.
///
/// # Errors
/// - [`Error::TooLarge`], [`Error::WorkFactor`], [`Error::TextConversion`], [`Error::Damaged`]:
///   refused before or by age.
/// - [`Error::WrongKey`], [`Error::WrongPassphrase`]: sealed to others.
pub fn open<'a>(
    sealed: &[u8],
    identities: impl Iterator<Item = &'a dyn age::Identity>,
    caps: &Caps,
    what: &'static str,
) -> Result<Plaintext, Error> {
    if sealed.len() as u64 > caps.bytes {
        return Err(Error::TooLarge(what));
    }
    Header::scan(sealed, caps.header, what)?.check(caps, what)?;
    // `new_buffered`: `new` parses the header again for every few bytes.
    let decryptor = Decryptor::new_buffered(sealed).map_err(|e| explain(&e, what))?;
    let mut reader = decryptor.decrypt(identities).map_err(|e| explain(&e, what))?;
    // Of full size from the start, so that growing leaves no copies.
    let mut plain = Zeroizing::new(Vec::with_capacity(sealed.len()));
    reader.read_to_end(&mut plain).map_err(|_| Error::Damaged(what))?;
    Ok(Plaintext::new(plain))
}

/// How many members `key.age` is sealed to.
pub(super) fn count_x25519(sealed: &[u8], what: &'static str) -> Result<usize, Error> {
    Header::scan(sealed, limits::AGE_HEADER, what).map(|header| header.x25519)
}

/// SHA-256 of sealed bytes, in hex: what pins and the chain of versions hold.
#[must_use]
pub fn digest(sealed: &[u8]) -> String {
    hex(&Sha256::digest(sealed))
}

fn explain(error: &DecryptError, what: &'static str) -> Error {
    match error {
        DecryptError::NoMatchingKeys => Error::WrongKey(what),
        // Only a scrypt stanza fails in this way; no other key may be tried on it.
        DecryptError::DecryptionFailed | DecryptError::KeyDecryptionFailed => {
            Error::WrongPassphrase
        }
        DecryptError::ExcessiveWork { .. } => Error::WorkFactor(what),
        _ => Error::Damaged(what),
    }
}

/// What a header announces, found without parsing it for real: the real parser's time grows with
/// the square of the number of stanzas.
struct Header {
    x25519: usize,
    /// The work factor, as written.
    scrypt: Option<String>,
    grease: usize,
    others: usize,
}

impl Header {
    fn scan(sealed: &[u8], cap: usize, what: &'static str) -> Result<Self, Error> {
        let Some(rest) = sealed.strip_prefix(INTRO) else {
            return Err(not_age(sealed, what));
        };
        let head = rest.get(..cap.min(rest.len())).unwrap_or(rest);
        let mut header = Self { x25519: 0, scrypt: None, grease: 0, others: 0 };
        for line in head.split(|byte| *byte == b'\n') {
            if line.starts_with(b"---") {
                return Ok(header);
            }
            if let Some(arguments) = line.strip_prefix(b"-> ") {
                header.count(arguments);
            }
            if header.x25519 + header.others > limits::KEY_STANZAS + 1 {
                return Err(Error::TooLarge(what));
            }
        }
        Err(if rest.len() > cap { Error::TooLarge(what) } else { Error::Damaged(what) })
    }

    fn check(&self, caps: &Caps, what: &'static str) -> Result<(), Error> {
        let Self { x25519, scrypt, grease, others } = self;
        if *others > 0 || *grease > 1 || *x25519 > caps.x25519 {
            return Err(Error::Damaged(what));
        }
        match (scrypt, &caps.scrypt) {
            (None, _) => Ok(()),
            (Some(work), Some(range)) if *x25519 == 0 => {
                // As age writes it: no sign, no leading zero.
                let canonical = work.bytes().all(|b| b.is_ascii_digit()) && !work.starts_with('0');
                let within = work.parse().is_ok_and(|work| range.contains(&work));
                if canonical && within { Ok(()) } else { Err(Error::WorkFactor(what)) }
            }
            (Some(_), _) => Err(Error::Damaged(what)),
        }
    }

    fn count(&mut self, arguments: &[u8]) {
        let mut words = arguments.split(|byte| *byte == b' ');
        match words.next() {
            Some(b"X25519") => self.x25519 += 1,
            Some(b"scrypt") if self.scrypt.is_none() => {
                let work = words.nth(1).unwrap_or_default();
                self.scrypt = Some(String::from_utf8_lossy(work).into_owned());
            }
            // Every age writer of ours adds one stanza that means nothing, against ossified readers.
            Some(tag) if tag.ends_with(b"-grease") => self.grease += 1,
            _ => self.others += 1,
        }
    }
}

fn not_age(sealed: &[u8], what: &'static str) -> Error {
    let is_text =
        sealed.starts_with(b"-----BEGIN AGE") || sealed.starts_with(b"age-encryption.org/v1\r\n");
    if is_text { Error::TextConversion(what) } else { Error::Damaged(what) }
}
