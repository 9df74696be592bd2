//! The same with an agent, which holds what was minted: for what it was minted, and no longer than it is
//! good.

use crate::abconnect::{self, PLACE, is_signed};
use crate::github;
use crate::own_presets;
use crate::scene::{Scene, canary};

#[track_caller]
fn token(scene: &Scene, words: &[&str]) -> String {
    let all: Vec<&str> = ["token"].iter().chain(words).copied().collect();
    scene.with_agent(&all).succeeds().out().trim_end().to_owned()
}

#[test]
fn a_token_of_an_installation_is_taken_back() {
    let (scene, _) = github::scene(&[]);
    let first = token(&scene, &["app"]);
    assert_eq!(token(&scene, &["app"]), first);
    scene.with_agent(&["revoke", "app"]).succeeds().hides(&first);
    let seen = scene.last();
    assert_eq!((&*seen.method, &*seen.target), ("DELETE", "/installation/token"));
    assert_eq!(seen.bearer(), Some(&*first));
    assert_ne!(token(&scene, &["app"]), first);
}

#[test]
fn each_url_has_a_signature_of_its_own() {
    let key = canary();
    let scene = abconnect::with(&key, &[]);
    for (path, method) in [("standards", "GET"), ("assets", "GET"), ("assets", "POST")] {
        let url = format!("{PLACE}/{path}");
        let signed = token(&scene, &["ab", "--url", &url, "--method", method]);
        let query = signed.strip_prefix(&format!("{url}?")).expect("behind the URL");
        is_signed(query, &key, &format!("\n\n{method}\n{path}"));
    }
    is_signed(&token(&scene, &["ab"]), &key, "");
}

#[test]
fn a_url_elsewhere_is_refused() {
    let scene = abconnect::with(&canary(), &[]);
    scene.with_agent(&["token", "ab", "--url", "https://evil.example/rest/v4.1/a"]).exits(9);
}

#[test]
fn a_key_that_was_replaced_is_given_out_no_more() {
    let (scene, next) = (Scene::new(), canary());
    scene.adding("key", "static", &["--secret-stdin"]).stdin(canary()).run().succeeds();
    token(&scene, &["key"]);
    let edit = scene.world.mintage(["edit", "key", "--secret-stdin"]).stdin(&*next);
    edit.run().succeeds();
    assert_eq!(token(&scene, &["key"]), next);
}

#[test]
fn a_refusal_has_the_hint_of_a_preset_of_the_users_own() {
    let (scene, secret) = (own_presets::scene(), canary());
    own_presets::adding(&scene, &secret).run().succeeds();
    scene.with_agent(&["token", "app"]).exits(7).says("ask the Acme desk").hides(&secret);
}
