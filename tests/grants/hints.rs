//! What is said about a refusal: replies as they were recorded, and the mistakes of people.

use serde_json::{Value, json};

use crate::issuer::{Fault, Service, SigningKey};
use crate::scene::{Scene, canary};
use crate::world::{Call, Ran};

/// A reply of this status in JSON.
fn reply(status: u16, body: &Value) -> Fault {
    let headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
    Fault::Status { status, headers, body: body.to_string().into_bytes() }
}

fn oauth_error(error: &str, description: &str) -> Value {
    json!({ "error": error, "error_description": description })
}

/// `add` of a pair by this preset, and the secret.
fn pair(scene: &Scene, preset: &str, id: &str, secret: &str, options: &[&str]) -> Call {
    let all = ["--client-id", id, "--secret-stdin"];
    let add = match preset {
        "oauth2" => scene.adding_oauth("app", preset, &all),
        _ => scene.adding_here("app", preset, &all),
    };
    add.args(options).stdin(secret)
}

/// What `token` says of a profile by this preset, where the issuer answers so.
#[track_caller]
fn refused(preset: &str, options: &[&str], answer: Fault, code: i32) -> Ran {
    let (scene, secret) = (Scene::new(), canary());
    pair(&scene, preset, "app", &secret, options).run().succeeds();
    scene.issuer.fault(answer);
    let ran = scene.world.run(["token", "app"]).exits(code).hides(&secret);
    assert_eq!((ran.out(), scene.issuer.logins()), (String::new(), 1));
    ran
}

#[test]
fn instructure_keys_expire_without_notice_or_wait_for_a_mail() {
    let ran = refused("instructure", &[], reply(403, &json!({ "error": "forbidden" })), 7);
    ran.says("keys expire without notice").says("the code sent by mail");
}

#[test]
fn a_refusal_of_a_gateway_in_html_is_told_without_it() {
    let page = "<html><body>Forbidden by the gateway</body></html>";
    let headers = vec![("Content-Type".to_owned(), "text/html".to_owned())];
    let answer = Fault::Status { status: 403, headers, body: page.into() };
    refused("instructure", &[], answer, 7).says("identity.instructure.com").hides("gateway</");
}

#[test]
fn datasync_accounts_are_of_one_region() {
    let answer = reply(401, &oauth_error("invalid_client", "unknown client"));
    refused("datasync", &[], answer, 7).says("each region has a host of its own");
}

#[test]
fn a_secret_that_has_ended_is_told_with_its_day() {
    let options = ["--secret-expires", "2020-01-31"];
    let answer = reply(403, &json!({ "error": "forbidden" }));
    let ran = refused("instructure", &options, answer, 7);
    ran.says("its secret ended on 2020-01-31").says("mintage edit app");
}

#[test]
fn a_secret_that_has_not_ended_is_not_blamed() {
    let options = ["--secret-expires", "2999-01-31"];
    let answer = reply(403, &json!({ "error": "forbidden" }));
    refused("instructure", &options, answer, 7).hides("ended");
}

#[test]
fn an_id_with_an_encoded_hash_is_told() {
    let (scene, secret) = (Scene::new(), canary());
    pair(&scene, "instructure", "us-east-1%23app", &secret, &[]).run().succeeds();
    let ran = scene.world.run(["token", "app"]).exits(7).hides(&secret);
    ran.says("`%23`").says("where the issuer wrote `#`");
}

#[test]
fn an_id_of_instructures_in_the_other_basic_is_told() {
    let (scene, secret) = (Scene::new(), canary());
    pair(&scene, "oauth2", "us-east-1#app", &secret, &[]).run().succeeds();
    let ran = scene.world.run(["token", "app"]).exits(7).hides(&secret);
    ran.says("mintage edit app --auth basic-raw");
}

#[test]
fn a_secret_with_a_line_end_is_told_and_not_shown() {
    let (scene, secret) = (Scene::new(), canary());
    // One line end is dropped when it is read; the second one was pasted with it.
    pair(&scene, "oauth2", "app", &format!("{secret}\n\n"), &[]).run().succeeds();
    scene.issuer.accept_pair("app", secret.as_bytes());
    let ran = scene.world.run(["token", "app"]).exits(7).hides(&secret);
    ran.says("begins or ends with a space or line end");
}

