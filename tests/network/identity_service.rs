//! The Identity service's own ways: what it is sent, what its refusals mean, how its tokens end.

use serde_json::{Value, json};

use crate::issuer::Fault;
use crate::setup::{Scene, reply};

// H13
#[test]
fn the_request_is_the_one_the_service_documents() {
    let scene = Scene::instructure();
    scene.token().succeeds();
    let request = &scene.issuer.requests()[0];
    assert_eq!((request.method.as_str(), request.path()), ("POST", "/ids/auth/login"));
    assert!(scene.canary.id.contains('#'));
    let pair = (scene.canary.id.clone().into_bytes(), scene.canary.secret.clone().into_bytes());
    assert_eq!(request.basic(), Some(pair));
    assert_eq!(request.body, b"grant_type=client_credentials");
    assert_eq!(request.header("Content-Type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(request.header("Accept"), Some("application/json"));
    let agent = request.header("User-Agent").expect("a user agent");
    assert!(agent.starts_with("mintage/"), "{agent}");
}

#[test]
fn what_was_asked_of_another_service_is_not_asked_of_this_one() {
    let scene = Scene::instructure();
    scene.world.run(["token", "prod", "--scope", "a", "--audience", "b"]).succeeds();
    let form = scene.issuer.requests()[0].form();
    let names: Vec<&str> = form.iter().map(|(name, _)| name.as_str()).collect();
    // Asked for by the user, so it is sent; nothing else is.
    assert_eq!(names, ["grant_type", "scope", "audience"]);
}

#[test]
fn an_unknown_pair_is_a_refusal_that_says_where_to_look() {
    let scene = Scene::instructure();
    let html = "<html><body>Forbidden by gateway 7f3a</body></html>";
    let refusals = [
        reply(403, &[("Content-Type", "application/json")], r#"{"error":"forbidden"}"#),
        reply(403, &[("Content-Type", "text/html")], html),
        reply(403, &[], ""),
        reply(401, &[("Content-Type", "text/html")], html),
    ];
    for (number, refusal) in refusals.into_iter().enumerate() {
        let ran = scene.token_despite(refusal).exits(7);
        let ran = ran.says("refused the credential").says("identity.instructure.com");
        assert!(!ran.err().contains("gateway 7f3a"), "the page is quoted: {}", ran.err());
        assert_eq!(scene.issuer.logins(), number + 1, "a refusal is tried again");
    }
}

#[test]
fn a_malformed_request_is_no_refusal_of_the_credential() {
    let scene = Scene::instructure();
    for (body, said) in [
        ("", "(status 400)"),
        ("<html>bad request</html>", "(status 400)"),
        (r#"{"message":"bad"}"#, "(status 400: bad)"),
    ] {
        let bad = reply(400, &[("Content-Type", "application/json")], body);
        let said = format!("refused the request {said}");
        let ran = scene.token_despite(bad).exits(10).says(&said);
        assert!(!ran.err().contains("identity.instructure.com"));
    }
}

// R08
#[test]
fn a_token_ends_at_the_earlier_of_jwt_and_reply() {
    let scene = Scene::instructure();
    let says = |seconds: Value| Fault::ReplaceFields(vec![("expires_in", Some(seconds))]);
    scene.issuer.token_life(600);
    assert!((598..=600).contains(&scene.life_by(says(json!(3600)))));
    assert!((298..=300).contains(&scene.life_by(says(json!(300)))));
    let silent = Fault::ReplaceFields(vec![("expires_in", None)]);
    assert!((598..=600).contains(&scene.life_by(silent)));
}

// R08
#[test]
fn an_issuer_whose_clock_is_wrong_gives_tokens_of_the_right_life() {
    let scene = Scene::instructure();
    for skew in [-86_400, -300, 300, 86_400] {
        scene.issuer.clock_skew(skew);
        let life = scene.life_by(Fault::None);
        assert!((3597..=3599).contains(&life), "{skew}: {life}");
    }
}

// R08
#[test]
fn a_token_that_is_over_when_it_comes_is_not_handed_out() {
    let scene = Scene::instructure();
    for life in [0, -60] {
        scene.issuer.token_life(life);
        let says = Fault::ReplaceFields(vec![("expires_in", Some(json!(3600)))]);
        let ran = scene.token_despite(says).exits(10).says("expired already");
        assert_eq!(ran.out(), "");
    }
}

#[test]
fn a_scope_with_line_ends_is_one_line_everywhere() {
    let scene = Scene::instructure();
    let ran = scene.world.run(["token", "prod", "--json"]).succeeds();
    let scope = ran.json()["scope"].as_str().expect("a scope").to_owned();
    let words: Vec<&str> = scope.split(' ').collect();
    assert_eq!(words.len(), 4, "{scope:?}");
    assert_eq!((words[0], words[3]), ("dap", "region:us-east-1"));
    let command = ["exec", "prod", "--env", "SCOPE=scope", "--", "printenv", "SCOPE"];
    let shown = scene.world.run(command).succeeds().out();
    assert_eq!(shown.lines().count(), 1, "{shown:?}");
    assert!(shown.ends_with("region:us-east-1\n"), "{shown:?}");
}
