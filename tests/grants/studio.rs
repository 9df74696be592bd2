//! Studio: a developer key in the body, and the refresh token of a login.

use crate::issuer::{Rotation, Service};
use crate::scene::{Scene, canary};

/// A profile `studio` with a refresh token that the issuer knows.
fn scene() -> (Scene, String, String) {
    let (scene, secret, refresh) = (Scene::new(), canary(), canary());
    scene.issuer.accept_pair("key", secret.as_bytes());
    scene.issuer.accept_refresh_token(Service::Studio, "key", &refresh);
    scene.write("refresh", format!("{refresh}\n"));
    let options = ["--client-id", "key", "--secret-stdin", "--refresh-token-file", "refresh"];
    let ran = scene.adding_here("studio", "studio", &options).stdin(&*secret).run().succeeds();
    ran.hides(&secret).hides(&refresh);
    (scene, secret, refresh)
}

#[test]
fn the_developer_key_and_the_refresh_token_are_in_the_body() {
    let (scene, secret, refresh) = scene();
    let token = scene.token("studio");
    assert_eq!(scene.issuer.tokens(), [token]);
    let (form, seen) = (scene.form(), scene.last());
    let found: Vec<_> = form.iter().map(|(name, value)| (&**name, &**value)).collect();
    let expected = [
        ("client_id", "key"),
        ("client_secret", &*secret),
        ("grant_type", "refresh_token"),
        ("refresh_token", &refresh),
    ];
    assert_eq!(found, expected);
    assert_eq!((&*seen.target, seen.header("Authorization")), ("/api/public/oauth/token", None));
}

#[test]
fn a_refresh_token_that_stays_is_used_again() {
    let (scene, _, refresh) = scene();
    for _ in 0..2 {
        scene.world.run(["token", "studio", "--fresh"]).succeeds();
        assert_eq!(scene.form()["refresh_token"], refresh);
    }
}

#[test]
fn a_refresh_token_that_rotates_is_followed() {
    let (scene, ..) = scene();
    scene.issuer.rotation(Service::Studio, Rotation::Rotating);
    for _ in 0..3 {
        scene.world.run(["token", "studio", "--fresh"]).succeeds();
    }
    assert_eq!(scene.issuer.refresh_reuses(Service::Studio), 0);
}

#[test]
fn a_login_that_is_over_is_told_with_where_the_keys_are() {
    let (scene, secret, refresh) = scene();
    scene.issuer.end_sign_ins(Service::Studio);
    let ran = scene.world.run(["token", "studio"]).exits(7).hides(&secret).hides(&refresh);
    ran.says("mintage login studio").says("Manage OAuth Keys");
}

#[test]
fn before_a_login_it_says_so() {
    let (scene, secret) = (Scene::new(), canary());
    let options = ["--client-id", "key", "--secret-stdin"];
    let ran = scene.adding_here("studio", "studio", &options).stdin(&*secret).run().succeeds();
    ran.says("mintage login studio");
    scene.world.run(["token", "studio"]).exits(4).says("mintage login studio");
    assert_eq!(scene.issuer.connections(), 0);
}
