//! Badges: a password once, then refresh tokens of which each is good for one mint.

use serde_json::json;

use crate::issuer::{Fault, Rotation, Service};
use crate::scene::{Scene, canary};
use crate::world::Call;

const TOKEN: &str = "/o/token";
const USER: &str = "teacher@school.example";

/// Adds the profile `badges` of a teacher with this password.
fn adding(scene: &Scene, password: &str, options: &[&str]) -> Call {
    let set = format!("user={USER}");
    let call = scene.adding_here("badges", "badges", &["--secret-stdin", "--set", &set]);
    call.args(options).stdin(password)
}

/// A teacher whose password the issuer knows.
fn scene() -> (Scene, String) {
    let (scene, password) = (Scene::new(), canary());
    scene.issuer.accept_badge_user(USER, password.as_bytes());
    adding(&scene, &password, &[]).run().succeeds().hides(&password);
    (scene, password)
}

#[track_caller]
fn fresh(scene: &Scene) -> String {
    scene.world.run(["token", "badges", "--fresh"]).succeeds().out().trim_end().to_owned()
}

#[test]
fn the_password_is_sent_in_the_body_as_the_public_client() {
    let (scene, password) = scene();
    scene.token("badges");
    let (form, seen) = (scene.form(), scene.last());
    let expected = [
        ("client_id", "public"),
        ("grant_type", "password"),
        ("password", &password),
        ("scope", "rw:profile rw:issuer rw:backpack"),
        ("username", USER),
    ];
    let found: Vec<_> = form.iter().map(|(name, value)| (&**name, &**value)).collect();
    assert_eq!(found, expected);
    assert_eq!((&*seen.target, seen.header("Authorization")), (TOKEN, None));
}

#[test]
fn the_scopes_are_those_of_the_profile() {
    let (scene, password) = (Scene::new(), canary());
    scene.issuer.accept_badge_user(USER, password.as_bytes());
    adding(&scene, &password, &["--scope", "rw:issuer"]).run().succeeds();
    assert_eq!(scene.lease("badges")["scope"], "rw:issuer");
}

#[test]
fn the_next_mint_is_by_the_refresh_token() {
    let (scene, password) = scene();
    let first = scene.token("badges");
    let refresh = scene.issuer.current_refresh_token(Service::Badges).expect("one");
    let second = fresh(&scene);
    let form = scene.form();
    assert_ne!(first, second);
    assert_eq!((&*form["grant_type"], &*form["refresh_token"]), ("refresh_token", &*refresh));
    assert!(!scene.issuer.saw_in_url(&refresh) && !scene.issuer.saw_in_url(&password));
}

#[test]
fn of_refresh_tokens_that_rotate_the_latest_is_used() {
    let (scene, _) = scene();
    for _ in 0..4 {
        fresh(&scene);
    }
    assert_eq!(scene.issuer.refresh_reuses(Service::Badges), 0);
    assert_eq!(scene.issuer.asked_for(TOKEN, "password"), 1);
    assert_eq!(scene.issuer.asked_for(TOKEN, "refresh_token"), 3);
}

#[test]
fn a_dead_refresh_token_leads_back_to_the_password() {
    let (scene, _) = scene();
    scene.token("badges");
    scene.issuer.end_sign_ins(Service::Badges);
    let token = fresh(&scene);
    assert_eq!(scene.issuer.tokens().last(), Some(&token));
    assert_eq!(scene.issuer.asked_for(TOKEN, "password"), 2);
    // And from there on by what that left.
    fresh(&scene);
    assert_eq!(scene.issuer.asked_for(TOKEN, "password"), 2);
}

#[test]
fn a_refresh_token_that_nothing_follows_leads_back_to_the_password() {
    let (scene, _) = scene();
    scene.issuer.rotation(Service::Badges, Rotation::Silent);
    for _ in 0..3 {
        fresh(&scene);
    }
    assert_eq!(scene.issuer.asked_for(TOKEN, "password"), 2);
}

#[test]
fn a_token_that_is_still_good_asks_for_none() {
    let (scene, _) = scene();
    assert_eq!(scene.token("badges"), scene.token("badges"));
    assert_eq!(scene.issuer.logins(), 1);
}

#[test]
fn a_wrong_password_is_refused_once_with_the_regions() {
    let (scene, wrong) = (Scene::new(), canary());
    scene.issuer.accept_badge_user(USER, canary().as_bytes());
    adding(&scene, &wrong, &[]).run().succeeds();
    let ran = scene.world.run(["token", "badges"]).exits(7).hides(&wrong);
    ran.says("401").says("api.eu.badgr.io");
    assert_eq!(scene.issuer.logins(), 1);
}

#[test]
fn a_wrong_password_is_told_before_anything_is_saved() {
    let (scene, wrong) = (Scene::new(), canary());
    adding(&scene, &wrong, &["--verify"]).run().exits(7).hides(&wrong);
    scene.world.run(["show", "badges"]).exits(3);
}

#[test]
fn the_refresh_token_of_a_first_mint_is_kept_with_the_profile() {
    let (scene, password) = (Scene::new(), canary());
    scene.issuer.accept_badge_user(USER, password.as_bytes());
    adding(&scene, &password, &["--verify"]).run().succeeds();
    let refresh = scene.issuer.current_refresh_token(Service::Badges).expect("one");
    fresh(&scene);
    assert_eq!(scene.form()["refresh_token"], refresh);
}

#[test]
fn an_app_shows_its_own_secret_with_a_refresh_token() {
    let (scene, secret, refresh) = (Scene::new(), canary(), canary());
    scene.issuer.accept_pair("app", secret.as_bytes());
    scene.issuer.accept_refresh_token(Service::Badges, "app", &refresh);
    scene.write("refresh", &refresh);
    let options = ["--client-id", "app", "--secret-stdin", "--refresh-token-file", "refresh"];
    scene.adding_here("app", "badges", &options).stdin(&*secret).run().succeeds();
    scene.token("app");
    let form = scene.form();
    assert_eq!((&*form["client_id"], &*form["client_secret"]), ("app", &*secret));
    assert_eq!((&*form["grant_type"], &*form["refresh_token"]), ("refresh_token", &*refresh));
}

#[test]
fn a_refusal_that_repeats_the_password_does_not_get_it_shown() {
    let (scene, password) = scene();
    let said = json!({ "error": "invalid_grant", "error_description": format!("for {password}") });
    let body = said.to_string().into_bytes();
    let headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
    scene.issuer.fault(Fault::Status { status: 401, headers, body });
    scene.world.run(["token", "badges", "-v"]).exits(7).hides(&password).says("withheld");
}

#[test]
fn without_a_user_and_without_an_app_it_is_not_added() {
    let scene = Scene::new();
    let ran = scene.adding_here("badges", "badges", &["--secret-stdin"]).stdin(canary()).run();
    ran.exits(2).says("client id");
}
