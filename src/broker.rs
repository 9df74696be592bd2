//! Whoever holds an opened vault and gives leases from it.

use crate::clock::Clock;
use crate::mint;
use crate::model::{Lease, LeaseRequest, Profile};
use crate::stack;
use crate::vault::{self, OpenVault};

/// Why there is no lease.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The vault does not give the profile.
    #[error(transparent)]
    Vault(vault::Error),
    /// The mint failed.
    #[error("{source}")]
    Mint {
        /// The profile's preset: what to do about it depends on the service.
        preset: String,
        /// Why.
        source: mint::Error,
    },
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
    proxy: Option<&str>,
    clock: &dyn Clock,
) -> Result<Lease, Error> {
    let minted = mint::mint(profile, request, proxy, clock);
    stack::scrub(stack::Depth::Mint);
    minted.map_err(|source| Error::Mint { preset: profile.preset.clone(), source })
}

impl Local<'_> {
    /// A lease that answers `request`.
    ///
    /// # Errors
    /// [`Error::Vault`], [`Error::Mint`].
    pub fn lease(&self, request: &LeaseRequest) -> Result<Lease, Error> {
        let profile = self.vault.profile(&request.profile).map_err(Error::Vault)?;
        lease_for(&profile, request, self.proxy, self.clock)
    }
}
