//! The `canvas-lti` preset: an assertion by the key of an LTI tool for the scopes of LTI Advantage.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::issuer::{Issuer, SigningKey};
use crate::scene::{Device, OAUTH, at_time, line};
use crate::world::Ran;

pub const CLIENT: &str = "10000000000001";
const LINE_ITEM: &str = "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem";
const SCORE: &str = "https://purl.imsglobal.org/spec/lti-ags/scope/score";

/// A tool whose public key is registered, with the profile `lti`.
pub struct Tool {
    pub device: Device,
    pub issuer: Issuer,
    pub key: SigningKey,
}

impl Tool {
    pub fn new() -> Self {
        Self::with(&["--scope", LINE_ITEM])
    }

    pub fn with(options: &[&str]) -> Self {
        let (issuer, key) = (Issuer::https(), SigningKey::rsa());
        issuer.accept_key(CLIENT, key.public_pem());
        let tool = Self { device: Device::new(&issuer), issuer, key };
        tool.add("lti", tool.key.private_pem(), options);
        tool
    }

    #[track_caller]
    pub fn add(&self, name: &str, key: impl AsRef<[u8]>, options: &[&str]) {
        self.device.write("key", key);
        let all = [&["--client-id", CLIENT, "--key-file", "key"], options].concat();
        let ran = self.device.adding(&self.issuer, name, "canvas-lti", &all).run().succeeds();
        self.hidden(ran);
    }

    #[track_caller]
    pub fn run(&self, words: &[&str]) -> Ran {
        self.hidden(self.device.world.run(words))
    }

    /// No line of the private key is shown.
    #[track_caller]
    fn hidden(&self, ran: Ran) -> Ran {
        let lines = self.key.private_pem().lines().filter(|line| !line.starts_with('-'));
        lines.fold(ran, |ran, line| ran.hides(line))
    }

    #[track_caller]
    pub fn token(&self, name: &str) -> String {
        line(&self.run(&["token", name]).succeeds())
    }
}

#[test]
fn an_assertion_says_who_for_whom_and_when_and_is_never_the_same_twice() {
    let tool = Tool::new();
    for _ in 0..2 {
        assert_eq!(tool.token("lti").split('.').count(), 3);
    }
    let assertions = tool.issuer.assertions();
    assert_eq!(assertions.len(), 2);
    for assertion in &assertions {
        let claims = &assertion["claims"];
        assert_eq!(assertion["header"]["alg"], "RS256");
        assert_eq!((&claims["iss"], &claims["sub"]), (&CLIENT.into(), &CLIENT.into()));
        assert_eq!(claims["aud"], format!("{}{OAUTH}", tool.issuer.url()));
        let at = |name: &str| claims[name].as_i64().expect("a time");
        assert!((jiff::Timestamp::now().as_second() - at("iat")).abs() < 30);
        assert_eq!(at("exp") - at("iat"), 300);
    }
    let ids: BTreeSet<_> = assertions.iter().map(|it| it["claims"]["jti"].to_string()).collect();
    assert_eq!(ids.len(), 2);
}

#[test]
fn the_scopes_of_lti_are_asked_for_and_granted() {
    let tool = Tool::with(&["--scope", LINE_ITEM, "--scope", SCORE]);
    let token = tool.run(&["token", "lti", "--json"]).succeeds().json();
    assert_eq!(token["scope"], format!("{LINE_ITEM} {SCORE}"));
    let form = tool.issuer.requests()[0].form();
    let field = |name: &str| form.iter().find(|(known, _)| known == name).map(|(_, text)| &**text);
    assert_eq!(field("grant_type"), Some("client_credentials"));
    assert_eq!(field("scope"), Some(&*format!("{LINE_ITEM} {SCORE}")));
    assert_eq!(field("client_secret"), None);
}

#[test]
fn a_scope_that_the_key_does_not_have_is_no_fault_of_the_key() {
    let tool = Tool::new();
    tool.issuer.canvas_scopes(&[LINE_ITEM]);
    let ran = tool.run(&["token", "lti", "--scope", SCORE]).exits(10);
    ran.says("invalid_scope").says("a scope is missing").hides("refused the credential");
    tool.token("lti");
}

#[test]
fn a_key_that_is_not_registered_is_told_by_its_signature() {
    let tool = Tool::new();
    let other = SigningKey::rsa();
    tool.add("other", other.private_pem(), &[]);
    let ran = tool.run(&["token", "other"]).exits(10);
    ran.says("JWS signature invalid").says("mintage key public");
}

#[test]
fn a_client_that_canvas_does_not_know_is_refused() {
    let tool = Tool::new();
    tool.run(&["edit", "lti", "--client-id", "10000000000099"]).succeeds();
    let ran = tool.run(&["token", "lti"]).exits(7);
    ran.says("unknown client").says("the LTI key's number");
}

#[test]
fn a_clock_that_is_wrong_is_said_to_be() {
    let tool = Tool::new();
    for (time, words) in
        [("-10m", "'iat' must be less than"), ("+10m", "must not be in the future")]
    {
        let call = at_time(time, tool.device.world.mintage(["token", "lti"]));
        let ran = call.run().exits(10).says(words);
        ran.says("the clock of this machine may be wrong").says("date -u");
    }
    tool.token("lti");
}

#[test]
fn a_clock_that_is_a_little_behind_does_no_harm() {
    let tool = Tool::new();
    at_time("-4m", tool.device.world.mintage(["token", "lti"])).run().succeeds();
}

#[test]
fn another_audience_can_be_set() {
    let tool = Tool::new();
    let audience = "https://sso.canvas.example/login/oauth2/token";
    tool.issuer.expect_audience(audience);
    let ran = tool.run(&["token", "lti"]).exits(10);
    ran.says("the 'aud' is invalid").says("--set assertion-audience=URL");
    tool.run(&["edit", "lti", "--set", &format!("assertion-audience={audience}")]).succeeds();
    tool.token("lti");
    assert_eq!(tool.issuer.assertions()[0]["claims"]["aud"], audience);
}

#[test]
fn the_agent_signs_once_for_many() {
    let tool = Tool::new();
    let token = || line(&tool.device.by_agent(&["token", "lti"]).run().succeeds());
    assert_eq!(token(), token());
    assert_eq!(tool.issuer.logins(), 1);
}

#[test]
fn no_secret_is_asked_for_and_none_is_shown() {
    let tool = Tool::new();
    let shown = tool.run(&["show", "lti", "--json"]).succeeds().json();
    assert_eq!(shown["auth"], "private-key-jwt");
    assert_eq!(shown.get("client_secret").unwrap_or(&Value::Null), &Value::Null);
    tool.run(&["exec", "lti", "--env", "X=client_secret", "--", "true"]).exits(125);
}
