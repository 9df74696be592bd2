//! The `canvas` preset with a login: a refresh replaces the one access token.

use serde_json::Value;

use crate::issuer::{Fault, Service};
use crate::scene::{OAUTH, Scene, at_time, canary, line, number};

#[test]
fn a_refresh_sends_the_pair_and_the_refresh_token_in_the_form_alone() {
    let scene = Scene::with_login();
    let token = scene.token("canvas");
    assert!(scene.is_good(&token));
    let request = &scene.issuer.requests()[0];
    assert_eq!((request.method.as_str(), request.path()), ("POST", OAUTH));
    assert_eq!(request.header("Authorization"), None);
    assert_eq!(
        request.form(),
        [
            ("grant_type".to_owned(), "refresh_token".to_owned()),
            ("refresh_token".to_owned(), scene.login.refresh.clone()),
            ("client_id".to_owned(), scene.login.pair.id.clone()),
            ("client_secret".to_owned(), scene.login.pair.secret.clone()),
        ]
    );
    assert!(!scene.issuer.saw_in_url(&scene.login.refresh));
}

#[test]
fn a_token_serves_all_processes_until_it_runs_out() {
    let scene = Scene::with_login();
    let first = scene.token("canvas");
    assert_eq!(scene.token("canvas"), first);
    assert_eq!(scene.asked(), (1, 0));
}

#[test]
fn a_fresh_token_takes_the_place_of_the_last_for_all() {
    let scene = Scene::with_login();
    let first = scene.token("canvas");
    let fresh = line(&scene.run(&["token", "canvas", "--fresh"]).succeeds());
    assert_ne!(fresh, first);
    assert!(scene.is_good(&fresh) && !scene.is_good(&first));
    assert_eq!(scene.token("canvas"), fresh);
    assert_eq!(scene.asked(), (2, 0));
}

#[test]
fn without_expires_in_a_token_is_good_for_a_day() {
    let scene = Scene::with_login();
    scene.issuer.canvas_tokens_never_expire(true);
    let token = scene.run(&["token", "canvas", "--json"]).succeeds().json();
    let life = number(&token, "expires_in");
    assert!((86_000..=86_400).contains(&life), "{life}");
    assert_eq!(scene.token("canvas"), token["token"].as_str().expect("a token"));
    assert_eq!(scene.asked(), (1, 0));
}

#[test]
fn without_token_type_a_token_is_a_bearer() {
    let scene = Scene::with_login();
    scene.issuer.fault_once(Fault::ReplaceFields(vec![("token_type", None)]));
    let token = scene.run(&["token", "canvas", "--json"]).succeeds().json();
    assert_eq!(token["token_type"], "Bearer");
}

#[test]
fn a_refresh_just_after_another_one_waits_and_asks_once_more() {
    let scene = Scene::with_login();
    scene.issuer.fault_once(Fault::ReplaceFields(vec![("access_token", Some(Value::Null))]));
    let token = scene.token("canvas");
    assert!(scene.is_good(&token));
    let requests = scene.issuer.requests();
    let waited = requests[1].at.duration_since(requests[0].at);
    assert!(waited.as_secs() >= 5, "{waited:?}");
    assert_eq!(scene.asked(), (2, 0));
}

#[test]
fn a_dead_refresh_token_is_refused_once_and_the_hint_is_to_log_in() {
    let scene = Scene::with_login();
    scene.issuer.end_sign_ins(Service::Canvas);
    let ran = scene.run(&["token", "canvas"]).exits(7);
    ran.says("status 400").says("refresh_token not found").says("mintage login canvas");
    assert_eq!(scene.asked(), (1, 0));
}

#[test]
fn the_agent_says_the_same_of_a_dead_refresh_token() {
    let scene = Scene::with_login();
    scene.issuer.end_sign_ins(Service::Canvas);
    let ran = scene.by_agent(&["token", "canvas"]).exits(7);
    ran.says("refresh_token not found").says("mintage login canvas");
    assert_eq!(scene.asked(), (1, 0));
}

