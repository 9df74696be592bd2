//! `add --issuer`: the issuer's metadata are read once, judged, shown and sealed.

use serde_json::{Value, json};

use crate::issuer::{Fault, Issuer};
use crate::scene::{OAUTH, OPENID, Scene, metadata, publishes};
use crate::world::Ran;

fn add(scene: &Scene, issuer: &str) -> Ran {
    let call = scene.adding_at("prod", &["--issuer", issuer]);
    call.run().hides(&scene.canary.secret)
}

fn own_endpoint(issuer: &Issuer) -> String {
    format!("{}/oauth/token", issuer.url())
}

/// What was asked for, in order.
fn asked(issuer: &Issuer) -> Vec<String> {
    issuer.requests().iter().map(|it| format!("{} {}", it.method, it.target)).collect()
}

/// These metadata are refused with this code, and nothing is saved or sent.
#[track_caller]
fn refuses(document: Fault, code: i32) -> Ran {
    let scene = Scene::new();
    scene.issuer.document(OAUTH, document);
    let ran = add(&scene, &scene.issuer.url()).exits(code);
    assert_eq!(scene.world.records().len(), 0);
    assert_eq!((scene.issuer.logins(), scene.elsewhere.connections()), (0, 0));
    ran
}

/// The metadata with one thing set, or left out where it is `null`.
fn with(name: &str, value: Value) -> Value {
    let mut document = metadata("ISSUER", "ISSUER/oauth/token");
    let fields = document.as_object_mut().expect("an object");
    if value.is_null() {
        fields.remove(name);
    } else {
        fields.insert(name.to_owned(), value);
    }
    document
}

/// A scene whose issuer publishes these, `ISSUER` in it standing for its URL.
fn publishing(document: &Value) -> Scene {
    let scene = Scene::new();
    let text = document.to_string().replace("ISSUER", &scene.issuer.url());
    scene.issuer.document(OAUTH, Fault::Json(text));
    scene
}

#[test]
fn the_endpoint_is_found_shown_and_sealed() {
    let scene = Scene::new();
    publishes(&scene.issuer);
    let url = scene.issuer.url();
    add(&scene, &url).succeeds().says(&format!("issuer `{url}`: tokens from {url}/oauth/token"));
    let shown = scene.show("prod");
    assert_eq!((&shown["issuer"], &shown["endpoint"]), (&json!(url), &json!(url + "/oauth/token")));
    assert_eq!(shown["preset"], "oauth2");
    assert_eq!(asked(&scene.issuer), [format!("GET {OAUTH}")]);
    scene.run(&["token", "prod"]).succeeds();
}

#[test]
fn nothing_of_the_credential_is_sent_for_metadata() {
    let scene = Scene::new();
    publishes(&scene.issuer);
    add(&scene, &scene.issuer.url()).succeeds();
    let requests = scene.issuer.requests();
    assert!(requests[0].header("Authorization").is_none() && requests[0].body.is_empty());
    assert!(!crate::scene::carries(&requests, &scene.canary.secret));
}

#[test]
fn the_path_of_an_issuer_comes_behind_the_well_known_one() {
    let scene = Scene::new();
    let issuer = format!("{}/tenant/7", scene.issuer.url());
    let document = metadata(&issuer, &own_endpoint(&scene.issuer));
    scene.issuer.document(&format!("{OAUTH}/tenant/7"), Fault::Json(document.to_string()));
    add(&scene, &issuer).succeeds();
    assert_eq!(asked(&scene.issuer), [format!("GET {OAUTH}/tenant/7")]);
}

#[test]
fn a_final_slash_of_the_issuer_means_nothing() {
    let scene = Scene::new();
    publishes(&scene.issuer);
    add(&scene, &format!("{}/", scene.issuer.url())).succeeds();
    assert_eq!(scene.show("prod")["issuer"], scene.issuer.url());
}

#[test]
fn openid_connect_is_asked_where_the_first_place_has_nothing() {
    let scene = Scene::new();
    let issuer = format!("{}/tenant", scene.issuer.url());
    let document = metadata(&issuer, &own_endpoint(&scene.issuer));
    scene.issuer.document(&format!("/tenant{OPENID}"), Fault::Json(document.to_string()));
    add(&scene, &issuer).succeeds();
    let places = [format!("GET {OAUTH}/tenant"), format!("GET /tenant{OPENID}")];
    assert_eq!(asked(&scene.issuer), places);
    scene.run(&["token", "prod"]).succeeds();
}

#[test]
fn an_issuer_without_metadata_is_refused() {
    let scene = Scene::new();
    add(&scene, &scene.issuer.url()).exits(10).says("no metadata in the usual places");
    assert_eq!(asked(&scene.issuer).len(), 2);
    assert_eq!(scene.world.records().len(), 0);
}

#[test]
fn metadata_of_another_issuer_are_refused() {
    for other in ["https://issuer.example", "http://127.0.0.1", ""] {
        let document = with("issuer", json!(other));
        let scene = publishing(&document);
        add(&scene, &scene.issuer.url()).exits(10).says("another issuer");
    }
}

#[test]
fn metadata_of_a_tenant_do_not_do_for_another() {
    let scene = Scene::new();
    let document = metadata(&scene.issuer.url(), &own_endpoint(&scene.issuer));
    scene.issuer.document(&format!("{OAUTH}/tenant"), Fault::Json(document.to_string()));
    add(&scene, &format!("{}/tenant", scene.issuer.url())).exits(10).says("another issuer");
}

#[test]
fn a_redirect_is_not_followed() {
    for code in [301, 302, 303, 307, 308] {
        let scene = Scene::new();
        publishes(&scene.elsewhere);
        let to = format!("{}{OAUTH}", scene.elsewhere.url());
        scene.issuer.document(OAUTH, Fault::Redirect { code, to });
        add(&scene, &scene.issuer.url()).exits(10).says("no metadata");
        assert_eq!(scene.elsewhere.connections(), 0);
        assert_eq!(asked(&scene.issuer).len(), 2);
    }
}

