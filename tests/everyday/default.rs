//! `default`: the profile that is meant where none is named.

use serde_json::{Value, json};

use crate::scene::Scene;

/// Two profiles; the one with the telling name is the default.
const TELLING: &str = "acme/very-telling-name";

fn scene() -> Scene {
    let scene = Scene::with(&[]);
    scene.add(TELLING, &["--client-id", &scene.canary.id]);
    scene.run(&["default", TELLING]).succeeds().says("is meant now");
    scene
}

fn meant(scene: &Scene) -> Value {
    scene.run(&["show", "--json"]).succeeds().json()["profile"].clone()
}

#[test]
fn it_is_shown_where_no_name_is_given() {
    let scene = scene();
    assert_eq!(scene.run(&["default"]).succeeds().out(), format!("{TELLING}\n"));
    let json = scene.run(&["default", "--json"]).succeeds().json();
    assert_eq!(json, json!({ "v": 1, "profile": TELLING }));
}

#[test]
fn without_one_nothing_is_shown() {
    let scene = Scene::with(&[]);
    let ran = scene.run(&["default"]).succeeds().says("no default profile");
    assert_eq!(ran.out(), "");
    let json = scene.run(&["default", "--json"]).succeeds().json();
    assert_eq!(json, json!({ "v": 1, "profile": null }));
}

#[test]
fn it_is_cleared() {
    let scene = scene();
    scene.run(&["default", "--clear"]).succeeds();
    assert_eq!(scene.run(&["default"]).succeeds().out(), "");
    scene.run(&["token"]).exits(2).says("missing: the name of a profile");
}

#[test]
fn token_show_exec_and_inspect_use_it() {
    let scene = scene();
    assert_eq!(meant(&scene), TELLING);
    let token = scene.run(&["token", "--json"]).succeeds().json();
    assert_eq!(token["profile"], TELLING);
    let inspected = scene.run(&["inspect", "--json"]).succeeds().json();
    assert_eq!(inspected["profile"], TELLING);
    scene.run(&["exec", "--", "printenv", "ACCESS_TOKEN"]).succeeds();
    assert_eq!(scene.issuer.logins(), 3);
}

#[test]
fn what_changes_a_profile_wants_its_name() {
    let scene = scene();
    let before = scene.sealed();
    for words in [&["edit", "--label", "x"][..], &["remove", "--yes"], &["rename", "x"], &["check"]]
    {
        scene.run(words).exits(2);
    }
    assert_eq!(scene.sealed(), before);
}

#[test]
fn an_argument_goes_before_the_variable_and_the_default() {
    let scene = scene();
    scene.add("third", &[]);
    let show = scene.world.mintage(["show", "prod", "--json"]).env("MINTAGE_PROFILE", "third");
    assert_eq!(show.run().succeeds().json()["profile"], "prod");
}

#[test]
fn the_variable_goes_before_the_default() {
    let scene = scene();
    let show = scene.world.mintage(["show", "--json"]).env("MINTAGE_PROFILE", "prod");
    assert_eq!(show.run().succeeds().json()["profile"], "prod");
    let show = scene.world.mintage(["show", "--json"]).env("MINTAGE_PROFILE", "");
    assert_eq!(show.run().succeeds().json()["profile"], TELLING);
}

#[test]
fn a_variable_that_names_nobody_does_not_fall_back() {
    let scene = scene();
    let show = scene.world.mintage(["show"]).env("MINTAGE_PROFILE", "nobody");
    show.run().exits(3);
}

#[test]
fn a_profile_that_is_not_there_does_not_become_it() {
    let scene = scene();
    scene.run(&["default", "nobody"]).exits(3);
    assert_eq!(meant(&scene), TELLING);
}

#[test]
fn its_name_is_nowhere_in_clear() {
    let scene = scene();
    scene.run(&["list"]).succeeds();
    scene.run(&["default"]).succeeds();
    for needle in ["very-telling", "acme"] {
        scene.world.program("grep").args(["-r", needle, "."]).run().exits(1);
    }
    let find = scene.world.program("find").args([".", "-name", "*telling*"]).run();
    assert_eq!(find.out(), "");
}

#[test]
fn a_removed_default_is_forgotten() {
    let scene = scene();
    scene.run(&["remove", TELLING, "--yes"]).succeeds();
    assert_eq!(scene.run(&["default"]).succeeds().out(), "");
    scene.run(&["token"]).exits(2);
}

#[test]
fn a_default_that_another_device_removed_is_missing_with_a_hint() {
    let scene = scene();
    let settings = scene.world.config().join("settings.toml");
    let kept = std::fs::read(&settings).expect("readable");
    scene.run(&["remove", TELLING, "--yes"]).succeeds();
    std::fs::write(&settings, kept).expect("written");
    for words in [&["token"][..], &["show"], &["inspect"], &["default"]] {
        scene.run(words).exits(3).says("default profile").says("hint: mintage default NAME");
    }
    scene.run(&["exec", "--", "env"]).exits(125).says("default profile");
    scene.run(&["default", "prod"]).succeeds();
    assert_eq!(meant(&scene), "prod");
}

#[test]
fn a_settings_file_that_names_no_record_is_no_default() {
    let scene = scene();
    let settings = scene.world.config().join("settings.toml");
    let text = std::fs::read_to_string(&settings).expect("readable");
    let path = text.split("profiles/").nth(1).expect("a path").split('"').next().expect("its end");
    let text = text.replace(&format!("profiles/{path}"), "../../../etc/passwd");
    std::fs::write(&settings, text).expect("written");
    let code = scene.run(&["token"]).code;
    assert!([1, 2, 3].contains(&code), "{code}");
    assert_eq!(scene.issuer.logins(), 0);
}
