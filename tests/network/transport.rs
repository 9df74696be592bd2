//! The way to the issuer and back: where it leads, how much may come, what is kept of it.

use std::time::Duration;

use crate::issuer::{Fault, Issuer};
use crate::setup::{Scene, reply, timed};
use crate::world::{Canary, Ran, World};

// H01
#[test]
fn an_endpoint_that_could_send_the_secret_astray_is_refused_and_nothing_is_saved() {
    let world = World::with_vault();
    for url in [
        "http://issuer.example/",
        "http://localhost:8080/",
        "http://127.0.0.1.evil.example/",
        "ftp://issuer.example/",
        "file:///etc/passwd",
        "https://user:hunter-two@issuer.example/",
        "https://issuer.example/#part",
    ] {
        for option in ["--base-url", "--token-url"] {
            let call = world.mintage(["add", "p", "--stdin", option, url]).stdin("id:canary-h01");
            call.run().exits(2).says("error: ").hides("canary-h01").hides("hunter-two");
        }
    }
    assert!(world.records().is_empty());
}

// H01
#[test]
fn plain_http_to_a_literal_loopback_address_is_used_and_said() {
    let (issuer, canary) = (Issuer::http(), Canary::new());
    let world = World::with_vault();
    issuer.accept_pair(&canary.id, canary.secret.as_bytes());
    let call = world.mintage(["add", "prod", "--stdin", "--base-url", &issuer.url()]);
    call.stdin(canary.pair()).run().succeeds().says("warning: its requests are not encrypted");
    world.run(["token", "prod"]).succeeds();
    let call = world.mintage(["add", "t", "--stdin", "--token-only", "--base-url", &issuer.url()]);
    call.stdin(canary.pair()).run().exits(9);
}

// H02
#[test]
fn a_redirect_is_named_and_never_followed() {
    let scene = Scene::instructure();
    let elsewhere = Issuer::https();
    let elsewhere_in_the_clear = Issuer::http();
    let by_name = format!("https://localhost:{}/ids/auth/login", elsewhere.port());
    let targets = [
        ("/elsewhere".to_owned(), "`127.0.0.1`"),
        (format!("{}/ids/auth/login", elsewhere.url()), "`127.0.0.1`"),
        (by_name, "`localhost`"),
        (format!("{}/ids/auth/login", elsewhere_in_the_clear.url()), "`127.0.0.1`"),
    ];
    for (number, code) in [301, 302, 303, 307, 308].into_iter().enumerate() {
        for (to, named) in &targets {
            let ran = scene.token_despite(Fault::Redirect { code, to: to.clone() });
            assert_eq!(ran.exits(10).says("which is not followed").says(named).out(), "");
        }
        assert_eq!(scene.issuer.logins(), (number + 1) * targets.len(), "tried again");
    }
    assert_eq!(scene.issuer.requests().len(), scene.issuer.logins());
    assert_eq!((elsewhere.connections(), elsewhere_in_the_clear.connections()), (0, 0));
}

/// Asks with no more than 50 MB of memory to be had.
fn token_in_50_mb(scene: &Scene, fault: Fault) -> Ran {
    scene.issuer.fault_once(fault);
    let program = env!("CARGO_BIN_EXE_mintage");
    scene.world.program("prlimit").args(["--data=50000000", program, "token", "prod"]).run()
}

// H08
#[test]
fn a_reply_without_end_is_cut_at_1_mib_in_50_mb_of_memory() {
    let scene = Scene::instructure();
    for fault in [
        Fault::Huge { bytes: 1 << 30, content_length: true },
        Fault::Huge { bytes: 1 << 30, content_length: false },
        Fault::Huge { bytes: (1 << 20) + 1, content_length: true },
        Fault::Huge { bytes: (1 << 20) + 1, content_length: false },
        Fault::EndlessChunks,
    ] {
        let (ran, took) = timed(|| token_in_50_mb(&scene, fault.clone()));
        ran.exits(10).says("is larger than 1 MiB");
        assert!(took < Duration::from_secs(10), "{fault:?}: {took:?}");
    }
    assert_eq!(scene.issuer.logins(), 5);
}

// H08
#[test]
fn a_reply_of_exactly_1_mib_is_read_to_its_end() {
    let scene = Scene::instructure();
    let fault = Fault::Huge { bytes: 1 << 20, content_length: false };
    token_in_50_mb(&scene, fault).exits(10).says("characters that no token may have");
}

// H08
#[test]
fn a_head_without_measure_is_cut() {
    let scene = Scene::instructure();
    let long = "x".repeat(1 << 20);
    let many: Vec<(String, String)> = (0..5000).map(|n| (format!("x-{n}"), "y".into())).collect();
    let many = Fault::Status { status: 200, headers: many, body: b"{}".to_vec() };
    for fault in [reply(200, &[("x-long", &long)], "{}"), many] {
        token_in_50_mb(&scene, fault).exits(8);
    }
}

// H09
#[test]
fn compression_is_not_asked_for_and_a_bomb_stays_packed() {
    let scene = Scene::instructure();
    token_in_50_mb(&scene, Fault::GzipBomb).exits(10).says("not a JSON object");
    assert_eq!(scene.issuer.requests()[0].header("Accept-Encoding"), None);
}

// H10
#[test]
fn a_reply_that_breaks_off_is_an_error_and_is_not_asked_for_again() {
    let scene = Scene::instructure();
    let faults = [
        (Fault::ResetBeforeHeaders, 8),
        (Fault::ResetAfterHeaders, 8),
        (Fault::ResetMidBody, 8),
        (Fault::ShortBody, 8),
        (Fault::LongBody, 10),
    ];
    for (number, (fault, code)) in faults.into_iter().enumerate() {
        let ran = scene.token_despite(fault).exits(code);
        assert_eq!(ran.out(), "");
        assert_eq!(scene.issuer.logins(), number + 1);
        for token in scene.issuer.tokens() {
            assert!(!ran.err().contains(&token), "a token is quoted");
        }
    }
}

// H12
#[test]
fn the_url_that_is_asked_is_the_one_that_was_approved_and_carries_nothing() {
    let scene = Scene::instructure();
    scene.token().succeeds();
    assert_eq!(scene.issuer.requests()[0].target, "/ids/auth/login");
    for style in ["basic", "basic-raw", "post"] {
        let scene = Scene::oauth2(&["--auth", style, "--scope", "a", "--audience", "b"]);
        scene.token().succeeds();
        assert_eq!(scene.issuer.requests()[0].target, "/oauth/token");
        assert_eq!(scene.issuer.requests()[0].method, "POST");
    }
}

// H14
#[test]
fn nothing_of_an_earlier_reply_is_carried_over() {
    let scene = Scene::instructure();
    scene.world.add("other", &scene.issuer, &scene.canary);
    let body = r#"{"access_token":"abc","token_type":"bearer","expires_in":60}"#;
    let state = [
        ("Content-Type", "application/json"),
        ("Set-Cookie", "track=me; Path=/"),
        ("ETag", "\"v1\""),
        ("Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ("Connection", "keep-alive"),
    ];
    // Also from one try to the next.
    for status in [503, 200] {
        scene.issuer.fault_once(reply(status, &state, body));
    }
    scene.token().succeeds();
    scene.world.run(["token", "other"]).succeeds();
    let requests = scene.issuer.requests();
    assert_eq!((requests.len(), scene.issuer.connections()), (3, 3));
    for request in &requests {
        for name in ["Cookie", "If-None-Match", "If-Modified-Since", "Referer"] {
            assert_eq!(request.header(name), None, "{name}");
        }
    }
}
