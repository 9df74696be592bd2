//! `mintage add` where somebody has to log in: each service in its own way, later where that is
//! wanted, and not at all where nobody is there.

use serde_json::json;

use crate::browser;
use crate::issuer::{Fault, Service};
use crate::pty::Desk;
use crate::scene::{Scene, TOKEN};

/// `add prod` of a service with a place for each customer, for a client with a secret.
fn service(scene: &Scene, preset: &str) -> Desk {
    let (canary, url) = (&scene.canary, scene.issuer.url());
    scene.issuer.accept_pair(&canary.id, canary.secret.as_bytes());
    std::fs::write(scene.world.path("secret"), &canary.secret).expect("written");
    let desk = Desk::mintage(&scene.world, ["add", "prod", "--preset", preset]);
    let desk = desk.args(["--base-url", &url, "--ca-file", "ca.pem"]);
    desk.args(["--client-id", &canary.id, "--secret-file", "secret"])
}

#[test]
fn canvas_logs_in_at_its_own_page() {
    let scene = Scene::new();
    scene.logs_in(service(&scene, "canvas").start());
    assert_eq!(scene.issuer.asked("/login/oauth2/auth"), 1);
    scene.token().succeeds();
    assert_eq!(scene.issuer.asked("/login/oauth2/token"), 1);
    assert!(scene.issuer.current_refresh_token(Service::Canvas).is_some());
    scene.fresh();
}

#[test]
fn studio_logs_in_at_its_own_page() {
    let scene = Scene::new();
    scene.logs_in(service(&scene, "studio").start());
    assert_eq!(scene.issuer.asked("/api/public/oauth/authorize"), 1);
    scene.token().succeeds();
    scene.fresh();
    assert_eq!(scene.issuer.asked("/api/public/oauth/token"), 2);
}

#[test]
fn a_secret_that_is_wrong_is_found_out_by_the_login_and_nothing_is_saved() {
    let scene = Scene::new();
    let desk = service(&scene, "studio");
    std::fs::write(scene.world.path("secret"), "not the secret of anybody").expect("written");
    let mut session = desk.start();
    browser::visit(&scene.sent_back(&mut session));
    session.ends().exits(7).shows("invalid_client");
    assert!(scene.world.records().is_empty());
}

#[test]
fn a_login_can_wait() {
    let scene = Scene::new();
    let ended = scene.adding(&["--no-login"]).start().ends().exits(0);
    ended.shows("mintage login prod").hides("Visit");
    scene.token().exits(4).says("mintage login prod");
    assert_eq!(scene.issuer.asked(TOKEN), 0);
    scene.logs_in(Desk::mintage(&scene.world, ["login", "prod"]).start());
    scene.token().succeeds();
}

#[test]
fn without_a_terminal_a_profile_is_saved_and_the_login_is_for_later() {
    let scene = Scene::new();
    let url = scene.issuer.url();
    let add = ["add", "prod", "--preset", "oauth2-refresh", "--issuer", &url];
    let add = scene.world.mintage(add).args(["--ca-file", "ca.pem"]);
    let ran = add.args(["--client-id", &scene.canary.id]).run().succeeds();
    ran.says("mintage login prod");
    scene.token().exits(4).says("mintage login prod");
}

#[test]
fn without_a_terminal_nobody_logs_in() {
    let scene = Scene::waiting();
    scene.world.run(["login", "prod"]).exits(4).says("terminal");
    assert_eq!(scene.issuer.asked(TOKEN), 0);
}

#[test]
fn without_a_terminal_nothing_is_verified_that_needs_a_login() {
    let scene = Scene::new();
    let url = scene.issuer.url();
    let add = ["add", "prod", "--preset", "oauth2-refresh", "--issuer", &url, "--verify"];
    let add = scene.world.mintage(add).args(["--ca-file", "ca.pem"]);
    add.args(["--client-id", &scene.canary.id]).run().exits(4);
    assert!(scene.world.records().is_empty());
}

#[test]
fn nobody_logs_in_for_a_profile_whose_credential_is_all() {
    let scene = Scene::new();
    let url = format!("{}{TOKEN}", scene.issuer.url());
    let add = ["add", "pair", "--token-url", &url, "--ca-file", "ca.pem", "--stdin"];
    scene.world.mintage(add).stdin(scene.canary.pair()).run().succeeds();
    let ended = Desk::mintage(&scene.world, ["login", "pair"]).start().ends();
    ended.exits(2).shows("nobody logs in for `pair`");
}

#[test]
fn a_name_that_is_taken_is_found_out_before_anybody_logs_in() {
    let scene = Scene::waiting();
    let ended = scene.adding(&[]).start().ends().exits(11);
    ended.hides("Visit");
}

/// The issuer gives no refresh token, and a token for so many seconds.
fn without_refresh(scene: &Scene, life: u32) {
    let fields = vec![("refresh_token", None), ("expires_in", Some(json!(life)))];
    scene.issuer.fault_once(Fault::ReplaceFields(fields));
}

#[test]
fn adding_warns_of_a_login_that_does_not_last() {
    let scene = Scene::new();
    without_refresh(&scene, 3600);
    let mut session = scene.adding(&[]).start();
    browser::visit(&scene.sent_back(&mut session));
    session.ends().exits(0).shows("no refresh token");
}

#[test]
fn login_warns_of_a_login_that_does_not_last() {
    let scene = Scene::waiting();
    without_refresh(&scene, 3600);
    let mut session = Desk::mintage(&scene.world, ["login", "prod"]).start();
    browser::visit(&scene.sent_back(&mut session));
    session.ends().exits(0).shows("no refresh token");
}

#[test]
fn a_login_that_does_not_last_is_good_until_its_token_ends() {
    let scene = Scene::new();
    without_refresh(&scene, 3600);
    scene.logs_in(scene.adding(&[]).start());
    assert_eq!(scene.token().succeeds().out().trim_end(), scene.issuer.tokens()[0]);
    scene.world.run(["token", "prod", "--fresh"]).exits(4).says("mintage login prod");
    scene.token().succeeds();
    assert_eq!(scene.issuer.asked(TOKEN), 1);
}

#[test]
fn a_login_whose_token_has_ended_is_asked_for_again() {
    let scene = Scene::new();
    without_refresh(&scene, 2);
    scene.logs_in(scene.adding(&[]).start());
    let ran = std::iter::repeat_with(|| scene.token()).find(|ran| ran.code != 0);
    ran.expect("it ends").exits(4).says("mintage login prod");
    assert_eq!(scene.issuer.asked(TOKEN), 1);
}
