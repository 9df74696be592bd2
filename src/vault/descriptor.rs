//! `vault.json`: what may be known of a vault without any key. Nothing in it is believed: the copy
//! inside `key.age` decides.

use serde::{Deserialize, Serialize};

use super::Error;
use crate::seal::{self, VERSION, VaultId, WRITER};

const FORMAT: &str = "mintage vault";
const WHAT: &str = "vault.json";

/// The content of `vault.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Descriptor {
    format: String,
    v: String,
    id: String,
    oldest_writer: u32,
}

impl Descriptor {
    /// Where it lies in a store.
    pub const KEY: &str = "vault.json";

    pub(super) fn new(id: &VaultId) -> Self {
        let (format, v) = (FORMAT.to_owned(), VERSION.to_owned());
        Self { format, v, id: id.to_string(), oldest_writer: WRITER }
    }

    pub(super) fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        let mut bytes = serde_json::to_vec(self).map_err(|_| seal::Error::Damaged(WHAT))?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// Reads it: exactly the bytes that were written.
    ///
    /// # Errors
    /// [`seal::Error::UnknownVersion`], [`seal::Error::TextConversion`], [`seal::Error::Damaged`].
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        #[derive(Deserialize)]
        struct Stated {
            format: String,
            v: String,
        }
        let damaged = |_| seal::Error::Damaged(WHAT);
        let stated: Stated = serde_json::from_slice(bytes).map_err(damaged)?;
        if stated.format != FORMAT {
            return Err(seal::Error::Damaged(WHAT).into());
        }
        if stated.v != VERSION {
            return Err(seal::Error::UnknownVersion(WHAT).into());
        }
        let known: Self = serde_json::from_slice(bytes).map_err(damaged)?;
        // One form only: a cut or converted file must not pass because JSON is lenient.
        if known.to_bytes()? == bytes {
            Ok(known)
        } else if bytes.contains(&b'\r') {
            Err(seal::Error::TextConversion(WHAT).into())
        } else {
            Err(seal::Error::Damaged(WHAT).into())
        }
    }

    /// The vault's id.
    ///
    /// # Errors
    /// [`seal::Error::Damaged`].
    pub fn id(&self) -> Result<VaultId, Error> {
        Ok(self.id.parse()?)
    }
}
