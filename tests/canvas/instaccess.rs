//! The `canvas-instaccess` preset: a JWE for an hour from a Canvas access token, and what each refusal
//! means.

use crate::issuer::{CanvasFlaw, Fault, Issuer, jwe};
use crate::scene::{JWTS, MINT, Scene, canary, line, number};

#[test]
fn a_mint_is_a_post_without_a_body_and_the_bearer_in_the_header_alone() {
    let scene = Scene::with_insta();
    let token = scene.token("insta");
    assert_eq!(token.split('.').count(), 5);
    assert!(scene.is_good(&token));
    let request = &scene.issuer.requests()[0];
    assert_eq!((request.method.as_str(), request.target.as_str()), ("POST", MINT));
    assert_eq!(request.bearer(), Some(scene.login.by_hand.as_str()));
    assert_eq!(request.header("Accept"), Some("application/json"));
    assert!(request.body.is_empty());
}

#[test]
fn it_lives_an_hour_from_when_it_was_asked_for() {
    let scene = Scene::with_insta();
    let token = scene.run(&["token", "insta", "--json"]).succeeds().json();
    let life = number(&token, "expires_in");
    assert!((3_570..=3_600).contains(&life), "{life}");
    assert_eq!(token["token_type"], "Bearer");
}

#[test]
fn the_agent_asks_for_one_an_hour() {
    let scene = Scene::with_insta();
    let first = scene.token_by_agent("insta");
    assert_eq!(scene.token_by_agent("insta"), first);
    assert_eq!(scene.asked(), (0, 1));
}

#[test]
fn any_other_success_than_201_is_none() {
    let scene = Scene::with_insta();
    let body = format!("{{\"token\":\"{}\"}}", jwe());
    scene.issuer.fault(Fault::Json(body));
    scene.run(&["token", "insta"]).exits(10).says("its status is not 201");
}

#[test]
fn what_is_no_token_is_not_taken_for_one() {
    let scene = Scene::with_insta();
    for body in
        ["{}", "[]", "{\"token\":null}", "{\"token\":\"short\"}", "{\"token\":\"a.b.c\\n\"}"]
    {
        let headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
        scene.issuer.fault(Fault::Status { status: 201, headers, body: body.into() });
        scene.run(&["token", "insta"]).exits(10).says("the issuer's answer is not acceptable");
    }
}

#[test]
fn a_challenge_means_that_the_access_token_is_not_good() {
    for (flaw, words) in
        [(CanvasFlaw::Expired, "Expired access token."), (CanvasFlaw::Revoked, "Revoked")]
    {
        let scene = Scene::with_insta();
        scene.issuer.spoil_canvas_token(&scene.login.by_hand, flaw);
        let ran = scene.run(&["token", "insta"]).exits(7).hides(&scene.login.by_hand);
        ran.says("refused the credential (status 401").says(words).says("not yet activated");
        assert_eq!(scene.asked(), (0, 1));
    }
}

#[test]
fn an_access_token_that_canvas_never_knew_is_refused() {
    let scene = Scene::new();
    let unknown = canary();
    scene.add_secret("insta", "canvas-instaccess", &unknown);
    let ran = scene.run(&["token", "insta"]).exits(7).hides(&unknown);
    ran.says("Invalid access token.");
}

#[test]
fn without_a_challenge_the_access_token_is_good_and_lacks_a_scope() {
    let scene = Scene::with_insta();
    scene.issuer.spoil_canvas_token(&scene.login.by_hand, CanvasFlaw::InsufficientScopes);
    let ran = scene.run(&["token", "insta"]).exits(10);
    let ran = ran.says("refused the request (status 401").says("Insufficient scopes");
    ran.says("url:POST|/api/v1/inst_access_tokens").hides("refused the credential");
}

