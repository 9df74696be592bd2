//! Issuer metadata: RFC 8414, and OpenID Connect Discovery 1.0 where the issuer has only that.
//!
//! Asked for when a profile is added or edited, and by `check`; what it named then is sealed in the
//! profile and is what every token comes from. Metadata that names something else later never
//! moves a profile.

use serde::Deserialize;

use super::{Error, http};
use crate::model::{AuthStyle, Credential, Endpoint, Part};

/// What an issuer says of itself, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    /// Where tokens are minted.
    pub token_endpoint: Endpoint,
    /// The grants it offers; `None` where it does not say.
    pub grants: Option<Vec<String>>,
    /// How a client may prove itself, as far as we can, the best first; `None` where it does not say
    /// (RFC 8414 §2: then it is Basic).
    pub styles: Option<Vec<AuthStyle>>,
    /// Where tokens are taken back (RFC 7009), where it says so.
    pub revocation_endpoint: Option<Endpoint>,
    /// Where one can ask about tokens (RFC 7662), where it says so.
    pub introspection_endpoint: Option<Endpoint>,
    /// Where a person logs in (RFC 8414 §2).
    pub authorization_endpoint: Option<Endpoint>,
    /// Where codes for another device are asked for (RFC 8628 §4).
    pub device_endpoint: Option<Endpoint>,
    certified: Certified,
}

/// The endpoints for clients that show a certificate, as far as they are others (RFC 8705 §5).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Certified {
    token: Option<Endpoint>,
    revocation: Option<Endpoint>,
    introspection: Option<Endpoint>,
    device: Option<Endpoint>,
}

impl Metadata {
    /// The same as it is for a client with this credential.
    #[must_use]
    pub fn for_client(self, credential: &Credential) -> Self {
        if !credential.has(Part::Certificate) {
            return self;
        }
        let Certified { token, revocation, introspection, device } = self.certified;
        Self {
            certified: Certified::default(),
            token_endpoint: token.unwrap_or(self.token_endpoint),
            revocation_endpoint: revocation.or(self.revocation_endpoint),
            introspection_endpoint: introspection.or(self.introspection_endpoint),
            device_endpoint: device.or(self.device_endpoint),
            ..self
        }
    }

    /// Whether it may offer a grant of this name (RFC 8414 §2).
    #[must_use]
    pub fn may_offer(&self, grant_type: &str) -> bool {
        self.grants.as_ref().is_none_or(|grants| grants.iter().any(|offered| offered == grant_type))
    }

    /// The style to use: `now`, where that is offered, else the best that the credential can have.
    /// `None` where the issuer takes none that we know.
    #[must_use]
    pub fn style(&self, now: AuthStyle, credential: &Credential) -> Option<AuthStyle> {
        let Some(offered) = &self.styles else { return Some(now) };
        // Raw Basic is Basic to an issuer that says so.
        let plain = if now == AuthStyle::BasicRaw { AuthStyle::Basic } else { now };
        if offered.contains(&plain) {
            return Some(now);
        }
        let fits = |style: &&AuthStyle| match style.shows() {
            Some(part) => credential.has(part),
            None => !credential.has(Part::Secret) && !credential.has(Part::Key),
        };
        offered.iter().find(fits).copied()
    }
}

/// The places to ask, in order: RFC 8414 §3.1 puts its word between host and path, OpenID Connect
/// Discovery 1.0 §4 behind the path. Where one has no metadata, the next is asked.
///
/// # Errors
/// [`Error::Setup`] where the issuer is no URL of an issuer: RFC 8414 §2 forbids a query.
pub fn requests(issuer: &Endpoint) -> Result<[http::Request; 2], Error> {
    use crate::model::Invalid;
    if issuer.url().query().is_some() {
        return Err(Invalid::Endpoint("an issuer has no query").into());
    }
    let path = issuer.url().path().trim_end_matches('/');
    let between = format!("/.well-known/oauth-authorization-server{path}");
    let behind = format!("{path}/.well-known/openid-configuration");
    let ask = |path: String| -> Result<http::Request, Error> {
        let mut url = issuer.url().clone();
        url.set_path(&path);
        let endpoint: Endpoint = url.as_str().parse()?;
        Ok(http::Request::get(endpoint))
    };
    Ok([ask(between)?, ask(behind)?])
}

/// Reads the answer of one of the places; `None` where the metadata is not there: another status
/// than 200, a redirect (which is never followed: it could name an issuer that nobody approved), or
/// a page for people.
///
/// # Errors
/// - [`Error::Unacceptable`]: not metadata, another issuer's (RFC 8414 §3.3), or a token endpoint
///   that is not https (plain http only where the issuer itself was given so).
/// - [`Error::NotReady`].
pub fn read(reply: &http::Reply, issuer: &Endpoint) -> Result<Option<Metadata>, Error> {
    match reply.status {
        200 if super::oauth::is_json(reply) => metadata(reply, issuer).map(Some),
        status @ (408 | 429 | 500..=599) => {
            Err(Error::NotReady { status, retry_after: reply.retry_after })
        }
        _ => Ok(None),
    }
}

#[derive(Deserialize)]
struct Form {
    issuer: String,
    token_endpoint: Option<String>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    grant_types_supported: Option<Vec<String>>,
    revocation_endpoint: Option<String>,
    introspection_endpoint: Option<String>,
    authorization_endpoint: Option<String>,
    device_authorization_endpoint: Option<String>,
    mtls_endpoint_aliases: Option<Aliases>,
}

