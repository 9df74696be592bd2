//! `token`: the forms that a token is written in, and what the issuer is asked.

use crate::issuer::{Fault, Issuer};
use crate::pty::Desk;
use crate::world::{Canary, Ran, World};

fn scene() -> (World, Issuer) {
    let (issuer, canary) = (Issuer::https(), Canary::new());
    (World::with_profile(&issuer, &canary), issuer)
}

fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    i64::try_from(since.expect("after 1970").as_secs()).expect("small")
}

fn last(issuer: &Issuer) -> String {
    issuer.tokens().pop().expect("a token")
}

#[test]
fn on_a_pipe_it_is_whole_with_one_line_end() {
    let (world, issuer) = scene();
    let out = world.run(["token", "prod"]).succeeds().out();
    assert_eq!(out, format!("{}\n", last(&issuer)));
}

#[test]
fn at_a_terminal_it_is_hidden_unless_it_is_to_be_revealed() {
    let (world, issuer) = scene();
    let forms: [&[&str]; 4] = [&[], &["--json"], &["--header"], &["--env"]];
    for form in forms {
        let words = || ["token", "prod"].into_iter().chain(form.iter().copied());
        let ended = Desk::mintage(&world, words()).start().ends().exits(0);
        let token = last(&issuer);
        ended.hides(&token).hides(&token[token.len() - 16..]);
        let revealed = Desk::mintage(&world, words().chain(["--reveal"])).start().ends();
        revealed.exits(0).shows(&last(&issuer));
    }
    let ended = Desk::mintage(&world, ["token", "prod"]).start().ends();
    ended.shows("(hidden: ").shows("59 minutes left").shows("--reveal");
}

#[test]
fn as_json_it_has_the_documented_fields_first_of_all_v() {
    let (world, issuer) = scene();
    let before = now();
    let ran = world.run(["token", "prod", "--json"]).succeeds();
    assert!(ran.out().starts_with("{\"v\":1,"), "{}", ran.out());
    let json = ran.json();
    let names: Vec<&str> =
        json.as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!(names, ["v", "profile", "token", "token_type", "expires_at", "expires_in", "scope"]);
    assert_eq!(json["profile"], "prod");
    assert_eq!(json["token"], last(&issuer));
    assert_eq!(json["token_type"], "Bearer");
    let scope = json["scope"].as_str().expect("a scope");
    assert!(scope.starts_with("dap principal:") && scope.ends_with(" region:us-east-1"), "{scope}");
    let left = json["expires_in"].as_i64().expect("a number");
    assert!((3590..=3599).contains(&left), "{left}");
    let until: jiff::Timestamp =
        json["expires_at"].as_str().expect("text").parse().expect("RFC 3339");
    assert!((before + 3590..=before + 3620).contains(&until.as_second()), "{until}");
}

#[test]
fn as_a_header_it_is_ready_for_curl() {
    let (world, issuer) = scene();
    let line = |arguments: &[&str]| world.run(arguments).succeeds().out();
    let authorization = line(&["token", "prod", "--header"]);
    assert_eq!(authorization, format!("Authorization: Bearer {}\n", last(&issuer)));
    let lower = line(&["token", "prod", "--header", "authorization"]);
    assert_eq!(lower, format!("authorization: Bearer {}\n", last(&issuer)));
    let own = line(&["token", "prod", "--header", "X-InstAuth"]);
    assert_eq!(own, format!("X-InstAuth: {}\n", last(&issuer)));
    for bad in ["", "a b", "a:b", "a\r\nb"] {
        world.run(["token", "prod", "--header", bad]).exits(2);
    }
}

#[test]
fn scope_and_audience_reach_the_issuer_in_place_of_the_profiles_own() {
    let (issuer, canary) = (Issuer::https(), Canary::new());
    let world = World::with_vault();
    issuer.accept_pair(&canary.id, canary.secret.as_bytes());
    std::fs::write(world.path("ca.pem"), issuer.ca_pem()).expect("written");
    let url = format!("{}/oauth/token", issuer.url());
    let add = [
        "add",
        "own",
        "--token-url",
        &url,
        "--ca-file",
        "ca.pem",
        "--stdin",
        "--scope",
        "x",
        "--audience",
        "mine",
        "--resource",
        "urn:r",
        "--param",
        "tenant=7",
    ];
    world.mintage(add).stdin(canary.pair()).run().succeeds();
    let asked = |options: &[&str]| -> Vec<(String, String)> {
        world.mintage(["token", "own"]).args(options).run().succeeds();
        issuer.requests().pop().expect("a request").form()
    };
    let pairs = |expected: [(&str, &str); 5]| expected.map(|(k, v)| (k.to_owned(), v.to_owned()));
    let grant = ("grant_type", "client_credentials");
    let rest = [("resource", "urn:r"), ("tenant", "7")];
    assert_eq!(asked(&[]), pairs([grant, ("scope", "x"), ("audience", "mine"), rest[0], rest[1]]));
    let other = ["--scope", "y z", "--scope", "w", "--audience", "yours"];
    let expected = [grant, ("scope", "y z w"), ("audience", "yours"), rest[0], rest[1]];
    assert_eq!(asked(&other), pairs(expected));
    let json = world.run(["token", "own", "--scope", "q", "--json"]).succeeds().json();
    assert_eq!(json["scope"], "q");
}

#[test]
fn a_token_with_too_little_life_is_not_handed_out() {
    let (world, issuer) = scene();
    issuer.token_life(600);
    world.run(["token", "prod", "--min-valid", "5m"]).succeeds();
    let short = world.run(["token", "prod", "--min-valid", "1h"]).exits(10);
    assert_eq!(short.out(), "");
    for bad in ["--min-valid=", "--min-valid=soon", "--min-valid=-5s", "--min-valid=1x"] {
        world.run(["token", "prod", bad]).exits(2).says("a length of time");
    }
}

#[test]
fn forms_exclude_each_other() {
    let (world, issuer) = scene();
    world.run(["token", "prod", "--env", "--header"]).exits(2).says("cannot be used with");
    world.run(["token", "prod", "--shell", "sh"]).exits(2).says("--env");
    for form in ["--env=X", "--header"] {
        world.run(["token", "prod", "--json", form]).exits(2).says("cannot be used with");
    }
    assert_eq!(issuer.logins(), 0);
}

#[test]
fn nothing_is_written_when_there_is_no_token() {
    let (world, issuer) = scene();
    let refusal = |status, body: &str| Fault::Status {
        status,
        headers: vec![("Content-Type".to_owned(), "application/json".to_owned())],
        body: body.as_bytes().to_vec(),
    };
    let cases = [
        (refusal(403, "{\"error\":\"forbidden\"}"), 7),
        (refusal(400, "{\"error\":\"invalid_scope\"}"), 10),
        (Fault::Json("{}".to_owned()), 10),
        (Fault::Redirect { code: 302, to: "https://other.example/x".to_owned() }, 10),
        (Fault::ShortBody, 8),
    ];
    for (fault, code) in cases {
        issuer.fault(fault.clone());
        for form in ["--reveal", "--json", "--header", "--env"] {
            let ran: Ran = world.run(["token", "prod", form]).exits(code).says("error: ");
            assert_eq!(ran.out(), "", "{fault:?} {form}");
        }
    }
}
