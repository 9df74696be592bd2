//! Token-only profiles whose secret is a key or a refresh token: where that goes is changed only by who
//! gives it again.

use crate::issuer::{Service, SigningKey};
use crate::scene::{Scene, canary};
use crate::world::Call;

/// Every way to have what is secret sent elsewhere, or shown as something else.
fn ways(scene: &Scene) -> Vec<Vec<String>> {
    let elsewhere = scene.elsewhere.url();
    scene.write("other.pem", crate::issuer::Issuer::https().ca_pem());
    let way = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    vec![
        way(&["--token-url", &format!("{elsewhere}/oauth/token")]),
        way(&["--ca-file", "other.pem"]),
        way(&["--clear", "ca"]),
        way(&["--clear", "token-only"]),
    ]
}

fn edit(scene: &Scene, way: &[String]) -> Call {
    scene.world.mintage(["edit", "app"]).args(way)
}

/// That no way is open without `given`, and the first one is with it.
#[track_caller]
fn is_guarded(scene: &Scene, given: &[&str], stdin: &str) {
    let before = scene.show("app");
    for way in ways(scene) {
        for company in [&[][..], &["--verify"], &["--label", "harmless"]] {
            edit(scene, &way).args(company).run().exits(9).says("token-only");
        }
    }
    assert_eq!(scene.show("app"), before);
    assert_eq!(scene.elsewhere.connections(), 0);
    edit(scene, &ways(scene)[0]).args(given).stdin(stdin).run().succeeds();
    assert_ne!(scene.show("app")["endpoint"], before["endpoint"]);
}

fn with_key() -> Scene {
    let (scene, key) = (Scene::new(), SigningKey::p256());
    scene.issuer.accept_key("app", key.public_pem());
    scene.write("key.pem", key.private_pem());
    let options = ["--client-id", "app", "--key-file", "key.pem", "--token-only"];
    scene.adding_oauth("app", "oauth2", &options).run().succeeds();
    scene
}

fn with_refresh(refresh: &str) -> Scene {
    let scene = Scene::new();
    scene.issuer.accept_public_client("app");
    scene.issuer.accept_refresh_token(Service::OAuth, "app", refresh);
    let options = ["--client-id", "app", "--refresh-token-stdin", "--token-only"];
    scene.adding_oauth("app", "oauth2-refresh", &options).stdin(refresh).run().succeeds();
    scene
}

#[test]
fn a_key_moves_only_with_the_key() {
    is_guarded(&with_key(), &["--key-file", "key.pem"], "");
}

#[test]
fn a_refresh_token_moves_only_with_a_refresh_token() {
    let refresh = canary();
    is_guarded(&with_refresh(&refresh), &["--refresh-token-stdin"], &refresh);
}

#[test]
fn a_certificate_moves_only_with_the_certificate() {
    let scene = Scene::new();
    let made = scene.issuer.client_certificate();
    scene.write("client.pem", format!("{}{}", made.pem, made.key_pem));
    let options = ["--client-id", "app", "--cert-file", "client.pem", "--token-only"];
    scene.adding_oauth("app", "oauth2", &options).run().succeeds();
    is_guarded(&scene, &["--cert-file", "client.pem"], "");
}

#[test]
fn a_secret_alone_does_not_move_a_refresh_token() {
    let (scene, secret, refresh) = (Scene::new(), canary(), canary());
    scene.write("refresh", &refresh);
    let options =
        ["--client-id", "app", "--secret-stdin", "--refresh-token-file", "refresh", "--token-only"];
    scene.adding_oauth("app", "oauth2-refresh", &options).stdin(&*secret).run().succeeds();
    let way = &ways(&scene)[0];
    let call = edit(&scene, way).args(["--secret-stdin"]).stdin(&*secret);
    call.run().exits(9).hides(&secret).hides(&refresh);
    let both = ["--secret-stdin", "--refresh-token-file", "refresh"];
    edit(&scene, way).args(both).stdin(&*secret).run().succeeds();
}

#[test]
fn what_an_assertion_is_for_is_changed_only_with_the_key() {
    let scene = with_key();
    let set = ["edit", "app", "--set", "assertion-audience=https://elsewhere.example"];
    scene.world.run(set).exits(9);
    scene.world.mintage(set).args(["--key-file", "key.pem"]).run().succeeds();
}

#[test]
fn where_a_person_logs_in_is_changed_only_with_the_refresh_token() {
    let refresh = canary();
    let scene = with_refresh(&refresh);
    let set = ["edit", "app", "--set", "authorize-url=https://elsewhere.example/"];
    scene.world.run(set).exits(9).hides(&refresh);
}

#[test]
fn the_refresh_token_that_came_last_goes_nowhere_else() {
    let refresh = canary();
    let scene = with_refresh(&refresh);
    scene.token("app");
    let last = scene.issuer.current_refresh_token(Service::OAuth).expect("one");
    for way in ways(&scene) {
        edit(&scene, &way).args(["--verify"]).run().exits(9).hides(&last);
    }
    // With the first one, which is spent, the place can be changed, but that is all that goes there.
    edit(&scene, &ways(&scene)[0])
        .args(["--refresh-token-stdin"])
        .stdin(&*refresh)
        .run()
        .succeeds();
    scene.world.run(["token", "app"]);
    let sent = scene.elsewhere.requests();
    assert!(!sent.iter().any(|seen| crate::scene::has(&seen.body, &last)));
}

#[test]
fn a_source_that_is_token_only_is_not_taken_for_another_place() {
    let scene = with_key();
    // Its token may be exchanged anywhere; the key that mints it stays.
    let options = ["--from", "app", "--client-id", "c", "--secret-stdin"];
    scene.adding_oauth("target", "token-exchange", &options).stdin(canary()).run().succeeds();
    scene.world.run(["show", "app", "--reveal"]).exits(9);
}

#[test]
fn nothing_of_it_is_revealed() {
    let refresh = canary();
    let scene = with_refresh(&refresh);
    scene.world.run(["show", "app", "--reveal"]).exits(9).hides(&refresh);
    scene.world.run(["show", "app", "--reveal", "--json"]).exits(9).hides(&refresh);
}

#[test]
fn another_key_is_made_without_the_old_one() {
    // Nothing of the old one is sent anywhere by that.
    let scene = with_key();
    scene.world.run(["key", "new", "app", "--type", "p256", "--yes"]).succeeds();
    assert_eq!(scene.show("app")["token_only"], true);
}
