//! Canvas' services JWT: `POST /api/v1/jwts` with a Canvas access token, and `/jwts/refresh` while the
//! last one is good. It lives an hour and says so to Canvas only.

use serde::Deserialize;
use zeroize::Zeroizing;

use super::canvas_instaccess::{canvas_token, refusal, refuse_jwt};
use super::oauth::{self, Form, Sent};
use super::{Error, Exchange, Grant, Minted, Occasion, Rule, Source, Step, any, http};
use crate::model::{Part, Profile, Token, TokenLife, TokenType};

const LIFE: u64 = 3600;

const OPTIONS: [Rule; 1] = [Rule {
    name: "workflows",
    about: "what the token is for, in words of Canvas with commas between them",
    required: false,
    fits: any,
}];

/// The `canvas-jwt` grant.
#[derive(Debug)]
pub(super) struct ServiceJwt;

impl Grant for ServiceJwt {
    fn name(&self) -> &'static str {
        "canvas-jwt"
    }

    fn needs(&self, profile: &Profile) -> Vec<Part> {
        if profile.from.is_some() { Vec::new() } else { vec![Part::Secret] }
    }

    fn options(&self) -> &'static [Rule] {
        &OPTIONS
    }

    fn source(&self) -> Option<Source> {
        Some(Source::May)
    }

    fn keeps_a_slot(&self, _: &Profile) -> bool {
        true
    }

    fn begin<'a>(&self, occasion: Occasion<'a>) -> Result<Box<dyn Exchange + 'a>, Error> {
        super::check(self, occasion.profile)?;
        super::ask_for_nothing(occasion.request)?;
        refuse_jwt(canvas_token(&occasion)?)?;
        Ok(Box::new(Run { occasion, renews: occasion.previous.is_some() }))
    }
}

struct Run<'a> {
    occasion: Occasion<'a>,
    /// The last token is sent along; where Canvas does not take it, a new one is asked for.
    renews: bool,
}

#[derive(Deserialize)]
struct Success {
    token: Option<Zeroizing<String>>,
}

impl Run<'_> {
    fn ask(&self) -> Result<Step, Error> {
        let Occasion { profile, previous, .. } = self.occasion;
        let mut form = Form::new();
        let mut endpoint = profile.endpoint.clone();
        if let Some(previous) = previous.filter(|_| self.renews) {
            form.add("jwt", previous.expose().as_bytes());
            endpoint = endpoint.join("/refresh")?;
        } else {
            let workflows = profile.options.get("workflows").unwrap_or_default();
            for word in workflows.split(',').filter(|word| !word.is_empty()) {
                form.add("workflows[]", word.trim().as_bytes());
            }
        }
        let authorization = Some(oauth::bearer(canvas_token(&self.occasion)?));
        Ok(Step::Send(http::Request::post(endpoint, authorization, form.finish())))
    }
}

impl Exchange for Run<'_> {
    fn step(&mut self, reply: Option<&http::Reply>) -> Result<Step, Error> {
        let Occasion { profile, source, .. } = self.occasion;
        let Some(reply) = reply else { return self.ask() };
        match reply.status {
            200 | 201 => minted(reply).map(Step::Done),
            400 | 404 | 422 if std::mem::take(&mut self.renews) => self.ask(),
            _ => Err(refusal(reply, Sent::of(&profile.credential).with_source(source))),
        }
    }
}

fn minted(reply: &http::Reply) -> Result<Minted, Error> {
    let found: Success = serde_json::from_slice(oauth::json(reply)?)
        .map_err(|_| Error::Unacceptable("it is not a JSON object with a token in it"))?;
    let text = found.token.ok_or(Error::Unacceptable("it has no `token`"))?;
    let life = TokenLife::stated(LIFE).unwrap_or(TokenLife::unknown());
    let access = oauth::access(text)?;
    Ok(Token { access, kind: TokenType::Bearer, life, scope: None }.into())
}
