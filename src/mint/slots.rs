//! Mints whose result is for the next one, too: who spends a refresh token says so first, in the slot
//! that all devices see, and keeps what came of it there before it is used.
//!
//! On one device a lock of the kernel's decides, which dies with its holder; between devices the claim
//! in the slot does, by the store's compare-and-swap. A claim of this device that nobody here holds
//! the lock for is of a process that is gone.

use std::borrow::Borrow;
use std::cell::RefCell;
use std::time::Duration;

use jiff::Timestamp;

use super::Error;
use super::driver::{Driver, Means, Spent};
use crate::http::Client;
use crate::limits;
use crate::model::{Claim, Kept, Lease, LeaseRequest, Profile, Slot};
use crate::vault::{self, Held, OpenVault, SlotLock};
use crate::{disk, seal, store};

/// How often somebody else's claim is looked at.
const LOOK: Duration = Duration::from_millis(200);

/// Where slots are kept.
pub trait Slots {
    /// The slot of `profile`.
    ///
    /// # Errors
    /// [`vault::Error`].
    fn read(&self, profile: &Profile) -> Result<Held, vault::Error>;

    /// Keeps `slot` durably in place of what was read.
    ///
    /// # Errors
    /// [`store::Error::Conflict`] where it was changed since; [`vault::Error`].
    fn keep(&self, profile: &Profile, held: &Held, slot: Slot) -> Result<(), vault::Error>;

    /// Keeps other processes of this device from it; `None` where that cannot be.
    ///
    /// # Errors
    /// [`disk::Error::Locked`] where another one has it.
    fn lock(&self, profile: &Profile) -> Result<Option<SlotLock>, vault::Error>;

    /// A word of this device's own.
    fn device(&self) -> Option<String>;
}

impl Slots for OpenVault<'_> {
    fn read(&self, profile: &Profile) -> Result<Held, vault::Error> {
        self.slot(profile)
    }

    fn keep(&self, profile: &Profile, held: &Held, slot: Slot) -> Result<(), vault::Error> {
        self.keep_slot(profile, held, slot)
    }

    fn lock(&self, profile: &Profile) -> Result<Option<SlotLock>, vault::Error> {
        self.lock_slot(profile)
    }

    fn device(&self) -> Option<String> {
        OpenVault::device(self)
    }
}

/// The slot of a profile that is in no vault yet.
#[derive(Default)]
pub struct Unsaved(RefCell<Option<Slot>>);

impl Unsaved {
    /// What came of the mints so far.
    #[must_use]
    pub fn into_slot(self) -> Option<Slot> {
        self.0.into_inner()
    }
}

impl Slots for Unsaved {
    fn read(&self, _: &Profile) -> Result<Held, vault::Error> {
        Ok(Held::of(self.0.borrow().as_ref().map(Slot::copy)))
    }

    fn keep(&self, _: &Profile, _: &Held, slot: Slot) -> Result<(), vault::Error> {
        *self.0.borrow_mut() = Some(slot);
        Ok(())
    }

    fn lock(&self, _: &Profile) -> Result<Option<SlotLock>, vault::Error> {
        Ok(None)
    }

    fn device(&self) -> Option<String> {
        None
    }
}

/// One mint by way of a slot.
pub(super) struct BySlot<'a> {
    pub(super) profile: &'a Profile,
    pub(super) request: &'a LeaseRequest,
    pub(super) means: &'a Means<'a>,
    pub(super) slots: &'a dyn Slots,
}

