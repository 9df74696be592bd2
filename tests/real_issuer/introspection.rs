//! What the server says of a token (RFC 7662), and what it says when it has been taken back.

use serde_json::json;

use crate::issuer::SigningKey;
use crate::scene::Scene;

/// What the server says of `prod`'s token.
#[track_caller]
fn said(scene: &Scene) -> serde_json::Value {
    let inspect = ["inspect", "prod", "--introspect", "--json"];
    scene.with_agent(inspect).succeeds().json()["issuer_says"].take()
}

#[test]
fn a_token_is_active_and_the_servers_words_are_shown() {
    let scene = Scene::new();
    scene.add(&["--scope", "reports:read"]);
    let said = said(&scene);
    assert_eq!((&said["active"], &said["scope"]), (&json!(true), &json!("reports:read")));
    assert_eq!(said["client_id"], scene.canary.id);
}

#[test]
fn the_token_itself_is_not_among_what_is_shown() {
    let scene = Scene::new();
    scene.add(&[]);
    let token = scene.token();
    scene.with_agent(["inspect", "prod", "--introspect"]).succeeds().hides(&token);
}

#[test]
fn a_token_that_was_taken_back_elsewhere_is_said_to_be_dead() {
    let scene = Scene::new();
    scene.add(&[]);
    let token = scene.token();
    // By another program: the agent knows nothing of it.
    scene.issuer.take_back(&token);
    assert_eq!(said(&scene), json!({ "active": false }));
}

#[test]
fn a_client_that_signs_asks_with_an_assertion_of_its_own() {
    let key = SigningKey::p256();
    let scene = Scene::without_secret(&json!({
        "token_endpoint_auth_method": "private_key_jwt", "public_keys": [key.public_pem()],
    }));
    scene.write("key.pem", key.private_pem());
    scene.adding_id(&["--key-file", "key.pem"]).run().succeeds();
    assert_eq!(said(&scene)["active"], true);
    let token = scene.token();
    scene.with_agent(["revoke", "prod"]).succeeds().says("taken back");
    assert!(!scene.issuer.is_live(&token));
}
