//! Profiles of an open vault: read, add, change, rename, remove.

use super::open::{present, seen};
use super::{Error, OpenVault};
use crate::limits;
use crate::model::{Profile, ProfileName};
use crate::seal::{Record, RecordPath};
use crate::store::{self, Expect, Found};

/// A record with the digest of its sealed form.
pub(super) type Sealed = (Record, String);

impl OpenVault<'_> {
    /// The profile named `name`.
    ///
    /// # Errors
    /// - [`Error::NoProfile`].
    /// - [`Error::Sealed`]: its record is damaged, forged or misplaced.
    /// - [`Error::History`]: it is not the record last known, or is missing.
    pub fn profile(&self, name: &ProfileName) -> Result<Profile, Error> {
        self.current(name).map(|(profile, ..)| profile)
    }

    /// The profile whose record lies at `path`, for whoever keeps that and not the name; `None`
    /// where there is none (any more).
    ///
    /// # Errors
    /// As [`OpenVault::profile`].
    pub fn profile_at(&self, path: &RecordPath) -> Result<Option<Profile>, Error> {
        Ok(self.read(path, path.as_str())?.and_then(|(record, _)| record.profile))
    }

    /// Where the record of `name` lies, which tells nothing of the name.
    #[must_use]
    pub fn path_of(&self, name: &ProfileName) -> RecordPath {
        self.keys.record_path(name)
    }

    /// Adds a profile.
    ///
    /// # Errors
    /// [`Error::Exists`], [`Error::Full`], [`Error::TooOldToWrite`]; [`Error::Store`] where it
    /// could not be saved.
    pub fn add(&self, profile: Profile) -> Result<(), Error> {
        self.may_write()?;
        let name = profile.name.clone();
        let path = self.keys.record_path(&name);
        // What is there must be in order, and what is not must not be missing.
        let before = self.read(&path, &told(&name))?;
        if before.as_ref().is_some_and(|(record, _)| record.profile.is_some()) {
            return Err(Error::Exists(name));
        }
        if before.is_none() {
            self.check_room(&path)?;
        }
        self.save(before.as_ref(), &path, Some(profile)).map_err(|error| match error {
            Error::Store(store::Error::Conflict) => Error::Exists(name),
            other => other,
        })
    }

    /// Changes the profile named `name` to what `change` makes of it, unless somebody else changes
    /// it meanwhile. Its name stays.
    ///
    /// # Errors
    /// As [`OpenVault::profile`] and [`OpenVault::add`], and whatever `change` gives;
    /// [`store::Error::Conflict`] where somebody did.
    pub fn change<E: From<Error>>(
        &self,
        name: &ProfileName,
        change: impl FnOnce(Profile) -> Result<Profile, E>,
    ) -> Result<(), E> {
        self.may_write()?;
        let path = self.keys.record_path(name);
        let (profile, mut record, digest) = self.current(name)?;
        record.profile = Some(change(profile)?);
        let next = record.profile.take();
        Ok(self.save(Some(&(record, digest)), &path, next)?)
    }

    /// Gives the profile `from` the name `to`. It is added first and removed then, so that an
    /// interruption leaves it under both names; another try finishes that.
    ///
    /// # Errors
    /// As [`OpenVault::add`] and [`OpenVault::remove`].
    pub fn rename(&self, from: &ProfileName, to: &ProfileName) -> Result<(), Error> {
        let renamed = Profile { name: to.clone(), ..self.profile(from)? };
        let is_begun = match self.profile(to) {
            Ok(there) => there.is_copy_of(&renamed),
            Err(Error::NoProfile(_)) => false,
            Err(error) => return Err(error),
        };
        if from == to || !is_begun {
            self.add(renamed)?;
        }
        let removed = self.remove(from);
        if removed.is_err() && !is_begun {
            // Changed meanwhile: a copy of what it was must not stay behind.
            let _a_copy_stays_then = self.remove(to);
        }
        removed
    }

    /// Removes the profile named `name`: its record becomes one that says so, without the secret.
    ///
    /// # Errors
    /// As [`OpenVault::profile`] and [`OpenVault::change`].
    pub fn remove(&self, name: &ProfileName) -> Result<(), Error> {
        self.may_write()?;
        let (_, record, digest) = self.current(name)?;
        self.save(Some(&(record, digest)), &self.keys.record_path(name), None)
    }

    /// The profile, and its record without it.
    fn current(&self, name: &ProfileName) -> Result<(Profile, Record, String), Error> {
        let path = self.keys.record_path(name);
        let found = self.read(&path, &told(name))?;
        let no_such = || Error::NoProfile(name.clone());
        let (mut record, digest) = found.ok_or_else(no_such)?;
        let profile = record.profile.take().ok_or_else(no_such)?;
        Ok((profile, record, digest))
    }

    pub(super) fn read(&self, path: &RecordPath, what: &str) -> Result<Option<Sealed>, Error> {
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
    ) -> Result<Option<Sealed>, Error> {
        let Some(found) = found else {
            self.check(path.as_str(), what, None)?;
            return Ok(None);
        };
        let record = Record::open(&found.bytes, &self.keys, path)?;
        self.check(path.as_str(), what, Some(&seen(&record, &found.bytes)))?;
        Ok(Some((record, found.digest.clone())))
    }

    /// Saves the version that follows `before`.
    fn save(
        &self,
        before: Option<&Sealed>,
        path: &RecordPath,
        profile: Option<Profile>,
    ) -> Result<(), Error> {
        let previous = before.map(|(_, digest)| digest.clone());
        let version = before.map_or(1, |(record, _)| record.version + 1);
        let expect = previous.clone();
        let record = Record { version, previous, saved_at: self.clock.wall(), profile };
        let sealed = record.seal(&self.keys, path)?;
        let expect = expect.as_deref().map_or(Expect::Absent, Expect::Digest);
        self.store.put(path.as_str(), &sealed, expect)?;
        // After the last fsync of the record: a pin never runs ahead of what is on disk.
        self.remember(path.as_str(), &present(&seen(&record, &sealed)));
        Ok(())
    }

    /// All are counted only where the shard of the new one says that there may be too many: names
    /// are spread evenly, and counting takes longer the more there are.
    fn check_room(&self, path: &RecordPath) -> Result<(), Error> {
        let beside = self.store.records(path.shard())?.len();
        if beside < limits::CROWDED_SHARD {
            return Ok(());
        }
        if self.store.list_records()?.len() < limits::PROFILES { Ok(()) } else { Err(Error::Full) }
    }

    fn may_write(&self) -> Result<(), Error> {
        if self.keys.may_write() { Ok(()) } else { Err(Error::TooOldToWrite) }
    }
}

fn told(name: &ProfileName) -> String {
    format!("profile `{name}`")
}
