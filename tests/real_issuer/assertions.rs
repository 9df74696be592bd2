//! Clients that prove themselves by what they sign (RFC 7523): what mintage signs is verified by a
//! server that others wrote.

use serde_json::{Value, json};

use crate::issuer::SigningKey;
use crate::real::RealIssuer;
use crate::scene::Scene;

/// A client with this key that must sign in this way, and its profile `prod`.
fn signing(key: &SigningKey, algorithm: &str, options: &[&str]) -> Scene {
    let scene = knowing(key, algorithm);
    scene.write("key.pem", key.private_pem());
    let options = ["--key-file", "key.pem"].iter().chain(options).copied().collect::<Vec<_>>();
    scene.adding_id(&options).run().succeeds();
    scene
}

/// An issuer that knows a client by this key, and takes this algorithm alone.
fn knowing(key: &SigningKey, algorithm: &str) -> Scene {
    Scene::without_secret(&json!({
        "token_endpoint_auth_method": "private_key_jwt",
        "token_endpoint_auth_signing_alg": algorithm,
        "public_keys": [key.public_pem()],
    }))
}

#[track_caller]
fn is_proved_by_an_assertion(login: &Value) {
    assert_eq!((&login["basic"], &login["status"]), (&json!(false), &json!(200)), "{login}");
    let names = login["parameters"].as_array().expect("a list");
    assert!(names.contains(&json!("client_assertion")), "{login}");
    assert!(!names.contains(&json!("client_secret")), "{login}");
}

#[test]
fn an_rsa_key_proves_the_client_by_rs256() {
    let scene = signing(&SigningKey::rsa(), "RS256", &[]);
    scene.live_token();
    is_proved_by_an_assertion(&scene.only_login());
}

#[test]
fn an_rsa_key_proves_the_client_by_ps256_where_that_is_set() {
    let scene = signing(&SigningKey::rsa(), "PS256", &["--set", "alg=PS256"]);
    scene.live_token();
    is_proved_by_an_assertion(&scene.only_login());
}

#[test]
fn an_rsa_key_signs_by_rs256_unless_told_otherwise() {
    let scene = signing(&SigningKey::rsa(), "PS256", &[]);
    scene.run(["token", "prod"]).exits(7).says("invalid_client");
}

#[test]
fn a_key_of_the_curve_p_256_proves_the_client_by_es256() {
    let scene = signing(&SigningKey::p256(), "ES256", &[]);
    scene.live_token();
    is_proved_by_an_assertion(&scene.only_login());
}

#[test]
fn an_ed25519_key_proves_the_client_by_eddsa() {
    let scene = signing(&SigningKey::ed25519(), "EdDSA", &[]);
    scene.live_token();
    is_proved_by_an_assertion(&scene.only_login());
}

#[test]
fn an_assertion_is_never_sent_twice() {
    // The server remembers every `jti`, and refuses one that comes again.
    let scene = signing(&SigningKey::p256(), "ES256", &[]);
    assert_ne!(scene.live_token(), scene.live_token());
}

#[test]
fn an_assertion_may_be_for_the_issuer_itself() {
    let key = SigningKey::p256();
    let scene = knowing(&key, "ES256");
    scene.write("key.pem", key.private_pem());
    let audience = format!("assertion-audience={}", scene.issuer.url());
    let options = ["--key-file", "key.pem", "--set", &audience];
    scene.adding_id(&options).run().succeeds();
    scene.live_token();
}

#[test]
fn an_assertion_for_somebody_else_is_refused() {
    let set = "assertion-audience=https://elsewhere.example/token";
    let scene = signing(&SigningKey::p256(), "ES256", &["--set", set]);
    scene.run(["token", "prod"]).exits(7).says("invalid_client");
}

#[test]
fn a_key_that_the_server_does_not_know_is_refused_and_never_shown() {
    let scene = knowing(&SigningKey::p256(), "ES256");
    let stranger = SigningKey::p256();
    scene.write("key.pem", stranger.private_pem());
    scene.adding_id(&["--key-file", "key.pem"]).run().succeeds();
    let inner = stranger.private_pem().lines().nth(1).expect("a line of base64");
    scene.run(["token", "prod"]).exits(7).hides(inner);
    assert_eq!(scene.only_login()["error"], "invalid_client");
}

#[test]
fn a_key_that_mintage_made_is_known_by_the_public_half_that_it_shows() {
    // A server learns of keys when it starts; so the profile is at one first, then at another.
    let before = signing(&SigningKey::p256(), "ES256", &[]);
    let new = ["key", "new", "prod", "--type", "ed25519", "--yes", "--jwks"];
    let jwks = before.run(new).succeeds().json();
    let Scene { world, canary, .. } = &before;
    let told = RealIssuer::start(&json!([{
        "client_id": canary.id, "token_endpoint_auth_method": "private_key_jwt", "jwks": jwks,
    }]));
    before.write("told.pem", &told.authority().pem());
    let url = format!("{}/token", told.url());
    let moved = ["edit", "prod", "--token-url", &url, "--ca-file", "told.pem"];
    world.run(moved).succeeds();
    let token = before.run(["token", "prod"]).succeeds().out();
    assert!(told.is_live(token.trim_end()));
}

#[test]
fn a_secret_proves_the_client_by_what_it_signs_and_is_not_sent() {
    let metadata = json!({ "token_endpoint_auth_method": "client_secret_jwt" });
    let scene = Scene::with(&metadata);
    scene.add(&["--auth", "client-secret-jwt"]);
    scene.live_token();
    is_proved_by_an_assertion(&scene.only_login());
}

#[test]
fn a_wrong_secret_signs_in_vain() {
    let scene = Scene::with(&json!({ "token_endpoint_auth_method": "client_secret_jwt" }));
    let wrong = crate::world::Canary::new().secret;
    let adding = scene.adding(&["--auth", "client-secret-jwt"]).stdin(wrong.clone());
    adding.run().succeeds();
    scene.run(["token", "prod"]).exits(7).hides(&wrong).says("invalid_client");
}
