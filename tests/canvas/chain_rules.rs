//! Which profiles can be minted from which.

use crate::scene::{Scene, line};
use crate::world::Ran;

/// The same with and without an agent.
#[track_caller]
fn both(scene: &Scene, name: &str, judge: impl Fn(Ran)) {
    judge(scene.run(&["token", name]));
    judge(scene.by_agent(&["token", name]));
}

#[test]
fn a_profile_is_not_minted_from_itself() {
    let scene = Scene::new();
    // Here, or when it is minted.
    let added = scene.adding("insta", "canvas-instaccess", &["--from", "insta"]).run();
    if added.code == 0 {
        both(&scene, "insta", |ran| drop(ran.exits(9).says("from itself")));
    }
    assert_eq!(scene.issuer.connections(), 0);
}

#[test]
fn a_ring_of_profiles_is_refused_before_anybody_is_asked() {
    let scene = Scene::new();
    scene.add("a", "canvas-instaccess", &["--from", "b"]);
    scene.add("b", "canvas-jwt", &["--from", "c"]);
    scene.add("c", "canvas-jwt", &["--from", "a"]);
    for name in ["a", "b", "c"] {
        both(&scene, name, |ran| drop(ran.exits(9).says("from itself").says("--from OTHER")));
    }
    assert_eq!(scene.issuer.connections(), 0);
}

/// A row of exchanges that ends in the profile `canvas`: `1` from it, `2` from `1`, and so on.
fn row(length: usize) -> Scene {
    let scene = Scene::with_login();
    let url = format!("{}/oauth/token", scene.issuer.url());
    for number in 1..=length {
        let (name, from) = (
            format!("p{number}"),
            match number {
                1 => "canvas".to_owned(),
                _ => format!("p{}", number - 1),
            },
        );
        let add = ["add", &name, "--preset", "token-exchange", "--token-url", &url, "--stdin"];
        let add = scene.device.world.mintage(add).args(["--ca-file", "ca.pem", "--from", &from]);
        add.stdin(scene.login.pair.pair()).run().succeeds();
    }
    scene
}

#[test]
fn a_row_of_four_is_minted_one_from_the_other() {
    let scene = row(3);
    let mut tokens = vec![scene.token_by_agent("p3")];
    tokens.extend(["p2", "p1", "canvas"].map(|name| scene.token_by_agent(name)));
    let requests = scene.issuer.requests();
    assert_eq!(requests.len(), 4);
    for (request, subject) in requests[1..].iter().zip(tokens[1..].iter().rev()) {
        let sent = request.form_field("subject_token").expect("a subject");
        assert_eq!(String::from_utf8(sent).expect("text"), *subject);
    }
    scene.token("p3");
}

#[test]
fn a_longer_row_is_refused_before_anybody_is_asked() {
    let scene = row(4);
    both(&scene, "p4", |ran| drop(ran.exits(9).says("too many others")));
    assert_eq!(scene.issuer.connections(), 0);
    line(&scene.run(&["token", "p3"]).succeeds());
}

#[test]
fn a_source_that_was_removed_is_named() {
    let scene = Scene::with_chain();
    scene.run(&["remove", "canvas", "--yes"]).succeeds();
    both(&scene, "insta", |ran| drop(ran.exits(3).says("`canvas`").says("mintage list")));
    assert_eq!(scene.issuer.connections(), 0);
}

#[test]
fn a_source_that_was_removed_is_missed_although_the_agent_holds_its_token() {
    let scene = Scene::with_chain();
    scene.token_by_agent("insta");
    scene.by_agent(&["remove", "canvas", "--yes"]).succeeds();
    scene.by_agent(&["token", "insta", "--fresh"]).exits(3).says("`canvas`");
    assert_eq!(scene.asked(), (1, 1));
}

#[test]
fn only_what_can_be_minted_from_a_token_can_have_a_source() {
    let scene = Scene::with_login();
    let pair = scene.login.pair.pair();
    let add = scene.adding("other", "canvas", &["--stdin", "--from", "canvas"]).stdin(pair);
    add.run().exits(2).says("not minted from another profile");
}

#[test]
fn a_source_takes_the_place_of_a_secret() {
    let scene = Scene::with_login();
    let add = scene.adding("insta", "canvas-instaccess", &[]).run();
    add.exits(4);
    scene.add("insta", "canvas-instaccess", &["--from", "canvas"]);
    scene.token("insta");
    scene.run(&["edit", "insta", "--clear", "from"]).exits(2);
}
