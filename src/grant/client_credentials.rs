//! RFC 6749 §4.4: the client's own credential, one request, one token.

use super::oauth::{self, Form, Reading, Sent};
use super::{Error, Exchange, Grant, Occasion, Rule, Step, http};
use crate::model::{LeaseRequest, Part, Profile};

/// The `client_credentials` grant. A refresh token or id token in the reply is dropped (§4.4.3).
#[derive(Debug)]
pub(super) struct ClientCredentials;

impl Grant for ClientCredentials {
    fn name(&self) -> &'static str {
        "client-credentials"
    }

    fn needs(&self, profile: &Profile) -> Vec<Part> {
        [Some(Part::ClientId), profile.auth.shows()].into_iter().flatten().collect()
    }

    fn proves_the_client(&self) -> bool {
        true
    }

    fn options(&self) -> &'static [Rule] {
        &oauth::CLIENT_OPTIONS
    }

    fn begin<'a>(&self, occasion: Occasion<'a>) -> Result<Box<dyn Exchange + 'a>, Error> {
        super::check(self, occasion.profile)?;
        Ok(Box::new(Run(occasion)))
    }
}

struct Run<'a>(Occasion<'a>);

impl Exchange for Run<'_> {
    fn step(&mut self, reply: Option<&http::Reply>) -> Result<Step, Error> {
        let Occasion { profile, request, now, .. } = self.0;
        let Some(reply) = reply else {
            let mut form = Form::of_grant("client_credentials");
            ask(&mut form, profile, request);
            return oauth::request(form, profile, now).map(Step::Send);
        };
        oauth::read(reply, Reading::strict(Sent::of(&profile.credential))).map(Step::Done)
    }
}

/// What a profile asks an OAuth issuer for: scopes (RFC 6749 §3.3), audience, resource (RFC 8707), and
/// parameters of the service's own.
pub(super) fn ask(form: &mut Form, profile: &Profile, request: &LeaseRequest) {
    let scopes = request.scopes_for(profile);
    if !scopes.is_empty() {
        form.add("scope", scopes.to_string().as_bytes());
    }
    ask_for_place(form, profile, request);
}

/// The same without scopes.
pub(super) fn ask_for_place(form: &mut Form, profile: &Profile, request: &LeaseRequest) {
    let Profile { audience, resource, params, .. } = profile;
    form.add_if("audience", request.audience.as_deref().or(audience.as_deref()));
    form.add_if("resource", resource.as_deref());
    for (name, value) in params {
        form.add(name, value.as_bytes());
    }
}
