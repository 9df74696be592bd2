//! Refresh tokens at a server that gives another one with each use, and takes the whole login back
//! where an old one comes again (RFC 9700, 4.14.2).

use serde_json::{Value, json};

use crate::scene::Scene;

/// A client without a secret that has a refresh token, and its profile `prod`.
fn refreshing(scope: &str) -> Scene {
    let client = json!({
        "token_endpoint_auth_method": "none",
        "grant_types": ["authorization_code", "refresh_token"],
        "redirect_uris": ["http://127.0.0.1/callback"],
    });
    let scene = Scene::without_secret(&client);
    let token = scene.issuer.refresh_token(&scene.canary.id, scope);
    let options = ["--preset", "oauth2-refresh", "--refresh-token-stdin"];
    scene.adding_id(&options).stdin(token.clone()).run().succeeds().hides(&token);
    scene
}

fn statuses(logins: &[Value]) -> Vec<&Value> {
    logins.iter().map(|login| &login["status"]).collect()
}

#[test]
fn a_refresh_token_brings_a_token() {
    let scene = refreshing("reports:read");
    scene.live_token();
    let login = scene.only_login();
    assert_eq!((&login["grant"], &login["status"]), (&json!("refresh_token"), &json!(200)));
}

#[test]
fn three_rotations_in_a_row_bring_a_live_token_each() {
    let scene = refreshing("reports:read");
    for _ in 0..3 {
        scene.live_token();
    }
    assert_eq!(statuses(&scene.issuer.logins()), [200, 200, 200]);
}

#[test]
fn a_token_that_is_still_good_spends_no_refresh_token() {
    let scene = refreshing("reports:read");
    let first = scene.live_token();
    assert_eq!(scene.run(["token", "prod"]).succeeds().out().trim_end(), first);
    assert_eq!(scene.issuer.logins().len(), 1);
}

#[test]
fn processes_at_the_same_time_never_spend_a_refresh_token_twice() {
    let scene = refreshing("reports:read");
    let tokens: Vec<String> = std::thread::scope(|threads| {
        let start = |_| threads.spawn(|| scene.run(["token", "prod", "--fresh"]).succeeds().out());
        let running: Vec<_> = (0..6).map(start).collect();
        running.into_iter().map(|one| one.join().expect("it ends")).collect()
    });
    let logins = scene.issuer.logins();
    assert!(logins.iter().all(|login| login["status"] == 200), "{logins:?}");
    assert!(tokens.iter().all(|token| scene.issuer.is_live(token.trim_end())));
    scene.live_token();
}

#[test]
fn the_agent_and_a_process_without_it_never_spend_a_refresh_token_twice() {
    let scene = refreshing("reports:read");
    for _ in 0..2 {
        scene.with_agent(["token", "prod", "--fresh"]).succeeds();
        scene.run(["token", "prod", "--fresh"]).succeeds();
    }
    assert_eq!(statuses(&scene.issuer.logins()), [200, 200, 200, 200]);
}

#[test]
fn fewer_scopes_may_be_asked_for_than_were_granted() {
    let scene = refreshing("reports:read reports:write");
    let narrow = ["token", "prod", "--json", "--scope", "reports:read"];
    assert_eq!(scene.run(narrow).succeeds().json()["scope"], "reports:read");
}

#[test]
fn more_scopes_than_were_granted_are_refused_and_the_login_lives_on() {
    let scene = refreshing("reports:read");
    scene.run(["token", "prod", "--scope", "reports:write"]).exits(10).says("invalid_scope");
    scene.live_token();
}

#[test]
fn a_refresh_token_that_was_spent_elsewhere_is_refused_and_a_login_is_asked_for() {
    let scene = refreshing("reports:read");
    let stale = scene.world.path("stale");
    copy(&scene.world.vault(), &stale);
    scene.live_token();
    // A backup from before the rotation.
    std::fs::remove_dir_all(scene.world.vault()).expect("gone");
    copy(&stale, &scene.world.vault());
    scene.run(["token", "prod", "--fresh"]).exits(6).says("mintage vault accept");
    scene.run(["vault", "accept", "--yes"]).succeeds();
    scene.run(["token", "prod", "--fresh"]).exits(7).says("mintage login prod");
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    let status = std::process::Command::new("cp").arg("-a").arg(from).arg(to).status();
    assert!(status.expect("cp runs").success());
}
