//! The `canvas-jwt` preset: a services token, renewed by itself while it is good.

use crate::issuer::{CanvasFlaw, Fault};
use crate::scene::{JWTS, JWTS_REFRESH, Scene, canary, line, number};

fn scene() -> Scene {
    let scene = Scene::new();
    scene.add_secret("service", "canvas-jwt", &scene.login.by_hand);
    scene
}

#[track_caller]
fn fresh(scene: &Scene) -> String {
    line(&scene.run(&["token", "service", "--fresh"]).succeeds())
}

fn asked(scene: &Scene) -> (usize, usize) {
    (scene.issuer.asked(JWTS), scene.issuer.asked(JWTS_REFRESH))
}

#[test]
fn one_is_kept_for_all_processes_and_lives_an_hour() {
    let scene = scene();
    let token = scene.run(&["token", "service", "--json"]).succeeds().json();
    let life = number(&token, "expires_in");
    assert!((3_570..=3_600).contains(&life), "{life}");
    assert_eq!(scene.token("service"), token["token"].as_str().expect("a token"));
    let request = &scene.issuer.requests()[0];
    assert_eq!((request.method.as_str(), request.target.as_str()), ("POST", JWTS));
    assert_eq!(request.bearer(), Some(scene.login.by_hand.as_str()));
    assert_eq!(asked(&scene), (1, 0));
}

#[test]
fn while_the_last_one_is_good_it_is_renewed_by_it() {
    let scene = scene();
    let first = scene.token("service");
    let second = fresh(&scene);
    assert_ne!(first, second);
    assert!(scene.is_good(&second));
    let request = &scene.issuer.requests()[1];
    assert_eq!(request.target, JWTS_REFRESH);
    assert_eq!(request.form(), [("jwt".to_owned(), first)]);
    assert_eq!(request.bearer(), Some(scene.login.by_hand.as_str()));
    assert_eq!(asked(&scene), (1, 1));
}

#[test]
fn the_agent_renews_it_in_the_same_way() {
    let scene = scene();
    let first = scene.token_by_agent("service");
    let second = line(&scene.by_agent(&["token", "service", "--fresh"]).succeeds());
    assert_ne!(first, second);
    assert_eq!(scene.token("service"), second);
    assert_eq!(asked(&scene), (1, 1));
}

#[test]
fn where_canvas_does_not_take_the_last_one_a_new_one_is_asked_for() {
    let scene = scene();
    scene.token("service");
    let headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
    let body = b"{\"errors\":{\"jwt\":\"invalid refresh\"}}".to_vec();
    scene.issuer.document(JWTS_REFRESH, Fault::Status { status: 400, headers, body });
    assert!(scene.is_good(&fresh(&scene)));
    assert_eq!(asked(&scene), (2, 1));
}

#[test]
fn a_dead_access_token_is_refused_and_no_new_one_is_asked_for() {
    let scene = scene();
    scene.token("service");
    scene.issuer.spoil_canvas_token(&scene.login.by_hand, CanvasFlaw::Expired);
    let ran = scene.run(&["token", "service", "--fresh"]).exits(7);
    ran.says("Expired access token.").says("expired or revoked");
    assert_eq!(asked(&scene), (1, 1));
}

#[test]
fn what_it_is_for_can_be_set() {
    let scene = Scene::new();
    let options = ["--secret-stdin", "--set", "workflows=ui,rich_content"];
    let add = scene.adding("service", "canvas-jwt", &options).stdin(&*scene.login.by_hand);
    add.run().succeeds();
    scene.token("service");
    let sent = scene.issuer.requests()[0].form();
    let sent: Vec<_> = sent.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    assert_eq!(sent, [("workflows[]", "ui"), ("workflows[]", "rich_content")]);
}

#[test]
fn another_access_token_begins_anew() {
    let scene = scene();
    scene.token("service");
    let next = canary();
    scene.issuer.accept_canvas_token(&next);
    scene.device.write("next", &next);
    scene.run(&["edit", "service", "--secret-file", "next"]).succeeds();
    scene.token("service");
    assert_eq!(asked(&scene), (2, 0));
}

#[test]
fn a_throttle_is_no_refusal() {
    let scene = scene();
    let headers = [("Content-Type", "text/plain"), ("Retry-After", "60")];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let body = b"403 Forbidden (Rate Limit Exceeded)\n".to_vec();
    scene.issuer.fault(Fault::Status { status: 403, headers, body });
    scene.run(&["token", "service"]).exits(8).says("try again in 60 s");
    assert_eq!(asked(&scene), (1, 0));
}
