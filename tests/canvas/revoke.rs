//! `mintage revoke`: Canvas ends the whole login by `DELETE` with its token.

use crate::issuer::Seen;
use crate::scene::{MINT, OAUTH, Scene};

fn deleted(scene: &Scene) -> Vec<Seen> {
    let mut requests = scene.issuer.requests();
    requests.retain(|request| request.method == "DELETE");
    requests
}

/// The token of `scene` was taken back by one `DELETE`.
#[track_caller]
fn assert_is_over(scene: &Scene, token: &str) {
    let deleted = deleted(scene);
    assert_eq!(deleted.len(), 1);
    assert_eq!((deleted[0].target.as_str(), deleted[0].bearer()), (OAUTH, Some(token)));
    assert!(deleted[0].body.is_empty());
    assert!(!scene.is_good(token));
}

#[test]
fn without_an_agent_the_kept_token_is_taken_back() {
    let scene = Scene::with_login();
    let token = scene.token("canvas");
    let ran = scene.run(&["revoke", "canvas"]).succeeds().hides(&token);
    ran.says("taken back by the issuer");
    assert_is_over(&scene, &token);
}

#[test]
fn the_agent_takes_its_token_back() {
    let scene = Scene::with_login();
    let token = scene.token_by_agent("canvas");
    let ran = scene.by_agent(&["revoke", "canvas"]).succeeds().hides(&token);
    ran.says("taken back by the issuer");
    assert_is_over(&scene, &token);
}

#[test]
fn the_agent_takes_back_what_another_process_left_behind() {
    let scene = Scene::with_login();
    let token = scene.token("canvas");
    // It runs, and has minted nothing itself.
    scene.by_agent(&["unlock"]).succeeds();
    scene.by_agent(&["revoke", "canvas"]).succeeds().says("taken back by the issuer");
    assert_is_over(&scene, &token);
}

#[test]
fn afterwards_somebody_must_log_in_again() {
    let scene = Scene::with_login();
    scene.token("canvas");
    scene.run(&["revoke", "canvas"]).succeeds();
    scene.run(&["token", "canvas"]).exits(7).says("mintage login canvas");
}

#[test]
fn where_no_token_was_had_nobody_is_asked() {
    let scene = Scene::with_login();
    scene.run(&["revoke", "canvas"]).succeeds().says("no token of it was held");
    scene.by_agent(&["revoke", "canvas"]).succeeds().says("no token of it was held");
    assert_eq!(scene.issuer.requests().len(), 0);
}

#[test]
fn a_token_that_canvas_no_longer_knows_is_forgotten_all_the_same() {
    let scene = Scene::with_login();
    let token = scene.token("canvas");
    scene.issuer.spoil_canvas_token(&token, crate::issuer::CanvasFlaw::Revoked);
    scene.run(&["revoke", "canvas"]).hides(&token);
    assert_ne!(scene.token("canvas"), token);
    assert_eq!(scene.asked(), (2, 0));
}

#[test]
fn a_token_made_by_hand_is_left_alone() {
    let scene = Scene::new();
    scene.add_secret("hand", "canvas", &scene.login.by_hand);
    scene.run(&["revoke", "hand"]).succeeds();
    scene.by_agent(&["token", "hand"]).succeeds();
    scene.by_agent(&["revoke", "hand"]).succeeds().hides(&scene.login.by_hand);
    assert_eq!(scene.issuer.requests().len(), 0);
    assert!(scene.is_good(&scene.login.by_hand));
}

#[test]
fn an_instaccess_token_cannot_be_taken_back_and_its_source_stays() {
    let scene = Scene::with_chain();
    scene.token_by_agent("insta");
    let source = scene.token("canvas");
    scene.by_agent(&["revoke", "insta"]).succeeds().says("work until they expire");
    assert_eq!((deleted(&scene).len(), scene.issuer.asked(MINT)), (0, 1));
    assert!(scene.is_good(&source));
}
