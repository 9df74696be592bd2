//! Making a vault. `vault.json` is written last: until it is there, the vault was never born.

use super::open::{KEY, MEMBERS};
use super::{Descriptor, Error};
use crate::seal::{Added, Member, MemberKind, Members, OpeningKey, VaultId, VaultKeys};
use crate::store::{Expect, Store};
use jiff::Timestamp;

/// What a new vault is made of.
pub struct Founding<'a> {
    /// The first device's key; it signs, so its fingerprint is the vault's.
    pub device: &'a OpeningKey,
    /// The recovery key.
    pub recovery: &'a OpeningKey,
    /// A word for the device.
    pub label: &'a str,
    /// Now.
    pub at: Timestamp,
}

/// Whether a vault is in `store`, whole or not. Records without a `vault.json` count: their keys
/// must never be overwritten.
///
/// # Errors
/// [`Error::Store`].
pub fn is_born(store: &dyn Store) -> Result<bool, Error> {
    Ok(store.get(Descriptor::KEY)?.is_some() || !store.list_records()?.is_empty())
}

/// Which vault is in `store`, as `vault.json` says; `None` where there is no such file.
///
/// # Errors
/// [`Error::Sealed`], [`Error::Store`].
pub fn identify(store: &dyn Store) -> Result<Option<VaultId>, Error> {
    match store.get(Descriptor::KEY)? {
        Some(found) => Descriptor::parse(&found.bytes)?.id().map(Some),
        None => Ok(None),
    }
}

/// Makes a vault in `store`. What an interrupted founding left there is replaced.
///
/// # Errors
/// [`Error::Occupied`] where one is there already; [`Error::Sealed`], [`Error::Store`].
pub fn found(store: &dyn Store, founding: &Founding<'_>, place: &str) -> Result<(), Error> {
    if is_born(store)? {
        return Err(Error::Occupied(place.to_owned()));
    }
    let Founding { device, recovery, label, at } = founding;
    let keys = VaultKeys::generate(device.vault().clone(), *at)?;
    let added = Added { by: device, at: *at };
    let members = Members::founding(
        device.vault().clone(),
        vec![
            Member::holding(device, label, MemberKind::Person, &added),
            Member::holding(recovery, "recovery", MemberKind::Recovery, &added),
        ],
    );
    put(store, MEMBERS, &members.seal(&keys, device)?)?;
    put(store, KEY, &keys.seal(&members, device)?)?;
    let descriptor = Descriptor::new(device.vault()).to_bytes()?;
    Ok(store.put(Descriptor::KEY, &descriptor, Expect::Absent)?)
}

fn put(store: &dyn Store, key: &str, sealed: &[u8]) -> Result<(), Error> {
    match store.get(key)? {
        Some(leftover) => Ok(store.put(key, sealed, Expect::Digest(&leftover.digest))?),
        None => Ok(store.put(key, sealed, Expect::Absent)?),
    }
}
