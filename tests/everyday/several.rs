//! `edit --tag`: many profiles, each reported.

use serde_json::json;

use crate::pty::Desk;
use crate::scene::Scene;

/// Three profiles, two of them with the tag `eu`.
fn scene() -> Scene {
    let scene = Scene::new();
    scene.add("a", &["--tag", "eu"]);
    scene.add("b", &["--tag", "eu"]);
    scene.add("c", &["--tag", "us"]);
    scene
}

fn labels(scene: &Scene) -> Vec<serde_json::Value> {
    ["a", "b", "c"].iter().map(|name| scene.show(name)["label"].clone()).collect()
}

#[test]
fn every_profile_with_the_tag_is_changed_and_reported() {
    let scene = scene();
    let ran = scene.run(&["edit", "--tag", "eu", "--label", "new", "--yes"]).succeeds();
    assert_eq!(ran.out(), "a\tok\tchanged\nb\tok\tchanged\n");
    assert_eq!(labels(&scene), [json!("new"), json!("new"), json!(null)]);
    ran.says("2 ok");
}

#[test]
fn the_report_is_json_where_asked_for() {
    let scene = scene();
    let edit = ["edit", "--tag", "eu", "--add-tag", "x", "--yes", "--json"];
    let report = scene.run(&edit).succeeds().json();
    let result = |name| json!({ "profile": name, "result": "ok", "exit": 0, "said": "changed" });
    let expected = json!({ "v": 1, "results": [result("a"), result("b")], "summary": { "ok": 2 } });
    assert_eq!(report, expected);
    assert_eq!(scene.listed(&["--tag", "x"]), ["a", "b"]);
}

#[test]
fn without_yes_a_person_is_asked() {
    let scene = scene();
    let edit = ["edit", "--tag", "eu", "--label", "new"];
    for (answer, code) in [("n\r", 9), ("\r", 9), ("y\r", 0)] {
        let mut session = Desk::mintage(&scene.world, edit).start();
        session.sees("Change 2 profiles with the tag `eu`?").types(answer);
        session.ends().exits(code);
        let is_changed = scene.show("a")["label"] == json!("new");
        assert_eq!(is_changed, code == 0, "{answer:?}");
    }
}

#[test]
fn without_yes_and_a_person_nothing_is_changed() {
    let scene = scene();
    let before = scene.sealed();
    scene.run(&["edit", "--tag", "eu", "--label", "new"]).exits(4);
    assert_eq!(scene.sealed(), before);
}

#[test]
fn nothing_to_change_is_wrong_usage() {
    let scene = scene();
    scene.run(&["edit", "--tag", "eu", "--yes"]).exits(2).says("nothing to change");
}

#[test]
fn a_credential_or_field_for_many_is_wrong_usage() {
    let scene = scene();
    let before = scene.sealed();
    for options in [&["--client-id", "x"][..], &["--field", "k", "--field-stdin"], &["--stdin"]] {
        let call = scene.world.mintage(["edit", "--tag", "eu", "--yes"]).args(options);
        call.stdin("x:some-pair").run().exits(2).hides("some-pair");
    }
    assert_eq!(scene.sealed(), before);
}

#[test]
fn a_tag_that_nobody_has_changes_nobody() {
    let scene = scene();
    for command in [&["edit", "--label", "x", "--yes"][..], &["check"]] {
        let ran = scene.world.mintage(command).args(["--tag", "none"]).run().exits(3);
        assert_eq!(ran.says("no profile has this tag").out(), "");
    }
}

#[test]
fn what_fails_for_one_is_done_for_the_others() {
    let scene = scene();
    scene.add("aa", &["--tag", "eu", "--token-only"]);
    let url = scene.elsewhere.url();
    let ran = scene.run(&["edit", "--tag", "eu", "--base-url", &url, "--yes"]).exits(9);
    let lines: Vec<String> = ran.out().lines().map(str::to_owned).collect();
    assert_eq!(lines[0], "a\tok\tchanged");
    assert!(lines[1].starts_with("aa\tnot-allowed\t"), "{}", lines[1]);
    assert_eq!(lines[2], "b\tok\tchanged");
    assert_eq!(scene.show("b")["base_url"], url);
    assert_eq!(scene.show("aa")["base_url"], scene.issuer.url());
    ran.says("1 of 3 failed");
}

#[test]
fn a_verification_that_fails_leaves_that_profile_as_it_was() {
    let scene = scene();
    let call = scene.world.mintage(["edit", "b", "--secret-stdin"]).stdin("wrong-one");
    call.run().succeeds();
    let edit = ["edit", "--tag", "eu", "--label", "new", "--verify", "--yes"];
    let ran = scene.run(&edit).exits(7);
    assert!(ran.out().contains("b\trefused\t"));
    assert_eq!(labels(&scene), [json!("new"), json!(null), json!(null)]);
    assert_eq!(scene.issuer.logins(), 2);
}

#[test]
fn a_record_that_cannot_be_read_is_reported() {
    let scene = scene();
    let before = scene.sealed();
    scene.run(&["edit", "c", "--label", "old"]).succeeds();
    let changed = scene.sealed();
    let (path, _) = changed.iter().find(|(path, bytes)| before[*path] != **bytes).expect("one");
    std::fs::write(path, "damaged").expect("written");
    let ran = scene.run(&["edit", "--tag", "eu", "--label", "new", "--yes"]).exits(6);
    assert!(ran.out().contains("\tdamaged\t"));
    assert_eq!(scene.show("a")["label"], "new");
}

#[test]
fn nobody_is_asked_for_the_secrets_of_many() {
    let scene = Scene::with(&["--tag", "eu", "--token-only"]);
    let before = scene.sealed();
    let url = scene.elsewhere.url();
    let edit = ["edit", "--tag", "eu", "--base-url", &url, "--yes"];
    Desk::mintage(&scene.world, edit).start().ends().exits(9).shows("not-allowed");
    assert_eq!(scene.sealed(), before);
}
