//! Clients that prove themselves by a certificate (RFC 8705): the one that an authority gave them, or
//! the one that the server was told of.

use rcgen::{CertificateParams, KeyPair};
use serde_json::{Value, json};

use crate::scene::Scene;
use crate::world::Call;

const NAME: &str = "client.example";

/// `add prod` with the certificate and key in `client.pem`, where the server asks for one.
fn adding(scene: &Scene, pem: &str) -> Call {
    scene.write("client.pem", pem);
    let url = format!("{}/token", scene.issuer.mtls_url());
    let add = ["add", "prod", "--preset", "oauth2", "--ca-file", "ca.pem", "--token-url", &url];
    let call = scene.world.mintage(add).args(["--client-id", &scene.canary.id]);
    call.args(["--auth", "tls", "--cert-file", "client.pem"])
}

/// A client that the server knows by the name in a certificate of its authority.
fn named() -> Scene {
    Scene::without_secret(&json!({
        "token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": NAME,
    }))
}

/// Certificate and key in one text, for a client of this name.
fn certified(scene: &Scene, name: &str) -> String {
    let made = scene.issuer.authority().client(name);
    format!("{}{}", made.cert, made.key)
}

/// A certificate that vouches for itself, and the same with its key.
fn self_signed() -> (String, String) {
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new([NAME.to_owned()]).expect("a name");
    let cert = params.self_signed(&key).expect("a certificate").pem();
    let whole = format!("{cert}{}", key.serialize_pem());
    (cert, whole)
}

/// A client that the server knows by this very certificate.
fn known_by(cert: &str) -> Value {
    json!({
        "token_endpoint_auth_method": "self_signed_tls_client_auth", "certificates": [cert],
    })
}

#[test]
fn a_certificate_of_the_authority_proves_the_client() {
    let scene = named();
    adding(&scene, &certified(&scene, NAME)).run().succeeds();
    scene.live_token();
    let login = scene.only_login();
    assert_eq!((&login["certificate"], &login["status"]), (&json!(true), &json!(200)));
    assert_eq!(login["parameters"], json!(["grant_type", "client_id"]));
}

#[test]
fn the_endpoint_for_those_with_a_certificate_is_found_in_the_metadata() {
    let scene = named();
    scene.write("client.pem", &certified(&scene, NAME));
    scene.adding_id(&["--cert-file", "client.pem"]).run().succeeds();
    let shown = scene.run(["show", "prod", "--json"]).succeeds().json();
    assert_eq!(shown["endpoint"], format!("{}/token", scene.issuer.mtls_url()));
    assert_eq!(shown["auth"], "tls");
    scene.live_token();
    scene.run(["check", "prod"]).succeeds();
}

#[test]
fn a_token_is_asked_about_and_taken_back_with_the_certificate() {
    let scene = named();
    scene.write("client.pem", &certified(&scene, NAME));
    scene.adding_id(&["--cert-file", "client.pem"]).run().succeeds();
    let said = scene.with_agent(["inspect", "prod", "--introspect", "--json"]).succeeds().json();
    assert_eq!(said["issuer_says"]["active"], true);
    let token = scene.token();
    scene.with_agent(["revoke", "prod"]).succeeds().says("taken back");
    assert!(!scene.issuer.is_live(&token));
}

#[test]
fn a_certificate_of_somebody_else_is_refused() {
    let scene = named();
    adding(&scene, &certified(&scene, "somebody.example")).run().succeeds();
    scene.run(["token", "prod"]).exits(7).says("invalid_client");
}

#[test]
fn a_certificate_of_no_authority_is_refused_where_one_is_wanted() {
    let scene = named();
    adding(&scene, &self_signed().1).run().succeeds();
    scene.run(["token", "prod"]).exits(7).says("invalid_client");
}

#[test]
fn a_certificate_that_the_server_was_told_of_proves_the_client() {
    let (cert, whole) = self_signed();
    let scene = Scene::without_secret(&known_by(&cert));
    adding(&scene, &whole).run().succeeds();
    scene.live_token();
    assert_eq!(scene.only_login()["certificate"], true);
}

#[test]
fn another_certificate_with_the_same_name_is_refused() {
    let scene = Scene::without_secret(&known_by(&self_signed().0));
    adding(&scene, &self_signed().1).run().succeeds();
    scene.run(["token", "prod"]).exits(7).says("invalid_client");
}

#[test]
fn a_token_that_is_bound_to_the_certificate_is_given_to_who_shows_it() {
    let mut client = json!({
        "token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": NAME,
    });
    client["tls_client_certificate_bound_access_tokens"] = true.into();
    let scene = Scene::without_secret(&client);
    adding(&scene, &certified(&scene, NAME)).run().succeeds();
    scene.live_token();
}

#[test]
fn the_key_of_a_certificate_is_never_shown() {
    let scene = named();
    let pem = certified(&scene, NAME);
    let key = pem.split("PRIVATE KEY-----").nth(1).expect("the key").trim().to_owned();
    let line = key.lines().next().expect("a line").to_owned();
    adding(&scene, &pem).run().succeeds().hides(&line);
    for words in [&["show", "prod", "--json"][..], &["list", "--json"], &["token", "prod"]] {
        scene.run(words).succeeds().hides(&line);
    }
}
