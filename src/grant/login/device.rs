//! The device authorization grant, RFC 8628: the person logs in with any browser, on any machine.

use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use url::Url;
use zeroize::Zeroizing;

use super::super::client_credentials::ask;
use super::super::oauth::{self, Form, Reading, Seconds, Sent};
use super::super::{Error, http};
use super::{Answer, Ask, Login, option};
use crate::limits;
use crate::model::{LeaseRequest, Profile, is_harmless};

/// One login by device code.
pub(super) struct Device<'a> {
    profile: &'a Profile,
    now: Timestamp,
    stage: Stage,
    interval: u64,
    left: u64,
}

enum Stage {
    /// The codes are asked for.
    Codes,
    /// They are shown to the person.
    Shown(Zeroizing<String>),
    /// The next question is due.
    Waited(Zeroizing<String>),
    /// The issuer is asked whether the person is done.
    Asked(Zeroizing<String>),
}

#[derive(Deserialize)]
struct Codes {
    device_code: Zeroizing<String>,
    user_code: String,
    // Google's spelling, from before the RFC.
    #[serde(alias = "verification_url")]
    verification_uri: String,
    verification_uri_complete: Option<String>,
    expires_in: Seconds,
    interval: Option<Seconds>,
}

impl<'a> Device<'a> {
    pub(super) fn new(profile: &'a Profile, now: Timestamp) -> Self {
        Self { profile, now, stage: Stage::Codes, interval: 5, left: 0 }
    }

    fn ask_for_codes(&self) -> Result<Ask, Error> {
        let mut form = Form::new();
        ask(&mut form, self.profile, &LeaseRequest::plain(self.profile.name.clone()));
        let authorization = oauth::authenticate(&mut form, self.profile, self.now)?;
        let endpoint = option(self.profile, "device-url")?;
        if !oauth::is_approved(self.profile, &endpoint) {
            return Err(Error::Unacceptable(
                "`device-url` is at another host than the token endpoint",
            ));
        }
        Ok(Ask::Send(http::Request::post(endpoint, authorization, form.finish())))
    }

    fn show(&mut self, reply: &http::Reply) -> Result<Ask, Error> {
        if reply.status != 200 {
            return Err(oauth::refusal(reply, Reading::strict(Sent::of(&self.profile.credential))));
        }
        let codes: Codes = serde_json::from_slice(oauth::json(reply)?)
            .map_err(|_| Error::Unacceptable("it has no codes for a device in it"))?;
        let Codes { device_code, user_code, verification_uri, verification_uri_complete, .. } =
            codes;
        let is_page = |text: &String| {
            Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "https" | "http"))
                && text.chars().all(is_harmless)
                && text.len() <= limits::OPTION
        };
        let is_code = (1..=64).contains(&user_code.len()) && user_code.chars().all(is_harmless);
        if !is_page(&verification_uri) || !is_code || device_code.is_empty() {
            return Err(Error::Unacceptable("it has no codes for a device in it"));
        }
        self.interval = codes
            .interval
            .and_then(|it| it.0)
            .unwrap_or(5)
            .clamp(*limits::POLL.start(), *limits::POLL.end());
        self.left = codes.expires_in.0.unwrap_or_default().min(limits::LOGIN.as_secs());
        self.stage = Stage::Shown(device_code);
        let whole = verification_uri_complete.filter(is_page);
        Ok(Ask::Tell { url: verification_uri, code: user_code, whole })
    }

    fn wait(&mut self, device_code: Zeroizing<String>) -> Result<Ask, Error> {
        self.stage = Stage::Waited(device_code);
        self.left = self.left.checked_sub(self.interval).ok_or(Error::LoginNeeded)?;
        Ok(Ask::Wait(Duration::from_secs(self.interval)))
    }

    fn ask_whether_done(&mut self, device_code: Zeroizing<String>) -> Result<Ask, Error> {
        let mut form = Form::of_grant("urn:ietf:params:oauth:grant-type:device_code");
        form.add("device_code", device_code.as_bytes());
        self.stage = Stage::Asked(device_code);
        oauth::request(form, self.profile, self.now).map(Ask::Send)
    }

    fn slow_down(&mut self) {
        self.interval = (self.interval + 5).min(*limits::POLL.end());
    }

    /// RFC 8628 §3.5.
    fn judge(&mut self, reply: &http::Reply, device_code: Zeroizing<String>) -> Result<Ask, Error> {
        match oauth::code(reply).as_deref().filter(|_| reply.status != 200) {
            Some("authorization_pending") => {}
            Some("slow_down") => self.slow_down(),
            Some("expired_token") => return Err(Error::LoginNeeded),
            _ => {
                let sent = Sent::of(&self.profile.credential);
                match oauth::read(reply, Reading::lasting(sent)) {
                    // A person is on the way: what may pass is waited for.
                    Err(Error::NotReady { .. }) => self.slow_down(),
                    read => return read.map(Ask::Done),
                }
            }
        }
        self.wait(device_code)
    }
}

impl Login for Device<'_> {
    fn asks_again(&self) -> bool {
        matches!(self.stage, Stage::Asked(_))
    }

    fn step(&mut self, answer: Answer<'_>) -> Result<Ask, Error> {
        let stage = std::mem::replace(&mut self.stage, Stage::Codes);
        match (stage, answer) {
            (Stage::Codes, Answer::Reply(reply)) => self.show(reply),
            (Stage::Codes, _) => self.ask_for_codes(),
            (Stage::Asked(code), Answer::Reply(reply)) => self.judge(reply, code),
            (Stage::Asked(code), _) => {
                // Nobody answered.
                self.slow_down();
                self.wait(code)
            }
            (Stage::Shown(code), _) => self.wait(code),
            (Stage::Waited(code), _) => self.ask_whether_done(code),
        }
    }
}
