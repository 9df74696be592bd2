//! Token-only: every way to have the secret out, or sent elsewhere, is closed to who does not have it.

use crate::issuer::{Fault, Issuer};
use crate::scene::{OAUTH, Scene, carries, metadata, publishes};

/// A token-only profile; `other.pem` is a CA that it does not trust yet.
pub fn scene() -> Scene {
    let scene = Scene::with(&["--token-only"]);
    publishes(&scene.elsewhere);
    scene.write("other.pem", Issuer::https().ca_pem());
    scene
}

/// The options of a way, by its name.
pub fn way(scene: &Scene, name: &str) -> Vec<String> {
    let elsewhere = scene.elsewhere.url();
    let words = match name {
        "base-url" => ["--base-url".to_owned(), elsewhere],
        "token-url" => ["--token-url".to_owned(), format!("{elsewhere}/oauth/token")],
        "issuer" => ["--issuer".to_owned(), elsewhere],
        "ca-file" => ["--ca-file".to_owned(), "other.pem".to_owned()],
        "auth" => ["--auth".to_owned(), "post".to_owned()],
        cleared => ["--clear".to_owned(), cleared.to_owned()],
    };
    words.to_vec()
}

/// Without the secret, in whichever company, it is refused, nothing is saved, and the secret goes
/// nowhere; with it, it is done.
#[track_caller]
fn needs_the_secret(name: &str) {
    let scene = scene();
    let (way, before) = (way(&scene, name), scene.sealed());
    let secret = &scene.canary.secret;
    for company in [
        &[][..],
        &["--verify"],
        &["--label", "harmless"],
        &["--client-id", "another"],
        &["--clear", "token-only"],
        &["--add-tag", "a", "--json"],
    ] {
        let call = scene.edit(company).args(&way).args(["-v"]);
        let ran = call.run().exits(9).hides(secret);
        ran.says("token-only").says("--secret-stdin");
    }
    assert_eq!(scene.sealed(), before);
    assert!(!carries(&scene.elsewhere.requests(), secret), "sent elsewhere");
    assert!(!carries(&scene.issuer.requests(), secret), "sent at all");
    let call = scene.edit(&["--secret-stdin"]).args(&way).stdin(secret.as_str());
    call.run().succeeds().hides(secret);
    assert_ne!(scene.sealed(), before);
}

#[test]
fn the_base_url_moves_only_with_the_secret() {
    needs_the_secret("base-url");
}

#[test]
fn the_token_url_moves_only_with_the_secret() {
    needs_the_secret("token-url");
}

#[test]
fn the_issuer_moves_only_with_the_secret() {
    needs_the_secret("issuer");
}

#[test]
fn an_issuer_that_names_the_same_endpoint_needs_the_secret_as_well() {
    let scene = scene();
    let same = scene.show("prod")["endpoint"].as_str().expect("a URL").to_owned();
    let url = scene.elsewhere.url();
    scene.elsewhere.document(OAUTH, Fault::Json(metadata(&url, &same).to_string()));
    scene.edit(&["--issuer", &url]).run().exits(9).says("token-only");
    let secret = scene.canary.secret.as_str();
    scene.edit(&["--issuer", &url, "--secret-stdin"]).stdin(secret).run().succeeds();
}

#[test]
fn another_ca_is_trusted_only_with_the_secret() {
    needs_the_secret("ca-file");
}

#[test]
fn the_ca_is_dropped_only_with_the_secret() {
    needs_the_secret("ca");
}

#[test]
fn the_style_changes_only_with_the_secret() {
    needs_the_secret("auth");
}

#[test]
fn the_flag_falls_only_with_the_secret() {
    needs_the_secret("token-only");
}

#[test]
fn reveal_is_refused_in_every_form() {
    let scene = scene();
    for words in [
        &["show", "prod", "--reveal"][..],
        &["show", "prod", "--reveal", "--json"],
        &["--json", "show", "--reveal", "prod"],
    ] {
        let ran = scene.run(words).exits(9).says("token-only").says("hint: mintage token prod");
        assert_eq!(ran.out(), "");
    }
    scene.run(&["default", "prod"]).succeeds();
    scene.run(&["show", "--reveal"]).exits(9);
    scene.run(&["show", "prod"]).succeeds();
}

