//! Parchment Digital Badges (Badgr): a person's email and password, or the code of an app. Either way
//! the refresh token changes with every use, and the one before is dead.

use super::oauth::{self, Form, Reading, Sent};
use super::{Error, Exchange, Grant, Occasion, Rule, Step, any, http, login, refresh};
use crate::model::{Invalid, Part, Profile};

const OPTIONS: [Rule; 7] = {
    let [alg, kid, audience, authorize, device, redirect] = login::OPTIONS;
    let user = Rule { name: "user", about: "the email of the account", required: false, fits: any };
    [user, alg, kid, audience, authorize, device, redirect]
};

/// The `badges` grant.
#[derive(Debug)]
pub(super) struct Badges;

/// The client of whoever has a password.
const PUBLIC: &str = "public";

impl Grant for Badges {
    fn name(&self) -> &'static str {
        "badges"
    }

    fn needs(&self, profile: &Profile) -> Vec<Part> {
        if user(profile).is_some() {
            return vec![Part::Secret];
        }
        [Some(Part::ClientId), profile.auth.shows()].into_iter().flatten().collect()
    }

    fn proves_the_client(&self) -> bool {
        true
    }

    fn options(&self) -> &'static [Rule] {
        &OPTIONS
    }

    fn keeps_a_slot(&self, _: &Profile) -> bool {
        true
    }

    fn begin<'a>(&self, occasion: Occasion<'a>) -> Result<Box<dyn Exchange + 'a>, Error> {
        super::check(self, occasion.profile)?;
        let Some(user) = user(occasion.profile) else {
            return refresh::begin(occasion, oauth::lasting);
        };
        // The profile's own is that of a mint before it was saved.
        let refresh = occasion.refresh.or(occasion.profile.credential.refresh.as_ref());
        let occasion = Occasion { refresh, ..occasion };
        Ok(Box::new(Run { user, renews: refresh.is_some(), occasion }))
    }
}

/// The email, where there is a password and no app.
fn user(profile: &Profile) -> Option<&str> {
    profile.options.get("user").filter(|_| !profile.credential.has(Part::ClientId))
}

/// By the refresh token where there is one, else by the password.
struct Run<'a> {
    user: &'a str,
    occasion: Occasion<'a>,
    renews: bool,
}

impl Run<'_> {
    fn ask(&self) -> Result<Step, Error> {
        let Occasion { profile, request, refresh, .. } = self.occasion;
        let refresh = refresh.filter(|_| self.renews);
        let mut form = Form::of_grant(if refresh.is_some() { "refresh_token" } else { "password" });
        if let Some(refresh) = refresh {
            form.add("refresh_token", refresh.expose().as_bytes());
        } else {
            let secret = profile.credential.secret.as_ref();
            let secret = secret.ok_or(Invalid::Missing(Part::Secret))?;
            form.add("username", self.user.as_bytes());
            form.add("password", secret.expose());
            let scopes = request.scopes_for(profile).to_string();
            form.add_if("scope", Some(scopes.as_str()).filter(|text| !text.is_empty()));
        }
        form.add("client_id", PUBLIC.as_bytes());
        Ok(Step::Send(http::Request::post(profile.endpoint.clone(), None, form.finish())))
    }
}

impl Exchange for Run<'_> {
    fn step(&mut self, reply: Option<&http::Reply>) -> Result<Step, Error> {
        let Occasion { profile, refresh, .. } = self.occasion;
        let Some(reply) = reply else { return self.ask() };
        let sent = Sent::of(&profile.credential).with_refresh(refresh);
        match oauth::read(reply, Reading::lasting(sent)) {
            // The refresh token is dead: the password is not, perhaps.
            Err(Error::Refused { .. } | Error::BadRequest { .. }) if self.renews => {
                self.renews = false;
                self.ask()
            }
            read => read.map(Step::Done),
        }
    }
}
