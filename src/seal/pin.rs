//! What this device last knew of one object of the vault, under a MAC of its own.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::binding::{self, Purpose, base64, from_base64};
use super::{Error, VERSION};
use crate::secret::SymmetricKey;

const WHAT: &str = "a pin";

/// The key of this device's pins, derived from its opening key.
pub struct PinKey(SymmetricKey);

/// What is known of an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pin {
    /// The object's version.
    pub version: u64,
    /// SHA-256 of its sealed form.
    pub sha256: String,
    /// When that was saved.
    pub saved_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    v: String,
    pin: Pin,
    mac: String,
}

impl PinKey {
    pub(super) fn new(key: SymmetricKey) -> Self {
        Self(key)
    }

    /// The text of the pin file of the object at `path`.
    ///
    /// # Errors
    /// [`Error::Damaged`] never in practice: a pin is plain data.
    pub fn write(&self, path: &str, pin: &Pin) -> Result<Vec<u8>, Error> {
        let body = serde_json::to_vec(pin).map_err(|_| Error::Damaged(WHAT))?;
        let mac = base64(&binding::mac(&self.0, Purpose::Pin, path, &body)).to_string();
        let form = Form { v: VERSION.to_owned(), pin: pin.clone(), mac };
        serde_json::to_vec(&form).map_err(|_| Error::Damaged(WHAT))
    }

    /// Reads a pin file of the object at `path` back.
    ///
    /// # Errors
    /// [`Error::Damaged`], [`Error::UnknownVersion`], [`Error::Forged`].
    pub fn read(&self, path: &str, bytes: &[u8]) -> Result<Pin, Error> {
        let form: Form = serde_json::from_slice(bytes).map_err(|_| Error::Damaged(WHAT))?;
        if form.v != VERSION {
            return Err(Error::UnknownVersion(WHAT));
        }
        let body = serde_json::to_vec(&form.pin).map_err(|_| Error::Damaged(WHAT))?;
        let claimed = from_base64(&form.mac, WHAT)?;
        if !binding::is_mac(&self.0, Purpose::Pin, path, &body, &claimed) {
            return Err(Error::Forged(WHAT));
        }
        // One form only: JSON and times have several spellings of the same.
        if self.write(path, &form.pin)? == bytes { Ok(form.pin) } else { Err(Error::Damaged(WHAT)) }
    }
}
