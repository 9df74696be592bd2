//! What a review found: keys that mean nothing, secrets that went where nobody sent them, presets that
//! were believed unread.

use serde_json::{Value, json};

use crate::issuer::Service;
use crate::openssl::rsa;
use crate::own_presets::refuses;
use crate::scene::{Scene, canary};

/// A profile `key` by this preset that gives its secret out.
fn giving(preset: &str, key: &str) -> Scene {
    let scene = Scene::new();
    let add = ["add", "key", "--preset", preset, "--base-url", "https://school.example"];
    scene.world.mintage(add).args(["--secret-stdin"]).stdin(key).run().succeeds();
    scene
}

#[test]
fn no_key_is_made_for_what_signs_nothing() {
    let scene = giving("static", &canary());
    scene.world.run(["key", "new", "key"]).exits(2).says("sign nothing");
    assert_eq!(scene.show("key")["options"], json!([]));
}

#[test]
fn a_key_of_an_app_has_no_id_where_its_assertions_carry_none() {
    let scene = Scene::new();
    scene.write("key.pem", rsa(2048));
    let options = ["--client-id", "1", "--key-file", "key.pem", "--set", "installation=2"];
    scene.adding_here("app", "github-app", &options).run().succeeds();
    let before = scene.show("app")["options"].clone();
    scene.world.run(["key", "new", "app", "--yes", "--kid", "k"]).exits(2).says("`--kid`");
    scene.world.run(["key", "new", "app", "--yes"]).succeeds();
    assert_eq!(scene.show("app")["options"], before);
}

#[test]
fn a_key_changes_no_token_only_profile_that_keeps_another_secret() {
    let (scene, secret) = (Scene::new(), canary());
    let options = ["--client-id", "app", "--secret-stdin", "--token-only"];
    scene.adding_oauth("app", "oauth2", &options).stdin(&*secret).run().succeeds();
    let before = scene.show("app");
    scene.world.run(["key", "new", "app"]).exits(9).says("token-only").hides(&secret);
    assert_eq!(scene.show("app"), before);
}

#[test]
fn a_key_takes_the_place_of_no_refresh_token_of_a_token_only_profile() {
    let (scene, refresh) = (Scene::new(), canary());
    scene.issuer.accept_public_client("app");
    scene.issuer.accept_refresh_token(Service::OAuth, "app", &refresh);
    let options = ["--client-id", "app", "--refresh-token-stdin", "--token-only"];
    scene.adding_oauth("app", "oauth2-refresh", &options).stdin(&*refresh).run().succeeds();
    scene.world.run(["key", "new", "app"]).exits(9).hides(&refresh);
}

/// Whatever is in the environment of the child.
fn child(scene: &Scene, options: &[&str]) -> String {
    let exec = scene.world.mintage(["exec", "key"]).args(options).args(["--", "env"]);
    exec.run().succeeds().out()
}

#[test]
fn a_token_made_by_hand_is_in_no_variable_that_was_not_named() {
    for preset in ["canvas", "static"] {
        let key = canary();
        let scene = giving(preset, &key);
        let variables = child(&scene, &["--env", "X=base_url"]);
        assert!(variables.contains("X=https://school.example") && !variables.contains(&key));
        assert!(child(&scene, &["--env", "Y=token"]).contains(&format!("Y={key}")));
        let ran = scene.world.run(["exec", "key", "--", "env"]).exits(2).hides(&key);
        ran.says("--env VAR=token");
    }
}

#[test]
fn the_agent_says_so_too() {
    let key = canary();
    let scene = giving("canvas", &key);
    scene.with_agent(&["exec", "key", "--", "env"]).exits(2).hides(&key);
    let ran = scene.with_agent(&["exec", "key", "--env", "X=base_url", "--", "env"]).succeeds();
    ran.hides(&key);
}

#[test]
fn a_parameter_that_ties_an_answer_to_its_question_is_refused() {
    let scene = Scene::new();
    for name in ["state", "redirect_uri", "code_challenge", "nonce", "token", "jwt", "username"] {
        let options = ["--client-id", "app", "--param", &format!("{name}=x"), "--secret-stdin"];
        let ran = scene.adding_oauth("app", "oauth2", &options).stdin(canary()).run();
        ran.exits(2).says("--param");
    }
}

#[test]
fn the_parameters_of_a_token_only_profile_are_changed_only_with_the_secret() {
    let (scene, secret) = (Scene::new(), canary());
    let options = ["--client-id", "app", "--secret-stdin", "--token-only"];
    scene.adding_oauth("app", "oauth2", &options).stdin(&*secret).run().succeeds();
    let edit = ["edit", "app", "--param", "tenant=other"];
    scene.world.run(edit).exits(9).hides(&secret);
    scene.world.mintage(edit).args(["--secret-stdin"]).stdin(&*secret).run().succeeds();
}

#[test]
fn the_way_back_to_badges_is_this_machine() {
    let scene = Scene::new();
    let set = ["--set", "redirect-uri=https://elsewhere.example/", "--secret-stdin"];
    let ran = scene.adding_here("app", "badges", &["--set", "user=a@b.example"]).args(set);
    ran.stdin(canary()).run().exits(2).says("http://127.0.0.1:PORT");
}

#[test]
fn each_fault_of_an_own_preset_is_named() {
    let like = |lines: &str| format!("like = \"oauth2\"\n{lines}");
    refuses("\"Ac me\"", &like(""), "characters");
    refuses("acme", &like("scopes = \"a \\\"b\""), "`scopes`");
    refuses("acme", &like("options = { alg = \"none\" }"), "`--set alg`");
    let refresh =
        |url: &str| format!("like = \"oauth2-refresh\"\noptions = {{ authorize-url = \"{url}\" }}");
    refuses("acme", &refresh("http://127.0.0.1:1/"), "not https");
    refuses("acme", &refresh("http://evil.example/"), "`--set authorize-url`");
}

/// That this key is refused in these words.
#[track_caller]
fn refuses_key(key: impl AsRef<[u8]>, words: &str) {
    let scene = Scene::new();
    scene.write("key", key);
    let options = ["--client-id", "app", "--key-file", "key"];
    scene.adding_oauth("app", "oauth2", &options).run().exits(2).says(words);
}

fn jwk() -> Value {
    serde_json::from_str(include_str!("rfc7517_key.json")).expect("JSON")
}

#[test]
fn a_key_that_is_larger_than_can_sign_is_refused_for_that() {
    refuses_key(rsa(4104), "4096 bits at most");
}

#[test]
fn a_number_that_no_key_has_is_not_reckoned_with() {
    let mut jwk = jwk();
    jwk["n"] = "_".repeat(40_000).into();
    refuses_key(jwk.to_string(), "4096 bits at most");
}

#[test]
fn a_jwk_that_asks_for_another_way_to_sign_is_refused() {
    let mut jwk = jwk();
    jwk["alg"] = "RS512".into();
    refuses_key(jwk.to_string(), "`alg`");
}
