//! A profile: everything needed to mint, as one value.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use zeroize::Zeroizing;

use super::untrusted::is_harmless;
use super::{
    AuthStyle, Credential, Endpoint, FieldName, Invalid, Options, ProfileName, Scopes, Tag,
};
use crate::limits;
use crate::secret::FieldSecret;

/// One profile. It is sealed as one record, so that no part of it can be exchanged for another's.
pub struct Profile {
    /// Its name.
    pub name: ProfileName,
    /// The preset it was made from (`instructure`, `oauth2`): what is said of it.
    pub preset: String,
    /// How its credential becomes a token (see `grant`).
    pub grant: String,
    /// Where tokens are minted.
    pub endpoint: Endpoint,
    /// The issuer whose metadata named the endpoint, where it was found so (RFC 8414).
    pub issuer: Option<Endpoint>,
    /// The base URL of the service, for clients that take one (`DAP_API_URL`).
    pub base_url: Option<Endpoint>,
    /// How the client proves itself.
    pub auth: AuthStyle,
    /// Client id and secret, or what is in their place.
    pub credential: Credential,
    /// The profile whose token is the credential, or part of it.
    pub from: Option<ProfileName>,
    /// What the grant is told beside.
    pub options: Options,
    /// Scopes asked for.
    pub scopes: Scopes,
    /// Audience asked for.
    pub audience: Option<String>,
    /// Resource asked for (RFC 8707).
    pub resource: Option<String>,
    /// Further form parameters, in order.
    pub params: Vec<(String, String)>,
    /// CA certificates (PEM) trusted for this profile beside the platform's.
    pub ca: Option<String>,
    /// Further secrets, by name.
    pub fields: BTreeMap<FieldName, FieldSecret>,
    /// Free text for people.
    pub label: Option<String>,
    /// Words to select by.
    pub tags: BTreeSet<Tag>,
    /// The last day the secret works, where the user knows it.
    pub secret_expires: Option<Date>,
    /// What may not be done with it.
    pub flags: Flags,
    /// When it was added.
    pub added_at: Timestamp,
    /// When it was last changed.
    pub changed_at: Timestamp,
}

/// Restrictions of a profile.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Flags {
    /// No command gives the secret out; only tokens leave.
    pub token_only: bool,
    /// A literal loopback URL with plain http was given when the profile was added.
    pub plain_http: bool,
}

/// What decides where the secret of a profile can get to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    preset: (String, String),
    from: Option<ProfileName>,
    options: Options,
    urls: (Endpoint, Option<Endpoint>, Option<Endpoint>),
    auth: AuthStyle,
    params: Vec<(String, String)>,
    ca: Option<String>,
    flags: Flags,
}

/// Why a profile gives a secret to nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Withheld {
    /// Only tokens leave.
    TokenOnly,
    /// It has no such field.
    NoField,
}

impl Profile {
    /// One with what every profile has, made at `added_at`: its preset is called as its grant is, its
    /// client proves itself by [`AuthStyle::Basic`], and all else is empty.
    #[must_use]
    pub fn new(
        name: ProfileName,
        grant: &str,
        endpoint: Endpoint,
        credential: Credential,
        added_at: Timestamp,
    ) -> Self {
        Self {
            name,
            preset: grant.to_owned(),
            grant: grant.to_owned(),
            endpoint,
            issuer: None,
            base_url: None,
            auth: AuthStyle::Basic,
            credential,
            from: None,
            options: Options::default(),
            scopes: Scopes::default(),
            audience: None,
            resource: None,
            params: Vec::new(),
            ca: None,
            fields: BTreeMap::new(),
            label: None,
            tags: BTreeSet::new(),
            secret_expires: None,
            flags: Flags::default(),
            added_at,
            changed_at: added_at,
        }
    }

    /// Checks what no single field can know.
    ///
    /// # Errors
    /// - [`Invalid::ColonInClientId`]: the style cannot carry the client id.
    /// - [`Invalid::PlainHttp`]: an endpoint is not encrypted, and none was when it was added.
    /// - [`Invalid::TokenOnlyOverHttp`]: the secret would cross the loopback in the clear.
    /// - [`Invalid::TokenOnlyWithFields`]: what nobody may have out has no use.
    /// - [`Invalid::Fields`]: more than `limits::FIELDS`.
    pub fn check(&self) -> Result<(), Invalid> {
        self.credential.fits(self.auth)?;
        if self.uses_plain_http() && !self.flags.plain_http {
            return Err(Invalid::PlainHttp);
        }
        if self.flags.token_only && (self.uses_plain_http() || self.flags.plain_http) {
            return Err(Invalid::TokenOnlyOverHttp);
        }
        if self.flags.token_only && !self.fields.is_empty() {
            return Err(Invalid::TokenOnlyWithFields);
        }
        if self.fields.len() > limits::FIELDS { Err(Invalid::Fields) } else { Ok(()) }
    }

