//! Plain objects to sealed bytes and back: age, the versioned forms, MAC, signature and name binding.
//!
//! Every byte is specified in `docs/vault-format.md`. No I/O here.

mod binding;
mod credential;
mod envelope;
mod form;
mod index;
mod keys;
mod members;
mod names;
mod pin;
mod record;
mod sheet;
mod signer;
mod slot;
mod wrapped;

use std::fmt;
use std::str::FromStr;

pub use envelope::{Caps, digest, open, seal};
pub use index::IndexKey;
pub use keys::{Epoch, OpenedKeys, VaultKeys};
pub use members::{Added, Member, MemberKind, Members};
pub use pin::{Pin, PinKey};
pub use record::{Content, Record, RecordPath};
pub use signer::{Fingerprint, OpeningKey, VerifyKey};
pub use slot::{basis, origin};
pub use wrapped::{unwrap, wrap};

/// The format's version. Drafts carry a name, so that none is ever mistaken for the frozen one.
pub const VERSION: &str = "draft-3";

/// The generation of writers this program belongs to: a vault can ask for a later one.
pub const WRITER: u32 = 1;

/// A vault's own number: 128 random bits in lower-case hex.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct VaultId(String);

impl VaultId {
    /// A new one.
    ///
    /// # Errors
    /// [`Error::NoRandomness`].
    pub fn random() -> Result<Self, Error> {
        let mut bytes = [0_u8; 16];
        getrandom::fill(&mut bytes).map_err(|_| Error::NoRandomness)?;
        Ok(Self(hex(&bytes)))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for VaultId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let fits = text.len() == 32
            && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if fits { Ok(Self(text.to_owned())) } else { Err(Error::Damaged("the vault id")) }
    }
}

impl fmt::Display for VaultId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why sealed bytes were refused. They are never altered by the refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not what was written: cut, changed, or never ours.
    #[error("{0} is damaged")]
    Damaged(&'static str),
    /// Turned into text by some tool on its way (armour, line ends).
    #[error("{0} was altered by a text conversion")]
    TextConversion(&'static str),
    /// The MAC or signature is not that of someone who may write.
    #[error("{0} was not written by a member of this vault")]
    Forged(&'static str),
    /// It belongs in another place.
    #[error("{0} belongs to another vault or another name")]
    Misplaced(&'static str),
    /// None of the keys at hand opens it.
    #[error("the key does not open {0}")]
    WrongKey(&'static str),
    /// The passphrase does not open it.
    #[error("the passphrase is wrong")]
    WrongPassphrase,
    /// A later (or withdrawn) version of the format.
    #[error("{0} was written in a format that this version of mintage does not know")]
    UnknownVersion(&'static str),
    /// Above a cap of `limits.rs`.
    #[error("{0} is larger than mintage writes them")]
    TooLarge(&'static str),
    /// Opening it would cost too much, or too little to be ours.
    #[error("{0} asks for a work factor outside 10 to 18")]
    WorkFactor(&'static str),
    /// The system gives no random bytes.
    #[error("the system gives no random bytes")]
    NoRandomness,
}

/// Lower-case hex.
fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _writing_to_a_string_never_fails = write!(text, "{byte:02x}");
        text
    })
}
