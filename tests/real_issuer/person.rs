//! A person's login at a real server: with a browser that comes back to mintage's own listener, and
//! with a code that is typed elsewhere.

use serde_json::{Value, json};

use crate::pty::Session;
use crate::scene::Scene;
use crate::world::Canary;

const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";

// This server lets nobody in who asks for nothing.
const BY_CODE: [&str; 4] = ["--preset", "oauth2-refresh", "--scope", "reports:read"];
const BY_DEVICE: [&str; 4] = ["--preset", "oauth2-device", "--scope", "reports:read"];

/// A client without a secret that sends people to a browser.
fn by_code() -> Scene {
    Scene::without_secret(&json!({
        "token_endpoint_auth_method": "none",
        "grant_types": ["authorization_code", "refresh_token"],
        "redirect_uris": ["http://127.0.0.1/callback"],
    }))
}

/// A client without a secret that shows people a code; it may ask once a second.
fn by_device() -> Scene {
    let client = json!({
        "token_endpoint_auth_method": "none", "grant_types": [DEVICE, "refresh_token"],
    });
    Scene::start(Canary::new(), client, json!({ "interval": 1 }))
}

/// The page that a person is sent to, once mintage waits for them.
fn page(session: &mut Session) -> String {
    session.sees("Waiting");
    let shown = session.shown();
    let page = shown.lines().find_map(|line| line.strip_prefix("  https://"));
    format!("https://{}", page.expect("a page").trim_end())
}

/// The requests that ask for a token, by their grant.
fn grants(scene: &Scene) -> Vec<Value> {
    scene.issuer.logins().iter().map(|login| login["grant"].clone()).collect()
}

fn device_page(session: &mut Session) -> String {
    let page = page(session);
    let shown = session.shown();
    let code = shown.lines().skip_while(|line| !line.starts_with("and type")).nth(2);
    format!("{page}?user_code={}", code.expect("a code").trim())
}

#[test]
fn a_browser_that_comes_back_brings_a_login_that_lasts() {
    let scene = by_code();
    let mut session = scene.adding_at_a_desk(&BY_CODE).start();
    let page = page(&mut session);
    let end = scene.issuer.browse(&page, false);
    assert_eq!(end["status"], 200, "{end}");
    session.ends().exits(0).leaves_the_terminal_alone();
    scene.run(["token", "prod"]).succeeds();
    assert_eq!(grants(&scene), [json!("authorization_code")]);
    scene.live_token();
    scene.live_token();
    let refresh = json!("refresh_token");
    assert_eq!(grants(&scene)[1..], [refresh.clone(), refresh]);
}

#[test]
fn the_code_is_redeemed_with_the_verifier_that_the_server_checks() {
    let scene = by_code();
    let mut session = scene.adding_at_a_desk(&BY_CODE).start();
    scene.issuer.browse(&page(&mut session), false);
    session.ends().exits(0);
    let login = scene.only_login();
    let names = ["grant_type", "code", "redirect_uri", "code_verifier", "client_id"];
    let given: Vec<_> = login["parameters"].as_array().into_iter().flatten().collect();
    assert_eq!(given.len(), names.len(), "{login}");
    assert!(names.iter().all(|name| given.contains(&&json!(name))), "{login}");
}

#[test]
fn a_client_with_a_secret_logs_a_person_in_as_well() {
    let scene = Scene::with(&json!({
        "grant_types": ["authorization_code", "refresh_token"],
        "redirect_uris": ["http://127.0.0.1/callback"],
    }));
    scene.write("secret", &scene.canary.secret);
    let options = [&BY_CODE[..], &["--secret-file", "secret"]].concat();
    let mut session = scene.adding_at_a_desk(&options).start();
    scene.issuer.browse(&page(&mut session), false);
    session.ends().exits(0).hides(&scene.canary.secret);
    assert_eq!(scene.only_login()["basic"], true);
    scene.live_token();
}

#[test]
fn scopes_that_were_asked_for_are_those_of_the_token() {
    let scene = by_code();
    let mut session = scene.adding_at_a_desk(&BY_CODE).start();
    scene.issuer.browse(&page(&mut session), false);
    session.ends().exits(0);
    let lease = scene.run(["token", "prod", "--json"]).succeeds().json();
    assert_eq!(lease["scope"], "reports:read");
}

#[test]
fn a_resource_is_named_at_the_login_and_at_each_refresh() {
    let scene = by_code();
    let resource = "https://jwt.example/";
    let options = ["--preset", "oauth2-refresh", "--resource", resource, "--scope", "read"];
    let mut session = scene.adding_at_a_desk(&options).start();
    scene.issuer.browse(&page(&mut session), false);
    session.ends().exits(0);
    scene.run(["token", "prod", "--fresh"]).succeeds();
    let claims = scene.run(["inspect", "prod", "--json"]).succeeds().json()["claims"].take();
    assert_eq!(claims["aud"], resource);
    let logins = scene.issuer.logins();
    assert_eq!(logins.last().expect("a login")["resource"], resource);
}

#[test]
fn a_person_who_refuses_ends_it_with_7_and_nothing_is_saved() {
    let scene = by_code();
    let mut session = scene.adding_at_a_desk(&BY_CODE).start();
    scene.issuer.browse(&page(&mut session), true);
    let ended = session.ends().exits(7).leaves_the_terminal_alone();
    ended.shows("access_denied: the person refused");
    assert!(scene.world.records().is_empty());
}

#[test]
fn a_code_that_is_typed_elsewhere_brings_a_login_that_lasts() {
    let scene = by_device();
    let mut session = scene.adding_at_a_desk(&BY_DEVICE).start();
    let page = device_page(&mut session);
    let end = scene.issuer.browse(&page, false);
    assert_eq!(end["status"], 200, "{end}");
    session.ends().exits(0).leaves_the_terminal_alone();
    scene.run(["token", "prod"]).succeeds();
    scene.live_token();
    assert_eq!(grants(&scene).last(), Some(&json!("refresh_token")));
}

#[test]
fn a_code_that_is_refused_elsewhere_ends_it_with_7() {
    let scene = by_device();
    let mut session = scene.adding_at_a_desk(&BY_DEVICE).start();
    let page = device_page(&mut session);
    scene.issuer.browse(&page, true);
    session.ends().exits(7).shows("access_denied");
    assert!(scene.world.records().is_empty());
}

#[test]
fn the_login_is_replaced_by_mintage_login() {
    let scene = by_code();
    scene
        .adding_id(&[&BY_CODE[..], &["--no-login"]].concat())
        .run()
        .succeeds()
        .says("mintage login prod");
    scene.run(["token", "prod"]).exits(4).says("mintage login prod");
    let mut session = crate::pty::Desk::mintage(&scene.world, ["login", "prod"]).start();
    scene.issuer.browse(&page(&mut session), false);
    session.ends().exits(0);
    scene.live_token();
}
