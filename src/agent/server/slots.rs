//! The slots of profiles, as the agent sees them: in a vault that may be closed at any time, and that
//! other processes and devices write in.

use super::host::Trouble;
use super::state::{Agent, stack_is_dirty};
use crate::agent::reply::Reply;
use crate::agent::server::answer::Subject;
use crate::config::Registered;
use crate::grant;
use crate::mint::{Question, Slots};
use crate::model::{Profile, Slot};
use crate::seal::RecordPath;
use crate::vault::{self, Held, OpenVault, SlotLock};

/// The slots of one vault, as long as it is open.
pub(super) struct Kept<'a> {
    pub(super) agent: &'a Agent,
    pub(super) vault: &'a str,
}

impl Kept<'_> {
    fn with<T>(
        &self,
        ask: impl FnOnce(&OpenVault<'static>) -> Result<T, vault::Error>,
    ) -> Result<T, vault::Error> {
        let vaults = self.agent.vaults.borrow();
        let opened = vaults.iter().find(|(id, _)| *id == self.vault);
        stack_is_dirty();
        // Where it was closed, so was whoever waits for this mint.
        let closed = || vault::Error::NotThere(self.vault.to_owned());
        opened.map_or_else(|| Err(closed()), |(_, opened)| ask(&opened.vault))
    }
}

impl Slots for Kept<'_> {
    fn read(&self, profile: &Profile) -> Result<Held, vault::Error> {
        self.with(|vault| vault.slot(profile))
    }

    fn keep(&self, profile: &Profile, held: &Held, slot: Slot) -> Result<(), vault::Error> {
        self.with(|vault| vault.keep_slot(profile, held, slot))
    }

    fn lock(&self, profile: &Profile) -> Result<Option<SlotLock>, vault::Error> {
        self.with(|vault| vault.lock_slot(profile))
    }

    fn device(&self) -> Option<String> {
        self.with(|vault| Ok(vault.device())).ok()?
    }
}

impl Agent {
    /// Notes how the slot of a profile looks, where it has one, now that a lease came by way of it.
    pub(super) fn note_slot(&self, question: &Question, profile: &Profile) {
        let keeps = grant::find(&profile.grant).is_some_and(|grant| grant.keeps_a_slot(profile));
        let Some(path) = RecordPath::parse(&question.record).filter(|_| keeps) else { return };
        let mut vaults = self.vaults.borrow_mut();
        if let Some(opened) = vaults.by_id(&question.vault) {
            let look = opened.vault.slot_stamp(&path);
            opened.slots.insert(question.record.clone(), look);
        }
    }

    /// Forgets the leases of a profile whose slot was written by somebody else since: what is there
    /// now takes their place.
    pub(super) fn forget_what_was_replaced(&self, subject: &Subject) {
        let Subject { registered, path, .. } = subject;
        let mut vaults = self.vaults.borrow_mut();
        let Some(opened) = vaults.get(registered) else { return };
        let Some(known) = opened.slots.get_mut(path.as_str()) else { return };
        let look = opened.vault.slot_stamp(path);
        if look.is_none() || *known != look {
            *known = look;
            self.leases.borrow_mut().forget(&registered.id, path.as_str());
        }
    }

    /// Takes the token that is kept in the slot of the profile at `path` out of it.
    pub(super) fn forget_kept(
        &self,
        registered: &Registered,
        path: &RecordPath,
    ) -> Result<(), Reply> {
        let mut vaults = self.vaults.borrow_mut();
        let Some(opened) = vaults.get(registered) else { return Ok(()) };
        stack_is_dirty();
        let forgotten = opened.vault.forget_kept(path);
        forgotten.map_err(|error| Reply::Told(self.host.tell(Trouble::Vault(error))))
    }
}
