//! RFC 8693: the token of another profile for one that is good elsewhere, or for less.

use super::client_credentials::ask;
use super::oauth::{self, Form, Reading, Sent};
use super::{Error, Exchange, Grant, Occasion, Rule, Source, Step, any, http, jws};
use crate::model::{Invalid, Part, Profile};

const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

const OPTIONS: [Rule; 5] = [
    Rule { name: "alg", about: jws::ABOUT, required: false, fits: jws::is_algorithm },
    Rule { name: "kid", about: "the id of the private key", required: false, fits: any },
    Rule {
        name: "assertion-audience",
        about: "what an assertion is for, in place of the token endpoint",
        required: false,
        fits: any,
    },
    Rule {
        name: "subject-token-type",
        about: "what the other profile's token is (RFC 8693 §3)",
        required: false,
        fits: any,
    },
    Rule {
        name: "requested-token-type",
        about: "what is asked for (RFC 8693 §3)",
        required: false,
        fits: any,
    },
];

/// The `token-exchange` grant.
#[derive(Debug)]
pub(super) struct TokenExchange;

impl Grant for TokenExchange {
    fn name(&self) -> &'static str {
        "token-exchange"
    }

    fn needs(&self, profile: &Profile) -> Vec<Part> {
        profile.auth.shows().into_iter().collect()
    }

    fn proves_the_client(&self) -> bool {
        true
    }

    fn options(&self) -> &'static [Rule] {
        &OPTIONS
    }

    fn source(&self) -> Option<Source> {
        Some(Source::Must)
    }

    fn begin<'a>(&self, occasion: Occasion<'a>) -> Result<Box<dyn Exchange + 'a>, Error> {
        super::check(self, occasion.profile)?;
        Ok(Box::new(Run(occasion)))
    }
}

struct Run<'a>(Occasion<'a>);

impl Exchange for Run<'_> {
    fn step(&mut self, reply: Option<&http::Reply>) -> Result<Step, Error> {
        let Occasion { profile, request, now, source, .. } = self.0;
        let source = source.ok_or(Invalid::Unset("the profile to mint from"))?;
        let option = |name| profile.options.get(name);
        let Some(reply) = reply else {
            let mut form = Form::of_grant("urn:ietf:params:oauth:grant-type:token-exchange");
            form.add("subject_token", source.expose().as_bytes());
            let kind = option("subject-token-type").unwrap_or(ACCESS_TOKEN);
            form.add("subject_token_type", kind.as_bytes());
            form.add_if("requested_token_type", option("requested-token-type"));
            ask(&mut form, profile, request);
            return oauth::request(form, profile, now).map(Step::Send);
        };
        let sent = Sent::of(&profile.credential).with_source(Some(source));
        // §2.2.1: `N_A` where it is no access token.
        let how = Reading { may_be_untyped: true, ..Reading::strict(sent) };
        oauth::read(reply, how).map(Step::Done)
    }
}
