//! Presets of the user's own: `[preset.acme]` in the settings.

use serde_json::json;

use crate::scene::{OAUTH_TOKEN, Scene, canary};
use crate::world::Call;

/// Puts these lines behind what is in the settings.
fn settle(scene: &Scene, lines: &str) {
    let path = scene.world.config().join("settings.toml");
    let before = std::fs::read_to_string(&path).expect("readable");
    std::fs::write(path, format!("{before}\n{lines}\n")).expect("written");
}

/// With a preset `acme` at the issuer.
pub fn scene() -> Scene {
    let scene = Scene::new();
    let url = scene.issuer.url();
    let acme = format!(
        "[preset.acme]\nlike = \"oauth2\"\nabout = \"Acme's API\"\nbase_url = \"{url}\"\n\
         token_path = \"{OAUTH_TOKEN}\"\nauth = \"post\"\nscopes = \"read write\"\n\
         audience = \"acme\"\nrefused = \"ask the Acme desk\"\noptions = {{ kid = \"k1\" }}"
    );
    settle(&scene, &acme);
    scene
}

pub fn adding(scene: &Scene, secret: &str) -> Call {
    let options = ["--client-id", "app", "--secret-stdin"];
    scene.adding("app", "acme", &options).stdin(secret)
}

#[test]
fn a_profile_starts_from_it() {
    let (scene, secret) = (scene(), canary());
    scene.issuer.accept_pair("app", secret.as_bytes());
    adding(&scene, &secret).run().succeeds().hides(&secret);
    scene.token("app");
    let form = scene.form();
    let found: Vec<_> = form.iter().map(|(name, value)| (&**name, &**value)).collect();
    let expected = [
        ("audience", "acme"),
        ("client_id", "app"),
        ("client_secret", &*secret),
        ("grant_type", "client_credentials"),
        ("scope", "read write"),
    ];
    assert_eq!(found, expected);
    let show = scene.show("app");
    assert_eq!((&show["preset"], &show["options"]), (&json!("acme"), &json!([["kid", "k1"]])));
}

#[test]
fn it_is_listed_behind_those_of_mintage() {
    let scene = scene();
    let out = scene.world.run(["presets"]).succeeds().out();
    assert!(out.lines().last().expect("a line").starts_with("acme\tAcme's API\t"), "{out}");
    let shown = scene.world.run(["presets", "acme", "--json"]).succeeds().json();
    assert_eq!((&shown["grant"], &shown["auth"]), (&json!("client-credentials"), &json!("post")));
}

#[test]
fn a_refusal_has_its_own_hint() {
    let (scene, secret) = (scene(), canary());
    adding(&scene, &secret).run().succeeds();
    scene.world.run(["token", "app"]).exits(7).says("ask the Acme desk").hides(&secret);
}

#[test]
fn what_is_given_goes_before_it() {
    let (scene, secret) = (scene(), canary());
    scene.issuer.accept_pair("app", secret.as_bytes());
    adding(&scene, &secret).args(["--auth", "basic", "--scope", "one"]).run().succeeds();
    scene.token("app");
    assert_eq!((&*scene.form()["scope"], scene.last().basic().is_some()), ("one", true));
}

#[test]
fn it_is_kept_where_the_settings_are_written_again() {
    let scene = scene();
    let before = scene.world.run(["presets", "acme", "--json"]).succeeds().out();
    adding(&scene, &canary()).run().succeeds();
    scene.world.run(["default", "app"]).succeeds();
    let settings = std::fs::read_to_string(scene.world.config().join("settings.toml"));
    let settings = settings.expect("readable");
    assert!(settings.starts_with("# Written by mintage") && settings.contains("profile = "));
    assert_eq!(scene.world.run(["presets", "acme", "--json"]).succeeds().out(), before);
}