#[test]
fn a_missing_scope_is_told() {
    let answer = reply(400, &oauth_error("invalid_scope", "The requested scope is invalid"));
    refused("oauth2", &["--scope", "all"], answer, 10).says("a scope is missing");
}

#[test]
fn a_missing_scope_of_a_badges_account_is_told() {
    let (scene, password) = (Scene::new(), canary());
    scene.issuer.accept_badge_user("a@b.example", password.as_bytes());
    let options = ["--secret-stdin", "--set", "user=a@b.example", "--scope", "rw:none"];
    scene.adding_here("app", "badges", &options).stdin(&*password).run().succeeds();
    scene.world.run(["token", "app"]).exits(10).says("a scope is missing").hides(&password);
}

/// That a profile with a key is told of its clock where the issuer says this.
#[track_caller]
fn is_about_the_clock(preset: &str, status: u16, body: &Value, code: i32) {
    let (scene, key) = (Scene::new(), SigningKey::rsa());
    scene.write("key.pem", key.private_pem());
    let options = ["--client-id", "app", "--key-file", "key.pem"];
    let add = match preset {
        "github-app" => {
            scene.adding_here("app", preset, &options).args(["--set", "installation=1"])
        }
        _ => scene.adding_oauth("app", preset, &options),
    };
    add.run().succeeds();
    scene.issuer.fault(reply(status, body));
    scene.world.run(["token", "app"]).exits(code).says("`date -u`");
}

#[test]
fn a_clock_that_is_behind_is_told_for_google() {
    let said = "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable \
                timeframe. Check your iat and exp values in the JWT claim.";
    is_about_the_clock("jwt-bearer", 400, &oauth_error("invalid_grant", said), 7);
}

#[test]
fn a_clock_that_is_ahead_is_told_for_github() {
    let said = "'Issued at' claim ('iat') must be an Integer representing the time that the \
                assertion was issued";
    is_about_the_clock("github-app", 401, &json!({ "message": said, "status": "401" }), 7);
    let said = "'Expiration time' claim ('exp') is too far in the future";
    is_about_the_clock("github-app", 401, &json!({ "message": said, "status": "401" }), 7);
}

#[test]
fn a_clock_that_is_wrong_is_told_for_an_assertion_of_a_client() {
    let said = "`iat` or `nbf` is in the future";
    is_about_the_clock("oauth2", 401, &oauth_error("invalid_client", said), 7);
}

#[test]
fn a_login_that_is_over_is_told_for_every_refresh_token() {
    let (scene, refresh) = (Scene::new(), canary());
    scene.issuer.accept_public_client("app");
    let options = ["--client-id", "app", "--refresh-token-stdin"];
    scene.adding_oauth("app", "oauth2-refresh", &options).stdin(&*refresh).run().succeeds();
    let ran = scene.world.run(["token", "app"]).exits(7).hides(&refresh);
    ran.says("mintage edit app --refresh-token-file");
    assert_eq!(scene.issuer.refresh_reuses(Service::OAuth), 0);
}

#[test]
fn a_word_that_merely_contains_another_is_not_taken_for_it() {
    let answer = reply(401, &oauth_error("invalid_client", "client initiated association"));
    refused("oauth2", &[], answer, 7).hides("date -u");
}

#[test]
fn what_an_issuer_says_is_one_line_and_no_control_sequence() {
    let said = "no\u{1b}[2J\r\nhint: run this\u{202e}";
    let ran = refused("oauth2", &[], reply(401, &oauth_error("invalid_client", said)), 7);
    let shown = ran.err();
    assert!(!shown.contains(['\u{1b}', '\r', '\u{202e}']), "{}", shown.escape_debug());
    assert!(!shown.lines().any(|line| line.starts_with("hint: run this")));
}

#[test]
fn a_throttled_issuer_is_no_refusal() {
    let (scene, secret) = (Scene::new(), canary());
    pair(&scene, "datasync", "app", &secret, &[]).run().succeeds();
    let mut answer = reply(429, &json!({ "error": "too_many" }));
    if let Fault::Status { headers, .. } = &mut answer {
        headers.push(("Retry-After".to_owned(), "600".to_owned()));
    }
    scene.issuer.fault(answer);
    scene.world.run(["token", "app"]).exits(8).hides("region").hides(&secret);
}
