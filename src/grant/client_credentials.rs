//! RFC 6749 §4.4: the client's own credential, one request, one token.

use super::oauth::{self, Form};
use super::{Error, Exchange, Grant, Step, http};
use crate::model::{LeaseRequest, Profile};

/// The `client_credentials` grant. A refresh token or id token in the reply is dropped (§4.4.3).
#[derive(Debug)]
pub(super) struct ClientCredentials;

impl Grant for ClientCredentials {
    fn begin<'a>(
        &self,
        profile: &'a Profile,
        request: &'a LeaseRequest,
    ) -> Result<Box<dyn Exchange + 'a>, Error> {
        profile.check()?;
        Ok(Box::new(Run { profile, request }))
    }
}

struct Run<'a> {
    profile: &'a Profile,
    request: &'a LeaseRequest,
}

impl Exchange for Run<'_> {
    fn step(&mut self, reply: Option<&http::Reply>) -> Result<Step, Error> {
        match reply {
            None => Ok(Step::Send(self.ask())),
            Some(reply) => oauth::token(reply, &self.profile.credential).map(Step::Done),
        }
    }
}

impl Run<'_> {
    fn ask(&self) -> http::Request {
        let Profile { auth, credential, endpoint, audience, resource, params, .. } = self.profile;
        let mut form = Form::new();
        form.add("grant_type", b"client_credentials");
        let scopes = self.request.scopes_for(self.profile);
        if !scopes.is_empty() {
            form.add("scope", scopes.to_string().as_bytes());
        }
        let audience = self.request.audience.as_ref().or(audience.as_ref());
        for (name, value) in [("audience", audience), ("resource", resource.as_ref())] {
            if let Some(value) = value {
                form.add(name, value.as_bytes());
            }
        }
        for (name, value) in params {
            form.add(name, value.as_bytes());
        }
        oauth::add_credential(&mut form, *auth, credential);
        http::Request {
            endpoint: endpoint.clone(),
            authorization: oauth::authorization(*auth, credential),
            form: Some(form.finish()),
        }
    }
}
