//! `mintage revoke` at a server that really forgets what it is asked to (RFC 7009).

use serde_json::{Value, json};

use crate::scene::Scene;

const REVOCATION: &str = "/token/revocation";

fn scene(options: &[&str]) -> Scene {
    let scene = Scene::new();
    scene.add(options);
    scene
}

fn revocations(scene: &Scene) -> Vec<Value> {
    let mut requests = scene.issuer.requests();
    requests.retain(|request| request["path"] == REVOCATION);
    requests
}

#[test]
fn a_token_that_is_taken_back_is_dead_at_the_server() {
    let scene = scene(&[]);
    let token = scene.token();
    assert!(scene.issuer.is_live(&token));
    scene.with_agent(["revoke", "prod"]).succeeds().says("`prod`: 1 token").says("taken back");
    assert!(!scene.issuer.is_live(&token));
}

#[test]
fn the_next_token_after_a_revocation_is_a_live_one() {
    let scene = scene(&[]);
    scene.token();
    scene.with_agent(["revoke", "prod"]).succeeds();
    assert!(scene.issuer.is_live(&scene.token()));
}

#[test]
fn every_token_of_a_profile_is_dead_after_a_revocation() {
    let scene = scene(&[]);
    let scoped = ["token", "prod", "--scope", "reports:read"];
    let narrow = scene.with_agent(scoped).succeeds().out().trim_end().to_owned();
    let wide = scene.token();
    scene.with_agent(["revoke", "prod"]).succeeds().says("2 tokens");
    assert_eq!((scene.issuer.is_live(&narrow), scene.issuer.is_live(&wide)), (false, false));
}

#[test]
fn the_hint_that_is_sent_is_one_that_the_server_reads() {
    let scene = scene(&[]);
    scene.token();
    scene.with_agent(["revoke", "prod"]).succeeds();
    let seen = revocations(&scene);
    assert_eq!(seen[0]["parameters"], json!(["token", "token_type_hint"]));
    assert_eq!((&seen[0]["basic"], &seen[0]["status"]), (&json!(true), &json!(200)));
}

#[test]
fn a_pair_in_the_body_takes_a_token_back_as_well() {
    let scene = scene(&["--auth", "post"]);
    let token = scene.token();
    scene.with_agent(["revoke", "prod"]).succeeds();
    assert!(!scene.issuer.is_live(&token));
}

#[test]
fn a_token_that_is_forgotten_by_a_lock_lives_on_at_the_server() {
    let scene = scene(&[]);
    let token = scene.token();
    scene.with_agent(["lock"]).succeeds();
    assert!(scene.issuer.is_live(&token));
    assert_eq!(revocations(&scene).len(), 0);
}

#[test]
fn a_token_from_before_a_change_of_its_profile_is_said_to_live_on_and_does() {
    let scene = scene(&[]);
    let token = scene.token();
    scene.run(["edit", "prod", "--label", "changed"]).succeeds();
    scene.with_agent(["revoke", "prod"]).succeeds().says("changed since");
    assert!(scene.issuer.is_live(&token));
    assert_eq!(revocations(&scene).len(), 0);
}
