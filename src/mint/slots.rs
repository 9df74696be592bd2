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
use crate::clock::Clock;
use crate::http::Client;
use crate::limits;
use crate::model::{Claim, Kept, Lease, LeaseRequest, Profile, Slot};
use crate::secret::RefreshToken;
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
        // Long enough to see the claim of somebody who is gone run out.
        let (began, give_up) = (clock.wall(), clock.steady() + limits::CLAIM + LOOK * 10);
        let locked = self.lock(give_up).await?;
        // Without the lock nobody can tell whether another process of this device lives.
        let own = locked.as_ref().and_then(|_| self.slots.device());
        let mut watch = Watch::default();
        let slot = loop {
            let held = self.slots.read(self.profile).map_err(Error::Slot)?;
            let slot = held.slot.as_ref().map(Slot::copy).unwrap_or_default();
            if let Some(lease) = self.kept(&slot, began) {
                return Ok(lease);
            }
            if !watch.holds(slot.claim.as_ref(), own.as_deref(), clock)
                && let Some(claim) = self.claim(&held, &slot, own.as_deref())?
            {
                break Slot { claim: Some(claim), ..slot };
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
                let refresh =
                    minted.refresh.or_else(|| slot.refresh.as_ref().map(RefreshToken::copy));
                let audience = self.request.audience.clone();
                let basis = self.means.basis;
                let kept = Some(Kept::of(&minted.lease, audience, minted.asked_at, basis));
                let settled =
                    self.settle(&slot, &Outcome::New(Slot { refresh, kept, ..Slot::default() }));
                settled.map_err(|error| Error::NotKept(Box::new(error)))?;
                Ok(minted.lease)
            }
            Err(error) => {
                let unclaimed = Outcome::Nothing(Slot { claim: None, ..slot.copy() });
                // Where this fails, the claim ends by itself.
                let _ends_by_itself = self.settle(&slot, &unclaimed);
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
        let answers = kept.basis == self.means.basis
            && kept.asked == *self.request.scopes_for(self.profile)
            && kept.audience == self.request.audience
            && (!self.means.fresh || kept.asked_at >= began);
        let (clock, wanted) = (self.means.clock, self.request.min_valid);
        let lease = kept.lease(self.profile, clock).filter(|_| answers)?;
        // Another one would live as short, and may end this one for everybody else.
        let in_vain = wanted.is_some_and(|wanted| lease.token.life.duration() < wanted);
        let is_good = |wanted| lease.is_good_for(wanted, clock);
        (is_good(wanted) || (in_vain && is_good(None))).then_some(lease)
    }

    fn is_alive(&self, kept: &Kept) -> bool {
        kept.basis == self.means.basis && kept.lease(self.profile, self.means.clock).is_some()
    }

    /// Says that this device is about to spend it; `None` where another one said so first.
    fn claim(&self, held: &Held, slot: &Slot, own: Option<&str>) -> Result<Option<Claim>, Error> {
        let device = match own {
            Some(device) => device.to_owned(),
            None => seal::VaultId::random().map_err(|error| Error::Slot(error.into()))?.to_string(),
        };
        let until = self.means.clock.wall().checked_add(limits::CLAIM).unwrap_or(Timestamp::MAX);
        let claim = Claim { device, until };
        let claimed = Slot { claim: Some(claim.clone()), ..slot.copy() };
        match self.slots.keep(self.profile, held, claimed) {
            Ok(()) => Ok(Some(claim)),
            Err(vault::Error::Store(store::Error::Conflict)) => Ok(None),
            Err(error) => Err(Error::Slot(error)),
        }
    }

    /// Keeps what came of it in place of what was `claimed`. A machine that slept meanwhile may find
    /// that another one has taken over: what that one wrote stands, unless nothing came of it and we
    /// bring something new.
    fn settle(&self, claimed: &Slot, outcome: &Outcome) -> Result<(), vault::Error> {
        loop {
            let held = self.slots.read(self.profile)?;
            let there = held.slot.as_ref();
            let is_ours = there.is_some_and(|slot| slot.claim == claimed.claim);
            // None: it was emptied meanwhile, or is another login's by now.
            let is_unspent = there.is_some_and(|slot| has_same_refresh(slot, claimed));
            let slot = match outcome {
                Outcome::New(slot) if is_ours || is_unspent => slot,
                Outcome::Nothing(slot) if is_ours => slot,
                _ => return Ok(()),
            };
            match self.slots.keep(self.profile, &held, slot.copy()) {
                Ok(()) => return Ok(()),
                Err(vault::Error::Store(store::Error::Conflict)) => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// A claim that is looked at again and again.
#[derive(Default)]
struct Watch(Option<(Claim, Duration)>);

impl Watch {
    /// Whether somebody other than our `own` device is about to spend it. Two devices' clocks need not
    /// agree: within `limits::SKEW` of its end, and however far ahead that is, a claim holds until it
    /// was seen unchanged for as long as any can take.
    fn holds(&mut self, claim: Option<&Claim>, own: Option<&str>, clock: &dyn Clock) -> bool {
        let Some(claim) = claim.filter(|claim| own != Some(claim.device.as_str())) else {
            return false;
        };
        let over = claim.until.checked_add(limits::SKEW).unwrap_or(Timestamp::MAX);
        let now = clock.steady();
        let since = match &self.0 {
            Some((seen, since)) if seen == claim => *since,
            _ => now,
        };
        self.0 = Some((claim.clone(), since));
        clock.wall() < over && now.saturating_sub(since) < limits::CLAIM
    }
}

/// What came of spending a refresh token.
enum Outcome {
    /// A token.
    New(Slot),
    /// None.
    Nothing(Slot),
}

fn has_same_refresh(one: &Slot, other: &Slot) -> bool {
    match (&one.refresh, &other.refresh) {
        (None, None) => true,
        (Some(one), Some(other)) => one.is_same_as(other),
        _ => false,
    }
}