#[test]
fn without_a_challenge_the_user_may_not_and_the_access_token_is_not_blamed() {
    let scene = Scene::with_insta();
    scene.issuer.spoil_canvas_token(&scene.login.by_hand, CanvasFlaw::NotAuthorized);
    let ran = scene.run(&["token", "insta"]).exits(10);
    ran.says("user not authorized to perform that action").hides("refused the credential");
}

#[test]
fn the_words_do_not_matter_where_there_is_a_challenge() {
    let scene = Scene::with_insta();
    let headers =
        [("Content-Type", "application/json"), ("WWW-Authenticate", "Bearer realm=\"c\"")];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let body = b"{\"errors\":[{\"message\":\"Insufficient scopes on access token.\"}]}".to_vec();
    scene.issuer.fault(Fault::Status { status: 401, headers, body });
    scene.run(&["token", "insta"]).exits(7);
}

#[test]
fn an_instaccess_token_is_refused_as_a_credential_before_anybody_is_asked() {
    let scene = Scene::new();
    let wrong = jwe();
    scene.add_secret("insta", "canvas-instaccess", &wrong);
    scene.add_secret("service", "canvas-jwt", &wrong);
    for name in ["insta", "service"] {
        let ran = scene.run(&["token", name]).exits(7).hides(&wrong);
        ran.says("InstAccess or services token").says("--from NAME");
    }
    assert_eq!(scene.issuer.connections(), 0);
}

#[test]
fn a_services_token_is_refused_as_a_credential_before_anybody_is_asked() {
    let scene = Scene::new();
    scene.add_secret("service", "canvas-jwt", &scene.login.by_hand);
    // In base64 once more, as Canvas gives it out.
    let wrapped = scene.token("service");
    scene.issuer.plain_service_jwts(true);
    let plain = line(&scene.run(&["token", "service", "--fresh"]).succeeds());
    assert_ne!(wrapped.matches('.').count(), plain.matches('.').count());
    for (name, wrong) in [("wrapped", wrapped), ("plain", plain)] {
        scene.add_secret(name, "canvas-instaccess", &wrong);
        let ran = scene.run(&["token", name]).exits(7).hides(&wrong);
        ran.says("InstAccess or services token").says("--from NAME");
    }
    assert_eq!((scene.issuer.asked(MINT), scene.issuer.asked(JWTS)), (0, 1));
}

#[test]
fn a_403_that_says_so_means_that_the_credential_is_such_a_token() {
    let scene = Scene::with_insta();
    let body = b"{\"error\":\"cannot generate a JWT when authorized by a JWT\"}".to_vec();
    let headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
    scene.issuer.fault(Fault::Status { status: 403, headers, body });
    let ran = scene.run(&["token", "insta"]).exits(7);
    ran.says("of the wrong kind").says("--from NAME");
    assert_eq!(scene.asked(), (0, 1));
}

#[test]
fn a_redirect_means_that_nobody_is_logged_in_and_is_never_followed() {
    let (scene, elsewhere) = (Scene::with_insta(), Issuer::http());
    for code in [301, 302, 303, 307, 308] {
        let to = format!("{}{MINT}", elsewhere.url());
        scene.issuer.fault(Fault::Redirect { code, to });
        let ran = scene.run(&["token", "insta"]).exits(7);
        ran.says(&format!("refused the credential (status {code})"));
    }
    assert_eq!((scene.issuer.asked(MINT), elsewhere.connections()), (5, 0));
}

#[test]
fn what_canvas_says_of_the_token_is_not_repeated() {
    let scene = Scene::with_insta();
    let headers =
        [("Content-Type", "application/json"), ("WWW-Authenticate", "Bearer realm=\"c\"")];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let said = format!("no such token: {}", scene.login.by_hand);
    let body = serde_json::json!({"errors": [{"message": said}]}).to_string().into_bytes();
    scene.issuer.fault(Fault::Status { status: 401, headers, body });
    scene.run(&["token", "insta"]).exits(7).hides(&scene.login.by_hand);
}
