//! `oauth2`: every way for a client to prove itself, and what it can ask for.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::issuer::SigningKey;
use crate::scene::{Scene, canary, now};
use crate::second::{self, Verified};

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A profile `app` with this secret, which the issuer knows.
fn with_secret(secret: &str, options: &[&str]) -> Scene {
    let scene = Scene::new();
    scene.issuer.accept_pair("app", secret.as_bytes());
    let pair = ["--client-id", "app", "--secret-stdin"];
    let add = scene.adding_oauth("app", "oauth2", &pair).args(options);
    add.stdin(secret).run().succeeds().hides(secret);
    scene
}

/// A profile `app` with this key, which the issuer knows.
fn with_key(key: &SigningKey, options: &[&str]) -> Scene {
    let scene = Scene::new();
    scene.issuer.accept_key("app", key.public_pem());
    scene.write("key.pem", key.private_pem());
    let all = ["--client-id", "app", "--key-file", "key.pem"];
    scene.adding_oauth("app", "oauth2", &all).args(options).run().succeeds();
    scene
}

/// The form of the last request without its assertion, which is checked and given back.
#[track_caller]
fn assertion(scene: &Scene, key: &Value, alg: &str) -> (BTreeMap<String, String>, Verified) {
    let mut form = scene.form();
    let assertion = form.remove("client_assertion").expect("an assertion");
    assert_eq!(form.remove("client_assertion_type").as_deref(), Some(ASSERTION_TYPE));
    (form, second::verified(&assertion, key, alg, Some(&scene.token_url())))
}

#[track_caller]
fn is_form(form: &BTreeMap<String, String>, expected: &[(&str, &str)]) {
    let found: Vec<_> = form.iter().map(|(name, value)| (&**name, &**value)).collect();
    assert_eq!(found, expected);
}

#[track_caller]
fn signs(key: &SigningKey, options: &[&str], alg: &str) {
    let scene = with_key(key, options);
    let token = scene.token("app");
    assert_eq!(scene.issuer.tokens(), [token]);
    let (form, Verified { header, claims }) = assertion(&scene, &json!(key.public_pem()), alg);
    is_form(&form, &[("client_id", "app"), ("grant_type", "client_credentials")]);
    assert_eq!(header, json!({ "typ": "JWT", "alg": alg }));
    let (iat, jti) = (claims["iat"].as_i64().expect("iat"), claims["jti"].clone());
    assert!((now() - 5..=now()).contains(&iat));
    let expected = json!({ "iss": "app", "sub": "app", "aud": scene.token_url(), "iat": iat,
        "exp": iat + 300, "jti": jti });
    assert_eq!(claims, expected);
}

#[test]
fn a_key_of_rsa_signs_by_rs256() {
    signs(&SigningKey::rsa(), &[], "RS256");
}

#[test]
fn a_key_of_rsa_signs_by_ps256_where_that_is_set() {
    signs(&SigningKey::rsa(), &["--set", "alg=PS256"], "PS256");
}

#[test]
fn a_key_of_p256_signs_by_es256() {
    signs(&SigningKey::p256(), &[], "ES256");
}

#[test]
fn a_key_of_ed25519_signs_by_eddsa() {
    signs(&SigningKey::ed25519(), &[], "EdDSA");
}

#[test]
fn a_key_does_not_sign_in_another_way_than_it_can() {
    for (key, alg) in [(SigningKey::p256(), "RS256"), (SigningKey::ed25519(), "ES256")] {
        let scene = with_key(&key, &["--set", &format!("alg={alg}")]);
        scene.world.run(["token", "app"]).exits(1).says("`alg`");
        assert_eq!(scene.issuer.connections(), 0);
    }
}

#[test]
fn a_secret_signs_by_hs256() {
    let secret = canary();
    let scene = with_secret(&secret, &["--auth", "client-secret-jwt"]);
    scene.token("app");
    let (form, verified) = assertion(&scene, &json!(secret), "HS256");
    is_form(&form, &[("client_id", "app"), ("grant_type", "client_credentials")]);
    assert_eq!(verified.claims["iss"], "app");
}

#[test]
fn an_assertion_says_which_key_and_for_whom_where_that_is_set() {
    let key = SigningKey::p256();
    let audience = "https://issuer.example";
    let set = format!("assertion-audience={audience}");
    let scene = with_key(&key, &["--set", "kid=k 1", "--set", &set]);
    scene.issuer.expect_audience(audience);
    scene.token("app");
    let jwt = &scene.form()["client_assertion"];
    let verified = second::verified(jwt, &json!(key.public_pem()), "ES256", Some(audience));
    assert_eq!(verified.header["kid"], "k 1");
}

