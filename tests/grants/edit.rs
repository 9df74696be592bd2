//! Changing what a profile mints with: what takes the place of what, and what is kept no longer.

use serde_json::{Value, json};

use crate::issuer::{Rotation, Service, SigningKey};
use crate::scene::{Scene, canary};
use crate::second;

/// A profile `app` with a refresh token that rotates.
fn refreshed() -> Scene {
    let (scene, refresh) = (Scene::new(), canary());
    scene.issuer.accept_public_client("app");
    scene.issuer.accept_refresh_token(Service::OAuth, "app", &refresh);
    scene.issuer.rotation(Service::OAuth, Rotation::Rotating);
    let options = ["--client-id", "app", "--refresh-token-stdin"];
    scene.adding_oauth("app", "oauth2-refresh", &options).stdin(&*refresh).run().succeeds();
    scene
}

/// A profile `app` that signs with a key of its own.
fn signing(options: &[&str]) -> (Scene, SigningKey) {
    let (scene, key) = (Scene::new(), SigningKey::p256());
    scene.issuer.accept_key("app", key.public_pem());
    scene.write("key.pem", key.private_pem());
    let all = ["--client-id", "app", "--key-file", "key.pem"];
    scene.adding_oauth("app", "oauth2", &all).args(options).run().succeeds();
    (scene, key)
}

#[track_caller]
fn options_of(scene: &Scene) -> Value {
    scene.show("app")["options"].clone()
}

#[test]
fn another_key_signs_from_then_on() {
    let (scene, _) = signing(&["--set", "kid=first"]);
    let next = SigningKey::ed25519();
    scene.issuer.accept_key("app", next.public_pem());
    scene.write("next.pem", next.private_pem());
    scene.world.run(["edit", "app", "--key-file", "next.pem"]).succeeds();
    scene.token("app");
    let (assertion, url) = (&scene.form()["client_assertion"], scene.token_url());
    let verified = second::verified(assertion, &json!(next.public_pem()), "EdDSA", Some(&url));
    // The id was that of the other key.
    assert_eq!(verified.header, json!({ "typ": "JWT", "alg": "EdDSA" }));
}

#[test]
fn the_id_of_a_key_comes_with_its_jwk() {
    let (scene, _) = signing(&[]);
    let mut jwk = second::jwk(SigningKey::p256().private_pem());
    jwk["kid"] = "second".into();
    scene.write("next.json", jwk.to_string());
    scene.world.run(["edit", "app", "--key-file", "next.json"]).succeeds();
    assert_eq!(options_of(&scene), json!([["kid", "second"]]));
}

#[test]
fn an_option_is_set_and_cleared() {
    let (scene, _) = signing(&["--set", "kid=one"]);
    scene.world.run(["edit", "app", "--set", "assertion-audience=https://a"]).succeeds();
    let both = json!([["assertion-audience", "https://a"], ["kid", "one"]]);
    assert_eq!(options_of(&scene), both);
    scene.world.run(["edit", "app", "--set", "kid="]).succeeds();
    assert_eq!(options_of(&scene), json!([["assertion-audience", "https://a"]]));
    scene.world.run(["edit", "app", "--clear", "options"]).succeeds();
    assert_eq!(options_of(&scene), json!([]));
}

#[test]
fn an_option_that_the_grant_does_not_have_is_refused() {
    let (scene, _) = signing(&[]);
    for set in ["life=60", "user=a@b.example", "alg=HS256", "alg=none", "kid"] {
        scene.world.run(["edit", "app", "--set", set]).exits(2);
    }
    assert_eq!(options_of(&scene), json!([]));
}

#[test]
fn an_option_that_is_needed_is_not_cleared() {
    let (scene, key) = (Scene::new(), SigningKey::rsa());
    scene.write("app.pem", key.private_pem());
    let all = ["--key-file", "app.pem", "--client-id", "1", "--set", "installation=42"];
    scene.adding_here("app", "github-app", &all).run().succeeds();
    scene.world.run(["edit", "app", "--clear", "options"]).exits(2).says("installation");
    scene.world.run(["edit", "app", "--set", "installation="]).exits(2);
    assert_eq!(options_of(&scene), json!([["installation", "42"]]));
}

#[test]
fn a_secret_that_is_needed_is_not_cleared() {
    let (scene, secret) = (Scene::new(), canary());
    let pair = ["--client-id", "app", "--secret-stdin"];
    scene.adding_oauth("app", "oauth2", &pair).stdin(secret).run().succeeds();
    scene.world.run(["edit", "app", "--clear", "secret"]).exits(2).says("client secret");
}

