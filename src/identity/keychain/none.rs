//! Systems without a keychain that we know of.

use super::{Error, KeychainState};
use crate::secret::IdentityText;

pub(super) fn state(_: &str, _: &str) -> Result<KeychainState, Error> {
    Err(nothing())
}

pub(super) fn load(_: &str, _: &str) -> Result<IdentityText, Error> {
    Err(nothing())
}

pub(super) fn save(_: &str, _: &str, _: &IdentityText) -> Result<(), Error> {
    Err(nothing())
}

pub(super) fn remove(_: &str, _: &str) -> Result<(), Error> {
    Err(nothing())
}

fn nothing() -> Error {
    Error::Unreachable { why: "this system has no keychain that mintage knows".to_owned() }
}
