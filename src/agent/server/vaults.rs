//! The vaults that are open, and when they close by themselves.

use std::collections::HashMap;
use std::os::unix::fs::MetadataExt as _;
use std::time::Duration;

use crate::config::Registered;
use crate::model::ProfileName;
use crate::store;
use crate::vault::OpenVault;

/// How long a vault stays open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limits {
    /// Without a request; `None` for no such limit.
    pub(super) idle: Option<Duration>,
    /// In all.
    pub(super) absolute: Duration,
}

/// What is known of a record.
type Known = (String, Option<store::Stamp>, Option<ProfileName>);

/// An open vault.
pub(super) struct Opened {
    pub(super) vault: OpenVault<'static>,
    registered: Registered,
    stamp: Stamp,
    limits: Limits,
    since: Duration,
    used: Duration,
    /// The records that were judged since it was opened, by their places: digest, and how they looked
    /// from outside before that, and what they are minted from.
    pub(super) judged: HashMap<String, Known>,
    /// How the slots of profiles looked when a lease came by way of them, by the places of the records.
    pub(super) slots: HashMap<String, Option<store::Stamp>>,
}

impl Opened {
    /// `stamp` is from before it was opened.
    pub(super) fn new(
        vault: OpenVault<'static>,
        (registered, stamp): (Registered, Stamp),
        limits: Limits,
        now: Duration,
    ) -> Self {
        let (judged, slots) = (HashMap::new(), HashMap::new());
        Self { vault, registered, stamp, limits, since: now, used: now, judged, slots }
    }

    /// The vault as it was registered when it was opened.
    pub(super) fn registered(&self) -> &Registered {
        &self.registered
    }

    /// When it closes unless it is used, and when in any case; by the steady clock.
    pub(super) fn ends(&self) -> (Option<Duration>, Duration) {
        let idle = self.limits.idle.map(|idle| self.used.saturating_add(idle));
        (idle, self.since.saturating_add(self.limits.absolute))
    }

    fn is_over(&self, now: Duration) -> bool {
        let (idle, absolute) = self.ends();
        absolute <= now || idle.is_some_and(|idle| idle <= now)
    }
}

/// Which folder it is, and which file its keys are in, in which state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stamp(Option<[u64; 6]>);

impl Stamp {
    pub(super) fn of(registered: &Registered) -> Self {
        let look = || {
            let folder = std::fs::metadata(&registered.path).ok()?;
            let keys = std::fs::symlink_metadata(registered.path.join("key.age")).ok()?;
            let (changed, nanos) =
                (keys.ctime().cast_unsigned(), keys.ctime_nsec().cast_unsigned());
            Some([folder.dev(), folder.ino(), keys.ino(), changed, nanos, keys.size()])
        };
        Self(look())
    }
}

/// All that are open, by their ids. Each in a block of its own, which is wiped when it is given back:
/// the slots of a map keep what was moved out of them.
#[derive(Default)]
pub(super) struct Vaults(HashMap<String, Box<Opened>>);

impl Vaults {
    pub(super) fn insert(&mut self, opened: Opened) {
        self.0.insert(opened.registered.id.clone(), Box::new(opened));
    }

    /// The vault as it is registered now. One that was opened from another place, or under another
    /// fingerprint, is not it.
    pub(super) fn get(&mut self, registered: &Registered) -> Option<&mut Opened> {
        let found = self.0.get_mut(&registered.id)?;
        let Registered { path, fingerprint, .. } = &found.registered;
        (*path == registered.path && *fingerprint == registered.fingerprint).then_some(found)
    }

    /// The vault with this id.
    pub(super) fn by_id(&mut self, id: &str) -> Option<&mut Opened> {
        self.0.get_mut(id).map(|opened| &mut **opened)
    }

    /// Whether the folder, the keys or the pins of the vault are others than when it was opened.
    pub(super) fn is_replaced(&self, registered: &Registered) -> bool {
        self.0.get(&registered.id).is_some_and(|opened| {
            opened.stamp != Stamp::of(&opened.registered) || !opened.vault.has_its_pins()
        })
    }

    /// Counts a request.
    pub(super) fn touch(&mut self, registered: &Registered, now: Duration) {
        if let Some(opened) = self.get(registered) {
            opened.used = now;
        }
    }

    /// Sets its limits anew, counted from now.
    pub(super) fn limit(&mut self, registered: &Registered, limits: Limits, now: Duration) {
        if let Some(opened) = self.get(registered) {
            (opened.limits, opened.since, opened.used) = (limits, now, now);
        }
    }

    /// The ids of those whose time is over.
    pub(super) fn over(&self, now: Duration) -> Vec<String> {
        let over = self.0.iter().filter(|(_, opened)| opened.is_over(now));
        over.map(|(id, _)| id.clone()).collect()
    }

    /// When the next one's is.
    pub(super) fn next_end(&self) -> Option<Duration> {
        let end = |opened: &Opened| {
            let (idle, absolute) = opened.ends();
            idle.map_or(absolute, |idle| idle.min(absolute))
        };
        self.0.values().map(|opened| end(opened)).min()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn close(&mut self, id: &str) {
        self.0.remove(id);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&String, &Opened)> {
        self.0.iter().map(|(id, opened)| (id, &**opened))
    }
}
