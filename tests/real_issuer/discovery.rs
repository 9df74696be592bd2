//! `add --issuer` with metadata that a real server publishes (OpenID Connect Discovery).

use serde_json::{Value, json};

use crate::issuer::SigningKey;
use crate::scene::Scene;

#[test]
fn the_token_endpoint_is_found_in_the_metadata() {
    let scene = Scene::new();
    let url = scene.issuer.url();
    let said = format!("issuer `{url}`: tokens from {url}/token");
    scene.adding(&[]).run().succeeds().says(&said);
    let shown = scene.run(["show", "prod", "--json"]).succeeds().json();
    assert_eq!(shown["endpoint"], format!("{url}/token"));
}

#[test]
fn basic_is_chosen_among_all_the_styles_that_it_offers() {
    let scene = Scene::new();
    scene.add(&[]);
    let shown = scene.run(["show", "prod", "--json"]).succeeds().json();
    assert_eq!(shown["auth"], "basic");
}

/// The style of a profile that is added with this, and its client's metadata.
fn chosen(client: &Value, options: &[&str], files: &[(&str, &str)]) -> Value {
    let scene = Scene::without_secret(client);
    for (name, text) in files {
        scene.write(name, text);
    }
    scene.adding_id(options).run().succeeds();
    scene.run(["show", "prod", "--json"]).succeeds().json()["auth"].take()
}

#[test]
fn a_signed_assertion_is_chosen_where_there_is_a_key() {
    let key = SigningKey::p256();
    let client = json!({
        "token_endpoint_auth_method": "private_key_jwt", "public_keys": [key.public_pem()],
    });
    let files = [("key.pem", key.private_pem())];
    assert_eq!(chosen(&client, &["--key-file", "key.pem"], &files), "private-key-jwt");
}

#[test]
fn nothing_is_chosen_where_there_is_nothing_but_an_id() {
    let client = json!({
        "token_endpoint_auth_method": "none",
        "grant_types": ["authorization_code", "refresh_token"],
        "redirect_uris": ["http://127.0.0.1/callback"],
    });
    let options = ["--preset", "oauth2-refresh", "--no-login"];
    assert_eq!(chosen(&client, &options, &[]), "none");
}

#[test]
fn the_pages_for_a_login_are_found_in_the_metadata() {
    let scene = Scene::new();
    let url = scene.issuer.url();
    for (preset, name, page) in [
        ("oauth2-refresh", "authorize-url", format!("{url}/auth")),
        ("oauth2-device", "device-url", format!("{url}/device/auth")),
    ] {
        let add = ["add", preset, "--preset", preset, "--no-login", "--client-id", "somebody"];
        let options = ["--ca-file", "ca.pem", "--issuer", &url];
        scene.world.mintage(add).args(options).run().succeeds();
        let shown = scene.run(["show", preset, "--json"]).succeeds().json();
        assert_eq!(shown["options"], json!([[name, page]]));
    }
}

#[test]
fn its_metadata_are_found_in_the_second_of_the_usual_places() {
    let scene = Scene::new();
    scene.add(&[]);
    let asked: Vec<_> = scene.issuer.requests().iter().map(|it| it["status"].clone()).collect();
    assert_eq!(asked, [json!(404), json!(200)]);
}

#[test]
fn adding_without_verifying_sends_no_credential() {
    let scene = Scene::new();
    scene.add(&[]);
    assert_eq!(scene.issuer.logins().len(), 0);
}

#[test]
fn the_same_server_under_another_name_is_another_issuer() {
    let scene = Scene::new();
    let other = scene.issuer.url().replace("127.0.0.1", "localhost");
    let add = ["add", "prod", "--stdin", "--ca-file", "ca.pem", "--issuer", &other];
    let ran = scene.world.mintage(add).stdin(scene.canary.pair()).run();
    ran.exits(10).says("another issuer").hides(&scene.canary.secret);
}

#[test]
fn a_server_whose_authority_is_not_trusted_is_told_nothing() {
    let scene = Scene::new();
    let add = ["add", "prod", "--stdin", "--issuer", &scene.issuer.url()];
    let ran = scene.world.mintage(add).stdin(scene.canary.pair()).run();
    ran.exits(10).says("--ca-file").hides(&scene.canary.secret);
    assert_eq!(scene.issuer.requests().len(), 0);
}
