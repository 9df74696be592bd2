//! `rename`: one profile, another name.

use std::collections::BTreeSet;

use serde_json::json;

use crate::scene::Scene;

/// With all that a profile can have.
fn scene() -> Scene {
    let scene = crate::edit::full();
    scene.write("value", "of-the-field");
    scene.edit(&["--field", "f", "--field-file", "value"]).run().succeeds();
    scene
}

#[test]
fn the_old_name_is_gone() {
    let scene = scene();
    scene.run(&["rename", "prod", "acme/dap"]).succeeds().says("`prod` is `acme/dap` now");
    for command in ["show", "token", "inspect"] {
        let ran = scene.run(&[command, "prod"]).exits(3);
        ran.says("no profile `prod`").hides("acme");
    }
    scene.run(&["check", "prod"]).exits(3);
    assert_eq!(scene.listed(&[]), ["acme/dap"]);
    scene.run(&["token", "acme/dap"]).succeeds();
}

#[test]
fn everything_else_is_kept() {
    let scene = scene();
    let before = scene.reveal("prod");
    scene.run(&["rename", "prod", "other"]).succeeds();
    let mut after = scene.reveal("other");
    assert_eq!(after["profile"], "other");
    after["profile"] = json!("prod");
    assert_eq!(after, before);
}

#[test]
fn json_tells_both_names() {
    let scene = scene();
    let told = scene.run(&["rename", "prod", "other", "--json"]).succeeds().json();
    assert_eq!(told, json!({ "v": 1, "profile": "other", "renamed_from": "prod" }));
}

#[test]
fn an_existing_name_is_refused_and_both_stay() {
    let scene = scene();
    scene.add("other", &[]);
    let before = scene.sealed();
    scene.run(&["rename", "prod", "other"]).exits(11).says("`other` exists already");
    scene.run(&["rename", "prod", "prod"]).exits(11);
    assert_eq!(scene.sealed(), before);
}

#[test]
fn a_name_that_is_not_there_is_missing() {
    let scene = scene();
    scene.run(&["rename", "nobody", "other"]).exits(3);
    scene.run(&["rename", "nobody", "prod"]).exits(3);
    assert_eq!(scene.listed(&[]), ["prod"]);
}

#[test]
fn what_is_no_name_is_refused() {
    let scene = scene();
    for to in ["Upper", "../x", "", "a b", "/x"] {
        scene.run(&["rename", "prod", to]).exits(2);
    }
    assert_eq!(scene.listed(&[]), ["prod"]);
}

#[test]
fn a_pair_in_place_of_the_name_is_caught() {
    let scene = scene();
    let pair = scene.canary.pair();
    scene.run(&["rename", "prod", &pair]).exits(2).says("history").hides(&scene.canary.id);
    assert_eq!(scene.listed(&[]), ["prod"]);
}

#[test]
fn a_former_name_is_free_again() {
    let scene = scene();
    scene.run(&["rename", "prod", "other"]).succeeds();
    scene.add("prod", &[]);
    scene.run(&["rename", "prod", "other"]).exits(11);
    scene.run(&["rename", "other", "third"]).succeeds();
    scene.run(&["rename", "prod", "other"]).succeeds();
    assert_eq!(scene.listed(&[]), ["other", "third"]);
}

/// Kills `rename prod other` at its nth renaming of a file.
fn killed_at(scene: &Scene, nth: usize) {
    let inject = format!("inject=?rename,?renameat,?renameat2:signal=KILL:when={nth}");
    let strace = ["-f", "-qq", "-o", "/dev/null", "-e", &inject];
    let call = scene.world.program("strace").args(strace).args([env!("CARGO_BIN_EXE_mintage")]);
    assert_ne!(call.args(["rename", "prod", "other"]).run().code, 0, "not killed at {nth}");
}

#[test]
fn an_interruption_leaves_no_less_than_one_and_the_same_command_ends_it() {
    let mut seen = BTreeSet::new();
    // One each for the new record, its pin, the old record.
    for nth in 1..=3 {
        let scene = scene();
        let before = scene.reveal("prod");
        killed_at(&scene, nth);
        seen.insert(scene.listed(&[]).join(" "));
        scene.run(&["rename", "prod", "other"]).succeeds();
        assert_eq!(scene.listed(&[]), ["other"], "{nth}");
        let mut after = scene.reveal("other");
        after["profile"] = json!("prod");
        assert_eq!(after, before);
    }
    assert!(seen.contains("other prod"), "{seen:?}");
}

#[test]
fn a_copy_that_was_changed_since_is_not_taken_for_an_interrupted_rename() {
    let scene = scene();
    killed_at(&scene, 3);
    assert_eq!(scene.listed(&[]), ["other", "prod"]);
    scene.run(&["edit", "other", "--label", "changed since"]).succeeds();
    scene.run(&["rename", "prod", "other"]).exits(11);
    assert_eq!(scene.listed(&[]), ["other", "prod"]);
}

#[test]
fn the_default_follows() {
    let scene = scene();
    scene.run(&["default", "prod"]).succeeds();
    scene.run(&["rename", "prod", "other"]).succeeds();
    assert_eq!(scene.run(&["default"]).succeeds().out(), "other\n");
    scene.run(&["token"]).succeeds();
}

#[test]
fn an_interruption_never_leaves_a_default_that_is_gone() {
    // One each for the new record, its pin, the settings, the old record.
    for nth in 1..=4 {
        let scene = scene();
        scene.run(&["default", "prod"]).succeeds();
        killed_at(&scene, nth);
        scene.run(&["token"]).succeeds();
        scene.run(&["rename", "prod", "other"]).succeeds();
        assert_eq!(scene.run(&["default"]).succeeds().out(), "other\n", "{nth}");
    }
}

#[test]
fn another_profile_stays_the_default() {
    let scene = scene();
    scene.add("main", &[]);
    scene.run(&["default", "main"]).succeeds();
    scene.run(&["rename", "prod", "other"]).succeeds();
    assert_eq!(scene.run(&["default"]).succeeds().out(), "main\n");
}
