//! Windows: the Credential Manager. It is open while the user is logged in.

use std::collections::HashMap;

use keyring_core::Entry;
use keyring_core::api::CredentialStoreApi as _;
use windows_native_keyring_store::Store;

use super::{Error, KeychainState, explain};

/// Never locked: an entry is open or not there.
pub(super) fn state(service: &str, user: &str) -> Result<KeychainState, Error> {
    match entry(service, user)?.get_attributes() {
        Ok(_) => Ok(KeychainState::Open),
        Err(keyring_core::Error::NoEntry) => Ok(KeychainState::Empty),
        Err(error) => Err(explain(error)),
    }
}

pub(super) fn entry(service: &str, user: &str) -> Result<Entry, Error> {
    // The store's own default would carry a device's key to other machines of a Windows domain.
    let stays_here = HashMap::from([("persistence", "local")]);
    Store::new().and_then(|store| store.build(service, user, Some(&stays_here))).map_err(explain)
}
