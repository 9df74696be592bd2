//! Profiles of an open vault: read, add, change, rename, remove.

use super::open::{present, seen};
use super::{Error, OpenVault};
use crate::limits;
use crate::model::{Profile, ProfileName};
use crate::seal::{Content, Record, RecordPath};
use crate::store::{self, Expect, Found, Stamp};

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
        Ok(self.read(path, path.as_str())?.and_then(|(mut record, _)| record.take_profile()))
    }

    /// The profile whose record lies at `path`, with the digest of that very record as it is sealed;
    /// `name` is for the error.
    ///
    /// # Errors
    /// As [`OpenVault::profile`].
    pub fn profile_with_digest(
        &self,
        path: &RecordPath,
        name: Option<&ProfileName>,
    ) -> Result<Option<(Profile, String)>, Error> {
        let what = name.map_or_else(|| path.as_str().to_owned(), told);
        let found = self.read(path, &what)?;
        Ok(found.and_then(|(mut record, digest)| Some((record.take_profile()?, digest))))
    }

    /// What changes whenever the record at `path` does; `None` where that cannot be told, and the
    /// record itself must be looked at.
    #[must_use]
    pub fn stamp_at(&self, path: &RecordPath) -> Option<Stamp> {
        self.store.stamp(path.as_str())
    }

    /// The digest of the record at `path` as it lies there now, unjudged: to tell whether it is still
    /// the one that was judged before. `None` where there is none.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn digest_at(&self, path: &RecordPath) -> Result<Option<String>, Error> {
        Ok(self.store.get(path.as_str())?.map(|found| found.digest))
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
        self.insert(profile).map(drop)
    }

    /// Adds a profile, and gives back the digest of its sealed form.
    fn insert(&self, profile: Profile) -> Result<String, Error> {
        self.may_write()?;
        let name = profile.name.clone();
        let path = self.keys.record_path(&name);
        // What is there must be in order, and what is not must not be missing.
        let before = self.read(&path, &told(&name))?;
        if before.as_ref().is_some_and(|(record, _)| record.profile().is_some()) {
            return Err(Error::Exists(name));
        }
        if before.is_none() {
            self.check_room(&path)?;
        }
        self.save(before.as_ref(), &path, profile_content(profile)).map_err(|error| match error {
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
        let (profile, record, digest) = self.current(name)?;
        let changed = change(profile)?;
        self.save(Some(&(record, digest)), &path, profile_content(changed))?;
        Ok(())
    }

    /// Gives the profile `from` the name `to`. It is added first and removed then, so that an
    /// interruption leaves it under both names; another try finishes that. `between` runs while it
    /// has both.
    ///
    /// # Errors
    /// As [`OpenVault::add`] and [`OpenVault::remove`], and whatever `between` gives;
    /// [`store::Error::Conflict`] where somebody changed it meanwhile.
    pub fn rename<E: From<Error>>(
        &self,
        from: &ProfileName,
        to: &ProfileName,
        between: impl FnOnce() -> Result<(), E>,
    ) -> Result<(), E> {
        self.may_write()?;
        let path = self.keys.record_path(from);
        let _nobody_mints = self.quiet_slot(&path)?;
        let (profile, record, digest) = self.current(from)?;
        let renamed = Profile { name: to.clone(), ..profile };
        let added = if from == to || !self.take_over(&renamed)? {
            Some(self.insert_beside(renamed, &path)?)
        } else {
            None
        };
        let new_path = self.keys.record_path(to);
        self.copy_slot(&path, &new_path)?;
        // Exactly what was copied is removed, nothing that somebody made of it since.
        let removed = between()
            .and_then(|()| Ok(self.save(Some(&(record, digest)), &path, Content::Removed)?));
        if removed.is_err()
            && let Some(added) = added
        {
            self.take_back((to, &new_path), &path, &added);
        }
        removed?;
        // A mint may have been under way: what it left under the old name is the last word.
        self.copy_slot(&path, &new_path)?;
        Ok(self.empty_slot(&path)?)
    }

    /// Adds a profile with what is in the slot of the one at `original`. That comes first: without it the
    /// new one would spend what is spent.
    fn insert_beside(&self, profile: Profile, original: &RecordPath) -> Result<String, Error> {
        let (name, path) = (profile.name.clone(), self.keys.record_path(&profile.name));
        let is_free = || matches!(self.current(&name), Err(Error::NoProfile(_)));
        if is_free() {
            self.copy_slot(original, &path)?;
        }
        self.insert(profile).inspect_err(|_| {
            if is_free() {
                let _what_stays_is_nobodys = self.empty_slot(&path);
            }
        })
    }

    /// Whether `copy` is there already, from a rename that was interrupted, or is still under way:
    /// then it is saved once more, so that the other one does not take it back.
    fn take_over(&self, copy: &Profile) -> Result<bool, Error> {
        match self.current(&copy.name) {
            Ok((there, record, digest)) if there.is_copy_of(copy) => {
                let path = self.keys.record_path(&copy.name);
                self.save(Some(&(record, digest)), &path, profile_content(there))?;
                Ok(true)
            }
            Ok(_) | Err(Error::NoProfile(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Removes a copy that is of no use any more, unless somebody did something with it. What was
    /// minted under its name goes back to the `original`.
    fn take_back(
        &self,
        (name, path): (&ProfileName, &RecordPath),
        original: &RecordPath,
        added: &str,
    ) {
        if let Ok((_, record, digest)) = self.current(name)
            && digest == added
            && self.copy_slot(path, original).is_ok()
        {
            let _what_stays_is_nobodys = self.empty_slot(path);
            let _a_copy_stays_then = self.save(Some(&(record, digest)), path, Content::Removed);
        }
    }

    /// Removes the profile named `name`: its record becomes one that says so, without the secret.
    ///
    /// # Errors
    /// As [`OpenVault::profile`] and [`OpenVault::change`].
    pub fn remove(&self, name: &ProfileName) -> Result<(), Error> {
        self.may_write()?;
        let path = self.keys.record_path(name);
        let _nobody_mints = self.quiet_slot(&path)?;
        let (_, record, digest) = self.current(name)?;
        self.save(Some(&(record, digest)), &path, Content::Removed)?;
        // Last: without it the profile would spend what is spent. Of one that is gone it is nobody's.
        self.empty_slot(&path)
    }

    /// The profile, and its record without it.
    fn current(&self, name: &ProfileName) -> Result<(Profile, Record, String), Error> {
        let path = self.keys.record_path(name);
        let found = self.read(&path, &told(name))?;
        let no_such = || Error::NoProfile(name.clone());
        let (mut record, digest) = found.ok_or_else(no_such)?;
        let profile = record.take_profile().ok_or_else(no_such)?;
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

    /// Saves the version that follows `before`, and gives back the digest of its sealed form.
    pub(super) fn save(
        &self,
        before: Option<&Sealed>,
        path: &RecordPath,
        content: Content,
    ) -> Result<String, Error> {
        let saved_at = self.clock.wall();
        let record = before.map_or_else(Record::first, |(record, digest)| record.next(digest));
        let record = Record { saved_at, content, ..record };
        let sealed = record.seal(&self.keys, path)?;
        let expect = before.map_or(Expect::Absent, |(_, digest)| Expect::Digest(digest));
        self.store.put(path.as_str(), &sealed, expect)?;
        // After the last fsync of the record: a pin never runs ahead of what is on disk.
        let now = present(&seen(&record, &sealed));
        self.remember(path.as_str(), &now);
        Ok(now.sha256)
    }

    /// Names are spread evenly, so a few shards tell whether the vault can be full at all; only then
    /// are all counted, which takes longer the more there are.
    fn check_room(&self, path: &RecordPath) -> Result<(), Error> {
        if self.store.count(path.shard())? < limits::CROWDED_SHARD
            || self.count((0..16).map(|sixteenth| format!("profiles/{sixteenth:x}0")))?
                < limits::CROWDED_SHARDS
        {
            return Ok(());
        }
        let all = self.store.shards()?.into_iter().map(|shard| shard.key);
        if self.count(all)? < limits::PROFILES { Ok(()) } else { Err(Error::Full) }
    }

    fn count(&self, shards: impl Iterator<Item = String>) -> Result<usize, Error> {
        let mut counted = 0;
        for shard in shards {
            counted += self.store.count(&shard)?;
        }
        Ok(counted)
    }

    pub(super) fn may_write(&self) -> Result<(), Error> {
        if self.keys.may_write() { Ok(()) } else { Err(Error::TooOldToWrite) }
    }
}

fn profile_content(profile: Profile) -> Content {
    Content::Profile(Box::new(profile))
}

fn told(name: &ProfileName) -> String {
    format!("profile `{name}`")
}
