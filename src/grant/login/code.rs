//! The authorization code: RFC 6749 §4.1 with PKCE (RFC 7636, S256) and a loopback redirect (RFC 8252
//! §7.3), or a code that is copied by hand (Canvas).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use url::Url;
use zeroize::Zeroizing;

use super::super::jws::random_word;
use super::super::oauth::{self, Form, Reading, Sent};
use super::super::{Error, canvas};
use super::{Answer, Ask, Login, OUT_OF_BAND, option};
use crate::model::{Profile, Untrusted};

/// Where a browser comes back to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Redirect {
    /// A page of ours on this machine's loopback.
    Loopback {
        /// The port; 0 for any that is free.
        port: u16,
        /// The path.
        path: String,
    },
    /// Nowhere: the issuer shows the code.
    OutOfBand,
}

impl Redirect {
    /// Any port.
    #[must_use]
    pub fn anywhere() -> Self {
        Self::Loopback { port: 0, path: "/callback".to_owned() }
    }

    /// Reads the option `redirect-uri`. Only the literal address: who answers for a name is decided
    /// by a file or a server.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text == OUT_OF_BAND {
            return Some(Self::OutOfBand);
        }
        let url = Url::parse(text).ok()?;
        let is_ours = url.scheme() == "http"
            && url.host_str() == Some("127.0.0.1")
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty();
        // None is any (RFC 8252 §7.3). A URL forgets the port 80.
        let no_port = if text.starts_with("http://127.0.0.1:80") { 80 } else { 0 };
        let port = url.port().unwrap_or(no_port);
        is_ours.then(|| Self::Loopback { port, path: url.path().to_owned() })
    }

    /// The one that `profile` names, else any.
    #[must_use]
    pub fn of(profile: &Profile) -> Self {
        let named = profile.options.get("redirect-uri").and_then(Self::parse);
        named.unwrap_or_else(Self::anywhere)
    }

    fn to_uri(&self) -> String {
        match self {
            Self::Loopback { port, path } => format!("http://127.0.0.1:{port}{path}"),
            Self::OutOfBand => OUT_OF_BAND.to_owned(),
        }
    }
}

/// One login by code.
pub(super) struct Code<'a> {
    profile: &'a Profile,
    redirect: Redirect,
    now: Timestamp,
    state: String,
    verifier: Zeroizing<String>,
}

impl<'a> Code<'a> {
    pub(super) fn new(
        profile: &'a Profile,
        redirect: Redirect,
        now: Timestamp,
    ) -> Result<Self, Error> {
        // RFC 7636 §4.1: 43 characters at least.
        let words = [random_word()?, random_word()?, random_word()?];
        let verifier = Zeroizing::new(words.concat());
        Ok(Self { profile, redirect, now, state: random_word()?, verifier })
    }

    fn page(&self) -> Result<String, Error> {
        let Profile { credential, scopes, audience, resource, params, .. } = self.profile;
        let mut url = option(self.profile, "authorize-url")?.url().clone();
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(self.verifier.as_bytes()));
        let mut query = url.query_pairs_mut();
        query.append_pair("response_type", "code");
        query.append_pair("client_id", credential.id());
        query.append_pair("redirect_uri", &self.redirect.to_uri());
        query.append_pair("state", &self.state);
        query.append_pair("code_challenge", &challenge);
        query.append_pair("code_challenge_method", "S256");
        let scopes = scopes.to_string();
        let asked = [
            ("scope", Some(scopes.as_str()).filter(|text| !text.is_empty())),
            ("audience", audience.as_deref()),
            ("resource", resource.as_deref()),
        ];
        for (name, value) in asked {
            if let Some(value) = value {
                query.append_pair(name, value);
            }
        }
        for (name, value) in params {
            query.append_pair(name, value);
        }
        drop(query);
        Ok(url.into())
    }

    /// What came back in the query (RFC 6749 §4.1.2; RFC 9207 for `iss`).
    fn code_of(&self, query: &str) -> Result<Zeroizing<String>, Error> {
        let mut code = None;
        let (mut state, mut issuer, mut error, mut words) = (None, None, None, None);
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "code" => code = Some(Zeroizing::new(value.into_owned())),
                "state" => state = Some(value.into_owned()),
                "iss" => issuer = Some(value.into_owned()),
                "error" => error = Some(value.into_owned()),
                "error_description" => words = Some(value.into_owned()),
                _ => {}
            }
        }
        if state.as_deref() != Some(self.state.as_str()) {
            return Err(Error::Unacceptable("the browser came back from another login"));
        }
        if let Some(error) = error {
            let said = words.map_or(error.clone(), |words| format!("{error}: {words}"));
            return Err(Error::Refused { status: 302, said: Some(Untrusted::new(&said)) });
        }
        let other = |issuer: &String| {
            let known = self.profile.issuer.as_ref();
            known.is_some_and(|known| known.as_base() != issuer.trim_end_matches('/'))
        };
        if issuer.as_ref().is_some_and(other) {
            return Err(Error::Unacceptable("the browser came back from another issuer"));
        }
        code.filter(|code| !code.is_empty()).ok_or(Error::Unacceptable("it has no code in it"))
    }

    fn redeem(&self, code: &str) -> Result<Ask, Error> {
        let mut form = Form::of_grant("authorization_code");
        form.add("code", code.trim().as_bytes());
        form.add("redirect_uri", self.redirect.to_uri().as_bytes());
        form.add("code_verifier", self.verifier.as_bytes());
        oauth::request(form, self.profile, self.now).map(Ask::Send)
    }
}

impl Login for Code<'_> {
    fn step(&mut self, answer: Answer<'_>) -> Result<Ask, Error> {
        match answer {
            Answer::Nothing => Ok(match self.redirect {
                Redirect::Loopback { .. } => Ask::Visit(self.page()?),
                Redirect::OutOfBand => Ask::VisitAndCopy(self.page()?),
            }),
            Answer::Returned(query) => self.redeem(&self.code_of(&query)?),
            Answer::Copied(code) => self.redeem(&code),
            Answer::Reply(reply) => {
                let sent = Sent::of(&self.profile.credential);
                let how = if self.profile.grant == canvas::NAME {
                    canvas::reading(sent)
                } else {
                    Reading::lasting(sent)
                };
                oauth::read(reply, how).map(Ask::Done)
            }
        }
    }
}
