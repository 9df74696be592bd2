//! Systems without a keychain that we know of.

use keyring_core::Entry;

use super::{Error, KeychainState};

pub(super) fn state(_: &str, _: &str) -> Result<KeychainState, Error> {
    Err(nothing())
}

pub(super) fn entry(_: &str, _: &str) -> Result<Entry, Error> {
    Err(nothing())
}

fn nothing() -> Error {
    Error::Unreachable { why: "this system has no keychain that mintage knows".to_owned() }
}
