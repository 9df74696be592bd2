//! What a token is asked for: scopes, resources (RFC 8707), an audience.

use serde_json::{Value, json};

use crate::scene::Scene;

const OPAQUE: &str = "https://opaque.example/";
const JWT: &str = "https://jwt.example/";

/// `token prod --json` with these options.
#[track_caller]
fn lease(scene: &Scene, options: &[&str]) -> Value {
    scene.run(["token", "prod", "--json"].iter().chain(options)).succeeds().json()
}

/// The claims of `prod`'s token, as mintage itself reads them.
#[track_caller]
fn claims(scene: &Scene) -> Value {
    scene.run(["inspect", "prod", "--json"]).succeeds().json()["claims"].take()
}

#[test]
fn a_scope_is_asked_for_and_granted() {
    let scene = Scene::new();
    scene.add(&["--scope", "reports:read", "--scope", "reports:write"]);
    assert_eq!(lease(&scene, &[])["scope"], "reports:read reports:write");
}

#[test]
fn a_scope_that_the_server_leaves_out_is_not_claimed() {
    let scene = Scene::new();
    scene.add(&["--scope", "reports:read", "--scope", "nonsense"]);
    assert_eq!(lease(&scene, &[])["scope"], "reports:read");
}

#[test]
fn a_scope_that_the_client_may_not_have_is_no_fault_of_the_credential() {
    let scene = Scene::with(&json!({ "scope": "reports:read" }));
    scene.add(&["--scope", "reports:write"]);
    let ran = scene.run(["token", "prod"]).exits(10);
    ran.says("invalid_scope: requested scope is not allowed");
}

#[test]
fn a_scope_that_is_refused_leaves_the_profiles_own_in_use() {
    let scene = Scene::with(&json!({ "scope": "reports:read" }));
    scene.add(&["--scope", "reports:read"]);
    scene.run(["token", "prod", "--scope", "reports:write"]).exits(10);
    assert_eq!(lease(&scene, &[])["scope"], "reports:read");
}

#[test]
fn a_resource_is_asked_for_by_its_name() {
    let scene = Scene::new();
    scene.add(&["--resource", OPAQUE, "--scope", "read"]);
    assert_eq!(lease(&scene, &[])["scope"], "read");
    assert_eq!(scene.only_login()["resource"], OPAQUE);
}

#[test]
fn a_token_for_a_resource_names_it_as_its_audience() {
    let scene = Scene::new();
    scene.add(&["--resource", JWT, "--scope", "read"]);
    let claims = claims(&scene);
    assert_eq!((&claims["aud"], &claims["iss"]), (&json!(JWT), &json!(scene.issuer.url())));
}

#[test]
fn a_resource_that_the_server_does_not_have_is_no_fault_of_the_credential() {
    let scene = Scene::new();
    scene.add(&["--resource", "https://nowhere.example/"]);
    scene.run(["token", "prod"]).exits(10).says("invalid_target");
}

#[test]
fn an_audience_that_the_server_does_not_read_does_no_harm() {
    let scene = Scene::new();
    scene.add(&["--audience", "https://api.example/"]);
    scene.run(["token", "prod"]).succeeds();
}
