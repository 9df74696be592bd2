//! Linux: the Secret Service (gnome-keyring, KeePassXC, KWallet) over D-Bus.

use std::collections::HashMap;

use dbus_secret_service::{EncryptionType, SecretService};
use dbus_secret_service_keyring_store::Store;
use keyring_core::Entry;
use keyring_core::api::CredentialStoreApi as _;

use super::{Error, KeychainState, explain};

/// A plain session: nothing secret is asked for, and a Diffie-Hellman exchange costs more than all
/// the rest. A search never prompts.
pub(super) fn state(service: &str, user: &str) -> Result<KeychainState, Error> {
    let keychain = SecretService::connect(EncryptionType::Plain).map_err(unreachable)?;
    let attributes = HashMap::from([("service", service), ("username", user)]);
    let found = keychain.search_items(attributes).map_err(unreachable)?;
    if !found.unlocked.is_empty() {
        return Ok(KeychainState::Open);
    }
    if !found.locked.is_empty() {
        return Ok(KeychainState::Locked);
    }
    // A first entry goes into the default collection, which is made where there is none.
    let default = keychain.get_default_collection();
    match default.and_then(|collection| collection.is_locked()) {
        Ok(true) => Ok(KeychainState::Locked),
        Ok(false) | Err(dbus_secret_service::Error::NoResult) => Ok(KeychainState::Empty),
        Err(error) => Err(unreachable(error)),
    }
}

pub(super) fn entry(service: &str, user: &str) -> Result<Entry, Error> {
    Store::new().and_then(|store| store.build(service, user, None)).map_err(explain)
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that `map_err` takes")]
fn unreachable(error: dbus_secret_service::Error) -> Error {
    let text = error.to_string();
    // The library's words for "no session bus" are about X11.
    let why = if text.contains("autolaunch") {
        "this login has no session bus (`DBUS_SESSION_BUS_ADDRESS` is not set)".to_owned()
    } else {
        text
    };
    Error::Unreachable { why }
}
