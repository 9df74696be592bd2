//! GitHub Apps: a JWT of the app's for the token of one installation.

use serde_json::{Value, json};

use crate::issuer::{Fault, SigningKey};
use crate::scene::{Scene, now};
use crate::second;

const APP: &str = "Iv1.0a1b2c3d";
const MINT: &str = "/app/installations/42/access_tokens";

/// A profile `app` of installation 42.
pub fn scene(options: &[&str]) -> (Scene, SigningKey) {
    let (scene, key) = (Scene::new(), SigningKey::rsa());
    scene.issuer.accept_github_app(APP, 42, key.public_pem());
    scene.write("app.pem", key.private_pem());
    let all = ["--key-file", "app.pem", "--client-id", APP, "--set", "installation=42"];
    scene.adding_here("app", "github-app", &all).args(options).run().succeeds();
    (scene, key)
}

#[track_caller]
fn asked(scene: &Scene) -> Value {
    serde_json::from_slice(&scene.last().body).expect("JSON")
}

#[test]
fn the_app_shows_a_jwt_that_lives_for_ten_minutes() {
    let (scene, key) = scene(&[]);
    let token = scene.token("app");
    assert_eq!(scene.issuer.tokens(), [token]);
    let seen = scene.last();
    assert_eq!((&*seen.method, &*seen.target), ("POST", MINT));
    let jwt = seen.bearer().expect("a bearer").to_owned();
    let verified = second::verified(&jwt, &json!(key.public_pem()), "RS256", None);
    let (iat, exp) = (&verified.claims["iat"], &verified.claims["exp"]);
    let (iat, exp) = (iat.as_i64().expect("iat"), exp.as_i64().expect("exp"));
    assert_eq!(verified.claims, json!({ "iss": APP, "iat": iat, "exp": exp }));
    assert!(exp - iat <= 600 && exp <= now() + 600 && iat <= now());
    assert_eq!(asked(&scene), json!({}));
}

#[test]
fn the_token_is_cut_to_repositories_and_permissions() {
    let cut =
        ["--set", "repositories=one, two", "--set", "permissions=contents=read, issues=write"];
    let (scene, _) = scene(&cut);
    scene.issuer.github_repositories(&["one", "two", "three"]);
    scene.token("app");
    let expected = json!({
        "repositories": ["one", "two"],
        "permissions": { "contents": "read", "issues": "write" },
    });
    assert_eq!(asked(&scene), expected);
}

#[test]
fn what_the_installation_does_not_have_is_told() {
    let (scene, _) = scene(&["--set", "permissions=contents=write"]);
    let ran = scene.world.run(["token", "app"]).exits(10);
    ran.says("422").says("`repositories` and `permissions`");
}

#[test]
fn another_installation_is_told() {
    let (scene, key) = (Scene::new(), SigningKey::rsa());
    scene.issuer.accept_github_app(APP, 7, key.public_pem());
    scene.write("app.pem", key.private_pem());
    let all = ["--key-file", "app.pem", "--client-id", APP, "--set", "installation=42"];
    scene.adding_here("app", "github-app", &all).run().succeeds();
    scene.world.run(["token", "app"]).exits(10).says("404").says("one of this app");
}

#[test]
fn a_key_of_another_app_is_told() {
    let (scene, _) = scene(&[]);
    scene.write("other.pem", SigningKey::rsa().private_pem());
    scene.world.run(["edit", "app", "--key-file", "other.pem"]).succeeds();
    let ran = scene.world.run(["token", "app"]).exits(7);
    ran.says("could not be decoded").says("mintage key public app").says("must be one of this app");
}

#[test]
fn its_life_is_counted_by_the_clock_of_the_server() {
    let (scene, _) = scene(&[]);
    // Its date and its end are both an hour behind what is true here.
    let now = jiff::Timestamp::now().as_second() - 3600;
    let time = |second| jiff::Timestamp::from_second(second).expect("a time");
    let date = time(now).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let body = json!({ "token": "ghs_of-a-test", "expires_at": time(now + 1800).to_string() });
    let headers =
        vec![("Content-Type".to_owned(), "application/json".to_owned()), ("Date".to_owned(), date)];
    let body = body.to_string().into_bytes();
    scene.issuer.fault_once(Fault::Status { status: 201, headers, body });
    let expires_in = scene.lease("app")["expires_in"].as_i64().expect("a number");
    assert!((1790..=1800).contains(&expires_in), "{expires_in}");
}

#[test]
fn a_token_lives_as_long_as_the_reply_says() {
    let (scene, _) = scene(&[]);
    scene.issuer.token_life(1200);
    let expires_in = scene.lease("app")["expires_in"].as_i64().expect("a number");
    assert!((1190..=1201).contains(&expires_in), "{expires_in}");
}

#[test]
fn an_installation_that_is_no_number_is_refused() {
    let scene = Scene::new();
    scene.write("app.pem", SigningKey::rsa().private_pem());
    let all = ["--key-file", "app.pem", "--client-id", APP];
    for set in ["installation=../user", "installation=4 2", "installation=octo"] {
        let add = scene.adding_here("app", "github-app", &all).args(["--set", set]);
        add.run().exits(2).says("number");
    }
    scene.adding_here("app", "github-app", &all).run().exits(2).says("installation");
}

#[test]
fn permissions_that_are_none_are_refused() {
    let (scene, _) = scene(&[]);
    for set in ["permissions=contents", "permissions=contents=all", "permissions=,"] {
        scene.world.run(["edit", "app", "--set", set]).exits(2);
    }
}

#[test]
fn it_has_no_scope() {
    let (scene, _) = scene(&[]);
    scene.world.run(["token", "app", "--scope", "repo"]).exits(2);
}

/// The key is for the endpoint that was given and shown, and for nothing else.
#[test]
fn another_token_url_is_where_the_app_shows_its_jwt() {
    let (scene, key) = (Scene::new(), SigningKey::rsa());
    scene.issuer.accept_github_app(APP, 42, key.public_pem());
    scene.write("app.pem", key.private_pem());
    let url = format!("{}/app/installations", scene.issuer.url());
    let all = ["--key-file", "app.pem", "--client-id", APP, "--set", "installation=42"];
    let add = scene.adding("app", "github-app", &all).args(["--token-url", &url]);
    add.run().succeeds();
    let token = scene.token("app");
    assert_eq!(scene.issuer.tokens(), [token]);
}
