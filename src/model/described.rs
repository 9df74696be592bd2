//! A profile without its secrets, as far as a command that uses it needs to know it.

use super::Profile;

/// What of a profile is no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    /// Its name.
    pub profile: String,
    /// The preset it was made from.
    pub preset: String,
    /// The client id; empty where there is none.
    pub client_id: String,
    /// The place of the service.
    pub base_url: Option<String>,
    /// Whether only tokens leave.
    pub token_only: bool,
    /// The names of its further secrets.
    pub fields: Vec<String>,
}

impl From<&Profile> for Described {
    fn from(profile: &Profile) -> Self {
        let Profile { name, preset, credential, base_url, flags, fields, .. } = profile;
        Self {
            profile: name.to_string(),
            preset: preset.clone(),
            client_id: credential.id().to_owned(),
            base_url: base_url.as_ref().map(|url| url.as_base().to_owned()),
            token_only: flags.token_only,
            fields: fields.keys().map(ToString::to_string).collect(),
        }
    }
}
