//! How an issuer turns a credential into a token. A grant does no I/O: it says what to send and
//! reads what came back. A person's login at an issuer is the same in `login`.
//!
//! A new grant is a file here with a line in [`ALL`], and a row in `preset/table.rs` for each service
//! that uses it.

mod abconnect;
mod advice;
mod badges;
mod canvas;
mod canvas_instaccess;
mod canvas_jwt;
mod client_credentials;
mod described;
pub mod discovery;
mod fixed;
mod github_app;
pub mod introspection;
mod jws;
mod jwt_bearer;
pub mod key;
pub mod login;
mod oauth;
mod preset;
mod quiz;
mod refresh;
pub mod revocation;
mod token_exchange;

use std::time::Duration;

use jiff::Timestamp;

pub use advice::{advice, over};
pub use preset::{Ask, Preset, Template, Value};

use crate::http;
use crate::model::{Invalid, LeaseRequest, Part, Profile, Token, Untrusted};
use crate::secret::{AccessToken, RefreshToken};

/// One way in which a credential becomes a token.
pub trait Grant: Sync {
    /// Its name in records.
    fn name(&self) -> &'static str;

    /// The parts that a credential must have for it.
    fn needs(&self, profile: &Profile) -> Vec<Part>;

    /// What a profile may tell it beside the credential.
    fn options(&self) -> &'static [Rule] {
        &[]
    }

    /// Whether the client proves itself to a token endpoint, in the profile's style.
    fn proves_the_client(&self) -> bool {
        false
    }

    /// Whether it mints with the token of another profile: `None` where there can be none.
    fn source(&self) -> Option<Source> {
        None
    }

    /// Whether what a mint leaves is for the next one: a refresh token that may change, or a token
    /// that must not be asked for twice. Then it is kept in the profile's slot.
    fn keeps_a_slot(&self, _: &Profile) -> bool {
        false
    }

    /// Whether it asks nobody: what it gives out is made here.
    fn is_local(&self) -> bool {
        self.gives_the_secret()
    }

    /// Whether what it gives out is the secret itself.
    fn gives_the_secret(&self) -> bool {
        false
    }

    /// The same of one profile: some grants give out the one secret and mint with another.
    fn gives_the_secret_of(&self, _: &Profile) -> bool {
        self.gives_the_secret()
    }

    /// Begins one exchange.
    ///
    /// # Errors
    /// [`Error::Setup`] where the profile lacks what the grant needs; [`Error::LoginNeeded`].
    fn begin<'a>(&self, occasion: Occasion<'a>) -> Result<Box<dyn Exchange + 'a>, Error>;

    /// How a token is taken back, where that is not RFC 7009.
    fn take_back(&self, _: &Profile, _: &AccessToken) -> Option<Result<http::Request, Error>> {
        None
    }
}

/// An option of a grant.
#[derive(Debug)]
pub struct Rule {
    /// Its name.
    pub name: &'static str,
    /// What it is for, in a few words.
    pub about: &'static str,
    /// Whether it must be given.
    pub required: bool,
    /// Whether a text is a value of it.
    pub fits: fn(&str) -> bool,
}

/// How the token of another profile is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// In place of a secret of its own.
    May,
    /// There is no other way.
    Must,
}

/// What one exchange is about.
#[derive(Clone, Copy)]
pub struct Occasion<'a> {
    /// The profile.
    pub profile: &'a Profile,
    /// What is asked for.
    pub request: &'a LeaseRequest,
    /// What the wall clock shows.
    pub now: Timestamp,
    /// The token of the profile that this one is minted from.
    pub source: Option<&'a AccessToken>,
    /// The refresh token that is good now, in place of the profile's own.
    pub refresh: Option<&'a RefreshToken>,
    /// The token that came last, where it is kept in the profile's slot and still good.
    pub previous: Option<&'a AccessToken>,
}

/// One run of a grant, from the first request to the token.
pub trait Exchange {
    /// What to do next. `reply` is the answer to the request last given, if any.
    ///
    /// # Errors
    /// [`Error`]; the exchange is over then.
    fn step(&mut self, reply: Option<&http::Reply>) -> Result<Step, Error>;
}

/// What the driver is to do.
pub enum Step {
    /// Send this and come back with the reply.
    Send(http::Request),
    /// It is done.
    Done(Minted),
}

/// What an exchange gave.
pub struct Minted {
    /// The token.
    pub token: Token,
    /// The refresh token that takes the place of the one that was spent.
    pub refresh: Option<RefreshToken>,
}

