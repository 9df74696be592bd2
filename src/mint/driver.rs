//! Drives one exchange to its end.
//!
//! A login is safe to repeat, so what may pass (no connection, 429, 5xx) is tried again a few times
//! with growing pauses, all within one deadline. A refusal never is.

use std::time::Duration;

use super::Error;
use crate::clock::Clock;
use crate::grant::discovery::{self, Metadata};
use crate::grant::{self, Exchange, Step};
use crate::http::{self, Client};
use crate::limits;
use crate::model::{Endpoint, Lease, LeaseRequest, Profile, Token};

/// The first pause; each further one is twice as long.
const PAUSE: Duration = Duration::from_millis(400);

/// Mints a lease for `profile` as `request` asks; `proxy` is the one of the settings.
///
/// # Errors
/// [`Error`]. After an error nothing is known of a token: none is returned twice.
pub fn mint(
    profile: &Profile,
    request: &LeaseRequest,
    proxy: Option<&str>,
    clock: &dyn Clock,
) -> Result<Lease, Error> {
    let client = Client::new(profile.ca.as_deref(), proxy).map_err(Error::Http)?;
    let driver = Driver { client, clock, give_up: clock.steady() + limits::REQUEST };
    let lease = on_network(&profile.endpoint, async {
        let minted = driver.run(profile, request).await;
        drop(driver);
        minted
    })?;
    let lives = lease.token.life.duration();
    match request.min_valid {
        Some(wanted) if lives < wanted => {
            Err(Error::TooShort { lives: lives.as_secs(), wanted: wanted.as_secs() })
        }
        _ if !lease.is_good_for(None, clock) => {
            Err(Error::Grant(grant::Error::Unacceptable("its token has expired on the way")))
        }
        _ => Ok(lease),
    }
}

/// Runs `work`, with one deadline over all its tries.
fn on_network<T>(
    asked: &Endpoint,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Error::Runtime)?;
    let done = runtime.block_on(async {
        let done = tokio::time::timeout(limits::REQUEST, work).await;
        // One turn of the loop, so that the closed connection's buffers are given back.
        tokio::task::yield_now().await;
        done
    });
    // Not dropped: that would wait for a name server that does not answer.
    runtime.shutdown_background();
    let late = || http::Error::TimedOut { host: asked.host(), after: limits::REQUEST };
    done.map_err(|_| Error::Http(late()))?
}

/// Asks `issuer` for its metadata, believing the platform's roots and those in `ca`.
///
/// # Errors
/// [`Error::Grant`] where it has none, or none that is acceptable; [`Error::Http`].
pub fn discover(
    issuer: &Endpoint,
    ca: Option<&str>,
    proxy: Option<&str>,
) -> Result<Metadata, Error> {
    let client = Client::new(ca, proxy).map_err(Error::Http)?;
    on_network(issuer, async {
        for request in discovery::requests(issuer).map_err(Error::Grant)? {
            let reply = client.send(&request).await.map_err(Error::Http)?;
            if let Some(found) = discovery::read(&reply, issuer).map_err(Error::Grant)? {
                return Ok(found);
            }
        }
        Err(Error::Grant(grant::Error::Unacceptable("it has no metadata in the usual places")))
    })
}

struct Driver<'a> {
    client: Client,
    clock: &'a dyn Clock,
    give_up: Duration,
}

impl Driver<'_> {
    async fn run(&self, profile: &Profile, request: &LeaseRequest) -> Result<Lease, Error> {
        let grant = grant::find(&profile.preset).ok_or(Error::UnknownPreset)?;
        let mut tries = 1;
        loop {
            let mut exchange = grant.begin(profile, request).map_err(Error::Grant)?;
            let asked_at = (self.clock.wall(), self.clock.steady());
            let error = match self.exchange(exchange.as_mut()).await {
                Ok(token) => {
                    let scopes = request.scopes_for(profile);
                    return Ok(Lease::new(profile, scopes, token, asked_at));
                }
                Err(error) => error,
            };
            let Some(pause) = pause_before_retry(&error, tries) else { return Err(error) };
            if tries == limits::TRIES || self.clock.steady() + pause >= self.give_up {
                return Err(error);
            }
            tokio::time::sleep(pause).await;
            tries += 1;
        }
    }

    async fn exchange(&self, exchange: &mut dyn Exchange) -> Result<Token, Error> {
        let mut reply: Option<http::Reply> = None;
        loop {
            match exchange.step(reply.as_ref()).map_err(Error::Grant)? {
                Step::Done(token) => return Ok(token),
                Step::Send(request) => {
                    reply = Some(self.client.send(&request).await.map_err(Error::Http)?);
                }
            }
        }
    }
}

/// How long to wait before the same may be tried again; `None` where it may not.
fn pause_before_retry(error: &Error, tries: u32) -> Option<Duration> {
    let doubled = PAUSE * 2_u32.saturating_pow(tries - 1);
    match error {
        Error::Http(error) if error.is_worth_a_retry() => Some(doubled),
        Error::Grant(grant::Error::NotReady { retry_after: None, .. }) => Some(doubled),
        Error::Grant(grant::Error::NotReady { retry_after: Some(wait), .. }) => {
            // Longer than a person waits: reported instead.
            (*wait <= limits::RETRY_AFTER).then_some(*wait.max(&doubled))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn not_ready(retry_after: Option<u64>) -> Error {
        let retry_after = retry_after.map(Duration::from_secs);
        Error::Grant(grant::Error::NotReady { status: 429, retry_after })
    }

    // H11
    #[test]
    fn retry_after_is_obeyed_and_a_long_one_is_reported() {
        assert_eq!(pause_before_retry(&not_ready(Some(3)), 1), Some(Duration::from_secs(3)));
        assert_eq!(pause_before_retry(&not_ready(Some(0)), 1), Some(PAUSE));
        assert_eq!(pause_before_retry(&not_ready(Some(11)), 1), None);
        assert_eq!(pause_before_retry(&not_ready(None), 3), Some(PAUSE * 4));
    }

    #[test]
    fn a_refusal_is_never_tried_again() {
        let refused = Error::Grant(grant::Error::Refused { status: 403, said: None });
        assert_eq!(pause_before_retry(&refused, 1), None);
        let broke_off = Error::Http(http::Error::BrokeOff { host: "h".into() });
        assert_eq!(pause_before_retry(&broke_off, 1), None);
    }
}
