//! A profile as one sealed record: its versioned form, its MAC, its place and its history.

use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::binding::{self, Purpose, base64, from_base64};
use super::sheet::{self, Sheet};
use super::{Error, VERSION, VaultKeys, envelope};
use crate::model::{Credential, Endpoint, Flags, Profile, Scopes};
use crate::secret::ClientSecret;

const WHAT: &str = "the record";

/// Where a record lies in a store: `profiles/<aa>/<64 hex digits>.age`.
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

/// One version of a profile in the vault.
pub struct Record {
    /// From 1, one more with each change; it goes on over a removal.
    pub version: u64,
    /// SHA-256 of the sealed form before this one; `None` for the first.
    pub previous: Option<String>,
    /// When this version was saved.
    pub saved_at: Timestamp,
    /// The profile.
    pub profile: Profile,
}

impl Record {
    /// Seals the record for its place, in the newest epoch of `keys`.
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::NoRandomness`].
    pub fn seal(&self, keys: &VaultKeys) -> Result<Vec<u8>, Error> {
        let path = keys.record_path(&self.profile.name);
        let epoch = keys.newest();
        let form = Form::new(self, keys, &path);
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
        if keys.record_path(&record.profile.name) != *path {
            return Err(Error::Misplaced(WHAT));
        }
        Ok(record)
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
    saved_at: Timestamp,
    profile: ProfileForm,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProfileForm {
    name: String,
    preset: String,
    endpoint: String,
    base_url: Option<String>,
    auth: String,
    client_id: String,
    /// Where it is UTF-8, so that a person with the recovery key can read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<Zeroizing<String>>,
    /// Where it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret_base64: Option<Zeroizing<String>>,
    scopes: Vec<String>,
    audience: Option<String>,
    resource: Option<String>,
    params: Vec<(String, String)>,
    ca: Option<String>,
    label: Option<String>,
    tags: Vec<String>,
    secret_expires: Option<Date>,
    token_only: bool,
    added_at: Timestamp,
    changed_at: Timestamp,
}

impl Form {
    fn new(record: &Record, keys: &VaultKeys, path: &RecordPath) -> Self {
        let Record { version, previous, saved_at, profile } = record;
        Self {
            v: VERSION.to_owned(),
            vault: keys.vault().to_string(),
            path: path.to_string(),
            epoch: keys.newest().number(),
            version: *version,
            previous: previous.clone(),
            saved_at: *saved_at,
            profile: profile.into(),
        }
    }
}

impl TryFrom<Form> for Record {
    type Error = Error;

    fn try_from(form: Form) -> Result<Self, Error> {
        let Form { v: _, vault: _, path: _, epoch: _, version, previous, saved_at, profile } = form;
        Ok(Self { version, previous, saved_at, profile: profile.try_into()? })
    }
}

impl From<&Profile> for ProfileForm {
    fn from(profile: &Profile) -> Self {
        let Profile {
            name,
            preset,
            endpoint,
            base_url,
            auth,
            credential,
            scopes,
            audience,
            resource,
            params,
            ca,
            label,
            tags,
            secret_expires,
            flags: Flags { token_only },
            added_at,
            changed_at,
        } = profile;
        let (client_secret, client_secret_base64) = readable(credential.secret());
        Self {
            name: name.to_string(),
            preset: preset.clone(),
            endpoint: endpoint.to_string(),
            base_url: base_url.as_ref().map(Endpoint::to_string),
            auth: auth.to_string(),
            client_id: credential.client_id().to_string(),
            client_secret,
            client_secret_base64,
            scopes: scopes.iter().map(str::to_owned).collect(),
            audience: audience.clone(),
            resource: resource.clone(),
            params: params.clone(),
            ca: ca.clone(),
            label: label.clone(),
            tags: tags.iter().map(ToString::to_string).collect(),
            secret_expires: *secret_expires,
            token_only: *token_only,
            added_at: *added_at,
            changed_at: *changed_at,
        }
    }
}

/// Exactly one of the two.
fn readable(secret: &ClientSecret) -> (Option<Zeroizing<String>>, Option<Zeroizing<String>>) {
    match std::str::from_utf8(secret.expose()) {
        Ok(text) => (Some(Zeroizing::new(text.to_owned())), None),
        Err(_) => (None, Some(base64(secret.expose()))),
    }
}

impl TryFrom<ProfileForm> for Profile {
    type Error = Error;

    fn try_from(form: ProfileForm) -> Result<Self, Error> {
        let ProfileForm {
            name,
            preset,
            endpoint,
            base_url,
            auth,
            client_id,
            client_secret,
            client_secret_base64,
            scopes,
            audience,
            resource,
            params,
            ca,
            label,
            tags,
            secret_expires,
            token_only,
            added_at,
            changed_at,
        } = form;
        let secret = match (client_secret, client_secret_base64) {
            (Some(text), None) => Zeroizing::new(text.as_bytes().to_vec()),
            (None, Some(text)) => from_base64(&text, WHAT)?,
            _ => return Err(Error::Damaged(WHAT)),
        };
        let client_id = client_id.parse().map_err(|_| Error::Damaged(WHAT))?;
        let tags: Result<BTreeSet<_>, _> = tags.iter().map(|tag| tag.parse()).collect();
        let base_url = base_url.map(|url| url.parse()).transpose();
        // A member could have written these with another program: they are shown to people.
        let text = |text: Option<String>| {
            text.map(|text| Profile::text(&text)).transpose().map_err(|_| Error::Damaged(WHAT))
        };
        let params: Result<Vec<_>, _> =
            params.iter().map(|(k, v)| Profile::parameter(&format!("{k}={v}"))).collect();
        Ok(Self {
            name: name.parse().map_err(|_| Error::Damaged(WHAT))?,
            preset: Profile::text(&preset).map_err(|_| Error::Damaged(WHAT))?,
            endpoint: endpoint.parse().map_err(|_| Error::Damaged(WHAT))?,
            base_url: base_url.map_err(|_| Error::Damaged(WHAT))?,
            auth: auth.parse().map_err(|_| Error::Damaged(WHAT))?,
            credential: Credential::new(client_id, secret).map_err(|_| Error::Damaged(WHAT))?,
            scopes: Scopes::parse(scopes.iter().map(String::as_str))
                .map_err(|_| Error::Damaged(WHAT))?,
            audience: text(audience)?,
            resource: text(resource)?,
            params: params.map_err(|_| Error::Damaged(WHAT))?,
            ca,
            label: text(label)?,
            tags: tags.map_err(|_| Error::Damaged(WHAT))?,
            secret_expires,
            flags: Flags { token_only },
            added_at,
            changed_at,
        })
    }
}
