//! Services as data: what is particular to each, one row a service.

use crate::model::{AuthStyle, FieldName};

/// What a profile of a service starts from. Values are copied into the profile when it is added;
/// a later change of a row never moves an existing profile.
#[derive(Debug, PartialEq, Eq)]
pub struct Preset {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is for, in a few words.
    pub about: &'static str,
    /// The grant it uses.
    pub grant: &'static str,
    /// The service's base URL, where all customers share one.
    pub base_url: Option<&'static str>,
    /// Where tokens are minted, below the base URL.
    pub token_path: Option<&'static str>,
    /// How the client proves itself unless told otherwise.
    pub auth: AuthStyle,
    /// What to do when the issuer refuses the credential.
    pub refused: &'static str,
    /// Environments for programs that know the service (`exec --as`).
    pub templates: &'static [Template],
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
    /// Every preset.
    pub const ALL: [Self; 2] = [
        Self {
            name: "instructure",
            about: "Instructure identity service: Data Access Platform (DAP, Canvas Data 2)",
            grant: "client-credentials",
            base_url: Some("https://api-gateway.instructure.com"),
            token_path: Some("/ids/auth/login"),
            auth: AuthStyle::BasicRaw,
            refused: "check the key at identity.instructure.com: keys expire without notice, and a \
                      new one works only once the code sent by mail was entered",
            templates: &[Template {
                name: "dap",
                variables: &[
                    ("DAP_CLIENT_ID", Value::ClientId),
                    ("DAP_CLIENT_SECRET", Value::ClientSecret),
                    ("DAP_API_URL", Value::BaseUrl),
                ],
            }],
        },
        Self {
            name: "oauth2",
            about: "any OAuth 2.0 token endpoint with the client_credentials grant",
            grant: "client-credentials",
            base_url: None,
            token_path: None,
            auth: AuthStyle::Basic,
            refused: "the pair may be wrong, expired or revoked; or the server wants another \
                      `--auth`: basic, basic-raw or post",
            templates: &[],
        },
    ];

    /// The preset named `name`.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        static TABLE: [Preset; Preset::ALL.len()] = Preset::ALL;
        TABLE.iter().find(|preset| preset.name == name)
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

    #[test]
    fn names_are_unique_and_urls_are_endpoints() {
        for (index, preset) in Preset::ALL.iter().enumerate() {
            assert!(Preset::ALL[..index].iter().all(|other| other.name != preset.name));
            if let Some(url) = preset.base_url {
                assert!(url.parse::<crate::model::Endpoint>().is_ok());
            }
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
