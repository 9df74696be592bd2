//! RFC 6749 §6: a refresh token for the next access token. Where a new refresh token comes with it, the
//! old one is spent: the driver keeps the new one before the token is used.

use super::client_credentials::ask_for_place;
use super::oauth::{self, Form, Reading, Sent};
use super::{Error, Exchange, Grant, Occasion, Rule, Step, http, login};
use crate::model::{Part, Profile};

/// The `refresh_token` grant; the refresh token is from a person's login, or was given.
#[derive(Debug)]
pub(super) struct Refresh;

impl Grant for Refresh {
    fn name(&self) -> &'static str {
        "refresh-token"
    }

    fn needs(&self, profile: &Profile) -> Vec<Part> {
        [Some(Part::ClientId), profile.auth.shows()].into_iter().flatten().collect()
    }

    fn proves_the_client(&self) -> bool {
        true
    }

    fn options(&self) -> &'static [Rule] {
        &login::OPTIONS
    }

    fn keeps_a_slot(&self, _: &Profile) -> bool {
        true
    }

    fn begin<'a>(&self, occasion: Occasion<'a>) -> Result<Box<dyn Exchange + 'a>, Error> {
        super::check(self, occasion.profile)?;
        begin(occasion, oauth::lasting)
    }
}

/// How a reply is read, given what the issuer was sent.
type How = for<'b> fn(Sent<'b>) -> Reading<'b>;

struct Run<'a> {
    occasion: Occasion<'a>,
    how: How,
}

/// The exchange of whatever grant ends in a refresh token.
pub(super) fn begin<'a>(occasion: Occasion<'a>, how: How) -> Result<Box<dyn Exchange + 'a>, Error> {
    if occasion.refresh.is_none() && occasion.profile.credential.refresh.is_none() {
        return Err(Error::LoginNeeded);
    }
    Ok(Box::new(Run { occasion, how }))
}

impl Exchange for Run<'_> {
    fn step(&mut self, reply: Option<&http::Reply>) -> Result<Step, Error> {
        let Occasion { profile, request, now, refresh, .. } = self.occasion;
        let refresh = refresh.or(profile.credential.refresh.as_ref()).ok_or(Error::LoginNeeded)?;
        let Some(reply) = reply else {
            let mut form = Form::of_grant("refresh_token");
            form.add("refresh_token", refresh.expose().as_bytes());
            // RFC 6749 §6: without a scope it is the one that was granted.
            if !request.scopes.is_empty() {
                form.add("scope", request.scopes.to_string().as_bytes());
            }
            ask_for_place(&mut form, profile, request);
            return oauth::request(form, profile, now).map(Step::Send);
        };
        let sent = Sent::of(&profile.credential).with_refresh(Some(refresh));
        oauth::read(reply, (self.how)(sent)).map(Step::Done)
    }
}
