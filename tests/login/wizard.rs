//! `mintage add` without anything: a service from a list, what it needs, one mint, a name.

use serde_json::Value;

use crate::browser;
use crate::issuer::Issuer;
use crate::pty::{Desk, Session};
use crate::scene::{page, publishes};
use crate::world::{Canary, World};

pub const SERVICE: &str = "Service (number or name) [1]: ";
pub const PLACE: &str = "Issuer or token endpoint (https://…): ";
pub const PAIR: &str = "Client id (or paste id and secret): ";
pub const VERIFY: &str = "see that it works? [Y/n] ";
const LOGIN: &str = "Log in now? [Y/n] ";
pub const NAME: &str = "Name for the profile: ";

/// A vault, and an issuer on this machine's loopback, which needs no CA of its own.
pub struct Setting {
    pub world: World,
    pub issuer: Issuer,
    pub canary: Canary,
}

impl Setting {
    pub fn new() -> Self {
        let (world, issuer, canary) = (World::with_vault(), Issuer::http(), Canary::new());
        issuer.accept_pair(&canary.id, canary.secret.as_bytes());
        world.run(["list"]).succeeds();
        Self { world, issuer, canary }
    }

    pub fn start(&self) -> Session {
        Desk::mintage(&self.world, ["add"]).start()
    }

    /// Comes to the question for the name, by way of a pair for `oauth2`.
    pub fn comes_to_the_name(&self) -> Session {
        let mut session = self.start();
        session.sees(SERVICE).types("oauth2\r");
        session.sees(PLACE).types(format!("{}/oauth/token\r", self.issuer.url()));
        session.sees(PAIR).types(format!("{}\r", self.canary.pair()));
        session.sees(VERIFY).types("\r").sees(NAME);
        session
    }

    #[track_caller]
    pub fn show(&self, name: &str) -> Value {
        self.world.run(["show", name, "--json"]).succeeds().json()
    }
}

/// The number that the list gives to a service.
fn number_of(session: &Session, service: &str) -> String {
    let shown = session.shown();
    let mut rows = shown.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let row = rows.find(|row| row.get(1) == Some(&service)).expect("it is in the list");
    row[0].to_owned()
}

#[test]
fn a_service_is_picked_by_its_name() {
    let setting = Setting::new();
    let mut session = setting.comes_to_the_name();
    session.types("prod\r");
    session.ends().exits(0).leaves_the_terminal_alone().hides(&setting.canary.secret);
    assert_eq!(setting.show("prod")["preset"], "oauth2");
    setting.world.run(["token", "prod"]).succeeds();
}

#[test]
fn a_service_is_picked_by_its_number() {
    let setting = Setting::new();
    let mut session = setting.start();
    session.sees(SERVICE);
    let number = number_of(&session, "static");
    session.types(format!("{number}\r")).sees("Key or password: ");
    // Nobody would be asked by a mint: the next question is the last.
    session.types(format!("{}\r", setting.canary.secret)).sees(NAME).types("key\r");
    session.ends().exits(0).hides(&setting.canary.secret).hides(VERIFY);
    assert_eq!(setting.show("key")["preset"], "static");
}

#[test]
fn the_first_service_is_the_one_that_is_meant_by_nothing() {
    let setting = Setting::new();
    let mut session = setting.start();
    session.sees(SERVICE).types("\r").sees("https://api-gateway.instructure.com").sees(PAIR);
    session.types(format!("{}\r", setting.canary.pair())).sees(VERIFY).types("n\r");
    session.sees(NAME).types("dap\r");
    session.ends().exits(0);
    assert_eq!(setting.show("dap")["preset"], "instructure");
}

#[test]
fn every_service_is_in_the_list() {
    let setting = Setting::new();
    let mut session = setting.start();
    session.sees(SERVICE);
    let listed = setting.world.run(["presets"]).succeeds().out();
    for line in listed.lines() {
        number_of(&session, line.split_whitespace().next().expect("a name"));
    }
}

#[test]
fn a_wrong_pick_is_asked_again() {
    let setting = Setting::new();
    let mut session = setting.start();
    for wrong in ["0", "99", "-1", "no-such-thing", "oauth2 "] {
        session.sees(SERVICE);
        if wrong != "oauth2 " {
            session.types(format!("{wrong}\r")).sees("no such service");
        }
    }
    session.types("oauth2 \r").sees(PLACE);
}

#[test]
fn a_service_with_a_place_for_each_customer_asks_for_it() {
    let setting = Setting::new();
    setting.issuer.accept_canvas_token("token-of-canvas-made-by-hand");
    let mut session = setting.start();
    session.sees(SERVICE).types("canvas-instaccess\r");
    session.sees("Base URL (as https://").types(format!("{}\r", setting.issuer.url()));
    session.sees("Profile to mint from (empty for ").types("\r");
    session.sees("anvas access token: ").types("token-of-canvas-made-by-hand\r");
    session.sees(VERIFY).types("y\r").sees(NAME).types("inst\r");
    session.ends().exits(0).hides("token-of-canvas-made-by-hand");
    assert_eq!(setting.issuer.requests().len(), 1);
    assert_eq!(setting.show("inst")["base_url"], setting.issuer.url());
}

