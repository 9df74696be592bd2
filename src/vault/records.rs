//! Profiles of an open vault: read, add, change, remove, list.

use super::open::{present, seen};
use super::{Error, OpenVault};
use crate::limits;
use crate::model::{Profile, ProfileName};
use crate::seal::{self, Pin, PinState, Record, RecordPath};
use crate::store::{self, Expect, Found};

/// One line of a listing: a profile, or what is in the way of reading it.
pub struct Listed {
    /// Where its record lies.
    pub path: String,
    /// The profile, or why there is none to show.
    pub profile: Result<Profile, Error>,
}

impl OpenVault<'_> {
    /// The profile named `name`.
    ///
    /// # Errors
    /// - [`Error::NoProfile`].
    /// - [`Error::Sealed`]: its record is damaged, forged or misplaced.
    /// - [`Error::History`]: it is not the record last known, or is missing.
    pub fn profile(&self, name: &ProfileName) -> Result<Profile, Error> {
        self.record(name).map(|(record, _)| record.profile)
    }

    /// Adds a profile.
    ///
    /// # Errors
    /// [`Error::Exists`], [`Error::Full`], [`Error::TooOldToWrite`]; [`Error::Store`] where it
    /// could not be saved.
    pub fn add(&self, profile: Profile) -> Result<(), Error> {
        self.may_write()?;
        let path = self.keys.record_path(&profile.name);
        // What is there must be in order, and what is not must not be missing.
        if self.read(&path, &told(&profile.name))?.is_some() {
            return Err(Error::Exists(profile.name));
        }
        if self.store.list_records()?.len() >= limits::PROFILES {
            return Err(Error::Full);
        }
        let name = profile.name.clone();
        // A name that was used before goes on counting, so that its old records stay dead.
        let tombstone = self.pin(path.as_str(), &told(&name))?;
        let record = Record {
            version: tombstone.as_ref().map_or(1, |pin| pin.version + 1),
            previous: tombstone.map(|pin| pin.sha256),
            saved_at: self.clock.wall(),
            profile,
        };
        self.save(&record, &path, Expect::Absent).map_err(|error| match error {
            Error::Store(store::Error::Conflict) => Error::Exists(name),
            other => other,
        })
    }

    /// Removes the profile named `name`. Its name leaves a tombstone on this device.
    ///
    /// # Errors
    /// As [`OpenVault::profile`] and [`OpenVault::add`].
    pub fn remove(&self, name: &ProfileName) -> Result<(), Error> {
        self.may_write()?;
        let path = self.keys.record_path(name);
        let (record, digest) = self.record(name)?;
        let mut pin = Pin {
            version: record.version,
            sha256: digest.clone(),
            saved_at: record.saved_at,
            state: PinState::Leaving,
        };
        // First the intent: a crash after the removal must not look like a theft.
        self.pins.set(path.as_str(), &pin).map_err(store::Error::Disk)?;
        if let Err(error) = self.store.delete(path.as_str(), &digest) {
            // It still stands, so its absence would be a theft again.
            if self.store.get(path.as_str()).is_ok_and(|now| now.is_some()) {
                pin.state = PinState::Present;
                let _known_as_leaving_then = self.pins.take_back(path.as_str(), &pin);
            }
            return Err(error.into());
        }
        pin.state = PinState::Removed;
        self.remember(path.as_str(), &pin);
        Ok(())
    }

    /// Every profile, by name; records that cannot be read or are missing come last.
    ///
    /// # Errors
    /// [`Error::Full`] above `limits::PROFILES`; [`Error::Store`].
    pub fn list(&self) -> Result<Vec<Listed>, Error> {
        let mut paths = self.store.list_records()?;
        if paths.len() > limits::PROFILES {
            return Err(Error::Full);
        }
        let absent: Vec<String> = self
            .pins
            .record_paths()
            .into_iter()
            .filter(|path| paths.binary_search(path).is_err())
            .collect();
        paths.extend(absent);
        let mut listed: Vec<Listed> =
            paths.into_iter().filter_map(|path| self.listed(path)).collect();
        listed.sort_by(|a, b| match (&a.profile, &b.profile) {
            (Ok(a), Ok(b)) => a.name.cmp(&b.name),
            (a, b) => a.is_err().cmp(&b.is_err()),
        });
        Ok(listed)
    }

    /// `None` for a profile that was removed in order.
    fn listed(&self, path: String) -> Option<Listed> {
        let profile = match RecordPath::parse(&path) {
            None => Err(seal::Error::Misplaced("a file among the records").into()),
            Some(parsed) => {
                self.read(&parsed, &path).transpose()?.map(|(record, _)| record.profile)
            }
        };
        Some(Listed { path, profile })
    }

    fn record(&self, name: &ProfileName) -> Result<(Record, String), Error> {
        let path = self.keys.record_path(name);
        self.read(&path, &told(name))?.ok_or_else(|| Error::NoProfile(name.clone()))
    }

    fn read(&self, path: &RecordPath, what: &str) -> Result<Option<(Record, String)>, Error> {
        let mut found = self.store.get(path.as_str())?;
        loop {
            let judged = self.judge(path, what, found.as_ref());
            if !matches!(judged, Err(Error::History { .. })) {
                return judged;
            }
            // Another process may have changed it, and the pin too, between our looks at the two.
            let again = self.store.get(path.as_str())?;
            if again == found {
                return judged;
            }
            found = again;
        }
    }

    fn judge(
        &self,
        path: &RecordPath,
        what: &str,
        found: Option<&Found>,
    ) -> Result<Option<(Record, String)>, Error> {
        let Some(found) = found else {
            self.check(path.as_str(), what, None)?;
            return Ok(None);
        };
        let record = Record::open(&found.bytes, &self.keys, path)?;
        self.check(path.as_str(), what, Some(&seen(&record, &found.bytes)))?;
        Ok(Some((record, found.digest.clone())))
    }

    fn save(&self, record: &Record, path: &RecordPath, expect: Expect<'_>) -> Result<(), Error> {
        let sealed = record.seal(&self.keys)?;
        self.store.put(path.as_str(), &sealed, expect)?;
        // After the last fsync of the record: a pin never runs ahead of what is on disk.
        self.remember(path.as_str(), &present(&seen(record, &sealed)));
        Ok(())
    }

    fn may_write(&self) -> Result<(), Error> {
        if self.keys.may_write() { Ok(()) } else { Err(Error::TooOldToWrite) }
    }
}

fn told(name: &ProfileName) -> String {
    format!("profile `{name}`")
}