impl From<Token> for Minted {
    fn from(token: Token) -> Self {
        Self { token, refresh: None }
    }
}

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The profile is not set up for this grant.
    #[error("the profile cannot be used: {0}")]
    Setup(#[from] Invalid),
    /// A person must log in first.
    #[error("a person must log in at the issuer first")]
    LoginNeeded,
    /// The credential is one that the issuer never takes for this: the text says why.
    #[error("the credential is of the wrong kind: {0}")]
    WrongKind(&'static str),
    /// The issuer refused the credential: wrong, expired, revoked, or not yet active.
    #[error("the issuer refused the credential (status {status}{})", words(.said.as_ref()))]
    Refused {
        /// The status code.
        status: u16,
        /// The issuer's own words.
        said: Option<Untrusted>,
    },
    /// The issuer accepted the credential, perhaps, but not the request: scope, audience, grant.
    #[error("the issuer refused the request (status {status}{})", words(.said.as_ref()))]
    BadRequest {
        /// The status code.
        status: u16,
        /// The issuer's own words.
        said: Option<Untrusted>,
    },
    /// The issuer asks to come back later, or is out of order.
    #[error("the issuer is not ready (status {status})")]
    NotReady {
        /// The status code.
        status: u16,
        /// After how long to try again, where it said so.
        retry_after: Option<Duration>,
    },
    /// The issuer sends us elsewhere. A credential never follows.
    #[error(
        "the issuer answers with a redirect (status {status}) to `{host}`, which is not followed"
    )]
    Redirect {
        /// The status code.
        status: u16,
        /// The host it points to.
        host: Untrusted,
    },
    /// The answer breaks the rules; the text says which one, and quotes nothing.
    #[error("the issuer's answer is not acceptable: {0}")]
    Unacceptable(&'static str),
}

fn words(text: Option<&Untrusted>) -> String {
    text.map(|text| format!(": {text}")).unwrap_or_default()
}

/// Every grant.
pub static ALL: [&dyn Grant; 12] = [
    &client_credentials::ClientCredentials,
    &refresh::Refresh,
    &jwt_bearer::JwtBearer,
    &token_exchange::TokenExchange,
    &canvas::Canvas,
    &canvas_instaccess::InstAccess,
    &canvas_jwt::ServiceJwt,
    &abconnect::AbConnect,
    &badges::Badges,
    &quiz::Quiz,
    &github_app::GitHubApp,
    &fixed::Fixed,
];

/// The grant of this name; `None` for one that this version does not know.
#[must_use]
pub fn find(name: &str) -> Option<&'static dyn Grant> {
    ALL.into_iter().find(|grant| grant.name() == name)
}

/// The grant of a profile, which has all that it needs.
///
/// # Errors
/// [`Invalid`]: what it lacks, or may not have.
pub fn check(grant: &dyn Grant, profile: &Profile) -> Result<(), Invalid> {
    profile.check()?;
    if grant.gives_the_secret_of(profile) && profile.flags.token_only {
        return Err(Invalid::TokenOnlyStatic);
    }
    let missing = |part: &Part| !profile.credential.has(*part);
    if let Some(part) = grant.needs(profile).into_iter().find(missing) {
        return Err(Invalid::Missing(part));
    }
    match (grant.source(), &profile.from) {
        (Some(Source::Must), None) => return Err(Invalid::Unset("the profile to mint from")),
        (None, Some(_)) => {
            return Err(Invalid::Option(
                "a profile of this preset is not minted from another profile",
            ));
        }
        _ => {}
    }
    let rules = grant.options();
    for (name, text) in profile.options.iter() {
        check_option(rules, name, text)?;
    }
    let unset = |rule: &&Rule| rule.required && profile.options.get(rule.name).is_none();
    rules.iter().find(unset).map_or(Ok(()), |rule| Err(Invalid::Unset(rule.name)))
}

/// Whether these rules have an option of this name, and it this text.
fn check_option(rules: &[Rule], name: &str, text: &str) -> Result<(), Invalid> {
    let rule = rules.iter().find(|rule| rule.name == name);
    let rule = rule.ok_or(Invalid::Option(
        "this preset has no option of this name: see `mintage presets NAME`",
    ))?;
    if (rule.fits)(text) {
        return Ok(());
    }
    Err(Invalid::Value { name: rule.name, about: rule.about })
}

/// Whether a text is anything at all.
fn any(text: &str) -> bool {
    !text.is_empty()
}

/// Whether a text is a number of seconds up to a day.
fn seconds(text: &str) -> bool {
    text.parse::<u32>().is_ok_and(|seconds| (1..=86_400).contains(&seconds))
}

/// Whether a text is a URL that may be asked.
fn url(text: &str) -> bool {
    text.parse::<crate::model::Endpoint>().is_ok()
}

/// An option of seconds.
fn seconds_of(profile: &Profile, name: &str, otherwise: u32) -> u32 {
    profile.options.get(name).and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// Tokens of this kind have no scope and no audience.
fn ask_for_nothing(request: &LeaseRequest) -> Result<(), Error> {
    let asks = !request.scopes.is_empty() || request.audience.is_some();
    if asks { Err(Invalid::NothingToAsk.into()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_has_its_grant_and_every_grant_one_name() {
        for preset in Preset::all() {
            assert!(find(&preset.grant).is_some(), "{}", preset.name);
        }
        for (index, grant) in ALL.iter().enumerate() {
            assert!(ALL[..index].iter().all(|other| other.name() != grant.name()));
        }
        assert!(find("no-such-grant").is_none());
    }
}
