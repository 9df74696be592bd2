//! The device grant (RFC 8628): a code for the user, and polls until they have decided.

use std::time::{Duration, Instant};

use serde_json::json;

use super::Issuer;
use super::client::{self, text};
use super::family::Service;
use super::http::{Reply, Seen};
use super::oauth;
use super::state::{State, unix_now};
use super::token;

pub const PATH: &str = "/oauth/device_authorization";
pub const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// All sign-ins under way.
pub struct Devices {
    list: Vec<Device>,
    interval: u64,
    life: i64,
    approve_after: Option<usize>,
    slow_downs: usize,
}

struct Device {
    code: String,
    user_code: String,
    client: String,
    scope: String,
    decision: Decision,
    interval: Duration,
    polled: Option<Instant>,
    polls: usize,
    until: i64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Decision {
    Pending,
    Approved,
    Denied,
    Spent,
}

impl Devices {
    pub fn new() -> Self {
        Self { list: Vec::new(), interval: 5, life: 900, approve_after: None, slow_downs: 0 }
    }

    fn begin(&mut self, client: &str, scope: &str) -> &Device {
        self.list.push(Device {
            code: token::opaque(),
            user_code: token::user_code(),
            client: client.to_owned(),
            scope: scope.to_owned(),
            decision: Decision::Pending,
            interval: Duration::from_secs(self.interval),
            polled: None,
            polls: 0,
            until: unix_now().saturating_add(self.life),
        });
        self.list.last().expect("pushed")
    }

    /// The scope that the user approved, or the error.
    fn poll(&mut self, client: &str, device_code: &str) -> Result<String, &'static str> {
        let is_it = |device: &&mut Device| device.code == device_code && device.client == client;
        let device = self.list.iter_mut().find(is_it).ok_or("invalid_grant")?;
        if self.slow_downs > 0 || device.is_too_soon() {
            self.slow_downs = self.slow_downs.saturating_sub(1);
            device.interval += Duration::from_secs(5);
            device.polled = Some(Instant::now());
            return Err("slow_down");
        }
        device.polled = Some(Instant::now());
        device.polls += 1;
        if device.until <= unix_now() {
            return Err("expired_token");
        }
        if self.approve_after.is_some_and(|polls| device.polls > polls) {
            device.decide(Decision::Approved);
        }
        device.outcome()
    }
}

impl Device {
    fn is_too_soon(&self) -> bool {
        self.polled.is_some_and(|polled| polled.elapsed() < self.interval)
    }

    fn decide(&mut self, decision: Decision) {
        if self.decision == Decision::Pending {
            self.decision = decision;
        }
    }

    fn outcome(&mut self) -> Result<String, &'static str> {
        match self.decision {
            Decision::Pending => Err("authorization_pending"),
            Decision::Denied => Err("access_denied"),
            Decision::Spent => Err("invalid_grant"),
            Decision::Approved => {
                self.decision = Decision::Spent;
                Ok(self.scope.clone())
            }
        }
    }
}

/// RFC 8628 3.1 and 3.2. `interval` is left out where it is the default.
pub fn authorize(request: &Seen, state: &mut State) -> Reply {
    if !request.is_form() {
        return Reply::error(400, "invalid_request");
    }
    let client = match client::authenticated(request, state) {
        Ok(id) => id,
        Err(refusal) => return refusal,
    };
    let host = request.header("Host").unwrap_or_default();
    let page = format!("{}://{host}/device", state.scheme);
    let (life, interval) = (state.devices.life, state.devices.interval);
    let scope = text(request, "scope").unwrap_or_default();
    let device = state.devices.begin(&client, &scope);
    let mut answer = json!({
        "device_code": device.code,
        "user_code": device.user_code,
        "verification_uri": page,
        "verification_uri_complete": format!("{page}?user_code={}", device.user_code),
        "expires_in": life,
    });
    if interval != 5 {
        answer["interval"] = interval.into();
    }
    Reply::json(200, &answer).with("Cache-Control", "no-store")
}

/// RFC 8628 3.4 and 3.5.
pub fn token(request: &Seen, client: &str, state: &mut State) -> Reply {
    let Some(device_code) = text(request, "device_code") else {
        return Reply::error(400, "invalid_request");
    };
    match state.devices.poll(client, &device_code) {
        Ok(scope) => oauth::begun(state, Service::OAuth, client, &scope),
        Err(error) => Reply::error(400, error),
    }
}

impl Issuer {
    /// The codes that users are shown and have not decided on.
    pub fn user_codes(&self) -> Vec<String> {
        let state = self.state();
        let pending = state.devices.list.iter().filter(|it| it.decision == Decision::Pending);
        pending.map(|device| device.user_code.clone()).collect()
    }

    /// The user agrees.
    pub fn approve_device(&self, user_code: &str) {
        self.change_device(user_code, |device| device.decide(Decision::Approved));
    }

    /// The user refuses.
    pub fn deny_device(&self, user_code: &str) {
        self.change_device(user_code, |device| device.decide(Decision::Denied));
    }

    /// The codes are over.
    pub fn expire_device(&self, user_code: &str) {
        self.change_device(user_code, |device| device.until = 0);
    }

    /// The user agrees to anything after this many polls that were answered with "pending"; `None`
    /// for never, as at first.
    pub fn approve_devices_after(&self, polls: Option<usize>) {
        self.state().devices.approve_after = polls;
    }

    /// Seconds between polls, for codes made from now on; 5 unless set. At 0 no poll is too soon.
    pub fn device_interval(&self, seconds: u64) {
        self.state().devices.interval = seconds;
    }

    /// Life of the codes made from now on, in seconds; 900 unless set.
    pub fn device_life(&self, seconds: i64) {
        self.state().devices.life = seconds;
    }

    /// So many of the next polls are told to slow down, in time or not.
    pub fn slow_down(&self, polls: usize) {
        self.state().devices.slow_downs = polls;
    }

    fn change_device(&self, user_code: &str, change: impl FnOnce(&mut Device)) {
        let mut state = self.state();
        let device = state.devices.list.iter_mut().find(|device| device.user_code == user_code);
        change(device.expect("a user code that was given out"));
    }
}
