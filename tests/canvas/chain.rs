//! Profiles that are minted from others: each link is had once, and kept under its own key.

use std::time::Duration;

use crate::issuer::{CanvasFlaw, Fault, Issuer};
use crate::scene::{Device, JWTS, MINT, Scene, at_once, line};

#[test]
fn the_source_is_refreshed_first_and_its_token_is_the_bearer() {
    let scene = Scene::with_chain();
    let insta = scene.token("insta");
    assert!(scene.is_good(&insta));
    let source = scene.token("canvas");
    assert_eq!(scene.issuer.requests()[1].bearer(), Some(source.as_str()));
    assert_eq!(scene.asked(), (1, 1));
}

#[test]
fn the_agent_holds_each_link_by_itself() {
    let scene = Scene::with_chain();
    let insta = scene.token_by_agent("insta");
    let source = scene.token_by_agent("canvas");
    assert_ne!(insta, source);
    assert_eq!(scene.token_by_agent("insta"), insta);
    // Another profile on the same source costs no refresh.
    scene.add("service", "canvas-jwt", &["--from", "canvas"]);
    scene.token_by_agent("service");
    assert_eq!((scene.asked(), scene.issuer.asked(JWTS)), ((1, 1), 1));
}

#[test]
fn many_callers_of_the_agent_are_one_refresh_and_one_mint() {
    let scene = Scene::with_chain();
    scene.by_agent(&["unlock"]).succeeds();
    scene.issuer.fault_once(Fault::Delay(Duration::from_secs(1)));
    let calls = (0..48).map(|n| ["insta", "canvas"][n % 2]);
    let calls = calls.map(|name| scene.device.by_agent(&["token", name])).collect();
    for ran in at_once(calls) {
        assert!(scene.is_good(&line(&ran.succeeds())));
    }
    assert_eq!(scene.asked(), (1, 1));
}

#[test]
fn a_fresh_token_is_minted_from_the_source_that_is_there() {
    let scene = Scene::with_chain();
    let first = scene.token_by_agent("insta");
    let fresh = line(&scene.by_agent(&["token", "insta", "--fresh"]).succeeds());
    assert_ne!(first, fresh);
    assert_eq!(scene.asked(), (1, 2));
}

#[test]
fn a_token_made_by_hand_can_be_the_source() {
    let scene = Scene::new();
    scene.add_secret("hand", "canvas", &scene.login.by_hand);
    scene.add("insta", "canvas-instaccess", &["--from", "hand"]);
    scene.token("insta");
    assert_eq!(scene.issuer.requests()[0].bearer(), Some(scene.login.by_hand.as_str()));
}

/// Another device of the same person, with a vault of its own, refreshes: the token that is kept here
/// is good no more.
fn replaced_elsewhere(scene: &Scene) {
    let other = Device::new(&scene.issuer);
    other.add_login(scene);
    other.world.run(["token", "canvas"]).succeeds();
}

#[test]
fn a_source_that_was_replaced_elsewhere_is_refreshed_once() {
    let scene = Scene::with_chain();
    scene.token("insta");
    replaced_elsewhere(&scene);
    let fresh = scene.run(&["token", "insta", "--fresh"]).succeeds();
    assert!(scene.is_good(&line(&fresh)));
    // One each before, one refresh elsewhere; then a mint that is refused, a refresh, a mint.
    assert_eq!(scene.asked(), (3, 3));
    assert_eq!(scene.issuer.granted(MINT), 2);
}

#[test]
fn the_agent_refreshes_a_source_that_was_replaced_elsewhere_once() {
    let scene = Scene::with_chain();
    scene.token_by_agent("insta");
    replaced_elsewhere(&scene);
    let fresh = scene.by_agent(&["token", "insta", "--fresh"]).succeeds();
    assert!(scene.is_good(&line(&fresh)));
    assert_eq!((scene.asked(), scene.issuer.granted(MINT)), ((3, 3), 2));
}

#[test]
fn where_a_fresh_source_is_refused_too_that_is_the_end_of_it() {
    for by_agent in [false, true] {
        let scene = Scene::with_chain();
        let headers = vec![("WWW-Authenticate".to_owned(), "Bearer realm=\"c\"".to_owned())];
        scene.issuer.document(MINT, Fault::Status { status: 401, headers, body: Vec::new() });
        let words = ["token", "insta"];
        let ran = if by_agent { scene.by_agent(&words) } else { scene.run(&words) };
        ran.exits(7).says("refused the credential (status 401)");
        // The token was new, and another one was had for it.
        assert_eq!(scene.asked(), (2, 2));
    }
}

#[test]
fn a_source_that_lacks_a_scope_is_not_refreshed_for_it() {
    let scene = Scene::with_chain();
    let source = scene.token("canvas");
    scene.issuer.spoil_canvas_token(&source, CanvasFlaw::InsufficientScopes);
    scene.run(&["token", "insta"]).exits(10).says("Insufficient scopes");
    assert_eq!(scene.asked(), (1, 1));
}

#[test]
fn a_source_that_cannot_be_had_is_named_with_what_to_do_about_it() {
    for by_agent in [false, true] {
        let scene = Scene::with_chain();
        scene.issuer.end_sign_ins(crate::issuer::Service::Canvas);
        let words = ["token", "insta"];
        let ran = if by_agent { scene.by_agent(&words) } else { scene.run(&words) };
        let ran =
            ran.exits(7).says("no token for `insta`: no token for `canvas`: the issuer refused");
        ran.says("mintage login canvas");
        assert_eq!(scene.asked(), (1, 0));
    }
}

#[test]
fn a_source_at_another_host_does_not_take_the_redirect_there() {
    let (scene, elsewhere) = (Scene::with_chain(), Issuer::http());
    let to = format!("{}{MINT}", elsewhere.url());
    scene.issuer.document(MINT, Fault::Redirect { code: 308, to });
    scene.run(&["token", "insta"]).exits(7);
    assert_eq!(elsewhere.connections(), 0);
}

#[test]
fn another_token_for_the_source_is_another_token_for_what_is_minted_from_it() {
    for by_agent in [false, true] {
        let scene = Scene::new();
        scene.add_secret("hand", "canvas", &scene.login.by_hand);
        scene.add("insta", "canvas-instaccess", &["--from", "hand"]);
        let token = || if by_agent { scene.token_by_agent("insta") } else { scene.token("insta") };
        let before = token();
        assert_eq!(token(), before);
        let other = crate::scene::canary();
        scene.issuer.accept_canvas_token(&other);
        let edit = scene.device.world.mintage(["edit", "hand", "--secret-stdin"]);
        edit.stdin(other.as_str()).run().succeeds();
        assert_ne!(token(), before);
        let last = scene.issuer.requests().pop().expect("a request");
        assert_eq!(last.bearer(), Some(other.as_str()));
    }
}
