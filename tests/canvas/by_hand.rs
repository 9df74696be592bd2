//! The `canvas` preset with an access token that a person made in their settings.

use crate::scene::{Scene, canary, number};

fn scene() -> Scene {
    let scene = Scene::new();
    scene.add_secret("hand", "canvas", &scene.login.by_hand);
    scene
}

#[test]
fn it_is_given_out_as_it_is_and_nobody_is_asked() {
    let scene = scene();
    assert_eq!(scene.token("hand"), scene.login.by_hand);
    assert_eq!(scene.token_by_agent("hand"), scene.login.by_hand);
    assert_eq!(scene.issuer.connections(), 0);
}

#[test]
fn it_needs_no_login() {
    let scene = scene();
    scene.run(&["login", "hand"]).exits(2);
    let listed = scene.run(&["show", "hand", "--json"]).succeeds().json();
    assert_eq!(listed["grant"], "canvas");
    assert_eq!(listed["options"].get("authorize-url"), None);
}

#[test]
fn the_day_on_which_it_ends_is_said() {
    let scene = scene();
    scene.run(&["edit", "hand", "--secret-expires", "2020-01-31"]).succeeds();
    let ran = scene.run(&["token", "hand", "--json"]).succeeds();
    assert!(number(&ran.json(), "expires_in") > 0);
    ran.says("the secret of `hand` ended on 2020-01-31");
}

#[test]
fn it_cannot_be_token_only_for_it_is_the_token() {
    let scene = Scene::new();
    let add = scene.adding("hand", "canvas", &["--secret-stdin", "--token-only"]);
    add.stdin(&*scene.login.by_hand).run().exits(9).hides(&scene.login.by_hand);
    scene.run(&["show", "hand"]).exits(3);
}

#[test]
fn a_login_can_be_token_only() {
    let scene = Scene::with_login();
    scene.run(&["edit", "canvas", "--token-only"]).succeeds();
    assert_ne!(scene.token("canvas"), scene.login.refresh);
    let exec = ["exec", "canvas", "--env", "X=client_secret", "--", "true"];
    scene.run(&exec).exits(125).says("token-only");
}

#[test]
fn another_one_takes_its_place() {
    let scene = scene();
    let next = canary();
    scene.device.write("next", &next);
    scene.run(&["edit", "hand", "--secret-file", "next"]).succeeds().hides(&next);
    assert_eq!(scene.token("hand"), next);
}
