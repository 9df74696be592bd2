//! The leases that are held: in memory only, each for exactly the question it answers.

use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use crate::clock::Clock;
use crate::limits;
use crate::model::{Lease, LeaseRequest, ProfileName, Scopes};

/// What a lease answers: everything that decides which token is meant. The digest is that of the
/// sealed record, so that any change of the profile, its endpoint or its credential makes another
/// question of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Question {
    /// The vault's id.
    pub vault: String,
    /// Where the profile's record lies in it.
    pub record: String,
    /// SHA-256 of that record as it is sealed.
    pub digest: String,
    /// Scopes in place of the profile's own.
    pub scopes: Scopes,
    /// Audience in place of the profile's own.
    pub audience: Option<String>,
}

impl Question {
    /// The question as a request for a profile of this name. How long the lease must live is none
    /// of its matter.
    #[must_use]
    pub fn request(&self, profile: ProfileName) -> LeaseRequest {
        let Self { vault: _, record: _, digest: _, scopes, audience } = self.clone();
        LeaseRequest { profile, min_valid: None, scopes, audience }
    }
}

/// A lease that is held.
pub struct Held {
    /// The lease.
    pub lease: Rc<Lease>,
    /// When it was last handed out, by the steady clock.
    used: Option<Duration>,
    /// How often.
    pub times: u64,
    /// When to get another one, where it is in use.
    renew_at: Duration,
}

impl Held {
    /// It runs out soon, and was handed out in the last third of a life.
    fn is_due(&self, clock: &dyn Clock) -> bool {
        let now = clock.steady();
        let third = self.lease.token.life.duration() / 3;
        self.renew_at <= now
            && !self.lease.remaining(clock).is_zero()
            && self.used.is_some_and(|used| now.saturating_sub(used) <= third)
    }
}

/// The leases held, and what failed lately. `F` is how a failure is told.
pub struct Leases<F> {
    held: HashMap<Question, Held>,
    failed: HashMap<Question, Failed<F>>,
}

struct Failed<F> {
    failure: F,
    until: Duration,
    /// The issuer itself said so.
    asked_for: bool,
}

impl<F> Default for Leases<F> {
    fn default() -> Self {
        Self { held: HashMap::new(), failed: HashMap::new() }
    }
}

impl<F: Clone> Leases<F> {
    /// The lease that answers `question`, where there is one that is good for `min_valid` (see
    /// [`Lease::is_good_for`]) by both clocks.
    pub fn find(
        &mut self,
        question: &Question,
        min_valid: Option<Duration>,
        clock: &dyn Clock,
    ) -> Option<Rc<Lease>> {
        let held = self.held.get_mut(question)?;
        if !held.lease.is_good_for(min_valid, clock) || !held.lease.is_believable(clock) {
            return None;
        }
        held.used = Some(clock.steady());
        held.times += 1;
        Some(Rc::clone(&held.lease))
    }

    /// Whether another token for `question` would live as short as the one that is held: shorter
    /// than `wanted`. To ask for one would be in vain.
    #[must_use]
    pub fn too_short(
        &self,
        question: &Question,
        wanted: Option<Duration>,
    ) -> Option<(ProfileName, super::Error)> {
        let lease = &self.held.get(question)?.lease;
        let (lives, wanted) = (lease.token.life.duration().as_secs(), wanted?.as_secs());
        let error = super::Error::TooShort { lives, wanted };
        (lives < wanted).then(|| (lease.profile.clone(), error))
    }

    /// Holds a lease. `jitter` (0 to 1) spreads the renewals of many.
    pub fn hold(&mut self, question: Question, lease: Rc<Lease>, jitter: f64, clock: &dyn Clock) {
        let now = clock.steady();
        self.held.retain(|_, held| !held.lease.remaining(clock).is_zero());
        self.failed.retain(|_, failed| failed.until > now);
        if self.held.len() >= limits::LEASES && !self.held.contains_key(&question) {
            let soonest = self.held.iter().min_by_key(|(_, held)| held.lease.remaining(clock));
            let soonest = soonest.map(|(question, _)| question.clone());
            soonest.and_then(|question| self.held.remove(&question));
        }
        self.failed.remove(&question);
        let left = lease.remaining(clock);
        let renew_at = now + left.mul_f64(0.8 + 0.1 * jitter.clamp(0.0, 1.0));
        self.held.insert(question, Held { lease, used: None, times: 0, renew_at });
    }

