//! Tokens forgotten and taken back.

use std::time::Duration;

use serde_json::json;

use crate::issuer::{Fault, Issuer, Seen};
use crate::scene::Scene;
use crate::world::until;

const METADATA: &str = "/.well-known/oauth-authorization-server";

/// A profile `svc` of an issuer that takes tokens back at `place`, and a token of it.
fn scene_with(place: impl Fn(&Issuer) -> Option<String>) -> Scene {
    let scene = Scene::new();
    let (issuer, url) = (&scene.issuer, scene.issuer.url());
    let metadata = json!({
        "issuer": url,
        "token_endpoint": format!("{url}/oauth/token"),
        "revocation_endpoint": place(issuer),
    });
    issuer.document(METADATA, Fault::Json(metadata.to_string()));
    let add = ["add", "svc", "--issuer", &url, "--ca-file", "ca.pem", "--stdin"];
    scene.mintage(add).stdin(scene.canary.pair()).run().succeeds();
    scene
}

fn scene() -> Scene {
    scene_with(|issuer| Some(format!("{}/revoke", issuer.url())))
}

/// What every revocation is answered.
fn answer(scene: &Scene, status: u16, body: &str) {
    let headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
    let body = body.as_bytes().to_vec();
    scene.issuer.document("/revoke", Fault::Status { status, headers, body });
}

fn revocations(scene: &Scene) -> Vec<Seen> {
    let requests = scene.issuer.requests().into_iter();
    requests.filter(|seen| seen.path() == "/revoke").collect()
}

fn token(scene: &Scene) -> String {
    scene.run(["token", "svc"]).succeeds().out().trim_end().to_owned()
}

#[track_caller]
fn is_wiped(scene: &Scene, before: &str) {
    assert_eq!(scene.agent()["leases"], json!([]));
    assert_ne!(token(scene), before);
}

// C09
#[test]
fn a_token_is_taken_back_with_the_credential_of_its_profile() {
    let scene = scene();
    answer(&scene, 200, "");
    let before = token(&scene);
    scene.run(["revoke", "svc"]).succeeds().says("`svc`: 1 token").says("taken back");
    let seen = revocations(&scene);
    assert_eq!(seen.len(), 1);
    let field = |name: &str| seen[0].form_field(name);
    assert_eq!(seen[0].method, "POST");
    assert_eq!(field("token").as_deref(), Some(before.as_bytes()));
    assert_eq!(field("token_type_hint").as_deref(), Some(&b"access_token"[..]));
    assert!(seen[0].basic().is_some(), "no credential");
    is_wiped(&scene, &before);
}

// C09
#[test]
fn every_token_of_the_profile_is_taken_back_and_no_other() {
    let scene = scene();
    answer(&scene, 200, "");
    token(&scene);
    scene.run(["token", "svc", "--scope", "a"]).succeeds();
    let other = scene.token();
    scene.run(["revoke", "svc"]).succeeds().says("2 tokens");
    let seen = revocations(&scene);
    assert_eq!(seen.len(), 2);
    assert_ne!(seen[0].form_field("token"), seen[1].form_field("token"));
    assert_eq!(scene.token(), other);
}

