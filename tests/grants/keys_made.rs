//! Keys that are made here: the private half stays, the public half verifies what it signs.

use mintage::grant::key;
use serde_json::{Value, json};

use crate::issuer::SigningKey;
use crate::scene::{Scene, canary, text};
use crate::second;

/// A profile `app` that has a secret so far.
fn scene() -> Scene {
    let scene = Scene::new();
    let pair = ["--client-id", "app", "--secret-stdin"];
    scene.adding_oauth("app", "oauth2", &pair).stdin(canary()).run().succeeds();
    scene
}

/// Makes a key, and has it sign an assertion, which `PyJWT` verifies with what was printed.
#[track_caller]
fn signs(kind: &str, alg: &str) -> Value {
    let scene = scene();
    let printed = scene.world.run(["key", "new", "app", "--type", kind]).succeeds().json();
    scene.world.run(["edit", "app", "--auth", "private-key-jwt", "--clear", "secret"]).succeeds();
    // The double does not know the key; what was sent is what counts.
    scene.world.run(["token", "app"]).exits(7);
    let (jwt, url) = (&scene.form()["client_assertion"], scene.token_url());
    let verified = second::verified(jwt, &printed, alg, Some(&url));
    assert_eq!(verified.header["kid"], printed["kid"]);
    let shown = scene.world.run(["key", "public", "app"]).succeeds().json();
    assert_eq!(shown, printed);
    let as_set = scene.world.run(["key", "public", "app", "--jwks"]).succeeds().json();
    second::verified(jwt, &as_set, alg, Some(&url));
    assert_eq!(text(&printed, "kid"), second::thumbprint(&printed));
    printed
}

#[test]
fn a_key_of_rsa_is_made_and_signs() {
    let jwk = signs("rsa", "RS256");
    let names: Vec<&String> = jwk.as_object().expect("an object").keys().collect();
    assert_eq!(names, ["e", "kty", "n", "alg", "use", "kid"]);
    // 2048 bits in base64url.
    assert_eq!((&jwk["e"], text(&jwk, "n").len()), (&json!("AQAB"), 342));
}

#[test]
fn a_key_of_p256_is_made_and_signs() {
    let jwk = signs("p256", "ES256");
    assert_eq!((&jwk["crv"], &jwk["use"], jwk.get("d")), (&json!("P-256"), &json!("sig"), None));
}

#[test]
fn a_key_of_ed25519_is_made_and_signs() {
    let jwk = signs("ed25519", "EdDSA");
    assert_eq!(
        (&jwk["crv"], &jwk["alg"], jwk.get("d")),
        (&json!("Ed25519"), &json!("EdDSA"), None)
    );
}

#[test]
fn its_id_is_what_is_given() {
    let scene = scene();
    let new = ["key", "new", "app", "--type", "ed25519", "--kid", "2026", "--jwks"];
    let set = scene.world.run(new).succeeds().json();
    assert_eq!(set["keys"][0]["kid"], "2026");
}

#[test]
fn a_key_that_is_there_is_replaced_only_where_that_is_confirmed() {
    let scene = scene();
    let new = ["key", "new", "app", "--type", "p256"];
    let first = scene.world.run(new).succeeds().json();
    scene.world.run(new).exits(4);
    assert_eq!(scene.world.run(["key", "public", "app"]).succeeds().json(), first);
    let second = scene.world.mintage(new).args(["--yes"]).run().succeeds().json();
    assert_ne!(second, first);
}

#[test]
fn a_key_of_another_kind_signs_in_its_own_way() {
    let (scene, key) = (Scene::new(), SigningKey::rsa());
    scene.write("key.pem", key.private_pem());
    let options = ["--client-id", "app", "--key-file", "key.pem", "--set", "alg=PS256"];
    scene.adding_oauth("app", "oauth2", &options).run().succeeds();
    let new = ["key", "new", "app", "--type", "p256", "--yes"];
    let jwk = scene.world.run(new).succeeds().json();
    scene.world.run(["token", "app"]).exits(7);
    second::verified(&scene.form()["client_assertion"], &jwk, "ES256", Some(&scene.token_url()));
}

// RFC 7638, 3.1: the key is the one of RFC 7515's and 7517's examples, whose private half is published.
#[test]
fn the_thumbprint_is_that_of_the_rfc() {
    let imported = key::import(include_bytes!("rfc7517_key.json")).expect("a key");
    let thumbprint = key::thumbprint(&imported.key).expect("of a key");
    assert_eq!(thumbprint, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
}

// Canvas refuses a JWK without `kid`.
#[test]
fn a_key_made_with_its_profile_has_an_id_and_signs_with_it() {
    let scene = Scene::new();
    let options = ["--client-id", "app", "--new-key"];
    let printed = scene.adding_oauth("app", "oauth2", &options).run().succeeds().json();
    assert_eq!(text(&printed, "kid"), second::thumbprint(&printed));
    scene.world.run(["token", "app"]).exits(7);
    let (jwt, url) = (&scene.form()["client_assertion"], scene.token_url());
    let verified = second::verified(jwt, &printed, "RS256", Some(&url));
    assert_eq!(verified.header["kid"], printed["kid"]);
}

#[test]
fn a_missing_place_is_said_before_a_credential_is_asked_for() {
    let scene = Scene::new();
    scene.write("key.pem", "not read yet");
    for key in [&["--new-key"][..], &["--key-file", "key.pem"]] {
        let add = ["add", "lti", "--preset", "canvas-lti"];
        scene.world.run(add.iter().chain(key)).exits(2).says("--base-url");
    }
}

/// What it signs carries none either: an issuer that knows the key by another id must not be misled.
#[test]
fn a_key_that_came_without_an_id_is_shown_without_one() {
    let scene = Scene::new();
    scene.write("key.json", include_str!("rfc7517_key.json"));
    let options = ["--client-id", "app", "--key-file", "key.json"];
    scene.adding_oauth("app", "oauth2", &options).run().succeeds();
    let jwk = scene.world.run(["key", "public", "app"]).succeeds().json();
    assert_eq!(jwk.get("kid"), None);
}

#[test]
fn a_profile_without_a_key_has_no_public_half() {
    scene().world.run(["key", "public", "app"]).exits(2).says("private key");
}
