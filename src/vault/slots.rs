//! Slots: what the last mint for a profile left for the next one, by whatever process and device. They
//! are records like the profiles', beside them: sealed, pinned, and changed only from what was read.

use std::time::Duration;

use super::records::Sealed;
use super::{Error, OpenVault};
use crate::disk::Lock;
use crate::limits;
use crate::model::{Profile, Slot};
use crate::seal::{self, Content, Record, RecordPath};
use crate::store::{self, Stamp};

/// A slot as it was read, and what must still be there when it is written.
pub struct Held {
    /// What is in it; `None` where there is nothing for this profile.
    pub slot: Option<Slot>,
    before: Option<Sealed>,
}

impl Held {
    /// One that is in no vault.
    #[must_use]
    pub fn of(slot: Option<Slot>) -> Self {
        Self { slot, before: None }
    }
}

/// Keeps other processes of this device from a slot, as long as it lives.
pub struct SlotLock {
    _held: Lock,
}

impl OpenVault<'_> {
    /// The slot of `profile`. One that was left by another login, or for another place, is none.
    ///
    /// # Errors
    /// [`Error::Sealed`], [`Error::History`], [`Error::Store`].
    pub fn slot(&self, profile: &Profile) -> Result<Held, Error> {
        let path = self.path_of(&profile.name).slot();
        let mut held = self.slot_at(&path)?;
        let origin = seal::origin(profile);
        held.slot = held.slot.filter(|slot| slot.origin == origin);
        Ok(held)
    }

    /// Keeps `slot` durably in place of what was read.
    ///
    /// # Errors
    /// [`store::Error::Conflict`] where it was changed since; [`Error::TooOldToWrite`];
    /// [`Error::Store`] where it could not be saved.
    pub fn keep_slot(&self, profile: &Profile, held: &Held, slot: Slot) -> Result<(), Error> {
        self.may_write()?;
        let path = self.path_of(&profile.name).slot();
        let slot = Slot { origin: seal::origin(profile), ..slot };
        self.save(held.before.as_ref(), &path, Content::Slot(Box::new(slot)))?;
        Ok(())
    }

    /// Takes the token that is kept in the slot of the profile at `path` out of it; what it is minted
    /// with stays.
    ///
    /// # Errors
    /// As [`OpenVault::keep_slot`].
    pub fn forget_kept(&self, path: &RecordPath) -> Result<(), Error> {
        let path = path.slot();
        let held = self.slot_at(&path)?;
        match held.slot {
            Some(slot) if slot.kept.is_some() => {
                let slot = Slot { kept: None, ..slot };
                self.may_write()?;
                self.save(held.before.as_ref(), &path, Content::Slot(Box::new(slot))).map(drop)
            }
            _ => Ok(()),
        }
    }

    /// What changes whenever the slot of the profile at `path` does; `None` where that cannot be told.
    #[must_use]
    pub fn slot_stamp(&self, path: &RecordPath) -> Option<Stamp> {
        self.stamp_at(&path.slot())
    }

    /// Takes the slot of `profile` for this process alone, of all on this device; `None` where
    /// another one has it, or this device cannot keep such a lock.
    ///
    /// # Errors
    /// [`Error::Store`] where another process holds it.
    pub fn lock_slot(&self, profile: &Profile) -> Result<Option<SlotLock>, Error> {
        self.lock_at(&self.path_of(&profile.name).slot(), Duration::ZERO)
    }

    /// Waits until no process of this device mints by way of the slot of the profile at `path`, where
    /// there is one, and keeps them from it.
    pub(super) fn quiet_slot(&self, path: &RecordPath) -> Result<Option<SlotLock>, Error> {
        let path = path.slot();
        if self.slot_at(&path)?.slot.is_none() {
            return Ok(None);
        }
        self.lock_at(&path, limits::CLAIM)
    }

    fn lock_at(&self, path: &RecordPath, patience: Duration) -> Result<Option<SlotLock>, Error> {
        use crate::disk::Error as Disk;
        match self.pins.lock(path.as_str(), patience) {
            Ok(lock) => Ok(Some(SlotLock { _held: lock })),
            Err(held @ Disk::Locked { .. }) => Err(Error::Store(store::Error::Disk(held))),
            // Other devices are kept away by what is written into the slot itself.
            Err(_) => Ok(None),
        }
    }

    /// A word of this device's own; `None` where it cannot keep one.
    #[must_use]
    pub fn device(&self) -> Option<String> {
        self.pins.device()
    }

    /// Empties the slot of the profile at `path`.
    pub(super) fn empty_slot(&self, path: &RecordPath) -> Result<(), Error> {
        let path = path.slot();
        let held = self.slot_at(&path)?;
        if held.slot.is_none() {
            return Ok(());
        }
        self.save(held.before.as_ref(), &path, Content::Removed).map(drop)
    }

    /// Puts what is in the slot of the profile at `from` into that of the one at `to`, too, unless that
    /// one was written later: a profile that has two names for a while may be used under either.
    pub(super) fn copy_slot(&self, from: &RecordPath, to: &RecordPath) -> Result<(), Error> {
        let Held { slot: Some(slot), before } = self.slot_at(&from.slot())? else { return Ok(()) };
        let (to, slot) = (to.slot(), Slot { claim: None, ..slot });
        let there = self.slot_at(&to)?;
        let saved = |before: &Option<Sealed>| before.as_ref().map(|(record, _)| record.saved_at);
        let is_same_login = there.slot.as_ref().is_some_and(|it| it.origin == slot.origin);
        if is_same_login && saved(&there.before) >= saved(&before) {
            return Ok(());
        }
        self.save(there.before.as_ref(), &to, Content::Slot(Box::new(slot))).map(drop)
    }

    fn slot_at(&self, path: &RecordPath) -> Result<Held, Error> {
        let Some((mut record, digest)) = self.read(path, path.as_str())? else {
            return Ok(Held { slot: None, before: None });
        };
        let slot = match std::mem::take(&mut record.content) {
            Content::Slot(slot) => Some(*slot),
            Content::Removed | Content::Profile(_) => None,
        };
        Ok(Held { slot, before: Some((Record { content: Content::Removed, ..record }, digest)) })
    }
}
