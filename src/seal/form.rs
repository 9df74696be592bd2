//! The plain form of a profile inside its record, and the way back: everything is checked again.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::Error;
use super::binding::{base64, from_base64};
use super::credential::CredentialForm;
use crate::model::{Endpoint, FieldName, Flags, Options, Profile, Scopes};
use crate::secret::FieldSecret;

const WHAT: &str = "the record";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProfileForm {
    name: String,
    preset: String,
    grant: String,
    endpoint: String,
    issuer: Option<String>,
    base_url: Option<String>,
    auth: String,
    credential: CredentialForm,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    options: BTreeMap<String, String>,
    scopes: Vec<String>,
    audience: Option<String>,
    resource: Option<String>,
    params: Vec<(String, String)>,
    ca: Option<String>,
    fields: Vec<FieldForm>,
    label: Option<String>,
    tags: Vec<String>,
    secret_expires: Option<Date>,
    token_only: bool,
    plain_http: bool,
    added_at: Timestamp,
    changed_at: Timestamp,
}

impl From<&Profile> for ProfileForm {
    fn from(profile: &Profile) -> Self {
        let Profile {
            name,
            preset,
            grant,
            endpoint,
            issuer,
            base_url,
            auth,
            credential,
            from,
            options,
            scopes,
            audience,
            resource,
            params,
            ca,
            fields,
            label,
            tags,
            secret_expires,
            flags: Flags { token_only, plain_http },
            added_at,
            changed_at,
        } = profile;
        let pair = |(name, text): (&str, &str)| (name.to_owned(), text.to_owned());
        Self {
            name: name.to_string(),
            preset: preset.clone(),
            grant: grant.clone(),
            endpoint: endpoint.to_string(),
            issuer: issuer.as_ref().map(Endpoint::to_string),
            base_url: base_url.as_ref().map(Endpoint::to_string),
            auth: auth.to_string(),
            credential: credential.into(),
            from: from.as_ref().map(ToString::to_string),
            options: options.iter().map(pair).collect(),
            scopes: scopes.iter().map(str::to_owned).collect(),
            audience: audience.clone(),
            resource: resource.clone(),
            params: params.clone(),
            ca: ca.clone(),
            fields: fields.iter().map(FieldForm::from).collect(),
            label: label.clone(),
            tags: tags.iter().map(ToString::to_string).collect(),
            secret_expires: *secret_expires,
            token_only: *token_only,
            plain_http: *plain_http,
            added_at: *added_at,
            changed_at: *changed_at,
        }
    }
}

/// One of the two: text where it is UTF-8, so that a person with the recovery key can read
/// it, else base64.
pub(super) fn readable(secret: &[u8]) -> (Option<Zeroizing<String>>, Option<Zeroizing<String>>) {
    match std::str::from_utf8(secret) {
        Ok(text) => (Some(Zeroizing::new(text.to_owned())), None),
        Err(_) => (None, Some(base64(secret))),
    }
}

pub(super) fn bytes(
    text: Option<Zeroizing<String>>,
    base64: Option<Zeroizing<String>>,
) -> Result<Zeroizing<Vec<u8>>, Error> {
    match (text, base64) {
        (Some(text), None) => Ok(Zeroizing::new(text.as_bytes().to_vec())),
        (None, Some(text)) => from_base64(&text, WHAT),
        _ => Err(Error::Damaged(WHAT)),
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FieldForm {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Zeroizing<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value_base64: Option<Zeroizing<String>>,
}

impl From<(&FieldName, &FieldSecret)> for FieldForm {
    fn from((name, secret): (&FieldName, &FieldSecret)) -> Self {
        let (value, value_base64) = readable(secret.expose());
        Self { name: name.to_string(), value, value_base64 }
    }
}

/// Sorted, each name once: one form only.
fn fields(forms: Vec<FieldForm>) -> Result<BTreeMap<FieldName, FieldSecret>, Error> {
    let mut fields = BTreeMap::new();
    for FieldForm { name, value, value_base64 } in forms {
        let name: FieldName = name.parse().map_err(|_| Error::Damaged(WHAT))?;
        let secret =
            Profile::field(bytes(value, value_base64)?).map_err(|_| Error::Damaged(WHAT))?;
        if fields.last_key_value().is_some_and(|(last, _)| *last >= name) {
            return Err(Error::Damaged(WHAT));
        }
        fields.insert(name, secret);
    }
    Ok(fields)
}

impl TryFrom<ProfileForm> for Profile {
    type Error = Error;

    fn try_from(form: ProfileForm) -> Result<Self, Error> {
        let ProfileForm {
            name,
            preset,
            grant,
            endpoint,
            issuer,
            base_url,
            auth,
            credential,
            from,
            options,
            scopes,
            audience,
            resource,
            params,
            ca,
            fields,
            label,
            tags,
            secret_expires,
            token_only,
            plain_http,
            added_at,
            changed_at,
        } = form;
        let from = from.map(|name| name.parse()).transpose().map_err(|_| Error::Damaged(WHAT))?;
        let mut known = Options::default();
        for (name, text) in &options {
            known.set(name, text).map_err(|_| Error::Damaged(WHAT))?;
        }
        let tags: Result<BTreeSet<_>, _> = tags.iter().map(|tag| tag.parse()).collect();
        let url = |url: Option<String>| {
            url.map(|url| url.parse()).transpose().map_err(|_| Error::Damaged(WHAT))
        };
        // A member could have written these with another program: they are shown to people.
        let text = |text: Option<String>| {
            text.map(|text| Profile::text(&text)).transpose().map_err(|_| Error::Damaged(WHAT))
        };
        let params: Result<Vec<_>, _> =
            params.iter().map(|(k, v)| Profile::parameter(&format!("{k}={v}"))).collect();
        let profile = Self {
            name: name.parse().map_err(|_| Error::Damaged(WHAT))?,
            preset: Profile::text(&preset).map_err(|_| Error::Damaged(WHAT))?,
            grant: Profile::text(&grant).map_err(|_| Error::Damaged(WHAT))?,
            endpoint: endpoint.parse().map_err(|_| Error::Damaged(WHAT))?,
            issuer: url(issuer)?,
            base_url: url(base_url)?,
            auth: auth.parse().map_err(|_| Error::Damaged(WHAT))?,
            credential: credential.try_into()?,
            from,
            options: known,
            scopes: Scopes::parse(scopes.iter().map(String::as_str))
                .map_err(|_| Error::Damaged(WHAT))?,
            audience: text(audience)?,
            resource: text(resource)?,
            params: params.map_err(|_| Error::Damaged(WHAT))?,
            ca,
            fields: self::fields(fields)?,
            label: text(label)?,
            tags: tags.map_err(|_| Error::Damaged(WHAT))?,
            secret_expires,
            flags: Flags { token_only, plain_http },
            added_at,
            changed_at,
        };
        profile.check().map_err(|_| Error::Damaged(WHAT))?;
        Ok(profile)
    }
}