// C09
#[test]
fn an_issuer_that_takes_no_access_tokens_back_is_reported_and_the_token_is_gone_here() {
    let scene = scene();
    answer(&scene, 400, r#"{"error":"unsupported_token_type"}"#);
    let before = token(&scene);
    scene.run(["revoke", "svc"]).exits(10).says("forgotten here").says("not taken back");
    is_wiped(&scene, &before);
}

// C09
#[test]
fn an_issuer_that_is_not_ready_is_reported_and_the_token_is_gone_here() {
    let scene = scene();
    answer(&scene, 503, "");
    let before = token(&scene);
    scene.run(["revoke", "svc"]).exits(8).says("forgotten here").says("not taken back");
    is_wiped(&scene, &before);
}

// C09
#[test]
fn an_issuer_that_refuses_the_credential_is_reported_and_the_token_is_gone_here() {
    let scene = scene();
    answer(&scene, 401, "");
    let before = token(&scene);
    scene.run(["revoke", "svc"]).exits(7).says("forgotten here");
    is_wiped(&scene, &before);
}

// C09
#[test]
fn an_issuer_that_hangs_up_is_reported_and_the_token_is_gone_here() {
    let scene = scene();
    scene.issuer.document("/revoke", Fault::ResetBeforeHeaders);
    let before = token(&scene);
    scene.run(["revoke", "svc"]).exits(8).says("forgotten here");
    is_wiped(&scene, &before);
}

// C09
#[test]
fn metadata_that_cannot_be_had_are_reported_and_the_token_is_gone_here() {
    let scene = scene();
    let before = token(&scene);
    scene.issuer.document(METADATA, Fault::ResetBeforeHeaders);
    scene.run(["revoke", "svc"]).exits(8).says("forgotten here");
    is_wiped(&scene, &before);
    assert!(revocations(&scene).is_empty());
}

// C09
#[test]
fn the_token_is_gone_here_before_the_issuer_answers() {
    let scene = scene();
    scene.issuer.document("/revoke", Fault::Delay(Duration::from_secs(3)));
    let before = token(&scene);
    std::thread::scope(|scope| {
        let revoking = scope.spawn(|| scene.run(["revoke", "svc"]));
        until("the issuer is asked", || !revocations(&scene).is_empty());
        is_wiped(&scene, &before);
        assert!(!revoking.is_finished());
        // What it answers at last: it has no such place.
        revoking.join().expect("it ended").exits(10);
    });
}

// C09
#[test]
fn one_token_that_is_not_taken_back_does_not_spare_the_others() {
    let scene = scene();
    answer(&scene, 503, "");
    token(&scene);
    scene.run(["token", "svc", "--scope", "a"]).succeeds();
    scene.run(["revoke", "svc"]).exits(8);
    assert_eq!(revocations(&scene).len(), 2);
}

// C09
#[test]
fn without_a_place_to_take_tokens_back_it_is_said_that_they_go_on_working() {
    let scene = scene_with(|_| None);
    let before = token(&scene);
    scene.run(["revoke", "svc"]).succeeds().says("they work until they expire");
    is_wiped(&scene, &before);
}

// C09
#[test]
fn a_profile_without_an_issuer_has_no_place_to_take_tokens_back() {
    let scene = Scene::new();
    let before = scene.token();
    scene.run(["revoke", "prod"]).succeeds().says("they work until they expire");
    assert_eq!(scene.agent()["leases"], json!([]));
    assert_ne!(scene.token(), before);
    assert!(scene.issuer.requests().iter().all(|seen| seen.path() == "/ids/auth/login"));
}

// C09
#[test]
fn a_place_at_another_origin_never_gets_the_secret_or_the_token() {
    let elsewhere = Issuer::https();
    let scene = scene_with(|_| Some(format!("{}/revoke", elsewhere.url())));
    let before = token(&scene);
    scene.run(["revoke", "svc"]).exits(10).says("forgotten here").says("at another host");
    is_wiped(&scene, &before);
    assert_eq!((elsewhere.requests().len(), elsewhere.connections()), (0, 0));
}

// C09
#[test]
fn a_place_that_is_not_encrypted_is_none() {
    let plain = Issuer::http();
    let scene = scene_with(|_| Some(format!("{}/revoke", plain.url())));
    let before = token(&scene);
    assert_ne!(scene.run(["revoke", "svc"]).says("forgotten here").code, 1);
    is_wiped(&scene, &before);
    assert_eq!(plain.connections(), 0);
}

#[test]
fn what_was_never_held_is_not_asked_back() {
    let scene = scene();
    scene.run(["revoke", "svc"]).succeeds().says("no token of it was held");
    assert!(revocations(&scene).is_empty());
}

#[test]
fn nothing_is_taken_back_while_locked_as_nothing_is_held() {
    let scene = scene();
    token(&scene);
    scene.run(["lock"]).succeeds();
    scene.run(["revoke", "svc"]).exits(4);
    assert!(revocations(&scene).is_empty());
}

#[test]
fn a_mint_under_way_is_stopped_by_a_revocation_and_begun_again() {
    let scene = scene();
    scene.run(["unlock"]).succeeds();
    let hold = crate::issuer::Hold::new();
    scene.issuer.fault_once(Fault::Hold(hold.clone()));
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| scene.run(["token", "svc", "--scope", "a"]));
        assert!(hold.is_sent_within(Duration::from_secs(20)), "no mint");
        scene.run(["revoke", "svc"]).succeeds();
        let waited = waiting.join().expect("it ended");
        hold.release();
        waited.succeeds();
    });
    assert_eq!(scene.issuer.logins(), 2);
}

// C05
#[test]
fn a_token_of_one_issuer_is_never_sent_to_the_next_one() {
    let scene = scene();
    let before = token(&scene);
    let next = Issuer::https();
    let url = next.url();
    next.accept_pair(&scene.canary.id, scene.canary.secret.as_bytes());
    let metadata = json!({
        "issuer": url,
        "token_endpoint": format!("{url}/oauth/token"),
        "revocation_endpoint": format!("{url}/revoke"),
    });
    next.document(METADATA, Fault::Json(metadata.to_string()));
    std::fs::write(scene.world.path("next.pem"), next.ca_pem()).expect("written");
    scene.run(["edit", "svc", "--issuer", &url, "--ca-file", "next.pem"]).succeeds();
    scene.run(["revoke", "svc"]).succeeds().says("changed since");
    let is_in = |seen: &Seen| memchr::memmem::find(&seen.body, before.as_bytes()).is_some();
    assert!(!next.requests().iter().any(is_in));
    is_wiped(&scene, &before);
}
