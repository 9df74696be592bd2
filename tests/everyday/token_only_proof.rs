//! Token-only: how the secret is given again, and what another one does.

use crate::scene::{Scene, carries};
use crate::token_only::{scene, way};

/// The profile mints elsewhere now, and is token-only as before.
#[track_caller]
fn has_moved(scene: &Scene) {
    assert_eq!(scene.show("prod")["base_url"], scene.elsewhere.url());
    assert_eq!(scene.show("prod")["token_only"], true);
    scene.run(&["token", "prod"]).succeeds();
    assert_eq!((scene.issuer.logins(), scene.elsewhere.logins()), (0, 1));
}

#[test]
fn the_secret_on_standard_input_is_proof() {
    let scene = scene();
    let url = scene.elsewhere.url();
    let call = scene.edit(&["--base-url", &url, "--secret-stdin"]);
    call.stdin(scene.canary.secret.as_str()).run().succeeds().hides(&scene.canary.secret);
    has_moved(&scene);
}

#[test]
fn the_pair_on_standard_input_is_proof() {
    let scene = scene();
    let url = scene.elsewhere.url();
    let call = scene.edit(&["--base-url", &url, "--stdin"]);
    call.stdin(scene.canary.pair()).run().succeeds().hides(&scene.canary.secret);
    has_moved(&scene);
}

#[test]
fn the_secret_in_a_file_is_proof() {
    let scene = scene();
    let url = scene.elsewhere.url();
    scene.write("secret", &scene.canary.secret);
    let call = scene.edit(&["--base-url", &url, "--secret-file", "secret"]);
    call.run().succeeds().hides(&scene.canary.secret);
    has_moved(&scene);
}

#[test]
fn the_secret_by_a_descriptor_is_proof() {
    let scene = scene();
    let url = scene.elsewhere.url();
    scene.write("secret", &scene.canary.secret);
    let call = scene.world.program("sh").args(["-c", "exec \"$0\" \"$@\" 7<secret"]);
    let call = call.args([env!("CARGO_BIN_EXE_mintage"), "edit", "prod", "--secret-fd", "7"]);
    call.args(["--base-url", &url]).run().succeeds().hides(&scene.canary.secret);
    has_moved(&scene);
}

#[test]
fn the_secret_typed_at_the_terminal_is_proof() {
    let scene = scene();
    let url = scene.elsewhere.url();
    let mut session = scene.edit_at_a_desk(&["--base-url", &url]).start();
    session.sees("as proof that you have it: ");
    assert!(!session.echoes());
    session.types(format!("{}\r", scene.canary.secret));
    let ended = session.ends().exits(0).leaves_the_terminal_alone();
    ended.hides(&scene.canary.secret);
    has_moved(&scene);
}

#[test]
fn a_wrong_secret_typed_as_proof_is_refused() {
    let scene = scene();
    let before = scene.sealed();
    for name in ["base-url", "token-url", "issuer", "ca-file", "ca", "auth", "token-only"] {
        let way = way(&scene, name);
        let words: Vec<&str> = way.iter().map(String::as_str).chain(["--verify"]).collect();
        let mut session = scene.edit_at_a_desk(&words).start();
        session.sees("as proof that you have it: ").types("not-the-secret-at-all\r");
        let ended = session.ends().exits(9).leaves_the_terminal_alone();
        ended.shows("token-only").hides("not-the-secret-at-all").hides(&scene.canary.secret);
    }
    assert_eq!(scene.sealed(), before);
    assert!(!carries(&scene.elsewhere.requests(), &scene.canary.secret));
}

#[test]
fn a_beginning_of_the_secret_is_no_proof() {
    let scene = scene();
    let url = scene.elsewhere.url();
    let mut session = scene.edit_at_a_desk(&["--base-url", &url]).start();
    let (most, _) = scene.canary.secret.split_at(scene.canary.secret.len() - 1);
    session.sees("as proof that you have it: ").types(format!("{most}\r"));
    session.ends().exits(9);
    assert_eq!(scene.show("prod")["base_url"], scene.issuer.url());
}

#[test]
fn the_proof_is_asked_for_before_anything_is_verified() {
    let scene = scene();
    let url = scene.elsewhere.url();
    let mut session = scene.edit_at_a_desk(&["--base-url", &url, "--verify"]).start();
    session.sees("as proof that you have it: ");
    assert_eq!(scene.elsewhere.connections(), 0);
    session.types([3]);
    session.ends().exits(130).leaves_the_terminal_alone();
    assert_eq!(scene.elsewhere.connections(), 0);
}

#[test]
fn another_secret_takes_the_place_of_the_old_one_which_never_leaves() {
    let scene = scene();
    scene.elsewhere.accept_pair(&scene.canary.id, b"another-secret");
    let url = scene.elsewhere.url();
    let call = scene.edit(&["--base-url", &url, "--secret-stdin", "--verify"]);
    call.stdin("another-secret").run().succeeds();
    scene.run(&["token", "prod"]).succeeds();
    assert_eq!(scene.elsewhere.logins(), 2);
    assert!(carries(&scene.elsewhere.requests(), "another-secret"));
    assert!(!carries(&scene.elsewhere.requests(), &scene.canary.secret));
}

#[test]
fn the_flag_falls_with_another_secret_and_the_old_one_is_gone() {
    let scene = scene();
    let call = scene.edit(&["--clear", "token-only", "--secret-stdin"]).stdin("another-secret");
    call.run().succeeds();
    assert_eq!(scene.secret_of("prod"), "another-secret");
    scene.run(&["show", "prod", "--reveal", "--json"]).succeeds();
}

#[test]
fn an_empty_secret_is_no_secret() {
    let scene = scene();
    let before = scene.sealed();
    let url = scene.elsewhere.url();
    for empty in ["", "\n"] {
        let call = scene.edit(&["--base-url", &url, "--secret-stdin"]);
        call.stdin(empty).run().exits(2);
    }
    assert_eq!(scene.sealed(), before);
}

#[test]
fn token_only_over_plain_http_is_refused_at_add_and_edit() {
    let scene = Scene::new();
    let plain = crate::issuer::Issuer::http();
    let url = plain.url();
    scene
        .adding_at("prod", &["--base-url", &url, "--token-only"])
        .run()
        .exits(9)
        .says("plain http");
    scene.adding_at("prod", &["--base-url", &url]).run().succeeds();
    let before = scene.sealed();
    let refused = scene.edit(&["--token-only"]).run().exits(9);
    refused.says("token-only profile cannot use plain http");
    let secret = scene.canary.secret.as_str();
    scene.edit(&["--token-only", "--secret-stdin"]).stdin(secret).run().exits(9);
    assert_eq!(scene.sealed(), before);
}

#[test]
fn a_token_only_profile_never_becomes_plain_http() {
    let scene = scene();
    let before = scene.sealed();
    let plain = crate::issuer::Issuer::http();
    let url = plain.url();
    let call = scene.edit(&["--base-url", &url, "--secret-stdin", "--verify"]);
    call.stdin(scene.canary.secret.as_str()).run().exits(9).says("plain http");
    assert_eq!((plain.connections(), scene.sealed()), (0, before));
}
