//! Canvas' bucket: what is too much is neither a refusal nor a reason to ask more often.

use std::time::Duration;

use crate::issuer::{Fault, Seen};
use crate::scene::{MINT, OAUTH, Scene, at_once};

/// How often one mint is tried in all.
const TRIES: usize = 3;

/// What Canvas says with a bucket so deep in debt that nobody waits for it.
fn in_debt(status: u16) -> Fault {
    let headers =
        [("Content-Type", "text/plain; charset=utf-8"), ("X-Rate-Limit-Remaining", "-250.0")];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let body = format!("{status} Forbidden (Rate Limit Exceeded)\n").into_bytes();
    Fault::Status { status, headers, body }
}

/// The pauses between the requests.
fn pauses(requests: &[Seen]) -> Vec<Duration> {
    requests.windows(2).map(|pair| pair[1].at.duration_since(pair[0].at)).collect()
}

#[test]
fn an_empty_bucket_is_waited_for_and_then_reported() {
    let scene = Scene::with_insta();
    scene.issuer.canvas_remaining(&scene.login.by_hand, 50.0);
    let ran = scene.run(&["token", "insta"]).exits(8);
    ran.says("the issuer is not ready (status 403)").says("try again in 5 s").hides("refused");
    let requests = scene.issuer.requests();
    assert_eq!(requests.len(), TRIES);
    // 50 units, of which 10 leak out in a second.
    let enough = |pause: &Duration| *pause >= Duration::from_secs(5);
    assert!(pauses(&requests).iter().all(enough), "{:?}", pauses(&requests));
}

#[test]
fn a_long_wait_is_reported_at_once_whichever_the_status() {
    for status in [403, 429] {
        let scene = Scene::with_insta();
        scene.issuer.fault(in_debt(status));
        let ran = scene.run(&["token", "insta"]).exits(8);
        ran.says(&format!("not ready (status {status})")).says("try again in 30 s");
        assert_eq!(scene.asked(), (0, 1));
    }
}

#[test]
fn either_the_bucket_or_the_words_tell_it_from_a_refusal() {
    let text = ("Content-Type", "text/plain; charset=utf-8");
    let later = ("Retry-After", "60");
    let cases: [(&[_], &[u8], i32); 4] = [
        (&[text, later, ("X-Rate-Limit-Remaining", "0.0")], b"403 Forbidden", 8),
        (&[text, later], b"403 Forbidden (Rate Limit Exceeded)\n", 8),
        (&[text, later, ("X-Rate-Limit-Remaining", "412.5")], b"403 Forbidden", 7),
        (&[text, later], b"403 Forbidden", 7),
    ];
    for (headers, body, code) in cases {
        let scene = Scene::with_insta();
        let headers = headers.iter().map(|(name, text)| ((*name).into(), (*text).into())).collect();
        scene.issuer.fault(Fault::Status { status: 403, headers, body: body.to_vec() });
        scene.run(&["token", "insta"]).exits(code);
        assert_eq!(scene.asked(), (0, 1));
    }
}

#[test]
fn a_bucket_that_leaks_gives_the_token_in_the_end() {
    let scene = Scene::with_insta();
    scene.issuer.fault_once(Fault::Status {
        status: 429,
        headers: vec![("X-Rate-Limit-Remaining".into(), "0.0".into())],
        body: b"429 Too Many Requests (Rate Limit Exceeded)\n".to_vec(),
    });
    assert!(scene.is_good(&scene.token("insta")));
    assert_eq!(scene.asked(), (0, 2));
}

#[test]
fn many_callers_of_the_agent_are_one_mint() {
    let scene = Scene::with_insta();
    scene.by_agent(&["unlock"]).succeeds();
    // All of them come while it is under way.
    scene.issuer.fault_once(Fault::Delay(Duration::from_secs(2)));
    let calls = (0..64).map(|_| scene.device.by_agent(&["token", "insta", "--fresh"])).collect();
    let tokens: Vec<String> = at_once(calls).into_iter().map(|ran| ran.succeeds().out()).collect();
    assert!(tokens.iter().all(|token| *token == tokens[0]));
    assert_eq!(scene.asked(), (0, 1));
}

