//! The Quiz API: a JWT under a secret that both sides have.

use serde_json::json;

use crate::scene::{Scene, canary, now};
use crate::second;

fn with(secret: &str, options: &[&str]) -> Scene {
    let scene = Scene::new();
    let all = ["--client-id", "consumer", "--secret-stdin"];
    let call = scene.adding_here("quiz", "quiz", &all).args(options).stdin(secret);
    call.run().succeeds().hides(secret);
    scene
}

#[track_caller]
fn claims(scene: &Scene, secret: &str) -> serde_json::Value {
    let verified = second::verified(&scene.token("quiz"), &json!(secret), "HS256", None);
    assert_eq!(verified.header, json!({ "typ": "JWT", "alg": "HS256" }));
    verified.claims
}

#[test]
fn it_is_verified_by_the_secret() {
    let secret = canary();
    let options = ["--scope", "quiz.build", "--scope", "quiz.take", "--set", "resource-id=42"];
    let scene = with(&secret, &options);
    let mut claims = claims(&scene, &secret);
    let exp = claims["exp"].take().as_i64().expect("a number");
    let expected = json!({ "iss": "consumer", "scope": "quiz.build quiz.take", "exp": null,
        "resource_id": "42" });
    assert_eq!(claims, expected);
    assert!((now() + 55..=now() + 60).contains(&exp));
    assert_eq!(scene.issuer.connections(), 0);
}

#[test]
fn it_is_refused_by_another_secret() {
    let scene = with(&canary(), &[]);
    assert!(second::is_refused(&scene.token("quiz"), &json!(canary()), "HS256"));
}

#[test]
fn its_life_is_what_is_set() {
    let secret = canary();
    let scene = with(&secret, &["--set", "life=900"]);
    let exp = claims(&scene, &secret)["exp"].as_i64().expect("a number");
    assert!((now() + 895..=now() + 900).contains(&exp));
    let expires_in = scene.lease("quiz")["expires_in"].as_i64().expect("a number");
    assert!((890..=900).contains(&expires_in));
}

#[test]
fn a_scope_that_is_asked_for_is_the_one_it_has() {
    let secret = canary();
    let scene = with(&secret, &["--scope", "quiz.build"]);
    let ran = scene.world.run(["token", "quiz", "--scope", "quiz.take"]).succeeds();
    let verified = second::verified(ran.out().trim_end(), &json!(secret), "HS256", None);
    assert_eq!(verified.claims["scope"], "quiz.take");
}

#[test]
fn it_has_no_audience() {
    let scene = with(&canary(), &[]);
    scene.world.run(["token", "quiz", "--audience", "a"]).exits(2);
}

#[test]
fn a_life_that_is_none_is_refused() {
    let (scene, secret) = (Scene::new(), canary());
    let options = ["--client-id", "c", "--secret-stdin", "--set", "life=none"];
    let ran = scene.adding_here("quiz", "quiz", &options).stdin(&*secret).run();
    ran.exits(2).says("seconds").hides(&secret);
}
