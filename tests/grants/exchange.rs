//! RFC 8693: the token of another profile for one that is good elsewhere.

use crate::scene::{Scene, canary};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// A profile `source`, and `target` that is minted from it.
fn scene(options: &[&str]) -> (Scene, String) {
    let (scene, secret) = (Scene::new(), canary());
    scene.issuer.accept_pair("client", secret.as_bytes());
    let pair = ["--client-id", "client", "--secret-stdin"];
    scene.adding_oauth("source", "oauth2", &pair).stdin(&*secret).run().succeeds();
    let target = ["--from", "source", "--client-id", "client", "--secret-stdin"];
    let add = scene.adding_oauth("target", "token-exchange", &target).args(options);
    add.stdin(&*secret).run().succeeds().hides(&secret);
    (scene, secret)
}

#[test]
fn the_other_profiles_token_is_the_subject() {
    let (scene, _) = scene(&["--scope", "read", "--audience", "api", "--resource", "https://r/"]);
    let token = scene.token("target");
    let tokens = scene.issuer.tokens();
    assert_eq!((tokens.len(), &tokens[1]), (2, &token));
    let form = scene.form();
    let found: Vec<_> = form.iter().map(|(name, value)| (&**name, &**value)).collect();
    let expected = [
        ("audience", "api"),
        ("grant_type", GRANT),
        ("resource", "https://r/"),
        ("scope", "read"),
        ("subject_token", &tokens[0]),
        ("subject_token_type", ACCESS_TOKEN),
    ];
    assert_eq!(found, expected);
}

#[test]
fn the_kinds_of_token_are_what_is_set() {
    let jwt = "urn:ietf:params:oauth:token-type:jwt";
    let id_token = "urn:ietf:params:oauth:token-type:id_token";
    let (subject, requested) =
        (format!("subject-token-type={jwt}"), format!("requested-token-type={id_token}"));
    let (scene, _) = scene(&["--set", &subject, "--set", &requested]);
    // Its `token_type` is `N_A`, for it is no access token.
    scene.token("target");
    let form = scene.form();
    let kinds = (&*form["subject_token_type"], &*form["requested_token_type"]);
    assert_eq!(kinds, (jwt, id_token));
}

#[test]
fn an_audience_that_is_refused_is_a_fault_of_the_request() {
    let (scene, secret) = scene(&[]);
    scene.issuer.refuse_target("forbidden");
    let ran = scene.world.run(["token", "target", "--audience", "forbidden"]).exits(10);
    ran.says("invalid_target").hides(&secret).hides(&scene.issuer.tokens()[0]);
}

#[test]
fn a_refused_client_is_told_without_its_secret() {
    let (scene, wrong) = (Scene::new(), canary());
    scene.issuer.accept_pair("client", canary().as_bytes());
    scene.adding("source", "static", &["--secret-stdin"]).stdin(canary()).run().succeeds();
    let options = ["--from", "source", "--client-id", "client", "--secret-stdin"];
    scene.adding_oauth("target", "token-exchange", &options).stdin(&*wrong).run().succeeds();
    scene.world.run(["token", "target"]).exits(7).hides(&wrong);
}

#[test]
fn without_a_source_it_is_not_added() {
    let (scene, secret) = (Scene::new(), canary());
    let options = ["--client-id", "client", "--secret-stdin"];
    let ran = scene.adding_oauth("target", "token-exchange", &options).stdin(&*secret).run();
    ran.exits(2).says("the profile to mint from").hides(&secret);
}

#[test]
fn a_source_that_is_not_there_is_told() {
    let (scene, secret) = (Scene::new(), canary());
    let options = ["--from", "nobody", "--client-id", "client", "--secret-stdin"];
    scene.adding_oauth("target", "token-exchange", &options).stdin(&*secret).run().succeeds();
    scene.world.run(["token", "target"]).exits(3).says("nobody");
}

#[test]
fn a_circle_is_refused() {
    let (scene, _) = scene(&[]);
    scene.world.run(["edit", "target", "--from", "target"]).succeeds();
    scene.world.run(["token", "target"]).exits(9);
    assert_eq!(scene.issuer.logins(), 0);
}

#[test]
fn a_key_that_is_given_out_as_it_is_can_be_the_subject() {
    let (scene, secret, key) = (Scene::new(), canary(), canary());
    scene.issuer.accept_pair("client", secret.as_bytes());
    scene.issuer.accept_subject_token(&key);
    scene.adding("source", "static", &["--secret-stdin"]).stdin(&*key).run().succeeds();
    let options = ["--from", "source", "--client-id", "client", "--secret-stdin"];
    scene.adding_oauth("target", "token-exchange", &options).stdin(&*secret).run().succeeds();
    scene.token("target");
    assert_eq!(scene.form()["subject_token"], key);
}