#[test]
fn a_profile_outlives_its_preset() {
    let (scene, secret) = (scene(), canary());
    scene.issuer.accept_pair("app", secret.as_bytes());
    adding(&scene, &secret).run().succeeds();
    let path = scene.world.config().join("settings.toml");
    let settings = std::fs::read_to_string(&path).expect("readable");
    let (before, _) = settings.split_once("[preset.acme]").expect("its table");
    std::fs::write(path, before).expect("written");
    scene.world.run(["presets", "acme"]).exits(2);
    scene.token("app");
    scene.world.run(["edit", "app", "--label", "still here"]).succeeds();
    scene.world.run(["edit", "app", "--scope", "read"]).succeeds();
    scene.token("app");
    scene.world.run(["check", "app"]).succeeds();
}

#[test]
fn a_later_change_of_it_moves_no_profile() {
    let (scene, secret) = (scene(), canary());
    scene.issuer.accept_pair("app", secret.as_bytes());
    adding(&scene, &secret).run().succeeds();
    let path = scene.world.config().join("settings.toml");
    let settings = std::fs::read_to_string(&path).expect("readable");
    std::fs::write(path, settings.replace(&scene.issuer.url(), &scene.elsewhere.url()))
        .expect("written");
    scene.token("app");
    assert_eq!(scene.elsewhere.connections(), 0);
}

/// That this table is refused in these words, and nothing is added from it.
#[track_caller]
pub fn refuses(name: &str, lines: &str, words: &str) {
    let scene = Scene::new();
    settle(&scene, &format!("[preset.{name}]\n{lines}"));
    let ran = scene.world.run(["presets"]);
    assert_ne!(ran.code, 0, "{lines}");
    ran.says(words);
}

#[test]
fn it_shadows_none_of_mintages() {
    refuses("canvas", "like = \"oauth2\"", "a preset of mintage has its name");
}

#[test]
fn one_that_is_shadowed_keeps_its_meaning() {
    let scene = Scene::new();
    let url = scene.elsewhere.url();
    settle(&scene, &format!("[preset.datasync]\nlike = \"datasync\"\nbase_url = \"{url}\""));
    let options = ["--client-id", "app", "--secret-stdin"];
    scene.adding("app", "datasync", &options).stdin(canary()).run().succeeds();
    assert_eq!(scene.show("app")["base_url"], "https://api.us2.kimonocloud.com");
}

#[test]
fn it_is_at_no_place_of_plain_http() {
    for url in ["http://id.acme.example", "http://127.0.0.1:8080", "ftp://a.example", "acme"] {
        refuses("acme", &format!("like = \"oauth2\"\nbase_url = \"{url}\""), "https");
    }
}

#[test]
fn its_path_leads_to_no_other_host() {
    for path in ["@evil.example/", "evil", ".evil.example/token", ":8443/token"] {
        let lines = format!(
            "like = \"oauth2\"\nbase_url = \"https://id.acme.example\"\ntoken_path = \"{path}\""
        );
        refuses("acme", &lines, "token_path");
    }
}

#[test]
fn a_path_with_two_slashes_leads_to_no_other_host() {
    let scene = Scene::new();
    let lines = "like = \"oauth2\"\nbase_url = \"https://id.acme.example\"\ntoken_path = \"//evil.example/token\"";
    settle(&scene, &format!("[preset.acme]\n{lines}"));
    let options = ["--client-id", "app", "--secret-stdin"];
    let ran = scene.adding("app", "acme", &options).stdin(canary()).run();
    if ran.code == 0 {
        let endpoint = scene.show("app")["endpoint"].to_string();
        assert!(endpoint.starts_with("\"https://id.acme.example/"), "{endpoint}");
    }
}

#[test]
fn it_is_like_one_that_there_is() {
    refuses("acme", "like = \"acme\"", "`like`");
    refuses("acme", "about = \"like nothing\"", "like");
}

#[test]
fn its_style_is_one_that_there_is() {
    refuses("acme", "like = \"oauth2\"\nauth = \"plain\"", "`auth`");
}

#[test]
fn a_field_that_is_unknown_is_refused() {
    refuses("acme", "like = \"oauth2\"\ntoken_only = false", "token_only");
    refuses("acme", "like = \"oauth2\"\nca = \"x\"", "ca");
}

#[test]
fn an_option_that_its_grant_does_not_have_is_refused() {
    refuses("acme", "like = \"oauth2\"\noptions = { life = \"60\" }", "no option of this name");
}
