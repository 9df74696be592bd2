//! A token with its deadline and the request it answers.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;

use super::{Profile, ProfileName, Scopes, Token};
use crate::clock::Clock;
use crate::limits;

/// A token that may be handed out until its deadline.
pub struct Lease {
    /// The profile it was minted for.
    pub profile: ProfileName,
    /// The token.
    pub token: Token,
    /// The deadline by the wall clock; for people and other programs.
    pub expires_at: Timestamp,
    /// The last day of the secret it was minted with, where the user noted it.
    pub secret_expires: Option<Date>,
    /// The scopes that were asked for.
    pub asked: Scopes,
    /// The deadline by the steady clock; this one decides.
    deadline: Duration,
}

/// A lease without its deadline by the steady clock, as another process tells it.
pub struct Given {
    /// The profile it was minted for.
    pub profile: ProfileName,
    /// The token.
    pub token: Token,
    /// The deadline by the wall clock.
    pub expires_at: Timestamp,
    /// The last day of the secret it was minted with.
    pub secret_expires: Option<Date>,
    /// The scopes that were asked for.
    pub asked: Scopes,
}

impl Lease {
    /// Stamps `token`, asked for with `scopes`, with a deadline. `asked_at` is the pair of clock readings from before the
    /// request was sent, so that the time on the wire is never added to its life.
    #[must_use]
    pub fn new(
        profile: &Profile,
        scopes: &Scopes,
        token: Token,
        asked_at: (Timestamp, Duration),
    ) -> Self {
        let (wall, steady) = asked_at;

        let Profile { name, secret_expires, .. } = profile;
        let life = token.life.duration();
        let expires_at = wall.checked_add(life).unwrap_or(Timestamp::MAX);
        Self {
            profile: name.clone(),
            token,
            expires_at,
            secret_expires: *secret_expires,
            asked: scopes.clone(),
            deadline: steady + life,
        }
    }

    /// Takes over a lease from another process of this machine that holds it: `remaining` is its life
    /// left by the steady clock when `now` was read.
    #[must_use]
    pub fn received(given: Given, remaining: Duration, now: Duration) -> Self {
        let Given { profile, token, expires_at, secret_expires, asked } = given;
        Self { profile, token, expires_at, secret_expires, asked, deadline: now + remaining }
    }

    /// Whether the wall clock agrees that it lives. Where it was set forward since, one of the two
    /// is wrong, and another token is cheap.
    #[must_use]
    pub fn is_believable(&self, clock: &dyn Clock) -> bool {
        clock.wall() < self.expires_at
    }

    /// The scope the issuer says it granted, where that is not what was asked for (RFC 6749 §3.3).
    #[must_use]
    pub fn other_scope(&self) -> Option<&str> {
        let granted = self.token.scope.as_deref().filter(|_| !self.asked.is_empty())?;
        let mut left: Vec<&str> = granted.split(' ').filter(|word| !word.is_empty()).collect();
        let all_there = self.asked.iter().all(|asked| {
            let at = left.iter().position(|word| *word == asked);
            at.map(|at| left.swap_remove(at)).is_some()
        });
        (!all_there || !left.is_empty()).then_some(granted)
    }

    /// Life left by the steady clock; zero once it is over.
    #[must_use]
    pub fn remaining(&self, clock: &dyn Clock) -> Duration {
        self.deadline.saturating_sub(clock.steady())
    }

    /// Whether it may be handed to someone who needs it to live for `wanted` (or, where nothing is
    /// asked, for a minute or a tenth of its life, whichever is less).
    #[must_use]
    pub fn is_good_for(&self, wanted: Option<Duration>, clock: &dyn Clock) -> bool {
        let least = limits::MIN_VALID.min(self.token.life.duration() / 10);
        self.remaining(clock) >= wanted.unwrap_or(least)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Fixed;
    use crate::model::{Credential, TokenLife, TokenType};
    use zeroize::Zeroizing;

    fn lease(life: u64) -> Lease {
        let token = Token {
            access: Token::access(Zeroizing::new("abc".into())).expect("a token"),
            kind: TokenType::Bearer,
            life: TokenLife::stated(life).expect("a life"),
            scope: None,
        };
        let asked_at = (Timestamp::UNIX_EPOCH, Duration::from_secs(1000));
        Lease::new(&profile(), &Scopes::default(), token, asked_at)
    }

    fn profile() -> Profile {
        let id = "id".parse().expect("an id");
        let credential = Credential::new(id, Zeroizing::new(vec![1])).expect("a credential");
        let endpoint = "https://issuer.example/token".parse().expect("an endpoint");
        let name = "p".parse().expect("a name");
        Profile::new(name, "client-credentials", endpoint, credential, Timestamp::UNIX_EPOCH)
    }

    fn at(wall: i64, steady: u64) -> Fixed {
        let wall = Timestamp::from_second(wall).expect("a time");
        Fixed { wall, steady: Duration::from_secs(steady) }
    }

    // C03, C04
    #[test]
    fn the_steady_clock_decides_whatever_the_wall_clock_does() {
        let lease = lease(3600);
        assert_eq!(lease.remaining(&at(-86_400, 1000)).as_secs(), 3600);
        assert_eq!(lease.remaining(&at(86_400, 1600)).as_secs(), 3000);
        assert_eq!(lease.remaining(&at(0, 9999)).as_secs(), 0);
    }

    // C02
    #[test]
    fn a_minute_or_a_tenth_of_its_life_must_be_left() {
        assert!(lease(3600).is_good_for(None, &at(0, 1000 + 3540)));
        assert!(!lease(3600).is_good_for(None, &at(0, 1000 + 3541)));
        assert!(lease(100).is_good_for(None, &at(0, 1000 + 90)));
        assert!(!lease(100).is_good_for(None, &at(0, 1000 + 91)));
    }

    #[test]
    fn a_caller_may_ask_for_more_life() {
        assert!(lease(3600).is_good_for(Some(Duration::from_secs(3600)), &at(0, 1000)));
        assert!(!lease(3600).is_good_for(Some(Duration::from_secs(3601)), &at(0, 1000)));
    }
}
