//! A profile as one sealed record: its versioned form, its MAC, its place and its history.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::binding::{self, Purpose, base64, from_base64};
use super::form::ProfileForm;
use super::sheet::{self, Sheet};
use super::slot::SlotForm;
use super::{Error, VERSION, VaultKeys, envelope};
use crate::limits;
use crate::model::{Profile, Slot};

const WHAT: &str = "the record";
/// Enough to tell versions of one record apart.
const ANCESTOR_DIGITS: usize = 16;
/// Where slots lie.
const SLOTS: &str = "tokens/";

/// Where a record lies in a store: `profiles/<aa>/<64 hex digits>.age`; the slot of the same profile is
/// in `tokens/<aa>/<the same digits>.age`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordPath(String);

impl RecordPath {
    pub(super) fn from_hex(hex: &str) -> Self {
        let shard: String = hex.chars().take(2).collect();
        Self(format!("profiles/{shard}/{hex}.age"))
    }

    /// Reads a store's key; `None` where it is not that of a record.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let hex = text.strip_prefix("profiles/")?.get(3..)?.strip_suffix(".age")?;
        let is_hex = hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit());
        let path = Self::from_hex(hex);
        (is_hex && path.0 == text).then_some(path)
    }

    /// Where the slot of the profile at this place lies.
    #[must_use]
    pub fn slot(&self) -> Self {
        Self(self.0.replacen("profiles/", SLOTS, 1))
    }

    /// Whether it is the place of a slot.
    #[must_use]
    pub fn is_of_slot(&self) -> bool {
        self.0.starts_with(SLOTS)
    }

    /// The folder it lies in: `profiles/<aa>`.
    #[must_use]
    pub fn shard(&self) -> &str {
        self.0.rsplit_once('/').map_or("", |(shard, _)| shard)
    }

    /// The store's key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RecordPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a record holds.
#[derive(Default)]
pub enum Content {
    /// Nothing: it was removed.
    #[default]
    Removed,
    /// A profile.
    Profile(Box<Profile>),
    /// What the last mint for a profile left.
    Slot(Box<Slot>),
}

/// One version of a profile, or of its slot, in the vault.
#[derive(Default)]
pub struct Record {
    /// From 1, one more with each change; a removal is one, too.
    pub version: u64,
    /// SHA-256 of the sealed form before this one; `None` for the first.
    pub previous: Option<String>,
    /// How the digests of the versions before that one begin, the latest first.
    pub ancestors: Vec<String>,
    /// When this version was saved.
    pub saved_at: Timestamp,
    /// What is in it.
    pub content: Content,
}

impl Record {
    /// The first version: nothing in it yet.
    #[must_use]
    pub fn first() -> Self {
        Self { version: 1, ..Self::default() }
    }

    /// The profile in it.
    #[must_use]
    pub fn profile(&self) -> Option<&Profile> {
        match &self.content {
            Content::Profile(profile) => Some(profile),
            Content::Removed | Content::Slot(_) => None,
        }
    }

    /// Takes the profile out of it.
    pub fn take_profile(&mut self) -> Option<Profile> {
        match std::mem::take(&mut self.content) {
            Content::Profile(profile) => Some(*profile),
            Content::Removed | Content::Slot(_) => None,
        }
    }

    /// The version that follows this one, whose sealed form has the digest `sha256`: nothing in it
    /// yet.
    #[must_use]
    pub fn next(&self, sha256: &str) -> Self {
        let short = |digest: &String| digest.chars().take(ANCESTOR_DIGITS).collect();
        let older = self.previous.iter().map(short).chain(self.ancestors.iter().cloned());
        Self {
            version: self.version + 1,
            previous: Some(sha256.to_owned()),
            ancestors: older.take(limits::ANCESTORS).collect(),
            saved_at: self.saved_at,
            content: Content::Removed,
        }
    }

