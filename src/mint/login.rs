//! Drives a person's login to its end: shows what is to be shown, waits for the browser or for the
//! issuer, and gives back what all later mints live on.

use std::time::Duration;

use jiff::Timestamp;
use zeroize::Zeroizing;

use super::driver::{Means, client, in_time, on_network};
use super::{Error, returned};
use crate::grant;
use crate::grant::login::{self, Answer, Ask, Login, Redirect};
use crate::http::{self, Client};
use crate::limits;
use crate::model::{Kept, Lease, Profile};
use crate::prompt;
use crate::secret::RefreshToken;

/// Whoever logs in.
pub trait Person {
    /// Is sent to a page; the browser comes back by itself.
    fn visit(&self, page: &str);

    /// Is sent to a page, and copies the code that it shows.
    ///
    /// # Errors
    /// [`prompt::Error`].
    fn copy(&self, page: &str) -> Result<Zeroizing<String>, prompt::Error>;

    /// Types a code on a page, wherever; `whole` is the page with the code in it.
    fn tell(&self, page: &str, code: &str, whole: Option<&str>);
}

/// What a login gave.
pub struct Logged {
    /// The first token.
    pub lease: Lease,
    /// What makes it last.
    pub refresh: Option<RefreshToken>,
    asked_at: Timestamp,
}

impl Logged {
    /// The first token as it is kept with a profile that has this `basis`.
    #[must_use]
    pub fn kept(&self, basis: &str) -> Kept {
        Kept::of(&self.lease, None, self.asked_at, basis)
    }
}

/// Has `person` log in for `profile`, within `limits::LOGIN`.
///
/// # Errors
/// [`Error::Grant`], [`Error::Http`], [`Error::NoLogin`], [`Error::NoWayBack`].
pub fn login(profile: &Profile, means: &Means<'_>, person: &dyn Person) -> Result<Logged, Error> {
    let client = client(profile, means.proxy)?;
    on_network(async {
        let waiting = returned::Waiting::bind(&Redirect::of(profile)).await?;
        let now = means.clock.wall();
        let login = login::begin(profile, waiting.redirect(), now).map_err(Error::Grant)?;
        let run = Run { profile, means, person, client, waiting };
        let late = |_| Error::NoLogin(prompt::Error::NoAnswer);
        tokio::time::timeout(limits::LOGIN, run.finish(login)).await.map_err(late)?
    })
}

struct Run<'a> {
    profile: &'a Profile,
    means: &'a Means<'a>,
    person: &'a dyn Person,
    client: Client,
    waiting: returned::Waiting,
}

impl Run<'_> {
    async fn finish(self, mut login: Box<dyn Login + '_>) -> Result<Logged, Error> {
        let clock = self.means.clock;
        let mut asked_at = (clock.wall(), clock.steady());
        let mut ask = login.step(Answer::Nothing).map_err(Error::Grant)?;
        loop {
            let answered = match ask {
                Ask::Done(minted) => {
                    let scopes = &self.profile.scopes;
                    let lease = Lease::new(self.profile, scopes, minted.token, asked_at);
                    let refresh = minted.refresh;
                    return Ok(Logged { lease, refresh, asked_at: asked_at.0 });
                }
                Ask::Send(request) => {
                    asked_at = (clock.wall(), clock.steady());
                    match self.send(&request).await {
                        Ok(reply) => login.step(Answer::Reply(&reply)),
                        Err(Error::Http(_)) if login.asks_again() => login.step(Answer::Nothing),
                        Err(error) => return Err(error),
                    }
                }
                Ask::Visit(page) => {
                    self.person.visit(&page);
                    login.step(Answer::Returned(self.waiting.query(&page).await?))
                }
                Ask::VisitAndCopy(page) => {
                    let code = self.person.copy(&page).map_err(Error::NoLogin)?;
                    login.step(Answer::Copied(code))
                }
                Ask::Tell { url, code, whole } => {
                    self.person.tell(&url, &code, whole.as_deref());
                    login.step(Answer::Nothing)
                }
                Ask::Wait(length) => {
                    tokio::time::sleep(length).await;
                    login.step(Answer::Nothing)
                }
            };
            ask = answered.map_err(|error| match error {
                // The code was over before the person came.
                grant::Error::LoginNeeded => Error::NoLogin(prompt::Error::NoAnswer),
                error => Error::Grant(error),
            })?;
        }
    }

    /// A person is waiting: what may pass is tried again for a while.
    async fn send(&self, request: &http::Request) -> Result<http::Reply, Error> {
        let mut tries = 1;
        loop {
            let sent = async { self.client.send(request).await.map_err(Error::Http) };
            match in_time(&self.profile.endpoint, sent).await {
                Err(Error::Http(error)) if error.is_worth_a_retry() && tries < limits::TRIES => {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                    tries += 1;
                }
                sent => return sent,
            }
        }
    }
}