#[test]
fn what_is_not_json_is_refused() {
    let html = vec![("Content-Type".to_owned(), "text/html".to_owned())];
    let body = b"<html>log in</html>".to_vec();
    refuses(Fault::Status { status: 200, headers: html, body }, 10);
    for text in ["", "{", "[]", "null", "\"text\"", "{}"] {
        refuses(Fault::Json(text.to_owned()), 10);
    }
}

#[test]
fn a_body_without_an_end_is_refused() {
    refuses(Fault::EndlessChunks, 10);
}

#[test]
fn a_huge_body_is_refused() {
    refuses(Fault::Huge { bytes: 40 << 20, content_length: true }, 10);
    refuses(Fault::GzipBomb, 10);
}

#[test]
fn an_issuer_that_is_not_ready_is_unreachable() {
    for status in [429, 500, 503] {
        refuses(Fault::Status { status, headers: Vec::new(), body: Vec::new() }, 8);
    }
    refuses(Fault::ResetBeforeHeaders, 8);
}

#[test]
fn metadata_without_a_usable_endpoint_are_refused() {
    for endpoint in [
        Value::Null,
        json!("http://issuer.example/t"),
        json!("https://u:p@issuer.example/t"),
        json!("/oauth/token"),
        json!("ftp://issuer.example/t"),
        json!(7),
    ] {
        let scene = publishing(&with("token_endpoint", endpoint));
        add(&scene, &scene.issuer.url()).exits(10);
        assert_eq!(scene.world.records().len(), 0);
    }
}

#[test]
fn an_issuer_that_does_not_offer_the_grant_is_refused() {
    let scene = publishing(&with("grant_types_supported", json!(["authorization_code"])));
    add(&scene, &scene.issuer.url()).exits(10).says("client_credentials");
}

#[test]
fn an_issuer_that_says_nothing_of_grants_is_taken() {
    let scene = publishing(&with("grant_types_supported", Value::Null));
    add(&scene, &scene.issuer.url()).succeeds();
}

/// The style that is chosen where the issuer offers these.
#[track_caller]
fn chooses(offered: Value, style: &str) {
    let scene = publishing(&with("token_endpoint_auth_methods_supported", offered));
    add(&scene, &scene.issuer.url()).succeeds();
    assert_eq!(scene.show("prod")["auth"], style);
    scene.run(&["token", "prod"]).succeeds();
    let request = scene.issuer.requests().pop().expect("a request");
    assert_eq!(request.basic().is_some(), style == "basic");
    assert_eq!(request.form_field("client_secret").is_some(), style == "post");
}

#[test]
fn basic_is_chosen_where_it_is_offered() {
    chooses(json!(["client_secret_post", "client_secret_basic"]), "basic");
}

#[test]
fn post_is_chosen_where_basic_is_not_offered() {
    chooses(json!(["private_key_jwt", "client_secret_post"]), "post");
}

#[test]
fn basic_is_taken_where_nothing_is_said() {
    chooses(Value::Null, "basic");
}

#[test]
fn a_style_that_is_given_goes_before_what_is_offered() {
    let scene =
        publishing(&with("token_endpoint_auth_methods_supported", json!(["client_secret_basic"])));
    let url = scene.issuer.url();
    scene.adding_at("prod", &["--issuer", &url, "--auth", "post"]).run().succeeds();
    assert_eq!(scene.show("prod")["auth"], "post");
}

#[test]
fn later_metadata_never_move_a_token_request() {
    let scene = Scene::new();
    publishes(&scene.issuer);
    add(&scene, &scene.issuer.url()).succeeds();
    let moved = metadata(&scene.issuer.url(), &own_endpoint(&scene.elsewhere));
    scene.issuer.document(OAUTH, Fault::Json(moved.to_string()));
    let before = asked(&scene.issuer).len();
    scene.run(&["token", "prod"]).succeeds();
    scene.run(&["exec", "prod", "--", "true"]).succeeds();
    assert_eq!(asked(&scene.issuer)[before..], ["POST /oauth/token", "POST /oauth/token"]);
    assert_eq!(scene.elsewhere.connections(), 0);
}

#[test]
fn the_issuer_is_asked_before_the_secret() {
    let scene = Scene::new();
    let url = scene.issuer.url();
    let add = ["add", "prod", "--ca-file", "ca.pem", "--issuer", &url];
    let ended = crate::pty::Desk::mintage(&scene.world, add).start().ends().exits(10);
    ended.hides("Client");
}

#[test]
fn an_issuer_that_is_not_trusted_is_refused() {
    let scene = Scene::new();
    publishes(&scene.issuer);
    let call = scene.world.mintage(["add", "prod", "--stdin", "--issuer", &scene.issuer.url()]);
    call.stdin(scene.canary.pair()).run().exits(10).says("--ca-file");
    assert_eq!(asked(&scene.issuer).len(), 0);
}

#[test]
fn an_issuer_with_a_query_is_none() {
    let scene = Scene::new();
    let ran = add(&scene, &format!("{}/?tenant=1", scene.issuer.url()));
    assert!([1, 2].contains(&ran.code), "{}", ran.code);
    assert_eq!(scene.issuer.connections(), 0);
}

#[test]
fn two_places_at_once_are_wrong_usage() {
    let scene = Scene::new();
    let url = scene.issuer.url();
    for other in ["--base-url", "--token-url"] {
        scene.adding_at("prod", &["--issuer", &url, other, &url]).run().exits(2);
    }
    assert_eq!(scene.issuer.connections(), 0);
}
