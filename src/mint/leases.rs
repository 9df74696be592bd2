//! The leases that are held: in memory only, each for exactly the question it answers.

use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use super::rest::Rest;
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
    /// Those of the profiles that it is minted from, one behind the other.
    pub behind: String,
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
        let Self { vault: _, record: _, digest: _, behind: _, scopes, audience } = self.clone();
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
    /// than `wanted`. To ask for one would be in vain, as long as that one lives.
    #[must_use]
    pub fn too_short(
        &self,
        question: &Question,
        wanted: Option<Duration>,
        clock: &dyn Clock,
    ) -> Option<(ProfileName, super::Error)> {
        let Held { lease, .. } = self.held.get(question)?;
        if !lease.is_good_for(None, clock) || !lease.is_believable(clock) {
            return None;
        }
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
        let now = clock.steady();
        self.failed.retain(|_, failed| failed.until > now);
        if self.failed.len() >= limits::LEASES {
            // Who asks so many different questions may ask them again.
            self.failed.clear();
        }
        let until = now + length;
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
        let used = self.held.values().filter(|held| held.used.is_some());
        used.filter(|held| held.renew_at > now || held.is_due(clock))
            .map(|held| held.renew_at)
            .min()
    }

    /// Forgets everything of a record, and gives back the leases with what they answered.
    pub fn forget(&mut self, vault: &str, record: &str) -> Vec<(Question, Rc<Lease>)> {
        let of_it = |question: &Question| question.vault == vault && question.record == record;
        self.failed.retain(|question, _| !of_it(question));
        let forgotten = self.held.extract_if(|question, _| of_it(question));
        forgotten.map(|(question, held)| (question, held.lease)).collect()
    }

    /// Whether nothing is held, nor remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.held.is_empty() && self.failed.is_empty()
    }

    /// Forgets all of it.
    pub fn clear(&mut self) {
        self.held.clear();
        self.failed.clear();
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

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use zeroize::Zeroizing;

    use super::*;
    use crate::clock::Fixed;
    use crate::model::{Given, Token, TokenLife, TokenType};

    const LIFE: u64 = 1000;

    /// So many seconds after the beginning of all leases, by both clocks.
    fn at(seconds: u64) -> Fixed {
        let wall = Timestamp::from_second(seconds.cast_signed()).expect("a time");
        Fixed { wall, steady: Duration::from_secs(seconds) }
    }

    fn question(record: &str) -> Question {
        Question {
            vault: "v".into(),
            record: record.into(),
            digest: "d".into(),
            behind: String::new(),
            scopes: Scopes::default(),
            audience: None,
        }
    }

    fn lease_of(life: u64) -> Rc<Lease> {
        let given = Given {
            profile: "p".parse().expect("a name"),
            token: Token {
                access: Token::access(Zeroizing::new("abc".into())).expect("a token"),
                kind: TokenType::Bearer,
                life: TokenLife::stated(life).expect("a life"),
                scope: None,
            },
            expires_at: at(life).wall,
            secret_expires: None,
            asked: Scopes::default(),
        };
        Rc::new(Lease::received(given, Duration::from_secs(life), Duration::ZERO))
    }

    /// With a lease for `a` that lives from 0 to [`LIFE`].
    fn leases() -> Leases<&'static str> {
        let mut leases = Leases::default();
        leases.hold(question("a"), lease_of(LIFE), 0.0, &at(0));
        leases
    }

    const OURS: Rest = Rest { length: Duration::from_secs(10), asked_for: false };

    // C05
    #[test]
    fn a_question_that_differs_in_anything_has_no_answer() {
        let mut leases = leases();
        assert!(leases.find(&question("a"), None, &at(1)).is_some());
        let same = question("a");
        for other in [
            Question { vault: "w".into(), ..same.clone() },
            Question { record: "b".into(), ..same.clone() },
            Question { digest: "e".into(), ..same.clone() },
            Question { scopes: Scopes::parse(["s"]).expect("a scope"), ..same.clone() },
            Question { audience: Some(String::new()), ..same },
        ] {
            assert!(leases.find(&other, None, &at(1)).is_none(), "{other:?}");
        }
    }

    // C02
    #[test]
    fn what_has_less_than_a_minute_left_is_not_handed_out() {
        let mut leases = leases();
        assert!(leases.find(&question("a"), None, &at(LIFE - 60)).is_some());
        assert!(leases.find(&question("a"), None, &at(LIFE - 59)).is_none());
        // The caller who asks for less than that knows better.
        assert!(leases.find(&question("a"), Some(Duration::from_secs(1)), &at(LIFE - 1)).is_some());
        assert!(leases.find(&question("a"), Some(Duration::from_secs(1)), &at(LIFE)).is_none());
    }

    // C03, C04
    #[test]
    fn it_is_over_when_either_clock_says_so() {
        let mut leases = leases();
        let mut found = |wall, steady| {
            let clock = Fixed { wall: at(wall).wall, steady: at(steady).steady };
            leases.find(&question("a"), None, &clock).is_some()
        };
        assert_eq!([found(1, 1), found(LIFE, 1), found(1, LIFE)], [true, false, false]);
    }

    #[test]
    fn more_life_than_another_token_would_have_is_in_vain_while_this_one_lives() {
        let leases = leases();
        let in_vain = |wanted, now| {
            let wanted = Some(Duration::from_secs(wanted));
            leases.too_short(&question("a"), wanted, &at(now)).is_some()
        };
        assert_eq!([in_vain(LIFE, 1), in_vain(LIFE + 1, 1)], [false, true]);
        assert!(!in_vain(LIFE + 1, LIFE));
        assert!(leases.too_short(&question("a"), None, &at(1)).is_none());
    }

    #[test]
    fn a_failure_stands_for_its_time_or_until_a_fresh_token_is_wanted() {
        let mut leases = leases();
        leases.remember_failure(question("a"), "no", OURS, &at(5));
        let left = |fresh, now| leases.failure(&question("a"), fresh, &at(now));
        assert_eq!(left(false, 14), Some(("no", Duration::from_secs(1))));
        assert_eq!([left(false, 15), left(true, 6)], [None, None]);
        assert_eq!(leases.failure(&question("b"), false, &at(6)), None);
        // What the issuer itself asked for holds for that, too.
        let rest = Rest { asked_for: true, ..OURS };
        leases.remember_failure(question("a"), "no", rest, &at(5));
        let left = |now| leases.failure(&question("a"), true, &at(now)).is_some();
        assert_eq!([left(14), left(15)], [true, false]);
    }

    #[test]
    fn a_lease_ends_the_failure_before_it() {
        let mut leases = leases();
        leases.remember_failure(question("b"), "no", OURS, &at(5));
        leases.hold(question("b"), lease_of(LIFE), 0.0, &at(6));
        assert_eq!(leases.failure(&question("b"), false, &at(7)), None);
    }

    #[test]
    fn a_lease_is_due_late_in_its_life_where_it_was_used_in_the_last_third_of_one() {
        let mut leases = leases();
        let due = |leases: &Leases<_>, now| !leases.due(&at(now)).is_empty();
        assert!(!due(&leases, 801));
        leases.find(&question("a"), None, &at(466));
        assert_eq!([due(&leases, 799), due(&leases, 800)], [false, false]);
        leases.find(&question("a"), None, &at(467));
        assert_eq!([due(&leases, 799), due(&leases, 800)], [false, true]);
        assert!(!due(&leases, LIFE));
    }

    #[test]
    fn a_renewal_is_begun_once() {
        let mut leases = leases();
        leases.find(&question("a"), None, &at(700));
        assert!(!leases.begin_renewal(&question("a"), &at(799)));
        assert!(leases.begin_renewal(&question("a"), &at(800)));
        assert!(!leases.begin_renewal(&question("a"), &at(801)));
    }

    #[test]
    fn the_time_of_a_renewal_is_spread_over_a_tenth_of_the_life() {
        let next = |jitter| {
            let mut leases = Leases::<()>::default();
            leases.hold(question("a"), lease_of(LIFE), jitter, &at(0));
            let unused = leases.next_due(&at(1));
            leases.find(&question("a"), None, &at(1));
            (unused, leases.next_due(&at(1)).map(|at| at.as_secs()))
        };
        assert_eq!([next(0.0), next(1.0)], [(None, Some(800)), (None, Some(900))]);
        assert_eq!([next(-5.0), next(5.0)], [next(0.0), next(1.0)]);
    }

    #[test]
    fn what_is_over_is_neither_shown_nor_kept() {
        let mut leases = leases();
        assert_eq!(leases.iter(&at(LIFE - 1)).count(), 1);
        assert_eq!(leases.iter(&at(LIFE)).count(), 0);
        leases.hold(question("b"), lease_of(2 * LIFE), 0.0, &at(LIFE));
        assert_eq!(leases.held.len(), 1);
    }

    #[test]
    fn where_there_are_too_many_the_one_that_ends_first_makes_room() {
        let mut leases = leases();
        // Not one by one: each looks at all the others.
        for number in 1..limits::LEASES {
            let lease = lease_of(LIFE + 1);
            let held = Held { lease, used: None, times: 0, renew_at: Duration::MAX };
            leases.held.insert(question(&number.to_string()), held);
        }
        leases.hold(question("last"), lease_of(LIFE), 0.0, &at(0));
        assert_eq!(leases.held.len(), limits::LEASES);
        assert!(!leases.held.contains_key(&question("a")));
        assert!(leases.held.contains_key(&question("1")));
    }

    #[test]
    fn of_a_record_everything_is_forgotten_and_of_others_nothing() {
        let mut leases = leases();
        let scoped = Question { audience: Some("x".into()), ..question("a") };
        leases.hold(scoped, lease_of(LIFE), 0.0, &at(0));
        leases.hold(question("b"), lease_of(LIFE), 0.0, &at(0));
        leases.remember_failure(question("a"), "no", OURS, &at(0));
        assert!(leases.forget("w", "a").is_empty());
        assert_eq!(leases.forget("v", "a").len(), 2);
        assert!(leases.failure(&question("a"), false, &at(1)).is_none());
        assert!(leases.find(&question("b"), None, &at(1)).is_some());
        leases.forget_vault("v");
        assert_eq!(leases.iter(&at(1)).count(), 0);
    }

    #[test]
    fn how_long_an_issuer_is_left_alone_depends_on_what_it_said() {
        use super::super::Error;
        use crate::grant::Error as Grant;
        let not_ready = |wait| {
            let retry_after = Some(Duration::from_secs(wait));
            Rest::after(&Error::Grant(Grant::NotReady { status: 429, retry_after }))
        };
        let asked = |length| Rest { length, asked_for: true };
        assert_eq!(not_ready(60), asked(Duration::from_secs(60)));
        assert_eq!(not_ready(86_400), asked(limits::LONGEST_REST));
        let ours = |length| Rest { length, asked_for: false };
        let refused = Error::Grant(Grant::Refused { status: 403, said: None });
        assert_eq!(Rest::after(&refused), ours(limits::REST_AFTER_REFUSAL));
        let broke_off = Error::Http(crate::http::Error::BrokeOff { host: "h".into() });
        assert_eq!(Rest::after(&broke_off), ours(limits::REST_AFTER_FAILURE));
    }
}
