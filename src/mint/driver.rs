//! Drives one exchange to its end.
//!
//! A login is safe to repeat, so what may pass (no connection, 429, 5xx) is tried again a few times
//! with growing pauses, all within one deadline. A refusal never is.

use std::borrow::Borrow;
use std::time::Duration;

use jiff::Timestamp;

use super::Error;
use super::slots::{BySlot, Slots};
use crate::clock::Clock;
use crate::grant::discovery::{self, Metadata};
use crate::grant::{self, Exchange, Grant, Minted, Occasion, Step, introspection, revocation};
use crate::http::{self, Client};
use crate::limits;
use crate::model::{Endpoint, Lease, LeaseRequest, Profile};
use crate::secret::{AccessToken, RefreshToken};

/// The first pause; each further one is twice as long.
const PAUSE: Duration = Duration::from_millis(400);

/// What a mint is given beside the profile and the request.
#[derive(Clone, Copy)]
pub struct Means<'a> {
    /// The proxy of the settings.
    pub proxy: Option<&'a str>,
    /// The clocks.
    pub clock: &'a dyn Clock,
    /// Where what one mint leaves for the next is kept.
    pub slots: &'a dyn Slots,
    /// The token of the profile that this one is minted from.
    pub source: Option<&'a AccessToken>,
    /// What the token is made of: one that is kept and was made of anything else will not do.
    pub basis: &'a str,
    /// What is kept will not do.
    pub fresh: bool,
}

/// What an earlier mint left.
#[derive(Clone, Copy, Default)]
pub(super) struct Spent<'a> {
    /// The refresh token that is good now.
    pub(super) refresh: Option<&'a RefreshToken>,
    /// The token that came last, where it is still good.
    pub(super) previous: Option<&'a AccessToken>,
}

/// What a mint gave.
pub(super) struct New {
    pub(super) lease: Lease,
    /// What takes the place of a refresh token that was spent.
    pub(super) refresh: Option<RefreshToken>,
    pub(super) asked_at: Timestamp,
}

/// Mints a lease for `profile` as `request` asks.
///
/// # Errors
/// [`Error`]. After an error nothing is known of a token: none is returned twice.
pub fn mint(profile: &Profile, request: &LeaseRequest, means: &Means<'_>) -> Result<Lease, Error> {
    let client = client(profile, means.proxy)?;
    let lease = on_network(exchange(profile, request, client, means))?;
    judge(&lease, request.min_valid, means.clock)?;
    Ok(lease)
}

