//! `oauth2-refresh`: a refresh token that was given, and whatever becomes of it when it is used.

use crate::issuer::{Rotation, Service};
use crate::scene::{OAUTH_TOKEN, Scene, canary};

/// A profile `app` with a refresh token that the issuer knows.
fn scene(rotation: Rotation) -> (Scene, String) {
    let (scene, refresh) = (Scene::new(), canary());
    scene.issuer.accept_public_client("app");
    scene.issuer.accept_refresh_token(Service::OAuth, "app", &refresh);
    scene.issuer.rotation(Service::OAuth, rotation);
    let options = ["--client-id", "app", "--refresh-token-stdin"];
    let add = scene.adding_oauth("app", "oauth2-refresh", &options).stdin(format!("{refresh}\n"));
    add.run().succeeds().hides(&refresh);
    (scene, refresh)
}

/// Mints once more, and gives back the refresh token that was sent.
#[track_caller]
fn spends(scene: &Scene) -> String {
    scene.world.run(["token", "app", "--fresh"]).succeeds();
    scene.form()["refresh_token"].clone()
}

#[test]
fn a_public_client_sends_its_id_and_the_refresh_token() {
    let (scene, refresh) = scene(Rotation::Rotating);
    let token = scene.token("app");
    assert_eq!(scene.issuer.tokens(), [token]);
    let form = scene.form();
    let found: Vec<_> = form.iter().map(|(name, value)| (&**name, &**value)).collect();
    let expected =
        [("client_id", "app"), ("grant_type", "refresh_token"), ("refresh_token", &*refresh)];
    assert_eq!((found, scene.last().header("Authorization")), (expected.to_vec(), None));
}

#[test]
fn of_tokens_that_rotate_each_is_spent_once() {
    let (scene, refresh) = scene(Rotation::Rotating);
    let spent: Vec<String> = (0..4).map(|_| spends(&scene)).collect();
    assert_eq!((&spent[0], scene.issuer.refresh_reuses(Service::OAuth)), (&refresh, 0));
}

#[test]
fn a_token_that_stays_is_used_again() {
    let (scene, refresh) = scene(Rotation::Fixed);
    for _ in 0..3 {
        assert_eq!(spends(&scene), refresh);
    }
}

#[test]
fn of_tokens_that_all_work_the_latest_is_used() {
    let (scene, refresh) = scene(Rotation::Lenient);
    assert_eq!(spends(&scene), refresh);
    let next = scene.issuer.current_refresh_token(Service::OAuth).expect("one");
    assert_eq!(spends(&scene), next);
}

#[test]
fn a_token_that_nothing_follows_ends_the_login() {
    let (scene, refresh) = scene(Rotation::Silent);
    spends(&scene);
    let ran = scene.world.run(["token", "app", "--fresh"]).exits(7).hides(&refresh);
    ran.says("invalid_grant").says("mintage edit app --refresh-token-file");
}

#[test]
fn a_token_that_is_still_good_spends_nothing() {
    let (scene, _) = scene(Rotation::Rotating);
    let first = scene.token("app");
    assert_eq!(scene.token("app"), first);
    assert_eq!(scene.issuer.logins(), 1);
}

#[test]
fn verifying_when_it_is_added_keeps_what_came_of_it() {
    let (scene, refresh) = (Scene::new(), canary());
    scene.issuer.accept_public_client("app");
    scene.issuer.accept_refresh_token(Service::OAuth, "app", &refresh);
    let options = ["--client-id", "app", "--refresh-token-stdin", "--verify"];
    let add = scene.adding_oauth("app", "oauth2-refresh", &options).stdin(&*refresh);
    add.run().succeeds();
    let next = scene.issuer.current_refresh_token(Service::OAuth).expect("one");
    assert_eq!(spends(&scene), next);
    assert_eq!(scene.issuer.refresh_reuses(Service::OAuth), 0);
}

#[test]
fn a_client_with_a_secret_shows_it_as_the_profile_says() {
    let (scene, secret, refresh) = (Scene::new(), canary(), canary());
    scene.issuer.accept_pair("app", secret.as_bytes());
    scene.issuer.accept_refresh_token(Service::OAuth, "app", &refresh);
    scene.write("refresh", &refresh);
    let options = ["--client-id", "app", "--secret-stdin", "--refresh-token-file", "refresh"];
    scene.adding_oauth("app", "oauth2-refresh", &options).stdin(&*secret).run().succeeds();
    scene.token("app");
    let (id, shown) = scene.last().basic().expect("Basic");
    assert_eq!((id.as_slice(), shown.as_slice()), (&b"app"[..], secret.as_bytes()));
}

#[test]
fn fewer_scopes_are_asked_for_where_that_is_wished() {
    let (scene, _) = scene(Rotation::Rotating);
    scene.world.run(["token", "app", "--scope", "read"]).succeeds();
    assert_eq!(scene.form()["scope"], "read");
    // What is kept answers that wish and no other.
    scene.world.run(["token", "app"]).succeeds();
    assert_eq!((scene.form().get("scope"), scene.issuer.asked(OAUTH_TOKEN)), (None, 2));
}

#[test]
fn a_refresh_token_with_odd_characters_is_refused() {
    let scene = Scene::new();
    let options = ["--client-id", "app", "--refresh-token-stdin"];
    for odd in ["", "a\u{1}b", "caf\u{e9}"] {
        scene.adding_oauth("app", "oauth2-refresh", &options).stdin(odd).run().exits(2);
    }
}

#[test]
fn without_a_refresh_token_and_without_a_login_it_is_not_added() {
    let scene = Scene::new();
    let ran = scene.adding_oauth("app", "oauth2-refresh", &["--client-id", "app"]).run();
    ran.exits(2).says("--refresh-token-file");
}

#[test]
fn a_device_without_a_login_says_so() {
    let scene = Scene::new();
    let url = format!("device-url={}/oauth/device_authorization", scene.issuer.url());
    let options = ["--client-id", "app", "--set", &url];
    scene.adding_oauth("tv", "oauth2-device", &options).run().succeeds().says("mintage login tv");
    scene.world.run(["token", "tv"]).exits(4).says("mintage login tv");
}
