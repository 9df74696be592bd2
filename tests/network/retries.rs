//! What is tried again, how soon, how often, and until when.

use std::net::TcpListener;
use std::time::Duration;

use crate::setup::{Scene, reply, timed};
use crate::world::{Canary, World};

/// Runs the cases side by side: they mostly wait.
fn at_once<T: Send, const N: usize>(cases: [T; N], check: impl Fn(T) + Sync) {
    std::thread::scope(|scope| {
        for case in cases {
            let check = &check;
            scope.spawn(move || check(case));
        }
    });
}

// H11
#[test]
fn a_throttled_login_is_tried_again_when_the_issuer_said() {
    at_once([429, 503], |status| {
        let scene = Scene::instructure();
        let busy = reply(status, &[("Retry-After", "2")], "busy");
        let (ran, took) = timed(|| scene.token_despite(busy));
        assert_eq!(ran.succeeds().out().trim_end(), scene.issuer.tokens()[0]);
        assert!(took >= Duration::from_secs(2), "{took:?}");
        assert_eq!(scene.issuer.logins(), 2);
    });
}

// H11
#[test]
fn what_may_pass_is_tried_three_times_with_growing_pauses() {
    at_once([429, 500, 502, 503, 504], |status| {
        let scene = Scene::instructure();
        scene.issuer.fault(reply(status, &[("Content-Type", "text/html")], "<h1>later</h1>"));
        let (ran, took) = timed(|| scene.token());
        let ran = ran.exits(8).says(&format!("not ready (status {status})"));
        assert!(!ran.err().contains("later"));
        assert_eq!(scene.issuer.logins(), 3, "{status}");
        assert!(took >= Duration::from_millis(1200), "{took:?}");
    });
}

// H11
#[test]
fn a_long_retry_after_is_reported_and_not_waited_for() {
    let scene = Scene::instructure();
    let busy = reply(429, &[("Retry-After", "120")], "");
    let (ran, took) = timed(|| scene.token_despite(busy));
    ran.exits(8).says("hint: try again in 120 s");
    assert_eq!(scene.issuer.logins(), 1);
    assert!(took < Duration::from_secs(2), "{took:?}");
}

// H11
#[test]
fn a_retry_after_that_makes_no_sense_is_no_reason_to_hammer() {
    let date = "Fri, 31 Dec 2100 23:59:59 GMT";
    at_once(["-1", "1e3", date, "99999999999999999999999", ""], |wait| {
        let scene = Scene::instructure();
        scene.issuer.fault(reply(503, &[("Retry-After", wait)], ""));
        scene.token().exits(8);
        assert!(scene.issuer.logins() <= 3, "{wait:?}");
    });
}

// H11
#[test]
fn an_issuer_that_is_not_there_is_tried_three_times() {
    let free = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("https://{}", free.local_addr().expect("bound"));
    drop(free);
    let world = World::with_vault();
    let canary = Canary::new();
    let call = world.mintage(["add", "prod", "--stdin", "--base-url", &url]);
    call.stdin(canary.pair()).run().succeeds();
    let (ran, took) = timed(|| world.run(["token", "prod"]));
    ran.exits(8).says("cannot reach `127.0.0.1:").hides(&canary.secret);
    assert!(took >= Duration::from_millis(1200), "not tried again: {took:?}");
}

// H11
#[test]
fn a_refusal_is_never_tried_again() {
    let scene = Scene::oauth2(&[]);
    let kind = [("Content-Type", "application/json")];
    for (number, (status, body, code)) in [
        (400, r#"{"error":"invalid_client"}"#, 7),
        (400, r#"{"error":"invalid_scope"}"#, 10),
        (401, r#"{"error":"invalid_client"}"#, 7),
        (403, "", 7),
        (404, "", 10),
    ]
    .into_iter()
    .enumerate()
    {
        scene.token_despite(reply(status, &kind, body)).exits(code);
        assert_eq!(scene.issuer.logins(), number + 1, "{status}");
    }
}

// H11
#[test]
fn verify_and_exec_try_no_more_often_than_token() {
    let scene = Scene::instructure();
    scene.issuer.fault(reply(503, &[], ""));
    scene.world.run(["exec", "prod", "--", "true"]).exits(125).says("not ready");
    assert_eq!(scene.issuer.logins(), 3);
    let url = scene.issuer.url();
    let call = scene.world.mintage(["add", "p", "--stdin", "--verify", "--base-url", &url]);
    call.args(["--ca-file", "ca.pem"]).stdin(scene.canary.pair()).run().exits(8);
    assert_eq!(scene.issuer.logins(), 6);
    assert_eq!(scene.world.records().len(), 1);
}
