//! Services as data: what is particular to each, one row a service; and those that a user adds in the
//! settings.

mod own;
mod table;

use std::borrow::Cow;

use crate::model::{AuthStyle, FieldName};

/// What a profile of a service starts from. Values are copied into the profile when it is added;
/// a later change of a row never moves an existing profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preset {
    /// Its name on the command line.
    pub name: Cow<'static, str>,
    /// What it is for, in a few words.
    pub about: Cow<'static, str>,
    /// The grant it uses.
    pub grant: Cow<'static, str>,
    /// The service's base URL, where all customers share one.
    pub base_url: Option<Cow<'static, str>>,
    /// How a base URL of it looks, where customers have their own.
    pub base_example: &'static str,
    /// Where tokens are minted, below the base URL.
    pub token_path: Option<Cow<'static, str>>,
    /// Where a person logs in, below the base URL.
    pub login_path: Option<&'static str>,
    /// How the client proves itself unless told otherwise.
    pub auth: AuthStyle,
    /// What is needed of whoever adds a profile.
    pub asks: &'static [Ask],
    /// Options and their texts, unless told otherwise.
    pub options: Cow<'static, [(Cow<'static, str>, Cow<'static, str>)]>,
    /// Scopes, unless told otherwise.
    pub scopes: Cow<'static, str>,
    /// The audience, unless told otherwise.
    pub audience: Option<Cow<'static, str>>,
    /// Where the vendor says how it works.
    pub docs: Cow<'static, str>,
    /// What to do when the issuer refuses the credential.
    pub refused: Cow<'static, str>,
    /// What to do when it refuses the request.
    pub bad_request: &'static str,
    /// What to do where the credential is of the wrong kind.
    pub wrong_kind: &'static str,
    /// Environments for programs that know the service (`exec --as`).
    pub templates: &'static [Template],
}

/// What a preset needs of whoever adds a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// A client id.
    ClientId,
    /// A client id under the vendor's own word for it.
    ClientIdAs(&'static str),
    /// A client id, or this in place of all the rest.
    ClientIdOr(&'static str),
    /// A secret, in the vendor's word.
    Secret(&'static str),
    /// A private key.
    Key,
    /// Scopes.
    Scopes,
    /// An option of the grant, and what it is called.
    Option(&'static str, &'static str),
    /// The name of the profile to mint from.
    Source,
    /// That, or this as the secret.
    SourceOr(&'static str),
    /// A person's login.
    Login,
    /// A refresh token, or a login.
    RefreshOrLogin,
}

impl Ask {
    /// What it asks for, in a few words.
    #[must_use]
    pub fn to_text(self) -> String {
        match self {
            Self::ClientId => "client id".to_owned(),
            Self::ClientIdAs(word) | Self::Secret(word) | Self::Option(_, word) => {
                in_a_sentence(word)
            }
            Self::ClientIdOr(other) => format!("client id (or {other})"),
            Self::Key => "private key (--key-file)".to_owned(),
            Self::Scopes => "scopes".to_owned(),
            Self::Source => "a profile to mint from (--from)".to_owned(),
            Self::SourceOr(other) => format!("{other}, or a profile that mints one (--from)"),
            Self::Login => "a login".to_owned(),
            Self::RefreshOrLogin => "a refresh token or a login".to_owned(),
        }
    }
}

/// A word as it stands inside a sentence: `API key` stays, `Client secret` does not.
fn in_a_sentence(word: &str) -> String {
    let mut letters = word.chars();
    let (first, second) = (letters.next(), letters.next());
    if second.is_some_and(char::is_uppercase) {
        return word.to_owned();
    }
    first.map(char::to_lowercase).into_iter().flatten().chain(word.chars().skip(1)).collect()
}

/// The environment that one program expects.
#[derive(Debug, PartialEq, Eq)]
pub struct Template {
    /// Its name on the command line.
    pub name: &'static str,
    /// Variables and what goes into them.
    pub variables: &'static [(&'static str, Value)],
}

/// What a variable of a child can hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A fresh token.
    Token,
    /// When it expires (RFC 3339).
    ExpiresAt,
    /// The issuer's scope.
    Scope,
    /// The client id.
    ClientId,
    /// The client secret.
    ClientSecret,
    /// The base URL of the service.
    BaseUrl,
    /// A further secret of the profile.
    Field(FieldName),
}

impl Value {
    const NAMES: [(&'static str, Self); 6] = [
        ("token", Self::Token),
        ("expires_at", Self::ExpiresAt),
        ("scope", Self::Scope),
        ("client_id", Self::ClientId),
        ("client_secret", Self::ClientSecret),
        ("base_url", Self::BaseUrl),
    ];

    /// The value that `name` means: one that every profile has, else a field of its own.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let known = Self::NAMES.iter().find(|(known, _)| *known == name);
        known.map(|(_, value)| value.clone()).or_else(|| name.parse().ok().map(Self::Field))
    }

    /// Whether a token must be minted for it.
    #[must_use]
    pub fn needs_a_token(&self) -> bool {
        matches!(self, Self::Token | Self::ExpiresAt | Self::Scope)
    }

    /// Whether it is a secret of the profile, which a token-only one never gives.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        matches!(self, Self::ClientSecret | Self::Field(_))
    }
}

impl Preset {
    /// Every preset of our own.
    #[must_use]
    pub fn all() -> &'static [Self] {
        &table::ROWS
    }

    /// The preset of our own that is named `name`.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::all().iter().find(|preset| preset.name == name).cloned()
    }

    /// What is said of profiles with this grant whose preset is a user's own: the row that is of no
    /// service, else the first.
    #[must_use]
    pub fn for_grant(grant: &str) -> Option<Self> {
        let rows = || Self::all().iter().filter(|preset| preset.grant == grant);
        let of_none = |preset: &&Self| preset.base_url.is_none() && preset.base_example.is_empty();
        rows().find(of_none).or_else(|| rows().next()).cloned()
    }

    /// The template named `name`.
    #[must_use]
    pub fn template(&self, name: &str) -> Option<&'static Template> {
        self.templates.iter().find(|template| template.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Endpoint;

    #[test]
    fn names_are_unique_and_urls_are_endpoints() {
        for (index, preset) in Preset::all().iter().enumerate() {
            assert!(Preset::all()[..index].iter().all(|other| other.name != preset.name));
            if let Some(url) = &preset.base_url {
                assert!(url.parse::<Endpoint>().is_ok());
            }
            let grant = super::super::find(&preset.grant).expect("its grant");
            for (name, text) in preset.options.iter() {
                let rule = grant.options().iter().find(|rule| rule.name == name);
                assert!(rule.is_some_and(|rule| (rule.fits)(text)), "{}: {name}", preset.name);
            }
            assert!(preset.docs.is_empty() || preset.docs.parse::<Endpoint>().is_ok());
        }
    }

    #[test]
    fn every_value_reads_back_from_its_name() {
        for (name, value) in Value::NAMES {
            assert_eq!(Value::parse(name), Some(value));
        }
        let field = "database_url".parse().expect("a name");
        assert_eq!(Value::parse("database_url"), Some(Value::Field(field)));
        assert_eq!(Value::parse("no-such"), None);
    }
}
