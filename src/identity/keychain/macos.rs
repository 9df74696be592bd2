//! macOS: the login keychain. Which application may read an entry is the system's to ask.

use apple_native_keyring_store::keychain::Store;
use keyring_core::Entry;
use keyring_core::api::CredentialStoreApi as _;

use super::{Error, KeychainState, explain};

/// macOS shows its own prompts and tells nobody beforehand: an entry is open or not there.
pub(super) fn state(service: &str, user: &str) -> Result<KeychainState, Error> {
    match entry(service, user)?.get_attributes() {
        Ok(_) => Ok(KeychainState::Open),
        Err(keyring_core::Error::NoEntry) => Ok(KeychainState::Empty),
        Err(error) => Err(explain(error)),
    }
}

pub(super) fn entry(service: &str, user: &str) -> Result<Entry, Error> {
    Store::new().and_then(|store| store.build(service, user, None)).map_err(explain)
}
