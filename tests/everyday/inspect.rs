//! `inspect`: what a token says of itself, and never the token.

use serde_json::{Value, json};

use crate::issuer::{Fault, jwe, jwt_of};
use crate::pty::Desk;
use crate::scene::Scene;
use crate::world::Ran;

/// Nothing of what makes a token one: neither the whole, nor its last part, nor the part of claims.
#[track_caller]
fn tells_no_token(ran: Ran, token: &str) -> Ran {
    let ran = ran.hides(token);
    token.split('.').skip(1).filter(|part| part.len() > 20).fold(ran, Ran::hides)
}

fn inspected(token: &str, options: &[&str]) -> Ran {
    let scene = Scene::new();
    let call = scene.world.mintage(["inspect", "--stdin"]).args(options);
    tells_no_token(call.stdin(format!("{token}\n")).run().succeeds(), token)
}

/// A profile whose issuer answers with this in place of what it would.
fn answered(fields: Vec<(&'static str, Option<Value>)>) -> Scene {
    let scene = Scene::with(&[]);
    scene.issuer.fault(Fault::ReplaceFields(fields));
    scene
}

#[test]
fn a_jwt_shows_header_claims_and_times() {
    let token = jwt_of(&json!({"iss": "https://i.example", "sub": "s1", "exp": 1_900_000_000}));
    let shown = inspected(&token, &["--json"]).json();
    assert_eq!((&shown["v"], &shown["kind"]), (&json!(1), &json!("jwt")));
    assert_eq!(shown["header"], json!({"alg": "RS256", "kid": "mock-1", "typ": "JWT"}));
    let claims = json!({"iss": "https://i.example", "sub": "s1", "exp": 1_900_000_000});
    assert_eq!(shown["claims"], claims);
    assert_eq!(shown["expires_at"], "2030-03-17T17:46:40Z");
    assert_eq!(shown["bytes"], token.len());
    assert!(shown["expires_in"].as_i64().expect("a number") > 0);
}

#[test]
fn rows_tell_times_as_dates() {
    let token = jwt_of(&json!({"exp": 1_900_000_000, "iat": 0, "count": 7, "nbf": 1.5}));
    let out = inspected(&token, &[]).out();
    for row in [
        "kind\tjwt",
        "header.alg\tRS256",
        "claims.exp\t1900000000 (2030-03-17T17:46:40Z)",
        "claims.iat\t0 (1970-01-01T00:00:00Z)",
        "claims.nbf\t1.5 (1970-01-01T00:00:01Z)",
        "claims.count\t7",
    ] {
        assert!(out.lines().any(|line| line == row), "{row}\n{out}");
    }
}

#[test]
fn a_token_that_has_ended_has_less_than_nothing_left() {
    let shown = inspected(&jwt_of(&json!({"exp": 1})), &["--json"]).json();
    assert!(shown["expires_in"].as_i64().expect("a number") < -1_000_000);
}

#[test]
fn a_time_that_is_none_is_shown_as_it_is() {
    for exp in
        [json!("soon"), json!(1e300), json!(i64::MAX), json!(u64::MAX), json!([1]), json!(null)]
    {
        let shown = inspected(&jwt_of(&json!({"exp": exp})), &["--json"]).json();
        assert_eq!((&shown["claims"]["exp"], &shown["expires_at"]), (&exp, &Value::Null));
        inspected(&jwt_of(&json!({"exp": exp})), &[]);
    }
}

#[test]
fn an_encrypted_token_shows_its_header_only() {
    let token = jwe();
    let shown = inspected(&token, &["--json"]).json();
    assert_eq!((&shown["kind"], &shown["claims"]), (&json!("jwe"), &Value::Null));
    assert_eq!(shown["header"]["alg"], "RSA-OAEP");
    assert!(inspected(&token, &[]).out().contains("encrypted"));
}

#[test]
fn any_other_token_is_opaque() {
    for token in ["abc", "a.b.c", "opaque-0123456789-abcdefghijklmnop", "a.b.c.d.e", "eyJ.eyJ.x"] {
        let shown = inspected(token, &["--json"]).json();
        assert_eq!(shown, json!({ "v": 1, "kind": "opaque", "bytes": token.len() }));
    }
}

#[test]
fn what_is_no_token_is_refused_and_not_repeated() {
    let scene = Scene::new();
    for text in ["", "\n", "two words-of-it", "caf\u{e9}-of-it", "a\u{1b}[2J-of-it"] {
        let call = scene.world.mintage(["inspect", "--stdin"]).stdin(text);
        call.run().exits(2).hides("of-it");
    }
    let long = "a".repeat(16_385);
    let call = scene.world.mintage(["inspect", "--stdin"]).stdin(long.as_str());
    assert!([2, 12].contains(&call.run().hides(&long).code));
}

#[test]
fn standard_input_needs_no_vault_and_no_network() {
    let world = crate::world::World::new();
    let call = world.mintage(["inspect", "--stdin", "--json"]).stdin(jwt_of(&json!({"a": 1})));
    assert_eq!(call.run().succeeds().json()["claims"], json!({"a": 1}));
    assert!(!world.config().exists());
}

#[test]
fn a_name_and_standard_input_exclude_each_other() {
    let scene = Scene::with(&[]);
    scene.run(&["inspect", "prod", "--stdin"]).exits(2);
    assert_eq!(scene.issuer.logins(), 0);
}

#[test]
fn a_minted_token_is_described_and_not_shown() {
    let scene = Scene::with(&[]);
    for options in [&[][..], &["--json"], &["-vv"]] {
        let ran = scene.world.mintage(["inspect", "prod"]).args(options).run().succeeds();
        let token = scene.issuer.tokens().pop().expect("a token");
        tells_no_token(ran, &token).hides(&scene.canary.secret);
    }
    let shown = scene.run(&["inspect", "prod", "--json"]).succeeds().json();
    assert_eq!((&shown["profile"], &shown["kind"]), (&json!("prod"), &json!("jwt")));
    assert!((3500..=3600).contains(&shown["expires_in"].as_i64().expect("a number")));
    assert_eq!(scene.issuer.logins(), 4);
}

#[test]
fn a_scope_of_instructure_is_split() {
    let scope = "dap principal:p-1 partner:q-2\nregion:us-east-1\n";
    let scene = answered(vec![("scope", Some(scope.into()))]);
    let shown = scene.run(&["inspect", "prod", "--json"]).succeeds().json();
    assert_eq!(shown["scope"], "dap principal:p-1 partner:q-2 region:us-east-1");
    let parts = json!({
        "service": "dap", "principal": "p-1", "partner": "q-2", "region": "us-east-1",
    });
    assert_eq!(shown["scope_parts"], parts);
    let out = scene.run(&["inspect", "prod"]).succeeds().out();
    assert!(out.contains("scope_parts.principal\tp-1\n"), "{out}");
}

#[test]
fn an_ordinary_scope_stays_whole() {
    let scene = answered(vec![("scope", Some("read write".into()))]);
    let shown = scene.run(&["inspect", "prod", "--json"]).succeeds().json();
    assert_eq!((&shown["scope"], &shown["scope_parts"]), (&json!("read write"), &Value::Null));
}

#[test]
fn a_minted_jwe_and_opaque_token_are_known_for_what_they_are() {
    for (token, kind) in [(jwe(), "jwe"), ("opaque-0123456789-abcdef".to_owned(), "opaque")] {
        let scene = answered(vec![("access_token", Some(token.clone().into()))]);
        let ran = tells_no_token(scene.run(&["inspect", "prod", "--json"]).succeeds(), &token);
        assert_eq!(ran.json()["kind"], kind);
    }
}

/// Clears the screen, and turns the rest of the line round.
const HOSTILE: &str = "a\u{1b}[2Jb\u{202e}c\u{7}\u{9b}31m\u{200b}d";

#[test]
fn hostile_claims_are_escaped_at_a_terminal() {
    let token = jwt_of(&json!({"sub": HOSTILE, HOSTILE: 1, "list": [HOSTILE]}));
    for option in ["--json", "--color=always"] {
        let scene = Scene::new();
        scene.write("token", &token);
        let script = format!("\"$M\" inspect --stdin {option} <token");
        let ended = Desk::script(&scene.world, &script).start().ends().exits(0);
        let raw =
            |c: char| (c.is_control() && c != '\n' && c != '\r') || "\u{202e}\u{200b}".contains(c);
        assert!(!ended.shown.contains(raw), "{option}: {:?}", ended.shown);
        assert!(ended.shown.contains("[2Jb"));
    }
}

#[test]
fn hostile_claims_make_no_row_of_their_own_on_a_pipe() {
    let token = jwt_of(&json!({"sub": "x\nexpires_at\t2099-01-01T00:00:00Z", "a\nkind\tz": 1}));
    let out = inspected(&token, &[]).out();
    let forged = |line: &str| line.starts_with("expires_at\t") || line.starts_with("kind\tz");
    assert!(!out.lines().any(forged), "{out}");
}

#[test]
fn a_refused_login_tells_nothing_of_the_credential() {
    let scene = Scene::with(&[]);
    scene.edit(&["--secret-stdin"]).stdin("wrong-one").run().succeeds();
    scene.run(&["inspect", "prod"]).exits(7).hides("wrong-one");
}