    /// Remembers for a while that a mint failed.
    pub fn remember_failure(
        &mut self,
        question: Question,
        failure: F,
        rest: Rest,
        clock: &dyn Clock,
    ) {
        let Rest { length, asked_for } = rest;
        let until = clock.steady() + length;
        self.failed.insert(question, Failed { failure, until, asked_for });
    }

    /// The failure that makes another mint useless now, and for how long yet. Who asks for a `fresh`
    /// token is only kept from what the issuer asked not to be done.
    #[must_use]
    pub fn failure(
        &self,
        question: &Question,
        fresh: bool,
        clock: &dyn Clock,
    ) -> Option<(F, Duration)> {
        let failed = self.failed.get(question)?;
        let left = failed.until.saturating_sub(clock.steady());
        let holds = !left.is_zero() && (failed.asked_for || !fresh);
        holds.then(|| (failed.failure.clone(), left))
    }

    /// The questions whose leases run out soon and are in use.
    #[must_use]
    pub fn due(&self, clock: &dyn Clock) -> Vec<Question> {
        let due = self.held.iter().filter(|(_, held)| held.is_due(clock));
        due.map(|(question, _)| question.clone()).collect()
    }

    /// Whether the lease is due; once only, so that a renewal that fails is not tried at every turn.
    pub fn begin_renewal(&mut self, question: &Question, clock: &dyn Clock) -> bool {
        let due = self.held.get_mut(question).filter(|held| held.is_due(clock));
        due.map(|held| held.renew_at = Duration::MAX).is_some()
    }

    /// When the next may be due; `None` where none will be. A lease is looked at once.
    #[must_use]
    pub fn next_due(&self, clock: &dyn Clock) -> Option<Duration> {
        let now = clock.steady();
        self.held
            .values()
            .filter(|held| held.used.is_some())
            .map(|held| held.renew_at)
            .filter(|at| *at > now)
            .min()
    }

    /// Forgets what is held for a record in another form than `digest`; all of it with `None`. Gives
    /// back the leases.
    pub fn forget(&mut self, vault: &str, record: &str, digest: Option<&str>) -> Vec<Rc<Lease>> {
        let stale = |question: &Question| {
            question.vault == vault
                && question.record == record
                && digest.is_none_or(|digest| question.digest != digest)
        };
        self.failed.retain(|question, _| !stale(question));
        self.held.extract_if(|question, _| stale(question)).map(|(_, held)| held.lease).collect()
    }

    /// Forgets everything of a vault.
    pub fn forget_vault(&mut self, vault: &str) {
        self.held.retain(|question, _| question.vault != vault);
        self.failed.retain(|question, _| question.vault != vault);
    }

    /// All that are held and not over yet.
    pub fn iter(&self, clock: &dyn Clock) -> impl Iterator<Item = (&Question, &Held)> {
        self.held.iter().filter(|(_, held)| !held.lease.remaining(clock).is_zero())
    }
}

/// How long to leave the issuer alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rest {
    length: Duration,
    /// It said so itself.
    asked_for: bool,
}

impl Rest {
    /// After `error`: as long as the issuer said, else a moment.
    #[must_use]
    pub fn after(error: &super::Error) -> Self {
        use super::Error;
        use crate::grant::Error as Grant;
        let ours = |length| Self { length, asked_for: false };
        match error {
            Error::Grant(Grant::NotReady { retry_after: Some(wait), .. }) => {
                Self { length: (*wait).min(limits::LONGEST_REST), asked_for: true }
            }
            Error::Grant(_) => ours(limits::REST_AFTER_REFUSAL),
            _ => ours(limits::REST_AFTER_FAILURE),
        }
    }
}