#[test]
fn a_wrong_developer_key_is_refused_and_the_hint_is_where_to_look() {
    let scene = Scene::new();
    scene.device.write("refresh", &scene.login.refresh);
    let (id, wrong) = (&scene.login.pair.id, canary());
    let options = ["--stdin", "--refresh-token-file", "refresh"];
    let add = scene.adding("canvas", "canvas", &options).stdin(format!("{id}:{wrong}"));
    add.run().succeeds();
    let ran = scene.run(&["token", "canvas"]).exits(7).hides(&wrong);
    ran.says("invalid_client: invalid client").says("Developer Keys");
}

#[test]
fn before_anybody_has_logged_in_nothing_is_asked_and_a_person_is_needed() {
    let scene = Scene::new();
    let add = scene.adding("canvas", "canvas", &["--stdin"]).stdin(scene.login.pair.pair());
    add.run().succeeds().says("mintage login canvas");
    scene.run(&["token", "canvas"]).exits(4).says("mintage login canvas");
    assert_eq!(scene.issuer.requests().len(), 0);
}

#[test]
fn a_redirect_is_not_followed_with_the_refresh_token() {
    let (scene, elsewhere) = (Scene::with_login(), crate::issuer::Issuer::http());
    let to = format!("{}{OAUTH}", elsewhere.url());
    scene.issuer.fault(Fault::Redirect { code: 307, to });
    scene.run(&["token", "canvas"]).exits(10).says("redirect");
    assert_eq!((scene.issuer.logins(), elsewhere.connections()), (1, 0));
}

#[test]
fn scopes_and_audiences_are_not_asked_for() {
    let scene = Scene::with_login();
    scene.run(&["token", "canvas", "--scope", "url:GET|/api/v1/courses"]).exits(2);
    scene.run(&["token", "canvas", "--audience", "x"]).exits(2);
    assert_eq!(scene.issuer.requests().len(), 0);
}

#[test]
fn a_check_does_not_replace_the_token_that_others_use() {
    let scene = Scene::with_login();
    let token = scene.token("canvas");
    scene.run(&["check", "canvas"]).succeeds();
    scene.by_agent(&["check", "canvas"]).succeeds();
    assert!(scene.is_good(&token));
}

#[test]
fn what_verifies_a_new_profile_is_its_first_token() {
    let scene = Scene::new();
    scene.device.write("refresh", &scene.login.refresh);
    let options = ["--stdin", "--refresh-token-file", "refresh", "--verify"];
    let add = scene.adding("canvas", "canvas", &options).stdin(scene.login.pair.pair());
    add.run().succeeds();
    assert!(scene.is_good(&scene.token("canvas")));
    assert_eq!(scene.asked(), (1, 0));
}

/// A token of 50 minutes ago, kept by a process without an agent.
fn token_of_a_while_ago(scene: &Scene) -> String {
    line(&at_time("-50m", scene.device.world.mintage(["token", "canvas"])).run().succeeds())
}

#[test]
fn a_kept_token_with_too_little_left_is_replaced() {
    let scene = Scene::with_login();
    let old = token_of_a_while_ago(&scene);
    assert_eq!(scene.token("canvas"), old);
    let longer = line(&scene.run(&["token", "canvas", "--min-valid", "30m"]).succeeds());
    assert_ne!(longer, old);
    assert_eq!(scene.asked(), (2, 0));
}

#[test]
fn the_agent_replaces_a_kept_token_with_too_little_left() {
    let scene = Scene::with_login();
    let old = token_of_a_while_ago(&scene);
    assert_eq!(scene.token_by_agent("canvas"), old);
    let longer = line(&scene.by_agent(&["token", "canvas", "--min-valid", "30m"]).succeeds());
    assert_ne!(longer, old);
    assert_eq!(scene.asked(), (2, 0));
}

#[test]
fn a_token_is_not_replaced_in_vain_where_none_lives_as_long_as_is_wanted() {
    let scene = Scene::with_login();
    let token = scene.token("canvas");
    for _ in 0..3 {
        scene.run(&["token", "canvas", "--min-valid", "2h"]).exits(10);
        scene.by_agent(&["token", "canvas", "--min-valid", "2h"]).exits(10);
    }
    assert!(scene.is_good(&token));
    assert_eq!(scene.asked(), (1, 0));
}
