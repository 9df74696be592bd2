//! Other people's code: the client that most scripts use, and a second opinion on an assertion.

use crate::lti::Tool;
use crate::python::{program, script};
use crate::scene::{OAUTH, Scene};
use crate::world::Ran;

const WHO_AM_I: &str = r#"
import os
from canvasapi import Canvas
canvas = Canvas(os.environ["CANVAS_API_URL"], os.environ["CANVAS_API_TOKEN"])
print(canvas.get_current_user().name)
"#;

fn who_am_i(scene: &Scene, profile: &str) -> Ran {
    let python = program();
    let exec = ["exec", profile, "--as", "canvasapi", "--"];
    let call = scene.device.world.mintage(exec).args([&python]).args(["-c", WHO_AM_I]);
    call.env("REQUESTS_CA_BUNDLE", scene.device.world.path("ca.pem")).run()
}

#[test]
fn canvasapi_works_with_a_minted_instaccess_token() {
    let scene = Scene::with_chain();
    let ran = who_am_i(&scene, "insta").succeeds();
    assert_eq!((ran.out().as_str(), ran.err().as_str()), ("Mock User\n", ""));
    let request = scene.issuer.requests().pop().expect("a request");
    assert_eq!(request.path(), "/api/v1/users/self");
    let minted = scene.issuer.tokens();
    assert_eq!(request.bearer(), minted.last().map(|token| &**token));
    assert_eq!(scene.asked(), (1, 1));
}

#[test]
fn canvasapi_works_with_a_refreshed_access_token() {
    let scene = Scene::with_login();
    assert_eq!(who_am_i(&scene, "canvas").succeeds().out(), "Mock User\n");
}

#[test]
fn canvasapi_works_with_an_access_token_made_by_hand() {
    let scene = Scene::new();
    scene.add_secret("hand", "canvas", &scene.login.by_hand);
    assert_eq!(who_am_i(&scene, "hand").succeeds().out(), "Mock User\n");
}

/// The assertion and the JWK on stdin, the audience as an argument.
const VERIFY: &str = r#"
import json, sys, jwt
given = json.load(sys.stdin)
key = jwt.PyJWK.from_dict(given["jwk"])
required = ["iss", "sub", "aud", "iat", "exp", "jti"]
claims = jwt.decode(given["assertion"], key.key, algorithms=["RS256"], audience=sys.argv[1],
                    issuer=given["client"], options={"require": required})
header = jwt.get_unverified_header(given["assertion"])
assert header["typ"] == "JWT" and header.get("kid") in (None, key.key_id), header
print(claims["sub"])
"#;

fn verified(tool: &Tool, audience: &str) -> Ran {
    let sent = tool.issuer.requests()[0].form();
    let field = |name: &str| sent.iter().find(|(known, _)| known == name).expect("sent").1.clone();
    let jwk = tool.run(&["key", "public", "lti"]).succeeds().json();
    let given = serde_json::json!({
        "assertion": field("client_assertion"), "client": field("client_id"), "jwk": jwk,
    });
    script(&tool.device.world, VERIFY).args([audience]).stdin(given.to_string()).run()
}

#[test]
fn pyjwt_accepts_an_assertion_by_the_jwk_that_is_shown() {
    let tool = Tool::new();
    tool.token("lti");
    let audience = format!("{}{OAUTH}", tool.issuer.url());
    assert_eq!(verified(&tool, &audience).succeeds().out(), format!("{}\n", crate::lti::CLIENT));
    verified(&tool, "https://elsewhere.example").exits(1).says("InvalidAudienceError");
}

#[test]
fn pyjwt_accepts_no_assertion_of_another_key() {
    let tool = Tool::new();
    tool.token("lti");
    tool.run(&["key", "new", "lti", "--yes"]).succeeds();
    let audience = format!("{}{OAUTH}", tool.issuer.url());
    verified(&tool, &audience).exits(1).says("InvalidSignatureError");
}
