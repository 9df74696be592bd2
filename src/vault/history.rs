//! Whether an object may follow the one that was last known.

use std::fmt;

use jiff::{Timestamp, Unit};

use super::Seen;
use crate::seal::Pin;

/// How an object differs from what was last known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// An older version was put back.
    RolledBack {
        /// When the version last known was saved.
        known: Timestamp,
        /// When the version found was saved.
        found: Timestamp,
    },
    /// A version that does not descend from the one last known.
    Forked {
        /// When the version last known was saved.
        known: Timestamp,
        /// When the version found was saved.
        found: Timestamp,
    },
    /// It should be there, and is not.
    Withheld {
        /// When the version last known was saved.
        known: Timestamp,
    },
    /// What was known of it cannot be trusted.
    PinForged,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let day = |time: &Timestamp| {
            time.round(Unit::Second).map_or_else(|_| time.to_string(), |time| time.to_string())
        };
        match self {
            Self::RolledBack { known, found } => write!(
                f,
                "it was rolled back: the version here was saved at {}, a later one at {}",
                day(found),
                day(known)
            ),
            Self::Forked { known, found } => write!(
                f,
                "it does not follow the version last known: that was saved at {}, this one at {}",
                day(known),
                day(found)
            ),
            Self::Withheld { known } => {
                write!(f, "it is missing: a version of it was saved at {}", day(known))
            }
            Self::PinForged => {
                f.write_str("what this device last knew of it was changed by somebody else")
            }
        }
    }
}

/// Judges what was found against what was known. A removal is a version like any other, so what was
/// there once stays there.
pub(super) fn judge(pin: Option<&Pin>, seen: Option<&Seen>) -> Result<(), Fault> {
    let Some(pin) = pin else { return Ok(()) };
    let known = pin.saved_at;
    let Some(seen) = seen else { return Err(Fault::Withheld { known }) };
    let found = seen.saved_at;
    let Some(later_by) = seen.version.checked_sub(pin.version) else {
        return Err(Fault::RolledBack { known, found });
    };
    if descends(seen, pin, later_by) { Ok(()) } else { Err(Fault::Forked { known, found }) }
}

/// Whether what was found, so many versions later, was made from what was known. Beyond the versions
/// that it names there is no telling, and it is believed.
fn descends(seen: &Seen, pin: &Pin, later_by: u64) -> bool {
    match later_by {
        0 => seen.sha256 == pin.sha256,
        1 => seen.previous.as_ref() == Some(&pin.sha256),
        _ => {
            let place = usize::try_from(later_by - 2).unwrap_or(usize::MAX);
            seen.ancestors.get(place).is_none_or(|digits| pin.sha256.starts_with(digits))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    fn pin(version: u64) -> Pin {
        Pin { version, sha256: format!("sha-{version}"), saved_at: at(100) }
    }

    fn seen(version: u64) -> Seen {
        let previous = (version > 1).then(|| format!("sha-{}", version - 1));
        Seen {
            version,
            previous,
            ancestors: (1..version.saturating_sub(1)).rev().map(|it| format!("sha-{it}")).collect(),
            sha256: format!("sha-{version}"),
            saved_at: at(version.cast_signed()),
        }
    }

    #[test]
    fn what_was_never_seen_is_believed() {
        assert_eq!(judge(None, Some(&seen(7))), Ok(()));
        assert_eq!(judge(None, None), Ok(()));
    }

    #[test]
    fn the_same_and_every_later_version_is_accepted() {
        let pin = pin(2);
        for version in [2, 3, 9] {
            assert_eq!(judge(Some(&pin), Some(&seen(version))), Ok(()));
        }
    }

    // V11
    #[test]
    fn an_older_version_is_a_rollback_with_both_dates() {
        let fault = judge(Some(&pin(2)), Some(&seen(1)));
        assert_eq!(fault, Err(Fault::RolledBack { known: at(100), found: at(1) }));
        let text = fault.err().map(|fault| fault.to_string()).unwrap_or_default();
        assert!(text.contains("1970-01-01T00:00:01Z") && text.contains("1970-01-01T00:01:40Z"));
    }

    #[test]
    fn another_form_of_the_same_version_is_a_fork() {
        let other = Seen { sha256: "other".into(), ..seen(2) };
        let pin = pin(2);
        assert!(matches!(judge(Some(&pin), Some(&other)), Err(Fault::Forked { .. })));
        let next = Seen { previous: Some("other".into()), ..seen(3) };
        assert!(matches!(judge(Some(&pin), Some(&next)), Err(Fault::Forked { .. })));
        let ancestors = vec!["sha-3".to_owned(), "other".to_owned()];
        let later = Seen { ancestors, ..seen(5) };
        assert!(matches!(judge(Some(&pin), Some(&later)), Err(Fault::Forked { .. })));
    }

    #[test]
    fn a_missing_object_is_withheld() {
        assert_eq!(judge(Some(&pin(2)), None), Err(Fault::Withheld { known: at(100) }));
    }
}