    /// Seals the record for its place, in the newest epoch of `keys`.
    ///
    /// # Errors
    /// [`Error::Misplaced`] where it is not the place of its profile; [`Error::TooLarge`],
    /// [`Error::NoRandomness`].
    pub fn seal(&self, keys: &VaultKeys, path: &RecordPath) -> Result<Vec<u8>, Error> {
        self.check_place(keys, path)?;
        let epoch = keys.newest();
        let form = Form::new(self, keys, path);
        let plain = sheet::write(&form, WHAT, |body| Check {
            mac: base64(&binding::mac(epoch.mac_key(), Purpose::Record, path.as_str(), body))
                .to_string(),
        })?;
        envelope::seal(&plain, std::iter::once(&epoch.recipient()))
    }

    /// Opens what lies at `path`.
    ///
    /// # Errors
    /// - As [`envelope::open`].
    /// - [`Error::Forged`]: the MAC is not that of its epoch, or the epoch is unknown.
    /// - [`Error::Misplaced`]: written for another vault, place or name.
    /// - [`Error::UnknownVersion`], [`Error::Damaged`].
    pub fn open(sealed: &[u8], keys: &VaultKeys, path: &RecordPath) -> Result<Self, Error> {
        let (plain, epoch) = keys.unseal(sealed, WHAT)?;
        let sheet = Sheet::read(plain.expose(), WHAT)?;
        let check: Check = sheet.check(WHAT)?;
        let form: Form = sheet.body(WHAT)?;
        // Who left with an earlier epoch's keys must not write into a later one.
        if form.epoch != epoch.number() {
            return Err(Error::Forged(WHAT));
        }
        let claimed = from_base64(&check.mac, WHAT)?;
        let context = form.path.as_str();
        if !binding::is_mac(epoch.mac_key(), Purpose::Record, context, sheet.body, &claimed) {
            return Err(Error::Forged(WHAT));
        }
        if form.path != path.as_str() || form.vault != keys.vault().as_str() {
            return Err(Error::Misplaced(WHAT));
        }
        let record = Self::try_from(form)?;
        record.check_place(keys, path)?;
        Ok(record)
    }

    fn check_place(&self, keys: &VaultKeys, path: &RecordPath) -> Result<(), Error> {
        let belongs = match &self.content {
            Content::Removed => true,
            Content::Profile(profile) => keys.record_path(&profile.name) == *path,
            Content::Slot(_) => path.is_of_slot(),
        };
        if belongs { Ok(()) } else { Err(Error::Misplaced(WHAT)) }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Check {
    mac: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    v: String,
    vault: String,
    path: String,
    epoch: u32,
    version: u64,
    previous: Option<String>,
    ancestors: Vec<String>,
    saved_at: Timestamp,
    profile: Option<ProfileForm>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    slot: Option<SlotForm>,
}

impl Form {
    fn new(record: &Record, keys: &VaultKeys, path: &RecordPath) -> Self {
        let Record { version, previous, ancestors, saved_at, content } = record;
        let (profile, slot) = match content {
            Content::Removed => (None, None),
            Content::Profile(profile) => (Some(ProfileForm::from(profile.as_ref())), None),
            Content::Slot(slot) => (None, Some(SlotForm::from(slot.as_ref()))),
        };
        Self {
            v: VERSION.to_owned(),
            vault: keys.vault().to_string(),
            path: path.to_string(),
            epoch: keys.newest().number(),
            version: *version,
            previous: previous.clone(),
            ancestors: ancestors.clone(),
            saved_at: *saved_at,
            profile,
            slot,
        }
    }
}

impl TryFrom<Form> for Record {
    type Error = Error;

    fn try_from(form: Form) -> Result<Self, Error> {
        let Form {
            v: _,
            vault: _,
            path: _,
            epoch: _,
            version,
            previous,
            ancestors,
            saved_at,
            profile,
            slot,
        } = form;
        let fits = |digits: &String| digits.len() == ANCESTOR_DIGITS;
        if ancestors.len() > limits::ANCESTORS || !ancestors.iter().all(fits) {
            return Err(Error::Damaged(WHAT));
        }
        let content = match (profile, slot) {
            (None, None) => Content::Removed,
            (Some(profile), None) => Content::Profile(Box::new(profile.try_into()?)),
            (None, Some(slot)) => Content::Slot(Box::new(slot.try_into()?)),
            (Some(_), Some(_)) => return Err(Error::Damaged(WHAT)),
        };
        Ok(Self { version, previous, ancestors, saved_at, content })
    }
}