#[test]
fn many_callers_of_the_agent_make_no_storm_of_a_throttle() {
    let scene = Scene::with_insta();
    scene.by_agent(&["unlock"]).succeeds();
    scene.issuer.fault(in_debt(403));
    let calls = (0..64).map(|_| scene.device.by_agent(&["token", "insta"])).collect();
    for ran in at_once(calls) {
        ran.exits(8).says("try again in");
    }
    assert_eq!(scene.asked(), (0, 1));
}

#[test]
fn while_canvas_wants_rest_a_fresh_token_is_not_asked_for_either() {
    let scene = Scene::with_insta();
    scene.issuer.fault(in_debt(429));
    scene.by_agent(&["token", "insta"]).exits(8);
    for _ in 0..10 {
        let ran = scene.by_agent(&["token", "insta", "--fresh"]).exits(8);
        ran.says("not asked again for");
    }
    assert_eq!(scene.asked(), (0, 1));
}

#[test]
fn repeated_fresh_tokens_cost_what_canvas_has_and_no_more() {
    let scene = Scene::with_insta();
    scene.issuer.canvas_remaining(&scene.login.by_hand, 600.0);
    for _ in 0..3 {
        scene.by_agent(&["token", "insta", "--fresh"]).succeeds();
    }
    scene.by_agent(&["token", "insta", "--fresh"]).exits(8);
    for _ in 0..5 {
        // The one that is held is not lost over it.
        scene.by_agent(&["token", "insta"]).succeeds();
    }
    assert_eq!((scene.issuer.granted(MINT), scene.asked()), (3, (0, 3 + TRIES)));
}

#[test]
fn a_refresh_hears_of_the_throttle_too() {
    let scene = Scene::with_login();
    scene.issuer.fault(in_debt(403));
    let ran = scene.run(&["token", "canvas"]).exits(8);
    ran.says("not ready (status 403)").says("try again in 30 s").hides("mintage login");
    assert_eq!(scene.issuer.asked(OAUTH), 1);
}

#[test]
fn a_throttled_source_is_not_asked_again_for_each_that_is_minted_from_it() {
    let scene = Scene::with_chain();
    scene.issuer.fault(in_debt(429));
    for _ in 0..5 {
        scene
            .by_agent(&["token", "insta"])
            .exits(8)
            .says("no token for `canvas`: the issuer is not ready");
    }
    assert_eq!(scene.asked(), (1, 0));
}

#[test]
fn a_check_of_many_that_are_minted_from_a_throttled_source_asks_once() {
    let scene = Scene::with_chain();
    scene.add("second", "canvas-instaccess", &["--from", "canvas"]);
    scene.issuer.fault(in_debt(429));
    let ran = scene.run(&["check", "insta", "second", "--pause", "0s"]).exits(8);
    let said = format!("{}{}", ran.out(), ran.err());
    assert!(said.contains("asked for a rest"), "{said}");
    assert_eq!(scene.asked(), (1, 0));
}

/// What is no number of units must not be reckoned with.
#[test]
fn a_bucket_that_is_no_number_is_none() {
    for units in ["NaN", "inf", "-inf", "1e999", "many"] {
        let scene = Scene::with_insta();
        let headers = [("X-Rate-Limit-Remaining", units), ("Retry-After", "60")];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        scene.issuer.fault(Fault::Status { status: 429, headers, body: Vec::new() });
        scene.run(&["token", "insta"]).exits(8).says("try again in");
        scene.run(&["status"]);
    }
}

/// Each costs 200 units, whether or not Canvas comes to the end of it.
#[test]
fn a_canvas_that_is_out_of_order_is_asked_once() {
    let scene = Scene::with_insta();
    scene.issuer.fault(Fault::Status { status: 502, headers: Vec::new(), body: Vec::new() });
    scene.run(&["token", "insta"]).exits(8);
    assert_eq!(scene.asked(), (0, 1));
}