#[derive(Default, Deserialize)]
struct Aliases {
    #[serde(rename = "token_endpoint")]
    token: Option<String>,
    #[serde(rename = "revocation_endpoint")]
    revocation: Option<String>,
    #[serde(rename = "introspection_endpoint")]
    introspection: Option<String>,
    #[serde(rename = "device_authorization_endpoint")]
    device: Option<String>,
}

fn metadata(reply: &http::Reply, issuer: &Endpoint) -> Result<Metadata, Error> {
    let form: Form = serde_json::from_slice(super::oauth::json(reply)?)
        .map_err(|_| Error::Unacceptable("it is not the metadata of an issuer"))?;
    let same = |text: &str| text.trim_end_matches('/') == issuer.as_base();
    if !same(&form.issuer) {
        return Err(Error::Unacceptable("it is the metadata of another issuer"));
    }
    let endpoint: Option<Endpoint> = form.token_endpoint.and_then(|url| url.parse().ok());
    let token_endpoint = endpoint.ok_or(Error::Unacceptable("it names no https token endpoint"))?;
    if token_endpoint.is_plain_http() && !issuer.is_plain_http() {
        return Err(Error::Unacceptable("its token endpoint is not https"));
    }
    let styles = form.token_endpoint_auth_methods_supported.as_deref().map(known_styles);
    let url = |text: Option<String>| text.and_then(|url| url.parse().ok());
    let aliases = form.mtls_endpoint_aliases.unwrap_or_default();
    let certified = Certified {
        token: url(aliases.token).filter(|url: &Endpoint| !url.is_plain_http()),
        revocation: url(aliases.revocation),
        introspection: url(aliases.introspection),
        device: url(aliases.device),
    };
    Ok(Metadata {
        token_endpoint,
        grants: form.grant_types_supported,
        styles,
        revocation_endpoint: url(form.revocation_endpoint),
        introspection_endpoint: url(form.introspection_endpoint),
        authorization_endpoint: url(form.authorization_endpoint),
        device_endpoint: url(form.device_authorization_endpoint),
        certified,
    })
}

fn known_styles(methods: &[String]) -> Vec<AuthStyle> {
    let known = [
        ("client_secret_basic", AuthStyle::Basic),
        ("client_secret_post", AuthStyle::Post),
        ("private_key_jwt", AuthStyle::PrivateKeyJwt),
        ("client_secret_jwt", AuthStyle::ClientSecretJwt),
        ("tls_client_auth", AuthStyle::Tls),
        ("self_signed_tls_client_auth", AuthStyle::Tls),
        ("none", AuthStyle::None),
    ];
    let offered = |name: &str| methods.iter().any(|method| method == name);
    known.into_iter().filter(|(name, _)| offered(name)).map(|(_, style)| style).collect()
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;
    use crate::secret::ReplyBody;

    fn issuer(url: &str) -> Endpoint {
        url.parse().expect("a URL")
    }

    fn answer(url: &str, body: &str) -> Result<Option<Metadata>, Error> {
        let reply = http::Reply {
            status: 200,
            media_type: "application/json".to_owned(),
            retry_after: None,
            challenge: None,
            units_left: None,
            date: None,
            redirect_host: None,
            body: ReplyBody::new(Zeroizing::new(body.as_bytes().to_vec())),
        };
        read(&reply, &issuer(url))
    }

    #[test]
    fn the_places_are_those_of_the_two_documents() {
        let places = |url: &str| {
            requests(&issuer(url)).map(|asked| asked.map(|it| it.endpoint.to_string())).ok()
        };
        assert_eq!(
            places("https://a.example/tenant/"),
            Some([
                "https://a.example/.well-known/oauth-authorization-server/tenant".to_owned(),
                "https://a.example/tenant/.well-known/openid-configuration".to_owned(),
            ])
        );
        assert_eq!(places("https://a.example/?x=1"), None);
    }

    #[test]
    fn metadata_of_another_issuer_or_without_https_is_refused() {
        let url = "https://a.example";
        let good = r#"{"issuer":"https://a.example","token_endpoint":"https://b.example/t",
            "token_endpoint_auth_methods_supported":["private_key_jwt","client_secret_post"]}"#;
        let found = answer(url, good).expect("metadata").expect("there");
        assert_eq!(found.token_endpoint.as_str(), "https://b.example/t");
        let pair = Credential::new("id".parse().expect("an id"), Zeroizing::new(vec![1]));
        let pair = pair.expect("a pair");
        assert_eq!(found.style(AuthStyle::Basic, &pair), Some(AuthStyle::Post));
        assert_eq!(found.style(AuthStyle::Post, &pair), Some(AuthStyle::Post));
        assert!(found.may_offer("client_credentials"));
        let none = answer(url, &good.replace("client_secret_post", "none"));
        assert_eq!(none.expect("metadata").expect("there").style(AuthStyle::Basic, &pair), None);
        let other =
            good.replace("\"issuer\":", "\"grant_types_supported\":[\"implicit\"],\"issuer\":");
        let other = answer(url, &other).expect("metadata").expect("there");
        assert!(!other.may_offer("client_credentials"));
        for (from, to) in [
            ("\"https://a.example\"", "\"https://a.example.evil\""),
            ("\"https://a.example\"", "\"http://a.example\""),
            ("https://b.example/t", "http://b.example/t"),
            ("https://b.example/t", "http://127.0.0.1/t"),
            ("https://b.example/t", "https://u:p@b.example/t"),
            ("\"token_endpoint\"", "\"tokens\""),
            ("\"issuer\":", "\"issuer\":\"https://a.example\",\"issuer\":"),
        ] {
            let body = good.replacen(from, to, 1);
            assert_ne!(body, good);
            assert!(matches!(answer(url, &body), Err(Error::Unacceptable(_))), "{body}");
        }
    }
}
