//! A GitHub App: a JWT of ours, signed with the app's key, for the token of one installation, cut to
//! repositories and permissions.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use super::oauth::{self, Reading, Sent};
use super::{Error, Exchange, Grant, Minted, Occasion, Rule, Step, any, http, jws};
use crate::model::{Endpoint, Invalid, Part, Profile, Token, TokenLife, TokenType};
use crate::secret::{AccessToken, Outgoing};

const OPTIONS: [Rule; 3] = [
    Rule {
        name: "installation",
        about: "the number of the installation",
        required: true,
        fits: is_number,
    },
    Rule {
        name: "repositories",
        about: "names of repositories, with commas: none others are reached",
        required: false,
        fits: any,
    },
    Rule {
        name: "permissions",
        about: "what it may do, as `contents=read,issues=write`",
        required: false,
        fits: is_permissions,
    },
];

fn is_number(text: &str) -> bool {
    (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_permissions(text: &str) -> bool {
    text.split(',').all(|pair| {
        pair.split_once('=').is_some_and(|(name, level)| {
            !name.trim().is_empty() && ["read", "write", "admin"].contains(&level.trim())
        })
    })
}

/// The `github-app` grant. The client id is the app's id, or its client id.
#[derive(Debug)]
pub(super) struct GitHubApp;

impl Grant for GitHubApp {
    fn name(&self) -> &'static str {
        "github-app"
    }

    fn needs(&self, _: &Profile) -> Vec<Part> {
        vec![Part::ClientId, Part::Key]
    }

    fn options(&self) -> &'static [Rule] {
        &OPTIONS
    }

    fn begin<'a>(&self, occasion: Occasion<'a>) -> Result<Box<dyn Exchange + 'a>, Error> {
        super::check(self, occasion.profile)?;
        super::ask_for_nothing(occasion.request)?;
        Ok(Box::new(Run(occasion)))
    }

    fn take_back(
        &self,
        profile: &Profile,
        token: &AccessToken,
    ) -> Option<Result<http::Request, Error>> {
        let endpoint = base(profile).and_then(|base| Ok(base.join("/installation/token")?));
        Some(endpoint.map(|endpoint| http::Request {
            method: http::Method::Delete,
            endpoint,
            authorization: Some(oauth::bearer(token.expose())),
            body: http::Body::None,
        }))
    }
}

/// Where the API is: above the endpoint, which alone the key is for.
fn base(profile: &Profile) -> Result<Endpoint, Error> {
    const RULE: Invalid =
        Invalid::Option("the endpoint of a GitHub App ends in /app/installations");
    let url = profile.endpoint.url();
    let path = url.path().strip_suffix("/app/installations").filter(|_| url.query().is_none());
    let mut base = url.clone();
    base.set_path(path.ok_or(RULE)?);
    Ok(base.as_str().parse()?)
}

struct Run<'a>(Occasion<'a>);

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    iat: i64,
    exp: i64,
}

#[derive(Deserialize)]
struct Success {
    token: Zeroizing<String>,
    expires_at: Timestamp,
}

impl Run<'_> {
    fn ask(&self) -> Result<http::Request, Error> {
        let Occasion { profile, now, .. } = self.0;
        let key = profile.credential.key.as_ref().ok_or(Invalid::Missing(Part::Key))?;
        // A minute back and nine ahead: GitHub takes ten at most, and none from the future.
        let (iat, exp) = (now.as_second() - 60, now.as_second() + 540);
        let claims = Claims { iss: profile.credential.id(), iat, exp };
        let app = jws::sign(key, &profile.options, &claims)?;
        let installation = profile.options.get("installation").unwrap_or_default();
        let path = format!("/{installation}/access_tokens");
        Ok(http::Request {
            method: http::Method::Post,
            endpoint: profile.endpoint.join(&path)?,
            authorization: Some(oauth::bearer(&app)),
            body: http::Body::Json(Outgoing::new(Zeroizing::new(self.cut().to_string().into()))),
        })
    }

    /// What the token is cut to.
    fn cut(&self) -> Value {
        let options = &self.0.profile.options;
        let mut cut = Map::new();
        let words = |text: &str| text.split(',').map(|word| json!(word.trim())).collect::<Vec<_>>();
        if let Some(names) = options.get("repositories") {
            cut.insert("repositories".to_owned(), Value::Array(words(names)));
        }
        if let Some(text) = options.get("permissions") {
            let pairs = text.split(',').filter_map(|pair| pair.split_once('='));
            let pairs = pairs.map(|(name, level)| (name.trim().to_owned(), json!(level.trim())));
            cut.insert("permissions".to_owned(), Value::Object(pairs.collect()));
        }
        Value::Object(cut)
    }
}

impl Exchange for Run<'_> {
    fn step(&mut self, reply: Option<&http::Reply>) -> Result<Step, Error> {
        let Occasion { profile, now, .. } = self.0;
        let Some(reply) = reply else { return self.ask().map(Step::Send) };
        match reply.status {
            201 => minted(reply, now).map(Step::Done),
            200..=299 => Err(Error::Unacceptable("its status is not 201")),
            _ => Err(oauth::refusal(reply, Reading::strict(Sent::of(&profile.credential)))),
        }
    }
}

/// The reply says when it ends, not how long it lives: that is counted by the server's own clock.
fn minted(reply: &http::Reply, now: Timestamp) -> Result<Minted, Error> {
    let found: Success = serde_json::from_slice(oauth::json(reply)?)
        .map_err(|_| Error::Unacceptable("it is not a JSON object with a token in it"))?;
    let life = found.expires_at.as_second() - reply.date.unwrap_or(now).as_second();
    let life = u64::try_from(life).ok().and_then(TokenLife::stated);
    let life = life.ok_or(Error::Unacceptable("its token has expired already"))?;
    let access = oauth::access(found.token)?;
    Ok(Token { access, kind: TokenType::Bearer, life, scope: None }.into())
}
