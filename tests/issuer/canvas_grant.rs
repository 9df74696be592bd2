//! What Canvas keeps of a sign-in: one refresh token for good, and one access token at a time.

use std::time::{Duration, Instant};

use super::Issuer;
use super::family::Service;
use super::state::unix_now;
use super::token;

/// Within this time after a refresh, a Canvas may refuse to make another token.
const JUST_NOW: Duration = Duration::from_secs(5);

/// All sign-ins, and how this Canvas answers.
#[derive(Default)]
pub struct Grants {
    list: Vec<Grant>,
    past: Vec<String>,
    pub never_expires: bool,
    pub null_when_just_refreshed: bool,
    pub scopes: Vec<String>,
}

struct Grant {
    client: String,
    refresh: String,
    access: Option<String>,
    until: i64,
    made: Option<Instant>,
}

/// Why a refresh brings nothing.
pub enum NoGrant {
    Unknown,
    OtherClient,
    JustRefreshed,
}

/// What a bearer is to Canvas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Current,
    Expired,
    /// Replaced by a refresh, or revoked.
    Over,
}

impl Grants {
    /// A new sign-in; gives its refresh token and its access token.
    pub fn begin(&mut self, client: &str, life: i64) -> (String, String) {
        let refresh = token::opaque();
        self.adopt(client, &refresh);
        let grant = self.list.last_mut().expect("adopted");
        (refresh, grant.renew(life))
    }

    /// A sign-in of long ago, without an access token.
    pub fn adopt(&mut self, client: &str, refresh: &str) {
        self.list.push(Grant {
            client: client.to_owned(),
            refresh: refresh.to_owned(),
            access: None,
            until: 0,
            made: None,
        });
    }

    /// Puts a new access token in the place of the grant's old one.
    pub fn refresh(&mut self, client: &str, refresh: &str, life: i64) -> Result<String, NoGrant> {
        let found = self.list.iter_mut().find(|grant| grant.refresh == refresh);
        let grant = found.ok_or(NoGrant::Unknown)?;
        if grant.client != client {
            return Err(NoGrant::OtherClient);
        }
        let is_recent = grant.made.is_some_and(|made| made.elapsed() < JUST_NOW);
        if self.null_when_just_refreshed && is_recent {
            return Err(NoGrant::JustRefreshed);
        }
        self.past.extend(grant.access.take());
        Ok(grant.renew(life))
    }

    /// What this access token is; `None` if it came of no sign-in.
    pub fn standing(&self, bearer: &str) -> Option<Standing> {
        if let Some(grant) = self.list.iter().find(|grant| grant.is_of(bearer)) {
            let is_over = !self.never_expires && grant.until <= unix_now();
            return Some(if is_over { Standing::Expired } else { Standing::Current });
        }
        self.past.iter().any(|past| past == bearer).then_some(Standing::Over)
    }

    /// Ends the sign-in with this access token. Whether there was one.
    pub fn revoke(&mut self, bearer: &str) -> bool {
        let before = self.list.len();
        self.list.retain(|grant| !grant.is_of(bearer));
        self.past.push(bearer.to_owned());
        self.list.len() < before
    }

    pub fn latest_refresh_token(&self) -> Option<String> {
        self.list.last().map(|grant| grant.refresh.clone())
    }

    /// Ends all sign-ins if this is the service.
    pub fn end_if(&mut self, service: Service) {
        if service == Service::Canvas {
            self.past.extend(self.list.drain(..).filter_map(|grant| grant.access));
        }
    }
}

impl Grant {
    fn renew(&mut self, life: i64) -> String {
        let access = token::opaque();
        self.access = Some(access.clone());
        self.until = unix_now().saturating_add(life);
        self.made = Some(Instant::now());
        access
    }

    fn is_of(&self, bearer: &str) -> bool {
        self.access.as_deref() == Some(bearer)
    }
}

impl Issuer {
    /// A developer key that does not expire tokens: replies have no `expires_in`.
    pub fn canvas_tokens_never_expire(&self, never: bool) {
        self.state().canvas.never_expires = never;
    }

    /// A refresh within 5 s of the last one brings `"access_token": null`.
    pub fn canvas_null_when_just_refreshed(&self, null: bool) {
        self.state().canvas.null_when_just_refreshed = null;
    }

    /// The scopes that `client_credentials` gives; any, unless set.
    pub fn canvas_scopes(&self, scopes: &[&str]) {
        self.state().canvas.scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
    }
}
