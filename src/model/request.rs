//! The question: everything that decides which token is meant.

use std::time::Duration;

use super::{Profile, ProfileName, Scopes};

/// A complete request for a lease. Two equal requests for the same version of a profile may share
/// one lease; any difference may not.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LeaseRequest {
    /// The profile to mint for.
    pub profile: ProfileName,
    /// Life the token must have left when it is handed out; `None` for the default.
    pub min_valid: Option<Duration>,
    /// Scopes in place of the profile's own; empty for the profile's.
    pub scopes: Scopes,
    /// Audience in place of the profile's own.
    pub audience: Option<String>,
}

impl LeaseRequest {
    /// The scopes to ask for: its own, or those of the profile.
    #[must_use]
    pub fn scopes_for<'a>(&'a self, profile: &'a Profile) -> &'a Scopes {
        if self.scopes.is_empty() { &profile.scopes } else { &self.scopes }
    }

    /// A request for the profile as it is set up.
    #[must_use]
    pub fn plain(profile: ProfileName) -> Self {
        Self { profile, min_valid: None, scopes: Scopes::default(), audience: None }
    }
}
