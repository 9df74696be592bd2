//! Opening: keys, members and their history are checked before any profile is read.

use std::cell::RefCell;

use super::history::{self, Fault};
use super::pins::Unknown;
use super::{Descriptor, Error, Pins, Seen, Warning};
use crate::clock::Clock;
use crate::seal;
use crate::seal::{Fingerprint, IndexKey, MemberKind, Members, OpeningKey, Pin, VaultKeys, digest};
use crate::store::{self, Expect, Store};

pub(super) const KEY: &str = "key.age";
pub(super) const MEMBERS: &str = "members.age";

/// A vault that is open. There is no way to a profile without one.
pub struct OpenVault<'a> {
    pub(super) store: Box<dyn Store + 'a>,
    pub(super) keys: VaultKeys,
    pub(super) members: Members,
    pub(super) pins: Pins<'a>,
    pub(super) index_key: IndexKey,
    opened_by: Option<MemberKind>,
    pub(super) clock: &'a dyn Clock,
    pub(super) warnings: RefCell<Vec<Warning>>,
}

impl<'a> OpenVault<'a> {
    /// Opens the vault in `store` with `key`, which must be that of the vault `fingerprint` names.
    ///
    /// # Errors
    /// - [`Error::NotThere`], [`Error::Unborn`]: no vault, or one that was never finished.
    /// - [`Error::Sealed`]: the key opens nothing here, or an object is damaged or forged.
    /// - [`Error::History`]: the keys or the members are not those last known.
    pub fn open(
        store: Box<dyn Store + 'a>,
        key: &OpeningKey,
        fingerprint: &Fingerprint,
        pins: Pins<'a>,
        clock: &'a dyn Clock,
    ) -> Result<Self, Error> {
        let described = store.get(Descriptor::KEY)?;
        if let Some(described) = &described {
            let id = Descriptor::parse(&described.bytes)?.id()?;
            if id != *key.vault() {
                return Err(seal::Error::Misplaced("vault.json").into());
            }
        }
        let missing = |what| seal::Error::Damaged(what);
        let key_file = match (store.get(KEY)?, &described) {
            (Some(found), _) => found,
            // It was open here before, so it is no unfinished one.
            (None, None) if matches!(pins.get(KEY), Ok(None)) => return Err(Error::Unborn),
            (None, _) => return Err(missing(KEY).into()),
        };
        let member_file = store.get(MEMBERS)?.ok_or(missing(MEMBERS))?;
        let opened = VaultKeys::open(&key_file.bytes, key)?;
        let members = Members::open(&member_file.bytes, opened.unverified(), fingerprint)?;
        let keys = opened.verify(&members)?;
        let warnings = RefCell::default();
        let (index_key, opened_by) = (key.index_key(), members.kind_of(&key.verify_key()));
        let vault = Self { store, keys, members, pins, index_key, opened_by, clock, warnings };
        vault.check_root(KEY, vault.keys.sequence(), &key_file.digest)?;
        vault.check_root(MEMBERS, vault.members.sequence(), &member_file.digest)?;
        if described.is_none() {
            vault.mend_descriptor();
        }
        Ok(vault)
    }

    /// `vault.json` says nothing that `key.age` does not: one that was lost is written again.
    fn mend_descriptor(&self) {
        if let Ok(bytes) = Descriptor::new(self.keys.vault()).to_bytes() {
            let _next_time_then = self.store.put(Descriptor::KEY, &bytes, Expect::Absent);
        }
    }

    /// Whether this device's pins are still those that it was opened with; where not, it must be
    /// opened again.
    #[must_use]
    pub fn has_its_pins(&self) -> bool {
        self.pins.is_in_place()
    }

    /// Whether a recovery key opens this vault, too.
    #[must_use]
    pub fn has_recovery_key(&self) -> bool {
        self.members.has_kind(MemberKind::Recovery)
    }

    /// Whether it was the recovery key that opened it.
    #[must_use]
    pub fn is_open_by_recovery_key(&self) -> bool {
        self.opened_by == Some(MemberKind::Recovery)
    }

    /// What was noticed on the way; each is given once.
    pub fn take_warnings(&self) -> Vec<Warning> {
        self.warnings.take()
    }

    /// Judges an object against its pin, and moves the pin on where it is newer.
    pub(super) fn check(&self, path: &str, what: &str, seen: Option<&Seen>) -> Result<(), Error> {
        let pin = self.pin(path, what)?;
        let fault = |fault| Error::History { what: what.to_owned(), fault };
        history::judge(pin.as_ref(), seen).map_err(fault)?;
        if let Some(seen) = seen {
            let now = present(seen);
            if pin.as_ref() != Some(&now) {
                self.remember(path, &now);
            }
        }
        Ok(())
    }

    pub(super) fn pin(&self, path: &str, what: &str) -> Result<Option<Pin>, Error> {
        self.pins.get(path).map_err(|unknown| match unknown {
            Unknown::Forged => Error::History { what: what.to_owned(), fault: Fault::PinForged },
            Unknown::Disk(error) => Error::Store(store::Error::Disk(error)),
        })
    }

    pub(super) fn remember(&self, path: &str, pin: &Pin) {
        if let Err(error) = self.pins.set(path, pin) {
            self.warnings.borrow_mut().push(Warning::PinNotSaved(error));
        }
    }

    /// `key.age` and `members.age` are chained by their sequence alone: both are signed.
    fn check_root(&self, path: &str, sequence: u64, sha256: &str) -> Result<(), Error> {
        let pin = self.pin(path, path)?;
        let previous = pin.as_ref().map(|pin| pin.sha256.clone());
        let saved_at = pin
            .as_ref()
            .filter(|pin| pin.sha256 == sha256)
            .map_or_else(|| self.clock.wall(), |pin| pin.saved_at);
        let sha256 = sha256.to_owned();
        let ancestors = Vec::new();
        let seen = Seen { version: sequence, previous, ancestors, sha256, saved_at };
        self.check(path, path, Some(&seen))
    }
}

/// What is to be remembered of an object that is in order.
pub(super) fn present(seen: &Seen) -> Pin {
    let Seen { version, previous: _, ancestors: _, sha256, saved_at } = seen.clone();
    Pin { version, sha256, saved_at }
}

pub(super) fn seen(record: &seal::Record, sealed: &[u8]) -> Seen {
    Seen {
        version: record.version,
        previous: record.previous.clone(),
        ancestors: record.ancestors.clone(),
        sha256: digest(sealed),
        saved_at: record.saved_at,
    }
}