#[test]
fn id_and_secret_may_be_typed_one_after_the_other() {
    let setting = Setting::new();
    let mut session = setting.start();
    session.sees(SERVICE).types("oauth2\r");
    session.sees(PLACE).types(format!("{}/oauth/token\r", setting.issuer.url()));
    session.sees(PAIR).types(format!("{}\r", setting.canary.id));
    session.sees("Client secret: ").types(format!("{}\r", setting.canary.secret));
    session.sees(VERIFY).types("\r").sees(NAME).types("prod\r");
    session.ends().exits(0).hides(&setting.canary.secret);
}

#[test]
fn it_is_verified_by_exactly_one_request() {
    let setting = Setting::new();
    let mut session = setting.comes_to_the_name();
    session.types("prod\r");
    session.ends().exits(0);
    let requests = setting.issuer.requests();
    let targets: Vec<_> = requests.iter().map(|seen| (&*seen.method, seen.path())).collect();
    assert_eq!(targets, [("POST", "/oauth/token")]);
}

#[test]
fn who_does_not_want_it_verified_causes_no_request() {
    let setting = Setting::new();
    let mut session = setting.start();
    session.sees(SERVICE).types("oauth2\r");
    session.sees(PLACE).types(format!("{}/oauth/token\r", setting.issuer.url()));
    session.sees(PAIR).types(format!("{}\r", setting.canary.pair()));
    session.sees(VERIFY).types("no\r").sees(NAME).types("prod\r");
    session.ends().exits(0);
    assert!(setting.issuer.requests().is_empty());
}

/// Comes to the question whether to log in, by way of a client that people log in for.
fn comes_to_a_login(setting: &Setting) -> Session {
    publishes(&setting.issuer);
    setting.issuer.accept_public_client(&setting.canary.id);
    let mut session = setting.start();
    session.sees(SERVICE).types("oauth2-refresh\r");
    session.sees(PLACE).types(format!("{}\r", setting.issuer.url()));
    session.sees("Client id: ").types(format!("{}\r", setting.canary.id)).sees(LOGIN);
    session
}

#[test]
fn a_person_logs_in_where_that_is_what_a_service_needs() {
    let setting = Setting::new();
    let mut session = comes_to_a_login(&setting);
    session.types("\r").sees(NAME).types("mine\r");
    let back = browser::sent_to(&setting.world, &page(&mut session));
    assert_eq!(browser::visit(&back).status, 200);
    session.ends().exits(0).leaves_the_terminal_alone();
    setting.world.run(["token", "mine"]).succeeds();
    assert_eq!(setting.issuer.asked("/oauth/token"), 1);
}

#[test]
fn who_does_not_want_to_log_in_now_does_it_later() {
    let setting = Setting::new();
    let mut session = comes_to_a_login(&setting);
    session.types("n\r").sees(NAME).types("mine\r");
    session.ends().exits(0).shows("mintage login mine").hides("Visit");
    setting.world.run(["token", "mine"]).exits(4).says("mintage login mine");
}

#[test]
fn a_login_that_is_broken_off_saves_nothing() {
    let setting = Setting::new();
    let mut session = comes_to_a_login(&setting);
    session.types("\r").sees(NAME).types("mine\r").sees("Waiting").types([3]);
    assert_eq!(session.ends().code, 130);
    assert!(setting.world.records().is_empty());
}

#[test]
fn a_name_that_is_taken_is_asked_again_and_nothing_is_pasted_twice() {
    let setting = Setting::new();
    setting.comes_to_the_name().types("prod\r").sees("added");
    let mut session = setting.comes_to_the_name();
    session.types("prod\r").sees("prod").sees(NAME).types("other\r");
    session.ends().exits(0);
    setting.show("other");
}

#[test]
fn what_is_no_name_is_asked_again() {
    let setting = Setting::new();
    let mut session = setting.comes_to_the_name();
    session.types("no name at all\r").sees(NAME).types("\r").sees(NAME).types("prod\r");
    session.ends().exits(0);
    setting.show("prod");
}

#[test]
fn what_is_refused_is_not_saved() {
    let setting = Setting::new();
    let mut session = setting.start();
    session.sees(SERVICE).types("oauth2\r");
    session.sees(PLACE).types(format!("{}/oauth/token\r", setting.issuer.url()));
    session.sees(PAIR).types(format!("{}:not-the-secret-of-anybody\r", setting.canary.id));
    session.sees(VERIFY).types("\r").sees(NAME).types("prod\r");
    session.ends().exits(7).leaves_the_terminal_alone().hides("not-the-secret");
    assert!(setting.world.records().is_empty());
}

#[test]
fn a_machine_without_a_vault_is_offered_one_before_anything_is_pasted() {
    let world = World::new();
    let mut session = Desk::mintage(&world, ["add"]).start();
    session.sees("There is no vault yet. Make one now?").types("n\r");
    session.ends().exits(9).leaves_the_terminal_alone().hides("Service");
    assert!(!world.vault().exists());
}

#[test]
fn without_a_terminal_it_says_what_is_missing() {
    let setting = Setting::new();
    setting.world.run(["add"]).exits(2).says("a name for the profile");
}
