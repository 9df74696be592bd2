//! Plain http: only for a literal loopback address, and only where one was given at `add`.

use crate::issuer::{Fault, Issuer};
use crate::scene::{OAUTH, Scene, carries, metadata, publishes};

/// A profile at an issuer without TLS, which accepts it.
fn plain() -> (Scene, Issuer) {
    let (scene, plain) = (Scene::new(), Issuer::http());
    plain.accept_pair(&scene.canary.id, scene.canary.secret.as_bytes());
    scene.adding_at("prod", &["--base-url", &plain.url()]).run().succeeds();
    (scene, plain)
}

/// An https profile is refused plain http, with or without the secret, and nobody is asked.
#[track_caller]
fn stays_https(option: &str, path: &str) {
    let scene = Scene::with(&[]);
    let plain = Issuer::http();
    publishes(&plain);
    let before = scene.sealed();
    let url = format!("{}{path}", plain.url());
    let secret = scene.canary.secret.as_str();
    for more in [&[][..], &["--verify"], &["--secret-stdin"], &["--secret-stdin", "--verify"]] {
        let call = scene.edit(&[option, &url]).args(more).stdin(secret);
        call.run().exits(9).says("plain http").hides(secret);
    }
    assert_eq!(scene.sealed(), before);
    assert!(!carries(&plain.requests(), secret));
}

#[test]
fn an_https_profile_stays_so_by_base_url() {
    stays_https("--base-url", "");
}

#[test]
fn an_https_profile_stays_so_by_token_url() {
    stays_https("--token-url", "/oauth/token");
}

#[test]
fn an_https_profile_stays_so_by_issuer() {
    stays_https("--issuer", "");
}

#[test]
fn edits_by_tag_make_no_profile_plain() {
    let scene = Scene::with(&["--tag", "eu"]);
    let before = scene.sealed();
    let edit = ["edit", "--tag", "eu", "--yes", "--base-url", "http://127.0.0.1:1"];
    scene.run(&edit).exits(9);
    assert_eq!(scene.sealed(), before);
}

#[test]
fn every_other_host_is_refused_at_add_and_edit() {
    let (scene, _plain) = plain();
    let before = scene.sealed();
    for url in [
        "http://localhost:8080",
        "http://localhost.",
        "http://issuer.example",
        "http://10.0.0.1",
        "http://0.0.0.0",
        "http://127.0.0.1.nip.io",
        "http://[::ffff:127.0.0.1]",
        "http://[::]",
        "http://169.254.169.254",
    ] {
        for option in ["--base-url", "--token-url", "--issuer"] {
            scene.adding_at("new", &[option, url]).run().exits(2).says("plain http");
            scene.edit(&[option, url]).run().exits(2).says("plain http");
        }
    }
    assert_eq!(scene.sealed(), before);
}

#[test]
fn a_literal_loopback_url_at_add_is_taken_and_pointed_out() {
    let (scene, plain) = (Scene::new(), Issuer::http());
    plain.accept_pair(&scene.canary.id, scene.canary.secret.as_bytes());
    let call = scene.adding_at("prod", &["--base-url", &plain.url(), "--verify"]);
    call.run().succeeds().says("warning: its requests are not encrypted");
    assert_eq!(plain.logins(), 1);
}

#[test]
fn plain_http_is_shown() {
    let (scene, _plain) = plain();
    assert_eq!(scene.show("prod")["plain_http"], true);
    assert!(scene.run(&["show", "prod"]).succeeds().out().contains("plain_http"));
    scene.add("https", &[]);
    assert_eq!(scene.show("https")["plain_http"], false);
    assert!(!scene.run(&["show", "https"]).succeeds().out().contains("plain_http"));
}

#[test]
fn a_plain_profile_may_move_to_another_loopback_url() {
    let (scene, first) = plain();
    let second = Issuer::http();
    second.accept_pair(&scene.canary.id, scene.canary.secret.as_bytes());
    let ran = scene.edit(&["--base-url", &second.url()]).run().succeeds();
    ran.says("not encrypted");
    scene.run(&["token", "prod"]).succeeds();
    assert_eq!((first.logins(), second.logins()), (0, 1));
}

#[test]
fn a_plain_profile_may_move_to_https() {
    let (scene, plain) = plain();
    let token_url = format!("{}/oauth/token", scene.issuer.url());
    let base_url = scene.issuer.url();
    scene.edit(&["--base-url", &base_url]).run().succeeds();
    scene.edit(&["--token-url", &token_url, "--auth", "post"]).run().succeeds();
    scene.run(&["token", "prod"]).succeeds();
    assert_eq!((plain.logins(), scene.issuer.logins()), (0, 1));
}

#[test]
fn metadata_over_https_names_no_plain_endpoint_at_add() {
    let (scene, plain) = (Scene::new(), Issuer::http());
    let url = scene.issuer.url();
    let named = metadata(&url, &format!("{}/oauth/token", plain.url()));
    scene.issuer.document(OAUTH, Fault::Json(named.to_string()));
    let call = scene.adding_at("prod", &["--issuer", &url, "--verify"]);
    call.run().exits(10).says("not https").hides(&scene.canary.secret);
    assert_eq!((plain.connections(), scene.world.records().len()), (0, 0));
}

#[test]
fn metadata_over_https_names_no_plain_endpoint_at_edit_even_of_a_plain_profile() {
    let (scene, plain) = plain();
    let before = scene.sealed();
    let url = scene.issuer.url();
    let named = metadata(&url, &format!("{}/oauth/token", plain.url()));
    scene.issuer.document(OAUTH, Fault::Json(named.to_string()));
    scene.edit(&["--ca-file", "ca.pem", "--issuer", &url]).run().exits(10).says("not https");
    assert_eq!((plain.connections(), scene.sealed()), (0, before));
}

#[test]
fn metadata_name_no_plain_endpoint_that_is_not_this_machine() {
    let (scene, plain) = (Scene::new(), Issuer::http());
    let named = metadata(&plain.url(), "http://issuer.example/oauth/token");
    plain.document(OAUTH, Fault::Json(named.to_string()));
    scene.adding_at("prod", &["--issuer", &plain.url()]).run().exits(10);
    assert_eq!(scene.world.records().len(), 0);
}

#[test]
fn a_plain_issuer_on_the_loopback_may_name_a_plain_endpoint() {
    let (scene, plain) = (Scene::new(), Issuer::http());
    publishes(&plain);
    plain.accept_pair(&scene.canary.id, scene.canary.secret.as_bytes());
    let call = scene.adding_at("prod", &["--issuer", &plain.url(), "--verify"]);
    call.run().succeeds().says("not encrypted");
    assert_eq!(scene.show("prod")["plain_http"], true);
}

#[test]
fn a_token_request_is_not_redirected_to_plain_http() {
    let (scene, plain) = (Scene::with(&[]), Issuer::http());
    let to = format!("{}/ids/auth/login", plain.url());
    scene.issuer.fault(Fault::Redirect { code: 307, to });
    scene.run(&["token", "prod"]).exits(10);
    assert_eq!(plain.connections(), 0);
}
