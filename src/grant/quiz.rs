//! The Quiz API's "signed auth": a JWT made here with the secret that both sides have (HS256). The
//! consumer key says whose it is.

use serde_json::{Map, Value};

use super::{
    Error, Exchange, Grant, Occasion, Rule, Step, any, http, jws, oauth, seconds, seconds_of,
};
use crate::model::{Invalid, Part, Profile, Token, TokenLife, TokenType};

/// Seconds, as the vendor's own client has it.
const LIFE: u32 = 60;

const OPTIONS: [Rule; 2] = [
    Rule {
        name: "life",
        about: "seconds that a token is good for",
        required: false,
        fits: seconds,
    },
    Rule { name: "resource-id", about: "the one resource it is for", required: false, fits: any },
];

/// The `quiz` grant.
#[derive(Debug)]
pub(super) struct Quiz;

impl Grant for Quiz {
    fn name(&self) -> &'static str {
        "quiz"
    }

    fn needs(&self, _: &Profile) -> Vec<Part> {
        vec![Part::ClientId, Part::Secret]
    }

    fn options(&self) -> &'static [Rule] {
        &OPTIONS
    }

    fn is_local(&self) -> bool {
        true
    }

    fn begin<'a>(&self, occasion: Occasion<'a>) -> Result<Box<dyn Exchange + 'a>, Error> {
        super::check(self, occasion.profile)?;
        if occasion.request.audience.is_some() {
            return Err(Invalid::NothingToAsk.into());
        }
        Ok(Box::new(Run(occasion)))
    }
}

struct Run<'a>(Occasion<'a>);

impl Exchange for Run<'_> {
    fn step(&mut self, _: Option<&http::Reply>) -> Result<Step, Error> {
        let Occasion { profile, request, now, .. } = self.0;
        let secret = profile.credential.secret.as_ref().ok_or(Invalid::Missing(Part::Secret))?;
        let life = seconds_of(profile, "life", LIFE);
        let scopes = request.scopes_for(profile).to_string();
        let mut claims = Map::new();
        claims.insert("iss".to_owned(), profile.credential.id().into());
        claims.insert("scope".to_owned(), scopes.as_str().into());
        claims.insert("exp".to_owned(), (now.as_second() + i64::from(life)).into());
        if let Some(resource) = profile.options.get("resource-id") {
            claims.insert("resource_id".to_owned(), resource.into());
        }
        let access = oauth::access(jws::sign_with_secret(secret, &Value::Object(claims))?)?;
        let life = TokenLife::stated(life.into()).unwrap_or(TokenLife::unknown());
        let scope = Some(scopes).filter(|scopes| !scopes.is_empty());
        Ok(Step::Done(Token { access, kind: TokenType::Bearer, life, scope }.into()))
    }
}
