//! A login with a browser that comes back to this machine (RFC 6749, 4.1; RFC 7636; RFC 8252).

use std::net::TcpListener;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::browser;
use crate::issuer::Service;
use crate::pty::Desk;
use crate::scene::{Scene, TOKEN, asked, page_waited_for};

const REFRESH: &str = "refresh_token";

#[test]
fn adding_logs_in_and_tokens_come_without_a_person_from_then_on() {
    let scene = Scene::new();
    scene.logs_in(scene.adding(&[]).start());
    scene.token().succeeds();
    assert_eq!(scene.issuer.asked_for(TOKEN, "authorization_code"), 1);
    assert_eq!(scene.issuer.asked_for(TOKEN, REFRESH), 0);
    scene.fresh();
    assert_eq!(scene.issuer.asked_for(TOKEN, REFRESH), 1);
}

#[test]
fn the_token_of_the_login_is_the_first_that_is_given_out() {
    let scene = Scene::new();
    scene.logs_in(scene.adding(&[]).start());
    assert_eq!(scene.issuer.tokens(), [scene.token().succeeds().out().trim_end()]);
}

#[test]
fn the_verifier_is_sent_and_is_the_one_whose_digest_the_page_was_asked_with() {
    let scene = Scene::new();
    let mut session = scene.adding(&[]).start();
    let page = page_waited_for(&mut session);
    browser::visit(&browser::sent_to(&scene.world, page.as_str()));
    session.ends().exits(0);
    let verifier = scene.sent("code_verifier");
    let digest = URL_SAFE_NO_PAD.encode(Sha256::digest(&verifier));
    assert_eq!(asked(&page, "code_challenge"), digest);
    assert_eq!(asked(&page, "code_challenge_method"), "S256");
    assert!((43..=128).contains(&verifier.len()), "{} characters", verifier.len());
}

#[test]
fn no_two_logins_have_a_verifier_or_a_state_in_common() {
    let scene = Scene::waiting();
    let log_in = || {
        let mut session = Desk::mintage(&scene.world, ["login", "prod"]).start();
        let page = page_waited_for(&mut session);
        browser::visit(&browser::sent_to(&scene.world, page.as_str()));
        session.ends().exits(0);
        (asked(&page, "state"), scene.sent("code_verifier"))
    };
    let (one, other) = (log_in(), log_in());
    assert_ne!(one.0, other.0);
    assert_ne!(one.1, other.1);
}

#[test]
fn the_page_is_asked_for_the_scopes_and_the_resource_of_the_profile() {
    let scene = Scene::new();
    let options = ["--scope", "read", "--scope", "write", "--resource", "https://api.example/"];
    let mut session = scene.adding(&options).start();
    let page = page_waited_for(&mut session);
    assert_eq!(asked(&page, "scope"), "read write");
    assert_eq!(asked(&page, "resource"), "https://api.example/");
    assert_eq!(asked(&page, "response_type"), "code");
    assert_eq!(asked(&page, "client_id"), scene.canary.id);
}

#[test]
fn the_browser_is_answered_by_a_page_that_tells_nobody_of_its_address() {
    let scene = Scene::new();
    let mut session = scene.adding(&[]).start();
    let back = scene.sent_back(&mut session);
    let answer = browser::visit(&back);
    session.ends().exits(0);
    assert!(answer.text.contains("this page can be closed"), "{}", answer.text);
    assert!(answer.text.contains("Referrer-Policy: no-referrer"), "{}", answer.text);
    assert!(answer.text.contains("Cache-Control: no-store"), "{}", answer.text);
    assert!(!answer.text.contains(&asked(&back, "code")));
}

#[test]
fn nobody_listens_any_more_when_the_login_is_over() {
    let scene = Scene::new();
    let mut session = scene.adding(&[]).start();
    let back = scene.sent_back(&mut session);
    browser::visit(&back);
    session.ends().exits(0);
    // The port can be had again.
    TcpListener::bind(("127.0.0.1", browser::port(&back))).expect("it is free");
}

#[test]
fn login_replaces_a_login_that_is_dead() {
    let scene = Scene::new();
    scene.logs_in(scene.adding(&[]).start());
    scene.issuer.end_sign_ins(Service::OAuth);
    let refused = scene.world.run(["token", "prod", "--fresh"]).exits(7);
    refused.says("mintage login prod");
    scene.logs_in(Desk::mintage(&scene.world, ["login", "prod"]).start());
    scene.fresh();
}

