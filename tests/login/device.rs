//! A login by a code that is typed elsewhere (RFC 8628).

use crate::issuer::Fault;
use crate::pty::Session;
use crate::scene::{Scene, TOKEN};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
const CODES: &str = "/oauth/device_authorization";

/// Begins a login, and gives back the code that the person is shown.
fn begun(scene: &Scene) -> (Session, String) {
    let mut session = scene.adding_as("oauth2-device", &[]).start();
    session.sees("Waiting");
    let code = scene.issuer.user_codes().pop().expect("a code was given out");
    assert!(session.shown().contains(&code), "{}", session.shown());
    (session, code)
}

fn polls(scene: &Scene) -> usize {
    scene.issuer.asked_for(TOKEN, GRANT)
}

#[test]
fn a_person_who_agrees_elsewhere_brings_a_login_that_lasts() {
    let scene = Scene::new();
    let (session, code) = begun(&scene);
    scene.issuer.approve_device(&code);
    session.ends().exits(0).leaves_the_terminal_alone();
    scene.token().succeeds();
    scene.fresh();
    assert_eq!(scene.issuer.asked_for(TOKEN, "refresh_token"), 1);
}

#[test]
fn the_page_and_the_code_are_shown_and_the_secret_code_is_not() {
    let scene = Scene::new();
    let (session, code) = begun(&scene);
    scene.issuer.approve_device(&code);
    let ended = session.ends().exits(0);
    ended.shows(&format!("{}/device", scene.issuer.url())).hides(&scene.sent("device_code"));
}

#[test]
fn it_is_asked_again_while_the_person_has_not_decided() {
    let scene = Scene::new();
    scene.issuer.approve_devices_after(Some(2));
    let (session, _) = begun(&scene);
    session.ends().exits(0);
    assert_eq!(polls(&scene), 3);
}

#[test]
fn an_issuer_that_wants_it_slower_is_asked_more_slowly() {
    let scene = Scene::new();
    // From the answer on, this issuer takes 5 s more between two questions, or says so again.
    scene.issuer.slow_down(1);
    scene.issuer.approve_devices_after(Some(1));
    let (session, _) = begun(&scene);
    session.ends().exits(0);
    assert_eq!(polls(&scene), 3);
}

#[test]
fn a_person_who_refuses_ends_it_with_7() {
    let scene = Scene::new();
    let (session, code) = begun(&scene);
    scene.issuer.deny_device(&code);
    session.ends().exits(7).shows("access_denied").leaves_the_terminal_alone();
    assert!(scene.world.records().is_empty());
}

#[test]
fn a_code_that_is_over_at_the_issuer_ends_it_with_4() {
    let scene = Scene::new();
    let (session, code) = begun(&scene);
    scene.issuer.expire_device(&code);
    let ended = session.ends().exits(4).leaves_the_terminal_alone();
    ended.shows("nobody logged in").hides("mintage login prod");
    assert!(scene.world.records().is_empty());
}

#[test]
fn nobody_asks_for_longer_than_the_code_is_good() {
    let scene = Scene::new();
    scene.issuer.device_life(3);
    let (session, _) = begun(&scene);
    session.ends().exits(4);
    assert!((1..=3).contains(&polls(&scene)), "{} times", polls(&scene));
}

#[test]
fn the_scopes_of_the_profile_are_asked_for_with_the_codes() {
    let scene = Scene::new();
    scene.issuer.approve_devices_after(Some(0));
    let session = scene.adding_as("oauth2-device", &["--scope", "read"]).start();
    session.ends().exits(0);
    let requests = scene.issuer.requests();
    let codes = requests.iter().find(|seen| seen.path() == CODES).expect("asked");
    assert_eq!(codes.form_field("scope").as_deref(), Some(&b"read"[..]));
}

#[test]
fn a_client_that_is_not_known_is_refused_before_anything_is_shown() {
    let scene = Scene::new();
    let stranger = ["--client-id", "somebody-else"];
    let url = scene.issuer.url();
    let add = ["add", "prod", "--preset", "oauth2-device", "--issuer", &url];
    let desk = crate::pty::Desk::mintage(&scene.world, add).args(["--ca-file", "ca.pem"]);
    desk.args(stranger).start().ends().exits(7).hides("and type");
}

#[test]
fn control_characters_in_what_the_issuer_says_do_not_reach_the_terminal() {
    let scene = Scene::new();
    let escape = |field| {
        let answer = serde_json::json!({
            "device_code": "secret-of-the-device", "user_code": "ABCD", "expires_in": 60,
            "verification_uri": "https://issuer.example/device",
        });
        let mut answer = answer;
        answer[field] = "https://issuer.example/\u{1b}]0;title\u{7}".into();
        scene.issuer.document(CODES, Fault::Json(answer.to_string()));
        let ended = scene.adding_as("oauth2-device", &[]).start().ends().exits(10);
        ended.hides("\u{1b}]0").hides("secret-of-the-device");
    };
    escape("user_code");
    escape("verification_uri");
}

#[test]
fn codes_are_asked_for_at_the_host_of_the_token_endpoint_alone() {
    let scene = Scene::new();
    let option = "device-url=https://elsewhere.example/device_authorization";
    let ended = scene.adding_as("oauth2-device", &["--set", option]).start().ends();
    ended.exits(10).shows("device-url");
}

#[test]
fn login_replaces_a_login_by_another_code() {
    let scene = Scene::new();
    let (session, code) = begun(&scene);
    scene.issuer.approve_device(&code);
    session.ends().exits(0);
    scene.issuer.end_sign_ins(crate::issuer::Service::OAuth);
    scene.world.run(["token", "prod", "--fresh"]).exits(7).says("mintage login prod");
    scene.issuer.approve_devices_after(Some(0));
    let login = crate::pty::Desk::mintage(&scene.world, ["login", "prod"]).start();
    login.ends().exits(0).leaves_the_terminal_alone();
    scene.fresh();
}
