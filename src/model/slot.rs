//! What a profile's last mint left for the next one, whoever does it and wherever: the refresh token
//! that is good now, the token that came with it, and who is about to spend it.

use jiff::Timestamp;

use super::{Given, Lease, Profile, Scopes, Token};
use crate::clock::Clock;
use crate::limits;
use crate::secret::RefreshToken;

/// The slot of one profile.
#[derive(Default)]
pub struct Slot {
    /// What the slot follows from: a digest of the login and of where it is good. A slot of another
    /// login is none.
    pub origin: String,
    /// The refresh token in place of the one in the profile.
    pub refresh: Option<RefreshToken>,
    /// The token that came last.
    pub kept: Option<Kept>,
    /// Who is about to spend the refresh token.
    pub claim: Option<Claim>,
}

impl Slot {
    /// The same slot once more: what is written need not be what is spent.
    #[must_use]
    pub fn copy(&self) -> Self {
        let Self { origin, refresh, kept, claim } = self;
        Self {
            origin: origin.clone(),
            refresh: refresh.as_ref().map(RefreshToken::copy),
            kept: kept.as_ref().map(|it| Kept {
                token: it.token.copy(),
                asked: it.asked.clone(),
                audience: it.audience.clone(),
                asked_at: it.asked_at,
                basis: it.basis.clone(),
            }),
            claim: claim.clone(),
        }
    }
}

/// A token that may be handed out again, by any device.
pub struct Kept {
    /// The token.
    pub token: Token,
    /// The scopes that were asked for.
    pub asked: Scopes,
    /// The audience that was asked for.
    pub audience: Option<String>,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// A digest of all that it was made of: of a profile that was changed since it is none.
    pub basis: String,
}

/// A device that is about to spend a refresh token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Which: a random word of its own.
    pub device: String,
    /// It is over then, whatever came of it.
    pub until: Timestamp,
}

impl Kept {
    /// The token as it is kept with a lease.
    #[must_use]
    pub fn of(lease: &Lease, audience: Option<String>, asked_at: Timestamp, basis: &str) -> Self {
        let (token, asked) = (lease.token.copy(), lease.asked.clone());
        Self { token, asked, audience, asked_at, basis: basis.to_owned() }
    }

    /// The lease that it still is, by the wall clock: devices share no other. `None` where its life is
    /// over, or it was asked for further in the future than `limits::SKEW`; what lies in between is
    /// taken off its life.
    #[must_use]
    pub fn lease(&self, profile: &Profile, clock: &dyn Clock) -> Option<Lease> {
        let since = clock.wall().duration_since(self.asked_at).unsigned_abs();
        if clock.wall() < self.asked_at && since > limits::SKEW {
            return None;
        }
        let life = self.token.life.duration();
        let remaining = life.checked_sub(since).filter(|left| !left.is_zero())?;
        let given = Given {
            profile: profile.name.clone(),
            token: self.token.copy(),
            expires_at: self.asked_at.checked_add(life).ok()?,
            secret_expires: profile.secret_expires,
            asked: self.asked.clone(),
        };
        Some(Lease::received(given, remaining, clock.steady()))
    }
}