    /// Whether one of its URLs is not encrypted.
    #[must_use]
    pub fn uses_plain_http(&self) -> bool {
        let others = [&self.issuer, &self.base_url].into_iter().flatten();
        others.chain([&self.endpoint]).any(Endpoint::is_plain_http)
    }

    /// Where the secret goes, in which form, whom it believes there, and whether it may be had out:
    /// what a token-only profile lets only those change who have the secret already.
    #[must_use]
    pub fn binding(&self) -> Binding {
        Binding {
            preset: (self.preset.clone(), self.grant.clone()),
            from: self.from.clone(),
            options: self.options.clone(),
            urls: (self.endpoint.clone(), self.issuer.clone(), self.base_url.clone()),
            auth: self.auth,
            params: self.params.clone(),
            ca: self.ca.clone(),
            flags: self.flags,
        }
    }

    /// The client secret, or the further secret `field`, for whoever may have it.
    ///
    /// # Errors
    /// [`Withheld`].
    pub fn reveal(mut self, field: Option<&FieldName>) -> Result<FieldSecret, Withheld> {
        if self.flags.token_only {
            return Err(Withheld::TokenOnly);
        }
        match field {
            None => {
                let secret = self.credential.secret.as_ref().ok_or(Withheld::NoField)?;
                Ok(secret.as_field())
            }
            Some(field) => self.fields.remove(field).ok_or(Withheld::NoField),
        }
    }

    /// Whether `other` is the same but for its name and times.
    #[must_use]
    pub fn is_copy_of(&self, other: &Self) -> bool {
        let field = |(a, b): ((&FieldName, &FieldSecret), (&FieldName, &FieldSecret))| {
            a.0 == b.0 && a.1.is_same_as(b.1)
        };
        self.binding() == other.binding()
            && self.credential.is_same_as(&other.credential)
            && self.scopes == other.scopes
            && (&self.audience, &self.resource, &self.label)
                == (&other.audience, &other.resource, &other.label)
            && self.tags == other.tags
            && self.secret_expires == other.secret_expires
            && self.fields.len() == other.fields.len()
            && self.fields.iter().zip(&other.fields).all(field)
    }

    /// Reads a text that is shown to people: a label, an audience, a resource.
    ///
    /// # Errors
    /// [`Invalid::Text`].
    pub fn text(text: &str) -> Result<String, Invalid> {
        let fits = (1..=limits::TEXT).contains(&text.len()) && text.chars().all(is_harmless);
        if fits { Ok(text.to_owned()) } else { Err(Invalid::Text) }
    }

    /// Takes a further secret.
    ///
    /// # Errors
    /// [`Invalid::Fields`] where it is empty or above `limits::SECRET`.
    pub fn field(bytes: Zeroizing<Vec<u8>>) -> Result<FieldSecret, Invalid> {
        let fits = (1..=limits::SECRET).contains(&bytes.len());
        if fits { Ok(FieldSecret::new(bytes)) } else { Err(Invalid::Fields) }
    }

    /// Reads `KEY=VALUE`.
    ///
    /// # Errors
    /// [`Invalid::Parameter`], also for a parameter that the grant sets itself: RFC 6749 §3.2
    /// forbids to send one twice.
    pub fn parameter(text: &str) -> Result<(String, String), Invalid> {
        const OWN: [&str; 30] = [
            "grant_type",
            "client_id",
            "client_secret",
            "scope",
            "audience",
            "resource",
            // Secrets of other grants: they would be shown like any parameter.
            "assertion",
            "client_assertion",
            "client_assertion_type",
            "code",
            "code_verifier",
            "device_code",
            "subject_token",
            "actor_token",
            "password",
            "refresh_token",
            "secret",
            "token",
            "jwt",
            // What ties an answer to its question, or says what is asked.
            "response_type",
            "redirect_uri",
            "state",
            "nonce",
            "code_challenge",
            "code_challenge_method",
            "username",
            "subject_token_type",
            "actor_token_type",
            "requested_token_type",
            "token_type_hint",
        ];
        let (key, value) = text.split_once('=').ok_or(Invalid::Parameter)?;
        if key.is_empty()
            || text.len() > limits::TEXT
            || OWN.contains(&key)
            || !text.chars().all(is_harmless)
        {
            return Err(Invalid::Parameter);
        }
        Ok((key.to_owned(), value.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_that_the_grant_sets_is_refused() {
        assert_eq!(Profile::parameter("a=b=c"), Ok(("a".into(), "b=c".into())));
        for text in ["scope=x", "client_secret=x", "state=x", "token=x", "=x", "x", "a=\n"] {
            assert_eq!(Profile::parameter(text), Err(Invalid::Parameter), "{text:?}");
        }
    }

    #[test]
    fn a_text_is_one_harmless_line() {
        assert!(Profile::text("Açme, Überlingen").is_ok());
        for text in ["", "a\u{1b}[2J", "a\nb", "a\u{202e}b", &"x".repeat(513)] {
            assert_eq!(Profile::text(text), Err(Invalid::Text), "{text:?}");
        }
    }
}
