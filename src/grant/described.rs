//! What of a profile is no secret: only its grant knows whether its token is one.

use crate::model::{Described, Profile};

impl From<&Profile> for Described {
    fn from(profile: &Profile) -> Self {
        let Profile { name, preset, grant, credential, base_url, flags, fields, .. } = profile;
        let gives = |grant: &dyn super::Grant| grant.gives_the_secret_of(profile);
        Self {
            profile: name.to_string(),
            preset: preset.clone(),
            client_id: credential.id().to_owned(),
            base_url: base_url.as_ref().map(|url| url.as_base().to_owned()),
            token_only: flags.token_only,
            gives_the_secret: super::find(grant).is_some_and(gives),
            fields: fields.keys().map(ToString::to_string).collect(),
        }
    }
}