/// A client for the issuer of `profile`.
///
/// # Errors
/// [`Error::Http`].
pub fn client(profile: &Profile, proxy: Option<&str>) -> Result<Client, Error> {
    let Profile { ca, credential, .. } = profile;
    Client::new(ca.as_deref(), proxy, credential.certificate.as_ref()).map_err(Error::Http)
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
    means: &Means<'_>,
) -> Result<Lease, Error> {
    let grant = grant::find(&profile.grant).ok_or(Error::UnknownPreset)?;
    let driver = Driver { profile, request, grant, client, means };
    let minted = if grant.keeps_a_slot(profile) {
        BySlot { profile, request, means, slots: means.slots }.lease(&driver).await
    } else {
        driver.run(Spent::default()).await.map(|minted| minted.lease)
    };
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

pub(super) async fn in_time<T>(
    asked: &Endpoint,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let late = || http::Error::TimedOut { host: asked.host(), after: limits::REQUEST };
    tokio::time::timeout(limits::REQUEST, work).await.map_err(|_| Error::Http(late()))?
}

/// Runs `work` on a loop of its own.
pub(super) fn on_network<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
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
    let client = Client::new(ca, proxy, None).map_err(Error::Http)?;
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

/// Has the issuer of `profile` take a token back: in its own way, or where its metadata name a place
/// for that (RFC 7009). `false` where they do not, or no issuer is known.
///
/// # Errors
/// [`Error::Grant`], [`Error::Http`]: whether it was taken back is not known.
pub async fn revoke(
    profile: &Profile,
    token: &AccessToken,
    client: &Client,
    clock: &dyn Clock,
) -> Result<bool, Error> {
    let own = grant::find(&profile.grant).and_then(|grant| grant.take_back(profile, token));
    let request = if let Some(own) = own {
        own
    } else {
        let Some(issuer) = &profile.issuer else { return Ok(false) };
        let found = learn(issuer, client).await?.for_client(&profile.credential);
        let Some(endpoint) = found.revocation_endpoint else { return Ok(false) };
        revocation::request(profile, endpoint, token, clock.wall())
    };
    let request = request.map_err(Error::Grant)?;
    let taken_back = async {
        let reply = client.send(&request).await.map_err(Error::Http)?;
        revocation::read(&reply).map_err(Error::Grant)
    };
    in_time(&profile.endpoint, taken_back).await.map(|()| true)
}

/// The same on a loop of its own.
///
/// # Errors
/// As [`revoke`].
pub fn take_back(
    profile: &Profile,
    token: &AccessToken,
    proxy: Option<&str>,
    clock: &dyn Clock,
) -> Result<bool, Error> {
    let client = client(profile, proxy)?;
    on_network(revoke(profile, token, &client, clock))
}

/// Asks the issuer of `profile` about a token (RFC 7662), where its metadata name a place for that.
///
/// # Errors
/// [`Error::Grant`], also where they do not; [`Error::Http`].
pub fn introspect(
    profile: &Profile,
    token: &AccessToken,
    proxy: Option<&str>,
    clock: &dyn Clock,
) -> Result<serde_json::Map<String, serde_json::Value>, Error> {
    const NOWHERE: grant::Error =
        grant::Error::Unacceptable("its metadata name no place to ask about tokens");
    let client = client(profile, proxy)?;
    on_network(async {
        let issuer = profile.issuer.as_ref().ok_or(Error::Grant(NOWHERE))?;
        let found = learn(issuer, &client).await?.for_client(&profile.credential);
        let endpoint = found.introspection_endpoint.ok_or(Error::Grant(NOWHERE))?;
        let request = introspection::request(profile, endpoint, token, clock.wall());
        let request = request.map_err(Error::Grant)?;
        let asked = async {
            let reply = client.send(&request).await.map_err(Error::Http)?;
            introspection::read(&reply, profile, token).map_err(Error::Grant)
        };
        in_time(&profile.endpoint, asked).await
    })
}

/// One exchange with its tries.
pub(super) struct Driver<'a, C> {
    profile: &'a Profile,
    request: &'a LeaseRequest,
    grant: &'static dyn Grant,
    client: C,
    means: &'a Means<'a>,
}

impl<C: Borrow<Client>> Driver<'_, C> {
    pub(super) async fn run(&self, spent: Spent<'_>) -> Result<New, Error> {
        in_time(&self.profile.endpoint, self.tries(spent)).await
    }

    async fn tries(&self, spent: Spent<'_>) -> Result<New, Error> {
        let clock = self.means.clock;
        let give_up = clock.steady() + limits::REQUEST;
        let mut tries = 1;
        loop {
            let error = match self.once(spent).await {
                Ok(minted) => return Ok(minted),
                Err(error) => error,
            };
            // What may have been spent is not sent again on a guess.
            let spends = self.grant.keeps_a_slot(self.profile);
            let unexplained =
                matches!(error, Error::Grant(grant::Error::NotReady { retry_after: None, .. }));
            let pause = pause_before_retry(&error, tries).filter(|_| !(spends && unexplained));
            let Some(pause) = pause else { return Err(error) };
            if tries == limits::TRIES || clock.steady() + pause >= give_up {
                return Err(error);
            }
            tokio::time::sleep(pause).await;
            tries += 1;
        }
    }

    async fn once(&self, spent: Spent<'_>) -> Result<New, Error> {
        let Self { profile, request, means, .. } = self;
        let asked_at = (means.clock.wall(), means.clock.steady());
        let Spent { refresh, previous } = spent;
        let (now, source) = (asked_at.0, means.source);
        let occasion = Occasion { profile, request, now, source, refresh, previous };
        let mut exchange = self.grant.begin(occasion).map_err(Error::Grant)?;
        let Minted { token, refresh } = self.exchange(exchange.as_mut()).await?;
        let lease = Lease::new(profile, request.scopes_for(profile), token, asked_at);
        Ok(New { lease, refresh, asked_at: asked_at.0 })
    }

    async fn exchange(&self, exchange: &mut dyn Exchange) -> Result<Minted, Error> {
        let mut reply: Option<http::Reply> = None;
        loop {
            match exchange.step(reply.as_ref()).map_err(Error::Grant)? {
                Step::Done(minted) => return Ok(minted),
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
