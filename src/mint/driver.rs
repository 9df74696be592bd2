//! Drives one exchange to its end.
//!
//! A login is safe to repeat, so what may pass (no connection, 429, 5xx) is tried again a few times
//! with growing pauses, all within one deadline. A refusal never is.

use std::borrow::Borrow;
use std::time::Duration;

use super::Error;
use crate::clock::Clock;
use crate::grant::discovery::{self, Metadata};
use crate::grant::{self, Exchange, Step, revocation};
use crate::http::{self, Client};
use crate::limits;
use crate::model::{Endpoint, Lease, LeaseRequest, Profile, Token};
use crate::secret::AccessToken;

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
    let lease = on_network(exchange(profile, request, client, clock))?;
    judge(&lease, request.min_valid, clock)?;
    Ok(lease)
}

/// The same inside a running network loop and with a client at hand, all its tries within one
/// deadline. What comes back is fresh; whether it lives as long as `request` asks is left to
/// [`judge`].
///
/// # Errors
/// As [`mint`].
pub async fn exchange<C: Borrow<Client>>(
    profile: &Profile,
    request: &LeaseRequest,
    client: C,
    clock: &dyn Clock,
) -> Result<Lease, Error> {
    let driver = Driver { client, clock, give_up: clock.steady() + limits::REQUEST };
    let minted = in_time(&profile.endpoint, driver.run(profile, request)).await;
    drop(driver);
    // One turn of the loop, so that the closed connection's buffers are given back.
    tokio::task::yield_now().await;
    minted
}

/// Whether a lease just minted lives for `min_valid`, and at all.
///
/// # Errors
/// [`Error::TooShort`]; [`Error::Grant`] where it is over already.
pub fn judge(lease: &Lease, min_valid: Option<Duration>, clock: &dyn Clock) -> Result<(), Error> {
    let lives = lease.token.life.duration();
    match min_valid {
        Some(wanted) if lives < wanted => {
            Err(Error::TooShort { lives: lives.as_secs(), wanted: wanted.as_secs() })
        }
        _ if !lease.is_good_for(None, clock) => {
            Err(Error::Grant(grant::Error::Unacceptable("its token has expired on the way")))
        }
        _ => Ok(()),
    }
}

async fn in_time<T>(
    asked: &Endpoint,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let late = || http::Error::TimedOut { host: asked.host(), after: limits::REQUEST };
    tokio::time::timeout(limits::REQUEST, work).await.map_err(|_| Error::Http(late()))?
}

/// Runs `work` on a loop of its own.
fn on_network<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Error::Runtime)?;
    let done = runtime.block_on(work);
    // Not dropped: that would wait for a name server that does not answer.
    runtime.shutdown_background();
    done
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
    on_network(learn(issuer, &client))
}

/// The same inside a running network loop.
///
/// # Errors
/// As [`discover`].
pub async fn learn(issuer: &Endpoint, client: &Client) -> Result<Metadata, Error> {
    let look = async {
        for request in discovery::requests(issuer).map_err(Error::Grant)? {
            let reply = client.send(&request).await.map_err(Error::Http)?;
            if let Some(found) = discovery::read(&reply, issuer).map_err(Error::Grant)? {
                return Ok(found);
            }
        }
        Err(Error::Grant(grant::Error::Unacceptable("it has no metadata in the usual places")))
    };
    in_time(issuer, look).await
}

/// Has the issuer of `profile` take a token back, where its metadata name a place for that (RFC 7009).
/// `false` where they do not, or no issuer is known.
///
/// # Errors
/// [`Error::Grant`], [`Error::Http`]: whether it was taken back is not known.
pub async fn revoke(
    profile: &Profile,
    token: &AccessToken,
    client: &Client,
) -> Result<bool, Error> {
    let Some(issuer) = &profile.issuer else { return Ok(false) };
    let Some(endpoint) = learn(issuer, client).await?.revocation_endpoint else { return Ok(false) };
    let request = revocation::request(profile, endpoint, token).map_err(Error::Grant)?;
    let taken_back = async {
        let reply = client.send(&request).await.map_err(Error::Http)?;
        revocation::read(&reply).map_err(Error::Grant)
    };
    in_time(&profile.endpoint, taken_back).await.map(|()| true)
}

struct Driver<'a, C> {
    client: C,
    clock: &'a dyn Clock,
    give_up: Duration,
}

impl<C: Borrow<Client>> Driver<'_, C> {
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
                    reply = Some(self.client.borrow().send(&request).await.map_err(Error::Http)?);
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