#[test]
fn a_key_takes_the_place_of_a_secret() {
    let (scene, secret, key) = (Scene::new(), canary(), SigningKey::p256());
    scene.issuer.accept_key("app", key.public_pem());
    scene.write("key.pem", key.private_pem());
    let pair = ["--client-id", "app", "--secret-stdin"];
    scene.adding_oauth("app", "oauth2", &pair).stdin(&*secret).run().succeeds();
    let to_key = ["--key-file", "key.pem", "--auth", "private-key-jwt", "--clear", "secret"];
    scene.world.mintage(["edit", "app"]).args(to_key).run().succeeds();
    scene.token("app");
    assert_eq!(scene.show("app")["client_secret_bytes"], Value::Null);
}

#[test]
fn a_refresh_token_is_cleared() {
    let scene = refreshed();
    scene.token("app");
    scene.world.run(["edit", "app", "--clear", "refresh-token"]).succeeds();
    scene.world.run(["token", "app"]).exits(4);
    assert_eq!(scene.issuer.logins(), 1);
}

#[test]
fn another_refresh_token_goes_before_what_is_kept() {
    let (scene, next) = (refreshed(), canary());
    let first = scene.token("app");
    scene.issuer.accept_refresh_token(Service::OAuth, "app", &next);
    let edit = scene.world.mintage(["edit", "app", "--refresh-token-stdin"]).stdin(&*next);
    edit.run().succeeds().hides(&next);
    assert_ne!(scene.token("app"), first);
    assert_eq!(scene.form()["refresh_token"], next);
}

#[test]
fn verifying_a_change_spends_the_refresh_token_that_is_good_now() {
    let scene = refreshed();
    scene.token("app");
    for _ in 0..2 {
        scene.world.run(["edit", "app", "--label", "a", "--verify"]).succeeds();
    }
    scene.world.run(["token", "app", "--fresh"]).succeeds();
    assert_eq!((scene.issuer.refresh_reuses(Service::OAuth), scene.issuer.logins()), (0, 4));
}

#[test]
fn a_token_that_came_before_a_change_is_not_given_out_after_it() {
    let scene = refreshed();
    let first = scene.token("app");
    scene.world.run(["edit", "app", "--audience", "another"]).succeeds();
    assert_ne!(scene.token("app"), first);
    assert_eq!(scene.form()["audience"], "another");
}

#[test]
fn the_refresh_token_that_is_good_now_outlives_a_change() {
    let scene = refreshed();
    scene.token("app");
    let next = scene.issuer.current_refresh_token(Service::OAuth).expect("one");
    scene.world.run(["edit", "app", "--scope", "read"]).succeeds();
    scene.token("app");
    assert_eq!(scene.form()["refresh_token"], next);
}

#[test]
fn what_one_user_left_is_not_used_for_another() {
    let (scene, first, second) = (Scene::new(), canary(), canary());
    let (one, other) = ("one@school.example", "other@school.example");
    scene.issuer.accept_badge_user(one, first.as_bytes());
    scene.issuer.accept_badge_user(other, second.as_bytes());
    let options = ["--secret-stdin", "--set", "user=one@school.example"];
    scene.adding_here("app", "badges", &options).stdin(first).run().succeeds();
    scene.token("app");
    let edit = ["edit", "app", "--secret-stdin", "--set", "user=other@school.example"];
    scene.world.mintage(edit).stdin(second).run().succeeds();
    scene.token("app");
    let form = scene.form();
    assert_eq!((&*form["grant_type"], &*form["username"]), ("password", other));
}

#[test]
fn a_source_is_set_and_cleared() {
    let (scene, secret) = (Scene::new(), canary());
    for (name, token) in [("one", &secret), ("two", &canary())] {
        scene.issuer.accept_subject_token(token);
        scene.adding(name, "static", &["--secret-stdin"]).stdin(&**token).run().succeeds();
    }
    scene.issuer.accept_pair("client", secret.as_bytes());
    let options = ["--from", "two", "--client-id", "client", "--secret-stdin"];
    scene.adding_oauth("app", "token-exchange", &options).stdin(&*secret).run().succeeds();
    scene.world.run(["edit", "app", "--from", "one"]).succeeds();
    scene.token("app");
    assert_eq!(scene.form()["subject_token"], secret);
    scene.world.run(["edit", "app", "--clear", "from"]).exits(2).says("the profile to mint from");
    assert_eq!(scene.show("app")["from"], "one");
}

#[test]
fn a_source_is_refused_where_nothing_is_minted_from_one() {
    let (scene, _) = signing(&[]);
    scene.world.run(["edit", "app", "--from", "other"]).exits(2);
}

#[test]
fn where_a_person_logs_in_moves_along_with_the_place() {
    let scene = Scene::new();
    let login = ["--client-id", "app", "--secret-stdin", "--no-login"];
    let add = scene.adding("studio", "studio", &login).args(["--base-url", "https://old.example"]);
    add.stdin("secret-of-the-app").run().succeeds();
    scene.world.run(["edit", "studio", "--base-url", "https://new.example"]).succeeds();
    let shown = scene.show("studio");
    assert!(shown["options"].to_string().contains("https://new.example/api"), "{shown}");
    assert!(!shown.to_string().contains("old.example"), "{shown}");
}
