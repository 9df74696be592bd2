//! Keys that are given out as they are (`static`, `catalog`): nothing is minted, and they are kept like
//! the others.

use crate::scene::{Scene, canary};
use crate::world::{Call, Ran};

fn adding(scene: &Scene, preset: &str, key: impl Into<Vec<u8>>, options: &[&str]) -> Call {
    let add = ["add", "key", "--preset", preset, "--secret-stdin"];
    scene.world.mintage(add).args(options).stdin(key)
}

fn with(preset: &str, key: &str, options: &[&str]) -> Scene {
    let scene = Scene::new();
    adding(&scene, preset, key, options).run().succeeds().hides(key);
    scene
}

#[track_caller]
fn header(scene: &Scene, words: &[&str]) -> String {
    scene.world.mintage(["token", "key", "--header"]).args(words).run().succeeds().out()
}

#[test]
fn the_key_is_given_out_as_it_is() {
    let key = canary();
    let scene = with("static", &format!("{key}\n"), &[]);
    assert_eq!(scene.token("key"), key);
    assert_eq!(header(&scene, &[]), format!("Authorization: Bearer {key}\n"));
    assert_eq!(header(&scene, &["X-Api-Key"]), format!("X-Api-Key: {key}\n"));
}

#[test]
fn its_header_is_what_is_set() {
    let key = canary();
    let scene = with("static", &key, &["--set", "header=X-Api-Key: v1 {token}"]);
    assert_eq!(header(&scene, &[]), format!("X-Api-Key: v1 {key}\n"));
    assert_eq!(scene.lease("key")["token_type"], "X-Api-Key");
}

#[test]
fn catalogs_header_has_the_form_of_catalog() {
    let key = canary();
    let scene = with("catalog", &key, &[]);
    assert_eq!(header(&scene, &[]), format!("Authorization: Token token={key}\n"));
}

#[test]
fn catalogs_header_can_be_set() {
    let key = canary();
    let scene = with("catalog", &key, &["--set", "header=Authorization: Token {token}"]);
    assert_eq!(header(&scene, &[]), format!("Authorization: Token {key}\n"));
}

#[test]
fn a_header_that_is_none_is_refused() {
    let scene = Scene::new();
    for form in ["X-Key", "X-Key: no place", "X Key: {token}", ": {token}", "{token}"] {
        let set = format!("header={form}");
        adding(&scene, "static", canary(), &["--set", &set]).run().exits(2);
    }
}

#[test]
fn token_only_is_refused() {
    let scene = Scene::new();
    for preset in ["static", "catalog"] {
        let key = canary();
        let ran = adding(&scene, preset, &*key, &["--token-only"]).run().exits(9).hides(&key);
        ran.says("token-only");
    }
    scene.world.run(["show", "key"]).exits(3);
}

#[test]
fn it_becomes_token_only_by_no_edit() {
    let scene = with("static", &canary(), &[]);
    scene.world.run(["edit", "key", "--token-only"]).exits(9).says("token-only");
    assert_eq!(scene.show("key")["token_only"], false);
}

/// A child that says what it has in `KEY`, as hex.
fn shows_its_key(scene: &Scene) -> Ran {
    let show = ["sh", "-c", "printf %s \"$KEY\" | od -An -v -tx1 | tr -d ' \\n'"];
    scene.world.mintage(["exec", "key", "--env", "KEY=client_secret", "--"]).args(show).run()
}

#[test]
fn odd_bytes_are_no_token_and_can_be_handed_to_a_child() {
    let odd: [&[u8]; 4] = [b"two\nlines", b"a b\tc", b"caf\xc3\xa9", b"\xff\xfe"];
    for key in odd {
        let scene = Scene::new();
        adding(&scene, "static", key, &[]).run().succeeds();
        let ran = scene.world.run(["token", "key"]).exits(7).says("exec --env VAR=client_secret");
        assert_eq!(ran.out(), "");
        let hex = key.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
        assert_eq!(shows_its_key(&scene).succeeds().out(), hex);
    }
}

#[test]
fn a_child_has_the_key_where_it_is_mapped_and_nowhere_else() {
    let key = canary();
    let scene = with("static", &key, &[]);
    let exec = ["exec", "key", "--env", "MY_KEY=client_secret", "--", "env"];
    let lines = scene.world.run(exec).succeeds().out();
    let with_it: Vec<&str> = lines.lines().filter(|line| line.contains(&key)).collect();
    assert_eq!(with_it, [format!("MY_KEY={key}")]);
}

#[test]
fn it_is_asked_for_nothing() {
    let scene = with("static", &canary(), &[]);
    for words in [["--scope", "a"], ["--audience", "a"]] {
        scene.world.mintage(["token", "key"]).args(words).run().exits(2);
    }
}

#[test]
fn revoking_it_says_that_it_works_on() {
    let scene = with("static", &canary(), &[]);
    scene.world.run(["revoke", "key"]).succeeds();
}