#[test]
fn exec_puts_the_secret_into_no_variable() {
    let scene = scene();
    for options in [
        &["--env", "X=client_secret"][..],
        &["--env", "ACCESS_TOKEN=token", "--env", "X=client_secret"],
        &["--as", "dap"],
        &["--as", "dap", "--env", "DAP_CLIENT_SECRET=client_secret"],
    ] {
        let call = scene.world.mintage(["exec", "prod"]).args(options).args(["--", "env"]);
        let ran = call.run().exits(125).says("token-only").hides(&scene.canary.secret);
        assert_eq!(ran.out(), "", "the child ran");
    }
    assert_eq!(scene.issuer.logins(), 0);
}

#[test]
fn exec_gives_out_its_token_all_the_same() {
    let scene = scene();
    let ran = scene.run(&["exec", "prod", "--env", "ID=client_id", "--", "printenv", "ID"]);
    assert_eq!(ran.succeeds().out(), format!("{}\n", scene.canary.id));
    scene.run(&["token", "prod"]).succeeds();
}

#[test]
fn rename_keeps_the_flag() {
    let scene = scene();
    scene.run(&["rename", "prod", "other"]).succeeds();
    assert_eq!(scene.show("other")["token_only"], true);
    scene.run(&["show", "other", "--reveal"]).exits(9);
    let url = scene.elsewhere.url();
    scene.run(&["edit", "other", "--base-url", &url]).exits(9);
}

#[test]
fn edits_by_tag_move_no_token_only_profile() {
    let scene = Scene::with(&["--token-only", "--tag", "eu"]);
    publishes(&scene.elsewhere);
    scene.write("other.pem", Issuer::https().ca_pem());
    let before = scene.sealed();
    for name in ["base-url", "token-url", "issuer", "ca-file", "ca", "auth", "token-only"] {
        let call = scene.world.mintage(["edit", "--tag", "eu", "--yes"]).args(way(&scene, name));
        call.run().exits(9).hides(&scene.canary.secret);
    }
    assert_eq!(scene.sealed(), before);
    assert!(!carries(&scene.elsewhere.requests(), &scene.canary.secret));
}

#[test]
fn a_secret_is_no_option_of_edits_by_tag() {
    let scene = Scene::with(&["--token-only", "--tag", "eu"]);
    let url = scene.elsewhere.url();
    for option in [&["--secret-stdin"][..], &["--stdin"], &["--secret-file", "x"]] {
        let edit = ["edit", "--tag", "eu", "--yes", "--base-url", &url];
        let call = scene.world.mintage(edit).args(option).stdin(scene.canary.secret.as_str());
        call.run().exits(2).hides(&scene.canary.secret);
    }
}

#[test]
fn what_moves_nothing_needs_no_secret() {
    let scene = scene();
    scene.edit(&["--label", "l", "--scope", "s", "--audience", "a"]).run().succeeds();
    scene.edit(&["--token-only", "--auth", "basic-raw"]).run().succeeds();
    let url = scene.issuer.url();
    scene.edit(&["--base-url", &url, "--ca-file", "ca.pem"]).run().succeeds();
    scene.run(&["token", "prod"]).succeeds();
}

#[test]
fn a_profile_becomes_token_only_without_the_secret() {
    let scene = Scene::with(&[]);
    scene.edit(&["--token-only"]).run().succeeds();
    scene.run(&["show", "prod", "--reveal"]).exits(9);
}

#[test]
fn fields_and_token_only_exclude_each_other_at_add() {
    let scene = Scene::new();
    scene.write("value", "f1");
    let call = scene.adding("prod").args(["--token-only", "--field", "k", "--field-file", "value"]);
    call.run().exits(2).says("cannot be used with");
    assert_eq!(scene.world.records().len(), 0);
}

#[test]
fn a_token_only_profile_takes_no_field() {
    let scene = scene();
    let before = scene.sealed();
    let call = scene.edit(&["--field", "k", "--field-stdin"]).stdin("f1");
    call.run().exits(2).says("no further fields");
    let secret = scene.write("secret", &scene.canary.secret);
    let secret = secret.to_str().expect("UTF-8");
    let both = ["--field", "k", "--field-stdin", "--secret-file", secret];
    scene.edit(&both).stdin("f1").run().exits(2);
    assert_eq!(scene.sealed(), before);
}

#[test]
fn a_profile_with_fields_does_not_become_token_only() {
    let scene = Scene::new();
    scene.write("value", "f1");
    scene.add("prod", &["--field", "k", "--field-file", "value"]);
    let before = scene.sealed();
    scene.edit(&["--token-only"]).run().exits(2).says("no further fields");
    assert_eq!(scene.sealed(), before);
    scene.edit(&["--token-only", "--drop-field", "k"]).run().succeeds();
    assert_eq!(scene.show("prod")["token_only"], true);
}
