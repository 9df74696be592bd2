//! RFC 7523: an assertion is the grant, as Google's service accounts have it.

use serde_json::{Value, json};

use crate::issuer::SigningKey;
use crate::scene::{Scene, canary, now, text};
use crate::second;

const ACCOUNT: &str = "robot@project.iam.example";

/// What `gcloud iam service-accounts keys create` writes.
fn account(key: &SigningKey, token_uri: &str) -> Value {
    json!({
        "type": "service_account",
        "project_id": "project",
        "private_key_id": "0a1b2c",
        "private_key": key.private_pem(),
        "client_email": ACCOUNT,
        "client_id": "1234567890",
        "auth_uri": "https://accounts.example/o/oauth2/auth",
        "token_uri": token_uri,
        "universe_domain": "example",
    })
}

/// A profile `robot` from such a file, whose key the issuer knows.
fn scene(options: &[&str]) -> (Scene, SigningKey) {
    let (scene, key) = (Scene::new(), SigningKey::rsa());
    scene.issuer.accept_key(ACCOUNT, key.public_pem());
    scene.write("robot.json", account(&key, &scene.token_url()).to_string());
    let add = scene.adding("robot", "jwt-bearer", &["--key-file", "robot.json"]).args(options);
    add.run().succeeds();
    (scene, key)
}

#[test]
fn the_file_of_a_service_account_says_all_that_is_needed() {
    let (scene, key) = scene(&["--scope", "drive", "--scope", "mail"]);
    let token = scene.token("robot");
    assert_eq!(scene.issuer.tokens(), [token]);
    let mut form = scene.form();
    let assertion = form.remove("assertion").expect("an assertion");
    let found: Vec<_> = form.iter().map(|(name, value)| (&**name, &**value)).collect();
    let grant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
    assert_eq!(found, [("grant_type", grant), ("scope", "drive mail")]);
    let (public, audience) = (json!(key.public_pem()), scene.token_url());
    let verified = second::verified(&assertion, &public, "RS256", Some(&audience));
    let Value::Object(mut claims) = verified.claims else { unreachable!("claims are an object") };
    let (iat, exp) = (claims["iat"].as_i64().expect("iat"), claims["exp"].as_i64().expect("exp"));
    assert!((now() - 5..=now()).contains(&iat));
    assert_eq!(exp - iat, 3600);
    claims.retain(|name, _| !["iat", "exp", "jti"].contains(&name.as_str()));
    let expected =
        json!({ "iss": ACCOUNT, "aud": audience, "sub": ACCOUNT, "scope": "drive mail" });
    assert_eq!(Value::Object(claims), expected);
    assert_eq!(verified.header, json!({ "typ": "JWT", "alg": "RS256", "kid": "0a1b2c" }));
}

#[test]
fn what_is_set_goes_into_the_assertion() {
    let options = ["subject=boss@project.example", "issuer=someone", "life=60", "alg=PS256"];
    let sets = options.iter().flat_map(|set| ["--set", set]).collect::<Vec<_>>();
    let (scene, key) = scene(&sets);
    // The double takes RS256 alone; what was sent is what counts.
    scene.world.run(["token", "robot"]).exits(7);
    let (public, audience) = (json!(key.public_pem()), scene.token_url());
    let claims = second::verified(&scene.form()["assertion"], &public, "PS256", Some(&audience));
    let claims = claims.claims;
    let found = (text(&claims, "sub"), text(&claims, "iss"));
    assert_eq!(found, ("boss@project.example", "someone"));
    let life = claims["exp"].as_i64().zip(claims["iat"].as_i64()).map(|(exp, iat)| exp - iat);
    assert_eq!(life, Some(60));
}

#[test]
fn the_audience_is_what_is_set() {
    let (scene, key) = scene(&["--set", "assertion-audience=https://login.example"]);
    scene.issuer.expect_audience("https://login.example");
    scene.token("robot");
    let assertion = &scene.form()["assertion"];
    second::verified(assertion, &json!(key.public_pem()), "RS256", Some("https://login.example"));
}

#[test]
fn no_assertion_is_like_another() {
    let (scene, _) = scene(&[]);
    let ids: Vec<String> = (0..2)
        .map(|_| {
            scene.world.run(["token", "robot", "--fresh"]).succeeds();
            scene.issuer.assertions().pop().expect("one")["claims"]["jti"].to_string()
        })
        .collect();
    assert_ne!(ids[0], ids[1]);
}

#[test]
fn a_key_that_was_deleted_is_refused_with_what_may_be_wrong() {
    let (scene, key) = (Scene::new(), SigningKey::rsa());
    scene.write("robot.json", account(&key, &scene.token_url()).to_string());
    scene.adding("robot", "jwt-bearer", &["--key-file", "robot.json"]).run().succeeds();
    let ran = scene.world.run(["token", "robot"]).exits(7);
    ran.says("deleted or disabled").says("clock of this machine");
    assert_eq!(scene.issuer.logins(), 1);
}

#[test]
fn a_token_endpoint_that_is_given_goes_before_that_of_the_file() {
    let (scene, key) = (Scene::new(), SigningKey::rsa());
    scene.issuer.accept_key(ACCOUNT, key.public_pem());
    let elsewhere = format!("{}/oauth/token", scene.elsewhere.url());
    scene.write("robot.json", account(&key, &elsewhere).to_string());
    scene.adding_oauth("robot", "jwt-bearer", &["--key-file", "robot.json"]).run().succeeds();
    scene.token("robot");
    assert_eq!(scene.elsewhere.connections(), 0);
}

#[test]
fn a_file_that_names_a_plain_http_endpoint_is_refused() {
    let (scene, key) = (Scene::new(), SigningKey::rsa());
    scene.write("robot.json", account(&key, "http://login.example/token").to_string());
    scene
        .adding("robot", "jwt-bearer", &["--key-file", "robot.json"])
        .run()
        .exits(2)
        .says("plain http");
}

#[test]
fn a_plain_key_needs_an_id_and_a_place() {
    let (scene, key) = (Scene::new(), SigningKey::rsa());
    scene.issuer.accept_key("issuer-1", key.public_pem());
    scene.write("key.pem", key.private_pem());
    let options = ["--key-file", "key.pem", "--client-id", "issuer-1"];
    scene.adding("robot", "jwt-bearer", &options).run().exits(2).says("--token-url");
    scene.adding_oauth("robot", "jwt-bearer", &options[..2]).run().exits(2).says("client id");
    scene.adding_oauth("robot", "jwt-bearer", &options).run().succeeds();
    scene.token("robot");
}

#[test]
fn without_a_key_it_is_not_added() {
    let scene = Scene::new();
    let options = ["--client-id", "a", "--secret-stdin"];
    let ran = scene.adding_oauth("robot", "jwt-bearer", &options).stdin(canary()).run();
    ran.exits(2).says("--key-file");
}
