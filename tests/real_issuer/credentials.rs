//! How a client proves itself by its secret (RFC 6749, 2.3.1), and what a refusal says.

use serde_json::json;

use crate::scene::Scene;
use crate::world::Canary;

/// A client whose id and secret have everything that a form, a header or base64 could mangle.
fn odd() -> Canary {
    let Canary { id, secret } = Canary::new();
    Canary {
        id: format!("{id}+b%64&c=d\"\\/~*"),
        secret: format!("p:q+r%73#t&u=v w\"\\/~*{secret}"),
    }
}

#[test]
fn a_pair_in_the_header_gets_a_token() {
    let scene = Scene::new();
    scene.add(&["--auth", "basic"]);
    let token = scene.run(["token", "prod"]).succeeds().out();
    assert!(scene.issuer.is_live(token.trim_end()));
    let login = scene.only_login();
    assert_eq!((&login["basic"], &login["status"]), (&json!(true), &json!(200)));
}

#[test]
fn a_pair_in_the_body_gets_a_token() {
    let scene = Scene::with(&json!({ "token_endpoint_auth_method": "client_secret_post" }));
    scene.add(&["--auth", "post"]);
    let token = scene.run(["token", "prod"]).succeeds().out();
    assert!(scene.issuer.is_live(token.trim_end()));
    let login = scene.only_login();
    assert_eq!((&login["basic"], &login["status"]), (&json!(false), &json!(200)));
    assert_eq!(login["parameters"], json!(["grant_type", "client_id", "client_secret"]));
}

#[test]
fn odd_characters_in_a_pair_survive_the_header() {
    let scene = Scene::of(odd(), &json!({}));
    scene.add(&["--auth", "basic"]);
    scene.run(["token", "prod"]).succeeds();
    assert_eq!(scene.only_login()["client"], scene.canary.id);
}

#[test]
fn odd_characters_in_a_pair_survive_the_body() {
    let scene = Scene::of(odd(), &json!({}));
    scene.add(&["--auth", "post"]);
    scene.run(["token", "prod"]).succeeds();
    assert_eq!(scene.only_login()["client"], scene.canary.id);
}

#[test]
fn a_pair_that_is_not_encoded_is_refused_and_the_hint_names_the_other_styles() {
    let scene = Scene::of(odd(), &json!({}));
    scene.add(&["--auth", "basic-raw"]);
    scene.run(["token", "prod"]).exits(7).says("`--auth`: basic, basic-raw or post");
}

#[test]
fn a_wrong_secret_is_refused_with_the_words_of_the_server_and_a_hint() {
    let scene = Scene::new();
    let wrong = Canary::new().secret;
    scene.adding(&[]).stdin(wrong.clone()).run().succeeds();
    let ran = scene.run(["token", "prod"]).exits(7).hides(&wrong);
    ran.says("invalid_client: client authentication failed").says("hint: the pair may be wrong");
}

#[test]
fn a_wrong_secret_is_sent_once() {
    let scene = Scene::new();
    scene.adding(&[]).stdin(Canary::new().secret).run().succeeds();
    scene.run(["token", "prod"]).exits(7);
    assert_eq!(scene.only_login()["error"], "invalid_client");
}

#[test]
fn a_client_that_is_not_known_is_refused() {
    let scene = Scene::new();
    let (url, stranger) = (scene.issuer.url(), Canary::new());
    let add = ["add", "prod", "--stdin", "--ca-file", "ca.pem", "--issuer", &url];
    scene.world.mintage(add).stdin(stranger.pair()).run().succeeds();
    scene.run(["token", "prod"]).exits(7).hides(&stranger.secret).says("invalid_client");
}

#[test]
fn a_wrong_secret_is_not_saved_where_it_is_verified() {
    let scene = Scene::new();
    scene.adding(&["--verify"]).stdin(Canary::new().secret).run().exits(7);
    assert_eq!(scene.world.records().len(), 0);
}

#[test]
fn two_who_ask_the_agent_get_the_token_of_one_login() {
    let scene = Scene::new();
    scene.add(&[]);
    assert_eq!(scene.token(), scene.token());
    assert_eq!(scene.issuer.logins().len(), 1);
}

#[test]
fn what_a_child_is_given_is_good_at_the_server() {
    let scene = Scene::new();
    scene.add(&[]);
    let exec = ["exec", "prod", "--", "sh", "-c", "printf %s \"$ACCESS_TOKEN\""];
    let token = scene.run(exec).succeeds().out();
    assert!(scene.issuer.is_live(&token));
}