impl BySlot<'_> {
    /// The lease in the slot, where it will do; else a new one, which is kept there.
    pub(super) async fn lease<C: Borrow<Client>>(
        &self,
        driver: &Driver<'_, C>,
    ) -> Result<Lease, Error> {
        let clock = self.means.clock;
        let (began, give_up) = (clock.wall(), clock.steady() + limits::CLAIM);
        let _locked = self.lock(give_up).await?;
        let slot = loop {
            let held = self.slots.read(self.profile).map_err(Error::Slot)?;
            let slot = held.slot.as_ref().map(Slot::copy).unwrap_or_default();
            if let Some(lease) = self.kept(&slot, began) {
                return Ok(lease);
            }
            if !self.is_claimed(slot.claim.as_ref()) && self.claim(&held, &slot)? {
                break slot;
            }
            if clock.steady() >= give_up {
                return Err(Error::Busy);
            }
            tokio::time::sleep(LOOK).await;
        };
        let spent = Spent {
            refresh: slot.refresh.as_ref(),
            previous: slot
                .kept
                .as_ref()
                .filter(|kept| self.is_alive(kept))
                .map(|it| &it.token.access),
        };
        match driver.run(spent).await {
            Ok(minted) => {
                let refresh = minted.refresh.or(slot.refresh);
                let audience = self.request.audience.clone();
                let kept = Kept::of(&minted.lease, audience, minted.asked_at);
                self.settle(&Slot { refresh, kept: Some(kept), ..Slot::default() })?;
                Ok(minted.lease)
            }
            Err(error) => {
                // Where this fails, the claim ends by itself.
                let _ends_by_itself = self.settle(&Slot { claim: None, ..slot });
                Err(error)
            }
        }
    }

    async fn lock(&self, give_up: Duration) -> Result<Option<SlotLock>, Error> {
        loop {
            match self.slots.lock(self.profile) {
                Ok(lock) => return Ok(lock),
                Err(vault::Error::Store(store::Error::Disk(disk::Error::Locked { .. })))
                    if self.means.clock.steady() < give_up => {}
                Err(vault::Error::Store(store::Error::Disk(disk::Error::Locked { .. }))) => {
                    return Err(Error::Busy);
                }
                Err(error) => return Err(Error::Slot(error)),
            }
            tokio::time::sleep(LOOK / 4).await;
        }
    }

    /// The lease that is kept, where it answers the request. Who wants a fresh one takes what came
    /// since it asked.
    fn kept(&self, slot: &Slot, began: Timestamp) -> Option<Lease> {
        let kept = slot.kept.as_ref()?;
        let answers = kept.asked == *self.request.scopes_for(self.profile)
            && kept.audience == self.request.audience
            && (!self.means.fresh || kept.asked_at >= began);
        let lease = kept.lease(self.profile, self.means.clock).filter(|_| answers)?;
        lease.is_good_for(self.request.min_valid, self.means.clock).then_some(lease)
    }

    fn is_alive(&self, kept: &Kept) -> bool {
        kept.lease(self.profile, self.means.clock).is_some()
    }

    /// Whether another device is about to spend it. A clock that is far ahead of ours makes no claim
    /// last longer.
    fn is_claimed(&self, claim: Option<&Claim>) -> bool {
        let Some(Claim { device, until }) = claim else { return false };
        let now = self.means.clock.wall();
        let last = now.checked_add(limits::CLAIM * 2).unwrap_or(Timestamp::MAX);
        let is_ours = self.slots.device().is_some_and(|own| own == *device);
        !is_ours && (now..last).contains(until)
    }

    /// Says that this device is about to spend it; `false` where another one said so first.
    fn claim(&self, held: &Held, slot: &Slot) -> Result<bool, Error> {
        let device = match self.slots.device() {
            Some(device) => device,
            None => seal::VaultId::random().map_err(|error| Error::Slot(error.into()))?.to_string(),
        };
        let until = self.means.clock.wall().checked_add(limits::CLAIM).unwrap_or(Timestamp::MAX);
        let claimed = Slot { claim: Some(Claim { device, until }), ..slot.copy() };
        match self.slots.keep(self.profile, held, claimed) {
            Ok(()) => Ok(true),
            Err(vault::Error::Store(store::Error::Conflict)) => Ok(false),
            Err(error) => Err(Error::Slot(error)),
        }
    }

    /// Keeps what came of it, whatever was written in between: a refresh token that was just given is
    /// the only one that is good.
    fn settle(&self, slot: &Slot) -> Result<(), Error> {
        loop {
            let held = self.slots.read(self.profile).map_err(Error::Slot)?;
            match self.slots.keep(self.profile, &held, slot.copy()) {
                Ok(()) => return Ok(()),
                Err(vault::Error::Store(store::Error::Conflict)) => {}
                Err(error) => return Err(Error::Slot(error)),
            }
        }
    }
}
