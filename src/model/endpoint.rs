//! Where an issuer is asked: a URL that may carry a credential.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use url::{Host, Url};

use super::Invalid;

/// An https URL without user info and fragment; or plain http where the host is a *literal*
/// loopback address (`127.0.0.0/8` or `[::1]`), for tests and local proxies.
///
/// A host *name* such as `localhost` is not accepted with http: who answers for a name is decided
/// by a file or a server, not by the user.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Endpoint(Url);

impl Endpoint {
    /// The URL in its normal form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The URL as the HTTP client takes it.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.0
    }

    /// Where whatever asks nobody is good: a name that never resolves (RFC 2606 §2).
    pub const NOWHERE: &str = "https://nowhere.invalid/";

    /// The host, with the port where it is not the scheme's own; nothing where it is nowhere.
    #[must_use]
    pub fn host(&self) -> String {
        let host = self.0.host_str().filter(|_| self.as_str() != Self::NOWHERE);
        let host = host.unwrap_or_default();
        self.0.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// Whether requests to it are not encrypted.
    #[must_use]
    pub fn is_plain_http(&self) -> bool {
        self.0.scheme() == "http"
    }

    /// The same endpoint with `path` (which begins with `/`) appended to its own.
    ///
    /// # Errors
    /// [`Invalid::Endpoint`] where the result is not an endpoint.
    pub fn join(&self, path: &str) -> Result<Self, Invalid> {
        let mut url = self.0.clone();
        url.set_query(None);
        url.set_path(&format!("{}{path}", self.0.path().trim_end_matches('/')));
        url.as_str().parse()
    }

    /// The URL without a trailing slash, as clients expect a base URL.
    #[must_use]
    pub fn as_base(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }
}

impl FromStr for Endpoint {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        // The parser would drop or turn some of these silently: what was approved must be what is
        // asked.
        if text.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\') {
            return Err(Invalid::Endpoint("it has a space, backslash or control character"));
        }
        let url = Url::parse(text).map_err(|_| Invalid::Endpoint("it is not a URL"))?;
        if !url.username().is_empty() || url.password().is_some() || text.contains('@') {
            return Err(Invalid::Endpoint("it holds a user name or password"));
        }
        if url.fragment().is_some() {
            return Err(Invalid::Endpoint("it has a fragment"));
        }
        match (url.scheme(), url.host()) {
            ("https", Some(_)) => Ok(Self(url)),
            ("http", Some(host)) if is_loopback(&host) => Ok(Self(url)),
            ("http", _) => Err(Invalid::Endpoint(
                "plain http is only for a literal loopback address such as http://127.0.0.1:8080",
            )),
            _ => Err(Invalid::Endpoint("it is not an https URL")),
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Ipv4(address) => Ipv4Addr::is_loopback(address),
        Host::Ipv6(address) => Ipv6Addr::is_loopback(address),
        Host::Domain(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_and_literal_loopback_http_are_endpoints() {
        for text in [
            "https://issuer.example/oauth/token",
            "https://issuer.example:8443/t?tenant=1",
            "http://127.0.0.1:8080/",
            "http://127.9.9.9/",
            "http://[::1]:1/",
        ] {
            assert!(text.parse::<Endpoint>().is_ok(), "{text}");
        }
    }

    // H01
    #[test]
    fn everything_that_could_send_a_secret_astray_is_refused() {
        for text in [
            "http://issuer.example/",
            "http://localhost:8080/",
            "http://127.0.0.1.evil.example/",
            "http://10.0.0.1/",
            "ftp://issuer.example/",
            "file:///etc/passwd",
            "https://user@issuer.example/",
            "https://user:pw@issuer.example/",
            "https://@issuer.example/",
            "https://issuer.example/#part",
            "https://issuer.example\\@evil.example/",
            "https://issuer.example/a\nb",
            " https://issuer.example/",
            "https://",
            "issuer.example",
            "",
        ] {
            assert!(text.parse::<Endpoint>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn joining_keeps_the_base_path() {
        let base: Endpoint = "https://proxy.example/eu/".parse().expect("an endpoint");
        let login = base.join("/ids/auth/login").expect("an endpoint");
        assert_eq!(login.as_str(), "https://proxy.example/eu/ids/auth/login");
        assert_eq!(base.as_base(), "https://proxy.example/eu");
    }

    #[test]
    fn the_host_shows_a_port_that_is_not_the_schemes_own() {
        let host = |text: &str| text.parse::<Endpoint>().map(|endpoint| endpoint.host());
        assert_eq!(host("https://a.example/x"), Ok("a.example".into()));
        assert_eq!(host("https://a.example:8443/x"), Ok("a.example:8443".into()));
    }
}