#[test]
fn no_assertion_is_used_twice() {
    let key = SigningKey::ed25519();
    let scene = with_key(&key, &[]);
    // The double refuses a `jti` that it has seen.
    for _ in 0..2 {
        scene.world.run(["token", "app", "--fresh"]).succeeds();
    }
    assert_eq!(scene.issuer.assertions().len(), 2);
}

#[test]
fn a_key_that_the_issuer_does_not_know_is_told() {
    let scene = with_key(&SigningKey::p256(), &[]);
    scene.write("other.pem", SigningKey::p256().private_pem());
    scene.world.run(["edit", "app", "--key-file", "other.pem"]).succeeds();
    let ran = scene.world.run(["token", "app"]).exits(7);
    ran.says("the signature is wrong").says("mintage key public app");
    assert_eq!(scene.issuer.logins(), 1);
}

#[test]
fn basic_has_id_and_secret_form_encoded() {
    let secret = format!("{}:+ %/\u{e9}", canary());
    let scene = with_secret(&secret, &[]);
    scene.token("app");
    is_form(&scene.form(), &[("grant_type", "client_credentials")]);
    let (_, shown) = scene.last().basic().expect("Basic");
    assert!(shown.ends_with(b"%3A%2B+%25%2F%C3%A9"), "{}", shown.escape_ascii());
}

#[test]
fn raw_basic_has_them_as_they_are() {
    let secret = canary();
    let scene = with_secret(&secret, &["--auth", "basic-raw"]);
    scene.token("app");
    let (id, shown) = scene.last().basic().expect("Basic");
    assert_eq!((id.as_slice(), shown.as_slice()), (&b"app"[..], secret.as_bytes()));
}

#[test]
fn post_has_them_in_the_body() {
    let secret = canary();
    let scene = with_secret(&secret, &["--auth", "post"]);
    scene.token("app");
    let expected =
        [("client_id", "app"), ("client_secret", &*secret), ("grant_type", "client_credentials")];
    is_form(&scene.form(), &expected);
    assert_eq!(scene.last().header("Authorization"), None);
}

#[test]
fn none_shows_the_id_alone() {
    let scene = Scene::new();
    scene.issuer.accept_public_client("app");
    let options = ["--client-id", "app", "--auth", "none"];
    scene.adding_oauth("app", "oauth2", &options).run().succeeds();
    // RFC 6749, 4.4: this grant is for confidential clients; the double says so.
    scene.world.run(["token", "app"]).exits(7).says("unauthorized_client");
    is_form(&scene.form(), &[("client_id", "app"), ("grant_type", "client_credentials")]);
    assert_eq!(scene.last().header("Authorization"), None);
}

#[test]
fn everything_that_can_be_asked_for_is_in_the_form() {
    let options = [
        "--scope",
        "a b",
        "--scope",
        "c",
        "--audience",
        "https://api",
        "--resource",
        "https://r/",
        "--param",
        "tenant=x&y",
        "--param",
        "format=jwt",
    ];
    let scene = with_secret(&canary(), &options);
    scene.token("app");
    let expected = [
        ("audience", "https://api"),
        ("format", "jwt"),
        ("grant_type", "client_credentials"),
        ("resource", "https://r/"),
        ("scope", "a b c"),
        ("tenant", "x&y"),
    ];
    is_form(&scene.form(), &expected);
}

#[test]
fn a_wrong_secret_is_refused_once_with_the_ways_there_are() {
    let scene = with_secret(&canary(), &[]);
    let wrong = canary();
    let edit = scene.world.mintage(["edit", "app", "--secret-stdin"]).stdin(&*wrong);
    edit.run().succeeds().hides(&wrong);
    let ran = scene.world.run(["token", "app"]).exits(7).hides(&wrong);
    ran.says("invalid_client").says("basic-raw or post");
    assert_eq!(scene.issuer.logins(), 1);
}

#[test]
fn a_style_that_shows_what_is_not_there_is_refused() {
    let (scene, secret) = (Scene::new(), canary());
    let pair = ["--client-id", "app", "--secret-stdin", "--auth", "private-key-jwt"];
    let ran = scene.adding_oauth("app", "oauth2", &pair).stdin(&*secret).run();
    ran.exits(2).says("private key").hides(&secret);
    scene.write("key.pem", SigningKey::p256().private_pem());
    let key = ["--client-id", "app", "--key-file", "key.pem", "--auth", "tls"];
    scene.adding_oauth("app", "oauth2", &key).run().exits(2).says("client certificate");
}
