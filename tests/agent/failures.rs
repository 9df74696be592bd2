//! Mints that fail: remembered for a while, so that nobody hammers an issuer.

use std::time::{Duration, Instant};

use crate::issuer::Fault;
use crate::scene::Scene;
use crate::world::{at_once, until};

/// Gives `prod` another secret.
#[track_caller]
fn secret(scene: &Scene, secret: &str) {
    scene.mintage(["edit", "prod", "--secret-stdin"]).stdin(secret).run().succeeds();
}

fn refuse(scene: &Scene) {
    scene.issuer.fault(Fault::Status { status: 403, headers: Vec::new(), body: Vec::new() });
}

#[test]
fn a_fresh_token_that_cannot_be_had_leaves_the_first_in_its_place() {
    let scene = Scene::new();
    let first = scene.token();
    refuse(&scene);
    scene.run(["token", "prod", "--fresh"]).exits(7);
    assert_eq!(scene.token(), first);
}

#[test]
fn a_refused_credential_is_sent_once_however_often_it_is_asked_for() {
    let scene = Scene::new();
    refuse(&scene);
    scene.run(["token", "prod"]).exits(7).says("hint: ");
    for _ in 0..20 {
        scene.run(["token", "prod"]).exits(7).says("hint: ").says("not asked again for ");
    }
    for command in [&["inspect", "prod"][..], &["token", "prod", "--json"]] {
        scene.run(command).exits(7).says("not asked again for ");
    }
    assert_eq!(scene.issuer.logins(), 1);
}

#[test]
fn sixty_four_callers_of_a_refused_credential_cause_one_login() {
    let scene = Scene::new();
    refuse(&scene);
    scene.run(["agent", "start"]).succeeds();
    for ran in at_once(64, |_| scene.mintage(["token", "prod"])) {
        ran.exits(7);
    }
    assert_eq!(scene.issuer.logins(), 1);
}

#[test]
fn who_asks_for_a_fresh_token_is_not_kept_from_trying_again() {
    let scene = Scene::new();
    refuse(&scene);
    scene.run(["token", "prod"]).exits(7);
    scene.issuer.fault(Fault::None);
    scene.run(["token", "prod"]).exits(7);
    scene.run(["token", "prod", "--fresh"]).succeeds();
    scene.token();
}

#[test]
fn a_failure_is_forgotten_with_the_secret_that_failed() {
    let scene = Scene::new();
    secret(&scene, "not-the-secret");
    scene.run(["token", "prod"]).exits(7);
    scene.run(["token", "prod"]).exits(7);
    assert_eq!(scene.issuer.logins(), 1);
    secret(&scene, &scene.canary.secret);
    scene.token();
}

#[test]
fn an_issuer_that_asks_for_a_pause_gets_it_from_everybody() {
    let scene = Scene::new();
    let headers = vec![("Retry-After".to_owned(), "60".to_owned())];
    scene.issuer.fault_once(Fault::Status { status: 429, headers, body: Vec::new() });
    scene.run(["token", "prod"]).exits(8);
    for _ in 0..3 {
        let ran = scene.run(["token", "prod", "--fresh"]).exits(8);
        ran.says("not asked again for ");
        scene.run(["token", "prod"]).exits(8);
    }
    assert_eq!(scene.issuer.logins(), 1);
}

#[test]
fn a_failure_that_may_pass_is_tried_again_soon() {
    let scene = Scene::new();
    scene.issuer.fault_once(Fault::ResetBeforeHeaders);
    scene.run(["token", "prod"]).exits(8);
    let failed = Instant::now();
    until("another try", || scene.run(["token", "prod"]).code == 0);
    assert!(failed.elapsed() < Duration::from_secs(3), "after {:?}", failed.elapsed());
}
