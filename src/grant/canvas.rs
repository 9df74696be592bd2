//! Canvas' own OAuth: a refresh token from a person's login, whose refresh *replaces* the one access
//! token of that login; or a token that a person made by hand. The traps are those of its source, see
//! `docs/grants/canvas.md`.

use std::time::Duration;

use super::fixed;
use super::oauth::{self, Reading, Sent};
use super::{Error, Exchange, Grant, Occasion, Rule, http, login, refresh};
use crate::limits;
use crate::model::{Part, Profile, TokenLife};
use crate::secret::AccessToken;

/// Its name in records.
pub(super) const NAME: &str = "canvas";

/// The `canvas` grant.
#[derive(Debug)]
pub(super) struct Canvas;

impl Grant for Canvas {
    fn name(&self) -> &'static str {
        NAME
    }

    fn needs(&self, profile: &Profile) -> Vec<Part> {
        if is_by_hand(profile) { vec![Part::Secret] } else { vec![Part::ClientId] }
    }

    fn proves_the_client(&self) -> bool {
        true
    }

    fn options(&self) -> &'static [Rule] {
        &login::OPTIONS
    }

    fn keeps_a_slot(&self, profile: &Profile) -> bool {
        !is_by_hand(profile)
    }

    fn gives_the_secret_of(&self, profile: &Profile) -> bool {
        is_by_hand(profile)
    }

    fn begin<'a>(&self, occasion: Occasion<'a>) -> Result<Box<dyn Exchange + 'a>, Error> {
        super::check(self, occasion.profile)?;
        super::ask_for_nothing(occasion.request)?;
        if is_by_hand(occasion.profile) {
            return Ok(fixed::begin(occasion));
        }
        let run = refresh::begin(occasion, reading)?;
        Ok(Box::new(Throttled(run)))
    }

    /// `DELETE` with the token itself: Canvas forgets the whole login, refresh token and all.
    fn take_back(
        &self,
        profile: &Profile,
        token: &AccessToken,
    ) -> Option<Result<http::Request, Error>> {
        (!is_by_hand(profile)).then(|| {
            Ok(http::Request {
                method: http::Method::Delete,
                endpoint: profile.endpoint.clone(),
                authorization: Some(oauth::bearer(token.expose())),
                body: http::Body::None,
            })
        })
    }
}

/// Without a client id, the secret is an access token that a person made.
fn is_by_hand(profile: &Profile) -> bool {
    !profile.credential.has(Part::ClientId)
}

/// The type may be missing in old versions; without `expires_in` the token does not expire; a dead
/// refresh token is an `invalid_request`; and a refresh just after another gives none.
pub(super) fn reading(sent: Sent<'_>) -> Reading<'_> {
    Reading {
        may_be_untyped: true,
        may_be_empty: true,
        invalid_request_is_refusal: true,
        life: TokenLife::stated(limits::TOKEN_LIFE.as_secs()).unwrap_or(TokenLife::unknown()),
        ..Reading::lasting(sent)
    }
}

/// An exchange that hears when Canvas has had enough.
pub(super) struct Throttled<'a>(pub(super) Box<dyn Exchange + 'a>);

impl Exchange for Throttled<'_> {
    fn step(&mut self, reply: Option<&http::Reply>) -> Result<super::Step, Error> {
        match reply.and_then(throttle) {
            Some(error) => Err(error),
            None => self.0.step(reply),
        }
    }
}

/// A request too many. The documentation says 429, the source 403: what tells it from a refusal is
/// the bucket that is empty, or the words.
pub(super) fn throttle(reply: &http::Reply) -> Option<Error> {
    let status = reply.status;
    let says_so = || {
        let words: &[u8] = b"Rate Limit Exceeded";
        reply.body.expose().windows(words.len()).any(|window| window == words)
    };
    let is_empty = reply.units_left.is_some_and(|left| left <= 0.0);
    let is_throttle = status == 429 || (status == 403 && (is_empty || says_so()));
    is_throttle.then(|| Error::NotReady { status, retry_after: Some(pause(reply)) })
}

/// The bucket leaks 10 units a second and must have 50 free for the next request.
fn pause(reply: &http::Reply) -> Duration {
    const LEAST: Duration = Duration::from_secs(5);
    let missing = 50.0 - reply.units_left.unwrap_or_default().clamp(-1000.0, 50.0);
    let leaked = Duration::from_secs_f64((missing / 10.0).ceil());
    reply.retry_after.unwrap_or(leaked).max(LEAST)
}
