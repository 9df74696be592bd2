//! A profile in a line: what a listing shows, and nothing that opens anything.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::{Timestamp, Unit};

use super::{Profile, ProfileName, Tag};

/// What a listing shows of a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Its name.
    pub name: ProfileName,
    /// The preset it was made from.
    pub preset: String,
    /// The host that is asked for tokens.
    pub host: String,
    /// Free text for people.
    pub label: Option<String>,
    /// Words to select by.
    pub tags: BTreeSet<Tag>,
    /// The last day the secret works, where the user knows it.
    pub secret_expires: Option<Date>,
    /// Whether only tokens leave.
    pub token_only: bool,
    /// When it was added.
    pub added_at: Timestamp,
    /// When it was last changed.
    pub changed_at: Timestamp,
}

impl Summary {
    /// Days from `today` to the last day of the secret: 0 on that day, less after it.
    #[must_use]
    pub fn days_left(&self, today: Date) -> Option<i32> {
        let span = today.until((Unit::Day, self.secret_expires?)).ok()?;
        Some(span.get_days())
    }
}

impl From<&Profile> for Summary {
    fn from(profile: &Profile) -> Self {
        let Profile { name, preset, endpoint, label, tags, secret_expires, flags, .. } = profile;
        Self {
            name: name.clone(),
            preset: preset.clone(),
            host: endpoint.host(),
            label: label.clone(),
            tags: tags.clone(),
            secret_expires: *secret_expires,
            token_only: flags.token_only,
            added_at: profile.added_at,
            changed_at: profile.changed_at,
        }
    }
}
