//! How long an issuer is left alone after a failure.

use std::time::Duration;

use crate::limits;

/// How long to leave the issuer alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rest {
    pub(super) length: Duration,
    /// It said so itself.
    pub(super) asked_for: bool,
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
