//! `mintage presets`: which services there are, and what each needs.

use serde_json::Value;

use crate::world::World;

/// Every preset, in the order of the list.
const NAMES: [&str; 18] = [
    "instructure",
    "canvas",
    "canvas-instaccess",
    "canvas-lti",
    "canvas-jwt",
    "abconnect",
    "badges",
    "studio",
    "datasync",
    "catalog",
    "quiz",
    "oauth2",
    "oauth2-refresh",
    "oauth2-device",
    "jwt-bearer",
    "token-exchange",
    "github-app",
    "static",
];

#[test]
fn every_preset_is_listed_with_what_it_needs() {
    let ran = World::new().run(["presets"]).succeeds();
    let out = ran.out();
    let rows: Vec<Vec<&str>> = out.lines().map(|line| line.split('\t').collect()).collect();
    let names: Vec<&str> = rows.iter().map(|row| row[0]).collect();
    assert_eq!(names, NAMES);
    assert!(rows.iter().all(|row| row.len() == 3 && !row[1].is_empty() && !row[2].is_empty()));
    let badges = rows.iter().find(|row| row[0] == "badges").expect("badges");
    assert_eq!(badges[2], "email, password");
}

#[test]
fn one_is_shown_with_its_options_and_their_defaults() {
    let out = World::new().run(["presets", "catalog"]).succeeds().out();
    let line = out.lines().find(|line| line.starts_with("--set header")).expect("its option");
    assert!(line.ends_with("[Authorization: Token token={token}]"), "{line}");
    assert!(out.contains("https://school.catalog.instructure.com"));
}

#[test]
fn they_are_shown_as_json() {
    let all = World::new().run(["presets", "--json"]).succeeds().json();
    let all = all["presets"].as_array().expect("a list");
    let names: Vec<&str> = all.iter().filter_map(|one| one["preset"].as_str()).collect();
    assert_eq!(names, NAMES);
}

#[test]
fn each_is_shown_as_in_the_list() {
    let world = World::new();
    let all = world.run(["presets", "--json"]).succeeds().json();
    for listed in all["presets"].as_array().expect("a list") {
        let name = listed["preset"].as_str().expect("a name");
        let mut shown = world.run(["presets", name, "--json"]).succeeds().json();
        shown.as_object_mut().expect("an object").remove("v");
        assert_eq!(&shown, listed);
    }
}

#[test]
fn an_option_that_is_needed_says_so() {
    let app = World::new().run(["presets", "github-app", "--json"]).succeeds().json();
    let options = app["options"].as_array().expect("a list");
    let required: Vec<&Value> =
        options.iter().filter(|option| option["required"] == true).collect();
    assert_eq!(required.len(), 1);
    assert_eq!(required[0]["name"], "installation");
}

#[test]
fn an_unknown_one_is_refused() {
    World::new().run(["presets", "acme"]).exits(2).says("mintage presets");
}
