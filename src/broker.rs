//! Whoever holds an opened vault and gives leases from it.

use crate::clock::Clock;
use crate::grant;
use crate::limits;
use crate::mint::{self, Means, Slots};
use crate::model::{Lease, LeaseRequest, Profile, ProfileName};
use crate::seal;
use crate::stack;
use crate::vault::{self, OpenVault};

/// Why there is no lease.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The vault does not give the profile.
    #[error(transparent)]
    Vault(vault::Error),
    /// Profiles are minted from each other in a circle, or in too long a row.
    #[error("`{0}` is minted from itself in the end, or by way of too many others")]
    Chain(ProfileName),
    /// The profile that it is minted from gives no lease.
    #[error("no token for `{from}`: {source}")]
    Behind {
        /// That profile.
        from: ProfileName,
        /// Why.
        source: Box<Error>,
    },
    /// The mint failed.
    #[error("{source}")]
    Mint {
        /// What to do about it.
        advice: Vec<String>,
        /// Why.
        source: mint::Error,
    },
}

impl Error {
    /// Whether the issuer did not take the credential.
    #[must_use]
    pub fn is_about_source(&self) -> bool {
        let refused = |source: &mint::Error| {
            matches!(source, mint::Error::Grant(grant::Error::Refused { .. }))
        };
        matches!(self, Self::Mint { source, .. } if refused(source))
    }
}

/// A failure in another process, as it was told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{sentence}")]
pub struct Told {
    /// The exit code, as in `docs/exit-codes.md`.
    pub code: u8,
    /// What could not be done.
    pub sentence: String,
    /// What to do about it.
    pub hints: Vec<String>,
}

/// The broker inside this very process: it opened the vault itself.
pub struct Local<'a> {
    /// The vault.
    pub vault: &'a OpenVault<'a>,
    /// The proxy of the settings.
    pub proxy: Option<&'a str>,
    /// The clocks.
    pub clock: &'a dyn Clock,
}

/// Mints for a profile that need not be in any vault yet, and wipes the stack behind it.
///
/// # Errors
/// [`Error::Mint`].
pub fn lease_for(
    profile: &Profile,
    request: &LeaseRequest,
    means: &Means<'_>,
) -> Result<Lease, Error> {
    let minted = mint::mint(profile, request, means);
    stack::scrub(stack::Depth::Mint);
    minted.map_err(|source| Error::mint(profile, source, means.clock))
}

impl Error {
    /// The mint that failed, be it for a profile that others are minted from.
    #[must_use]
    pub fn cause(&self) -> Option<&mint::Error> {
        match self {
            Self::Mint { source, .. } => Some(source),
            Self::Behind { source, .. } => source.cause(),
            Self::Vault(_) | Self::Chain(_) => None,
        }
    }

    /// The failure of a profile that another one is minted from. That there is none, or that a row of
    /// them has no end, says itself which.
    fn behind(self, from: &ProfileName) -> Self {
        match self {
            Self::Mint { .. } | Self::Behind { .. } => {
                Self::Behind { from: from.clone(), source: Box::new(self) }
            }
            named => named,
        }
    }

    /// A mint that failed, with what to do about it.
    #[must_use]
    pub fn mint(profile: &Profile, source: mint::Error, clock: &dyn Clock) -> Self {
        let today = clock.wall().to_zoned(jiff::tz::TimeZone::UTC).date();
        let advice = match &source {
            mint::Error::Grant(error) => grant::advice(profile, error, today),
            mint::Error::NotKept(_) => grant::over(profile).into_iter().collect(),
            _ => Vec::new(),
        };
        Self::Mint { advice, source }
    }
}

impl Local<'_> {
    /// A lease that answers `request`, minted where none is kept; `fresh` where what is kept will not
    /// do.
    ///
    /// # Errors
    /// [`Error::Vault`], [`Error::Mint`], [`Error::Chain`].
    pub fn lease(&self, request: &LeaseRequest, fresh: bool) -> Result<Lease, Error> {
        self.link(request, fresh, &mut Vec::new())
    }

    /// The same for a profile that need not be in the vault yet; `slots` is where what the mint leaves
    /// is kept.
    ///
    /// # Errors
    /// As [`Local::lease`].
    pub fn lease_for(
        &self,
        profile: &Profile,
        request: &LeaseRequest,
        slots: &dyn Slots,
        fresh: bool,
    ) -> Result<Lease, Error> {
        self.linked(profile, request, (slots, fresh), &mut Vec::new())
    }

    /// One profile of a chain; `behind` are those that it is minted for.
    fn link(
        &self,
        request: &LeaseRequest,
        fresh: bool,
        behind: &mut Vec<ProfileName>,
    ) -> Result<Lease, Error> {
        let profile = self.vault.profile(&request.profile).map_err(Error::Vault)?;
        self.linked(&profile, request, (self.vault, fresh), behind)
    }

    fn linked(
        &self,
        profile: &Profile,
        request: &LeaseRequest,
        (slots, fresh): (&dyn Slots, bool),
        behind: &mut Vec<ProfileName>,
    ) -> Result<Lease, Error> {
        let (proxy, clock) = (self.proxy, self.clock);
        let basis = basis(self.vault, profile);
        let basis = basis.as_str();
        let Some(from) = &profile.from else {
            let means = Means { proxy, clock, slots, source: None, basis, fresh };
            return lease_for(profile, request, &means);
        };
        check_chain(&profile.name, from, behind)?;
        behind.push(profile.name.clone());
        let depth = behind.len();
        let mut fresh_source = false;
        loop {
            behind.truncate(depth);
            let source = self.link(&LeaseRequest::plain(from.clone()), fresh_source, behind);
            let source = source.map_err(|error| error.behind(from))?;
            let source = Some(&source.token.access);
            let means = Means { proxy, clock, slots, source, basis, fresh };
            match lease_for(profile, request, &means) {
                // Another device may have replaced the token that it was minted from.
                Err(error) if error.is_about_source() && !fresh_source => fresh_source = true,
                minted => return minted,
            }
        }
    }
}

/// What a token of `profile` is made of: of itself, and of those in `vault` that it is minted from.
#[must_use]
pub fn basis(vault: &OpenVault<'_>, profile: &Profile) -> String {
    let mut all = seal::basis(profile);
    let mut from = profile.from.clone();
    for _ in 0..limits::CHAIN {
        // One that is not there is told of by the mint.
        let Some(Ok(behind)) = from.map(|name| vault.profile(&name)) else { break };
        all.push_str(&seal::basis(&behind));
        from = behind.from;
    }
    all
}

/// Whether `name` may be minted from `from`; `behind` are those that it is minted for in turn.
///
/// # Errors
/// [`Error::Chain`].
pub fn check_chain(
    name: &ProfileName,
    from: &ProfileName,
    behind: &[ProfileName],
) -> Result<(), Error> {
    let is_round = name == from || behind.contains(from);
    if is_round || behind.len() + 1 >= limits::CHAIN {
        return Err(Error::Chain(name.clone()));
    }
    Ok(())
}
