//! `edit`: each option sets, and each `--clear` clears.

use serde_json::{Value, json};

use crate::scene::{Scene, publishes};

/// A profile in which everything that can be set is set.
pub fn full() -> Scene {
    Scene::with(&[
        "--scope",
        "a b",
        "--audience",
        "aud",
        "--resource",
        "urn:r",
        "--param",
        "k=v",
        "--label",
        "L",
        "--secret-expires",
        "2031-06-30",
        "--tag",
        "eu",
        "--tag",
        "prod",
    ])
}

/// The edit changes this one thing of what is shown, and nothing else but the time.
#[track_caller]
fn changes(options: &[&str], name: &str, value: &Value) {
    let scene = full();
    let before = scene.show("prod");
    scene.edit(options).run().succeeds().says("profile `prod` changed");
    let after = scene.show("prod");
    for (key, was) in before.as_object().expect("an object") {
        if key == name {
            assert_eq!(&after[key], value, "{key}");
        } else if key != "changed_at" {
            assert_eq!(&after[key], was, "{key}");
        }
    }
    assert_ne!(before[name], after[name]);
    assert_eq!(scene.secret_of("prod"), scene.canary.secret);
}

#[test]
fn auth_is_set() {
    changes(&["--auth", "post"], "auth", &json!("post"));
}

#[test]
fn scopes_are_replaced() {
    changes(&["--scope", "c", "--scope", "d"], "scopes", &json!(["c", "d"]));
}

#[test]
fn the_audience_is_set() {
    changes(&["--audience", "other"], "audience", &json!("other"));
}

#[test]
fn the_resource_is_set() {
    changes(&["--resource", "urn:s"], "resource", &json!("urn:s"));
}

#[test]
fn parameters_are_replaced() {
    changes(&["--param", "x=1", "--param", "y=2"], "params", &json!([["x", "1"], ["y", "2"]]));
}

#[test]
fn the_label_is_set() {
    changes(&["--label", "Açme"], "label", &json!("Açme"));
}

#[test]
fn the_last_day_is_set() {
    changes(&["--secret-expires", "2032-01-02"], "secret_expires", &json!("2032-01-02"));
}

#[test]
fn token_only_is_set() {
    let scene = full();
    scene.edit(&["--token-only"]).run().succeeds();
    assert_eq!(scene.show("prod")["token_only"], true);
}

#[test]
fn tags_are_added_and_dropped() {
    let options = ["--add-tag", "us", "--add-tag", "eu", "--drop-tag", "prod", "--drop-tag", "no"];
    changes(&options, "tags", &json!(["eu", "us"]));
}

#[test]
fn the_scopes_are_cleared() {
    changes(&["--clear", "scope"], "scopes", &json!([]));
}

#[test]
fn the_audience_is_cleared() {
    changes(&["--clear", "audience"], "audience", &Value::Null);
}

#[test]
fn the_resource_is_cleared() {
    changes(&["--clear", "resource"], "resource", &Value::Null);
}

#[test]
fn the_parameters_are_cleared() {
    changes(&["--clear", "param"], "params", &json!([]));
}

#[test]
fn the_ca_is_cleared() {
    changes(&["--clear", "ca"], "ca", &json!(false));
}

#[test]
fn the_label_is_cleared() {
    changes(&["--clear", "label"], "label", &Value::Null);
}

#[test]
fn the_last_day_is_cleared() {
    changes(&["--clear", "secret-expires"], "secret_expires", &Value::Null);
}

#[test]
fn what_is_cleared_and_set_is_set() {
    changes(&["--label", "new", "--clear", "label"], "label", &json!("new"));
}

#[test]
fn the_base_url_takes_the_endpoint_with_it() {
    let scene = full();
    let url = scene.elsewhere.url();
    scene.edit(&["--base-url", &url]).run().succeeds();
    let shown = scene.show("prod");
    assert_eq!(shown["base_url"], url);
    assert_eq!(shown["endpoint"], format!("{url}/ids/auth/login"));
    scene.run(&["token", "prod"]).succeeds();
    assert_eq!((scene.issuer.logins(), scene.elsewhere.logins()), (0, 1));
}

#[test]
fn the_token_url_leaves_the_base_url() {
    let scene = full();
    let url = format!("{}/oauth/token", scene.issuer.url());
    scene.edit(&["--token-url", &url, "--auth", "post"]).run().succeeds();
    let shown = scene.show("prod");
    assert_eq!((&shown["endpoint"], &shown["base_url"]), (&json!(url), &json!(scene.issuer.url())));
}

#[test]
fn the_issuer_is_asked_and_kept() {
    let scene = full();
    publishes(&scene.elsewhere);
    let url = scene.elsewhere.url();
    let ran = scene.edit(&["--issuer", &url, "--auth", "post"]).run().succeeds();
    ran.says(&format!("issuer `{url}`: tokens from {url}/oauth/token"));
    let shown = scene.show("prod");
    assert_eq!((&shown["issuer"], &shown["endpoint"]), (&json!(url), &json!(url + "/oauth/token")));
    scene.run(&["token", "prod"]).succeeds();
    assert_eq!((scene.issuer.logins(), scene.elsewhere.logins()), (0, 1));
}

#[test]
fn a_token_url_forgets_the_issuer() {
    let scene = full();
    publishes(&scene.elsewhere);
    scene.edit(&["--issuer", &scene.elsewhere.url()]).run().succeeds();
    scene.edit(&["--token-url", &format!("{}/t", scene.elsewhere.url())]).run().succeeds();
    assert_eq!(scene.show("prod")["issuer"], Value::Null);
}

#[test]
fn a_ca_file_takes_the_place_of_the_known_one() {
    let scene = full();
    scene.write("one.pem", scene.elsewhere.ca_pem());
    scene.edit(&["--ca-file", "one.pem"]).run().succeeds();
    scene.run(&["token", "prod"]).exits(10);
    scene.edit(&["--base-url", &scene.elsewhere.url()]).run().succeeds();
    scene.run(&["token", "prod"]).succeeds();
}

#[test]
fn the_time_of_the_change_is_noted() {
    let scene = full();
    let shown = scene.show("prod");
    let list = || scene.run(&["list", "--json"]).succeeds().json();
    assert_eq!(list()["profiles"][0]["changed_at"], shown["changed_at"]);
    scene.edit(&["--label", "x"]).run().succeeds();
    assert_eq!(list()["profiles"][0]["added_at"], shown["added_at"]);
    assert_eq!(list()["profiles"][0]["label"], "x");
}
