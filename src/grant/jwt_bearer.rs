//! RFC 7523 §2.1: an assertion of our own, signed, is the grant (Google's service accounts).

use serde_json::{Map, Value};

use super::client_credentials::ask;
use super::oauth::{self, Form, Reading, Sent};
use super::{Error, Exchange, Grant, Occasion, Rule, Step, any, http, jws, seconds, seconds_of};
use crate::model::{Invalid, Part, Profile};

/// Google takes no more than an hour.
const LIFE: u32 = 3600;

const OPTIONS: [Rule; 6] = [
    Rule { name: "alg", about: jws::ABOUT, required: false, fits: jws::is_algorithm },
    Rule { name: "kid", about: "the id of the private key", required: false, fits: any },
    Rule {
        name: "assertion-audience",
        about: "what the assertion is for, in place of the token endpoint",
        required: false,
        fits: any,
    },
    Rule { name: "subject", about: "the user it acts for", required: false, fits: any },
    Rule {
        name: "issuer",
        about: "who signs, in place of the client id",
        required: false,
        fits: any,
    },
    Rule {
        name: "life",
        about: "seconds the assertion is good for",
        required: false,
        fits: seconds,
    },
];

/// The `jwt-bearer` grant.
#[derive(Debug)]
pub(super) struct JwtBearer;

impl Grant for JwtBearer {
    fn name(&self) -> &'static str {
        "jwt-bearer"
    }

    fn needs(&self, _: &Profile) -> Vec<Part> {
        vec![Part::ClientId, Part::Key]
    }

    fn options(&self) -> &'static [Rule] {
        &OPTIONS
    }

    fn begin<'a>(&self, occasion: Occasion<'a>) -> Result<Box<dyn Exchange + 'a>, Error> {
        super::check(self, occasion.profile)?;
        Ok(Box::new(Run(occasion)))
    }
}

struct Run<'a>(Occasion<'a>);

impl Run<'_> {
    /// §3. The scope is a claim for Google, and a parameter for the others: both are said.
    fn claims(&self) -> Result<Value, Error> {
        let Occasion { profile, request, now, .. } = self.0;
        let option = |name| profile.options.get(name);
        let (id, iat) = (profile.credential.id(), now.as_second());
        let mut claims = Map::new();
        let mut claim = |name: &str, value: Value| claims.insert(name.to_owned(), value);
        claim("iss", option("issuer").unwrap_or(id).into());
        claim("aud", option("assertion-audience").unwrap_or(profile.endpoint.as_str()).into());
        claim("iat", iat.into());
        claim("exp", (iat + i64::from(seconds_of(profile, "life", LIFE))).into());
        claim("jti", jws::random_word()?.into());
        claim("sub", option("subject").unwrap_or(id).into());
        let scopes = request.scopes_for(profile);
        if !scopes.is_empty() {
            claim("scope", scopes.to_string().into());
        }
        Ok(Value::Object(claims))
    }
}

impl Exchange for Run<'_> {
    fn step(&mut self, reply: Option<&http::Reply>) -> Result<Step, Error> {
        let Occasion { profile, request, .. } = self.0;
        let Some(reply) = reply else {
            let key = profile.credential.key.as_ref().ok_or(Invalid::Missing(Part::Key))?;
            let assertion = jws::sign(key, &profile.options, &self.claims()?)?;
            let mut form = Form::of_grant("urn:ietf:params:oauth:grant-type:jwt-bearer");
            form.add("assertion", assertion.as_bytes());
            ask(&mut form, profile, request);
            let (endpoint, form) = (profile.endpoint.clone(), form.finish());
            return Ok(Step::Send(http::Request::post(endpoint, None, form)));
        };
        oauth::read(reply, Reading::strict(Sent::of(&profile.credential))).map(Step::Done)
    }
}