#[test]
fn login_says_whether_it_lasts() {
    let scene = Scene::waiting();
    let mut session = Desk::mintage(&scene.world, ["login", "prod", "--json"]).start();
    browser::visit(&scene.sent_back(&mut session));
    session.ends().exits(0).shows(r#""lasting":true"#);
}

#[test]
fn a_port_that_is_set_is_the_one_that_the_browser_comes_back_to() {
    let scene = Scene::new();
    let port = free_port();
    let redirect = format!("http://127.0.0.1:{port}/from/the/issuer");
    let option = format!("redirect-uri={redirect}");
    let mut session = scene.adding(&["--set", &option]).start();
    let page = page_waited_for(&mut session);
    assert_eq!(asked(&page, "redirect_uri"), redirect);
    assert_eq!(browser::visit(&browser::sent_to(&scene.world, page.as_str())).status, 200);
    session.ends().exits(0);
    assert_eq!(scene.sent("redirect_uri"), redirect);
}

// RFC 8252, 7.3
#[test]
fn a_way_back_without_a_port_has_any() {
    let scene = Scene::new();
    let mut session = scene.adding(&["--set", "redirect-uri=http://127.0.0.1/back"]).start();
    let page = page_waited_for(&mut session);
    let redirect = Url::parse(&asked(&page, "redirect_uri")).expect("a URL");
    assert_eq!(redirect.path(), "/back");
    assert!(redirect.port().is_some_and(|port| port > 1023));
    browser::visit(&browser::sent_to(&scene.world, page.as_str()));
    session.ends().exits(0);
}

#[test]
fn a_port_that_somebody_else_has_ends_it_with_8_before_anybody_is_sent_anywhere() {
    let scene = Scene::new();
    let taken = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = taken.local_addr().expect("its address").port();
    let option = format!("redirect-uri=http://127.0.0.1:{port}/callback");
    let ended = scene.adding(&["--set", &option]).start().ends().exits(8);
    ended.shows(&port.to_string()).hides("Visit").leaves_the_terminal_alone();
    assert!(scene.world.records().is_empty());
}

#[test]
fn only_this_machines_own_address_can_be_set_for_the_way_back() {
    let scene = Scene::new();
    for uri in [
        "http://localhost:8000/callback",
        "http://0.0.0.0:8000/callback",
        "https://127.0.0.1:8000/callback",
        "http://evil.example/callback",
        "http://127.0.0.1@evil.example/callback",
    ] {
        let option = format!("redirect-uri={uri}");
        scene.adding(&["--set", &option]).start().ends().exits(2).shows("http://127.0.0.1:PORT");
    }
}

#[test]
fn an_issuer_that_names_itself_is_believed() {
    let scene = Scene::new();
    let mut session = scene.adding(&[]).start();
    let back = scene.sent_back(&mut session);
    browser::visit(&with(&back, "iss", &scene.issuer.url()));
    session.ends().exits(0);
}

// RFC 9207
#[test]
fn an_answer_in_the_name_of_another_issuer_is_refused_and_the_code_goes_nowhere() {
    let scene = Scene::new();
    let mut session = scene.adding(&[]).start();
    let back = scene.sent_back(&mut session);
    browser::visit(&with(&back, "iss", "https://evil.example"));
    session.ends().exits(10).shows("another issuer").leaves_the_terminal_alone();
    assert_eq!(scene.issuer.asked(TOKEN), 0);
    assert!(scene.world.records().is_empty());
}

#[test]
fn an_issuer_that_refuses_ends_it_with_7_and_nothing_is_saved() {
    let scene = Scene::new();
    scene.issuer.refuse_codes(Some("access_denied"));
    let mut session = scene.adding(&[]).start();
    browser::visit(&scene.sent_back(&mut session));
    session.ends().exits(7).shows("access_denied").leaves_the_terminal_alone();
    assert_eq!(scene.issuer.asked(TOKEN), 0);
    assert!(scene.world.records().is_empty());
}

#[test]
fn a_login_that_is_refused_leaves_the_one_before_in_use() {
    let scene = Scene::new();
    scene.logs_in(scene.adding(&[]).start());
    scene.issuer.refuse_codes(Some("access_denied"));
    let mut session = Desk::mintage(&scene.world, ["login", "prod"]).start();
    browser::visit(&scene.sent_back(&mut session));
    session.ends().exits(7);
    scene.fresh();
}

#[test]
fn a_code_that_is_over_is_refused() {
    let scene = Scene::new();
    scene.issuer.code_life(0);
    let mut session = scene.adding(&[]).start();
    browser::visit(&scene.sent_back(&mut session));
    session.ends().exits(7).shows("invalid_grant");
    assert!(scene.world.records().is_empty());
}

fn with(url: &Url, name: &str, value: &str) -> Url {
    let mut url = url.clone();
    url.query_pairs_mut().append_pair(name, value);
    url
}

fn free_port() -> u16 {
    let bound = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    bound.local_addr().expect("its address").port()
}
