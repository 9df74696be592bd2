//! What an issuer may answer, and what is made of it.

use serde_json::json;

use crate::issuer::Fault;
use crate::setup::{Scene, json, reply, timed};

const TOKEN: &str = "canary-token-0123456789";

/// A good reply, as text, with these members in front of it.
fn with(members: &str) -> String {
    format!(r#"{{{members}"access_token":"{TOKEN}","token_type":"bearer","expires_in":3600}}"#)
}

/// Whatever was wrong: exit 10 after one try, nothing on stdout, and no token quoted.
#[track_caller]
fn is_unacceptable(scene: &Scene, fault: Fault, name: &str) {
    let before = scene.issuer.logins();
    let ran = scene.token_despite(fault);
    assert_eq!(ran.code, 10, "{name}: {}", ran.err());
    let ran = ran.hides(TOKEN);
    assert_eq!(ran.out(), "", "{name}");
    assert_eq!(scene.issuer.logins(), before + 1, "{name}: tried again");
}

// R01
#[test]
fn only_a_bearer_token_is_accepted_in_any_case_of_the_word() {
    let scene = Scene::oauth2(&[]);
    let kind = |value| Fault::ReplaceFields(vec![("token_type", value)]);
    for word in ["bearer", "Bearer", "BEARER"] {
        scene.token_despite(kind(Some(json!(word)))).succeeds();
    }
    for word in [json!("mac"), json!("DPoP"), json!(""), json!("Bearer "), json!(1), json!(null)] {
        is_unacceptable(&scene, kind(Some(word.clone())), &word.to_string());
    }
    is_unacceptable(&scene, kind(None), "none");
}

// R02
#[test]
fn a_life_is_read_clamped_or_refused() {
    let scene = Scene::oauth2(&[]);
    let lives = |value: &str| {
        let body =
            format!(r#"{{"access_token":"{TOKEN}","token_type":"bearer","expires_in":{value}}}"#);
        Fault::Json(body)
    };
    for (value, life) in [
        ("3600", 3600),
        ("\"3600\"", 3600),
        ("null", 300),
        ("9223372036854775808", 86_400),
        ("1000000000000", 86_400),
    ] {
        let found = scene.life_by(lives(value));
        assert!((life - 2..=life).contains(&found), "{value}: {found}");
    }
    let silent = format!(r#"{{"access_token":"{TOKEN}","token_type":"bearer"}}"#);
    assert!((298..=300).contains(&scene.life_by(Fault::Json(silent))));
    for value in ["0", "-1", "true", "\"abc\"", "\"\"", "\"-1\"", "3599.5", "[3600]", "{}"] {
        is_unacceptable(&scene, lives(value), value);
    }
}

// R03
#[test]
fn a_member_that_is_there_twice_is_refused() {
    let scene = Scene::oauth2(&[]);
    for twice in [
        r#""access_token":"canary-token-0000","#,
        r#""access_token":"canary-token-0123456789","#,
        r#""token_type":"mac","#,
        r#""expires_in":1,"#,
        r#""\u0061ccess_token":"canary-token-0000","#,
    ] {
        is_unacceptable(&scene, Fault::Json(with(twice)), twice);
    }
}

// R04
#[test]
fn an_error_is_an_error_whatever_its_status() {
    let scene = Scene::oauth2(&[]);
    let html = "<html>stack trace of server-17</html>";
    let error = r#"{"error":"invalid_client"}"#;
    for (status, kind, body, code) in [
        (200, "application/json", error, 7),
        (200, "application/json", r#"{"error":"invalid_scope"}"#, 10),
        (200, "application/json", &with(r#""error":"invalid_client","#), 7),
        (200, "application/json", &with(r#""error":{"code":1},"#), 10),
        (400, "application/json", r#"{"error":"temporarily_unavailable"}"#, 8),
        (400, "application/json", error, 7),
        (400, "text/html", html, 10),
        (401, "text/html", html, 7),
        (403, "application/json", error, 7),
        (404, "text/html", html, 10),
        (500, "application/json", error, 8),
        (500, "text/html", html, 8),
        (201, "application/json", &with(""), 10),
        (204, "application/json", "", 10),
        (206, "application/json", &with(""), 10),
    ] {
        scene.issuer.fault(reply(status, &[("Content-Type", kind)], body));
        let ran = scene.token().hides(TOKEN).hides("server-17");
        assert_eq!(ran.code, code, "{status} {body}: {}", ran.err());
        assert_eq!(ran.out(), "");
        if status != 200 {
            ran.says("status ").says(&format!("{}", if status < 300 { 200 } else { status }));
        }
    }
    // Nothing of it was kept for the next time.
    scene.issuer.fault(Fault::None);
    let ran = scene.token().succeeds();
    assert_eq!(ran.out().trim_end(), scene.issuer.tokens()[0]);
}

// R05
#[test]
fn a_body_that_is_not_exactly_one_json_object_is_refused() {
    let scene = Scene::oauth2(&[]);
    let good = with("");
    let typed = |kind: &'static str, body: &[u8]| reply(200, &[("Content-Type", kind)], body);
    let json = "application/json";
    let utf16: Vec<u8> = good.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let page = "<html><title>Log in to server-17</title></html>";
    let array = format!(r#"["{TOKEN}","bearer",3600,null,null]"#);
    for (name, fault) in [
        ("HTML", typed("text/html", page.as_bytes())),
        ("HTML that claims to be JSON", typed(json, page.as_bytes())),
        ("JSON as HTML", typed("text/html", good.as_bytes())),
        ("JSON as text", typed("text/plain", good.as_bytes())),
        ("no type", reply(200, &[], good.as_bytes())),
        ("a BOM", typed(json, format!("\u{feff}{good}").as_bytes())),
        ("UTF-16", typed("application/json; charset=utf-16", &utf16)),
        ("text after it", typed(json, format!("{good} ok").as_bytes())),
        ("two lines", typed(json, format!("{good}\n{good}\n").as_bytes())),
        ("an array", typed(json, array.as_bytes())),
        ("an object in an array", typed(json, format!("[{good}]").as_bytes())),
        ("nothing", typed(json, b"")),
        ("null", typed(json, b"null")),
        ("a form", typed("application/x-www-form-urlencoded", b"access_token=x")),
        ("no token", typed(json, br#"{"token_type":"bearer","expires_in":60}"#)),
        ("a null token", typed(json, br#"{"access_token":null,"token_type":"bearer"}"#)),
        ("a number", typed(json, br#"{"access_token":7,"token_type":"bearer"}"#)),
        ("not UTF-8", typed(json, b"{\"access_token\":\"a\xff\",\"token_type\":\"bearer\"}")),
    ] {
        is_unacceptable(&scene, fault, name);
    }
    for kind in ["application/json;charset=UTF-8", "Application/JSON", "application/token+json"] {
        scene.token_despite(reply(200, &[("Content-Type", kind)], good.as_bytes())).succeeds();
    }
}

// R06
#[test]
fn a_token_that_could_break_a_header_or_a_line_is_refused() {
    let scene = Scene::oauth2(&[]);
    for text in [
        "",
        "a\rb",
        "a\nX-Evil: 1",
        "a\r\n",
        "a\0b",
        "a\u{1b}[2J",
        "a b",
        "\u{e9}",
        "a=b",
        "a\"b",
        "a,b",
        " a",
        "a\u{2028}b",
    ] {
        for command in [&["token", "prod"][..], &["exec", "prod", "--", "printenv"]] {
            scene
                .issuer
                .fault_once(Fault::ReplaceFields(vec![("access_token", Some(text.into()))]));
            let ran = scene.world.run(command);
            assert_eq!(ran.code, if command[0] == "exec" { 125 } else { 10 }, "{text:?}");
            assert_eq!(ran.out(), "");
        }
    }
    for (length, code) in [(16 * 1024, 0), (16 * 1024 + 1, 10)] {
        let long = "a".repeat(length);
        let fault = Fault::ReplaceFields(vec![("access_token", Some(long.into()))]);
        scene.token_despite(fault).exits(code);
    }
}

// R07
#[test]
fn an_issuers_words_are_cut_and_cannot_steer_a_terminal() {
    let scene = Scene::oauth2(&[]);
    let steering = r"\u001b[2J\u001b]0;owned\u0007\r\n\u202e\u009b31m";
    let long =
        format!(r#"{{"error":"x","error_description":"{steering}{}"}}"#, "w ".repeat(500_000));
    let kind = [("Content-Type", "application/json")];
    let ran = scene.token_despite(reply(401, &kind, long)).exits(7);
    assert!(ran.err().chars().count() < 1000, "{} characters", ran.err().chars().count());
    let harmless = |c: char| c == '\n' || (!c.is_control() && !"\u{202e}\u{feff}".contains(c));
    assert!(ran.err().chars().all(harmless), "{:?}", ran.err());
    assert_eq!(ran.err().matches("owned").count(), 1, "the words themselves are shown");
}

// R07
#[test]
fn an_issuer_that_repeats_the_credential_is_not_quoted() {
    let scene = Scene::oauth2(&[]);
    let kind = [("Content-Type", "application/json")];
    let pair = scene.canary.pair();
    let body = format!(r#"{{"error":"invalid_client","error_description":"no such pair {pair}"}}"#);
    scene.token_despite(reply(401, &kind, body)).exits(7).says("withheld");
    let body = format!(r#"{{"error":"{}"}}"#, scene.canary.secret);
    scene.token_despite(reply(400, &kind, body)).says("withheld");
}

// R09
#[test]
fn a_reply_that_is_deep_or_wide_costs_nothing() {
    let scene = Scene::oauth2(&[]);
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let deep_objects = format!("{}1{}", r#"{"a":"#.repeat(100_000), "}".repeat(100_000));
    let wide = (0..1_000_000).map(|n| format!("\"{n}\":1,")).collect::<Vec<_>>().concat();
    for (name, body) in [
        ("an array", deep.clone()),
        ("an object", deep_objects.clone()),
        ("a member that nobody reads", with(&format!(r#""x":{deep},"#))),
        ("objects that nobody reads", with(&format!(r#""x":{deep_objects},"#))),
        ("an error", with(&format!(r#""error":{deep},"#))),
        ("a life", format!(r#"{{"expires_in":{deep}}}"#)),
        ("a million members", with(&wide)),
    ] {
        let ((), took) = timed(|| is_unacceptable(&scene, json(&body), name));
        assert!(took.as_secs() < 2, "{name}: {took:?}");
    }
}

// R10
#[test]
fn a_scope_other_than_the_one_asked_for_is_the_one_that_is_told() {
    let scene = Scene::oauth2(&["--scope", "read", "--scope", "write"]);
    for other in ["read", "write read", "admin"] {
        scene.issuer.fault_once(Fault::ReplaceFields(vec![("scope", Some(other.into()))]));
        let ran = scene.world.run(["token", "prod", "--json"]).succeeds();
        assert_eq!(ran.json()["scope"], other);
    }
}

// R11
#[test]
fn a_refresh_or_id_token_is_dropped() {
    let scene = Scene::oauth2(&[]);
    let more = vec![
        ("refresh_token", Some(json!("canary-refresh"))),
        ("id_token", Some(json!("canary-identity"))),
        ("custom", Some(json!({"deep": "canary-custom"}))),
    ];
    for command in [
        &["token", "prod"][..],
        &["token", "prod", "--json"],
        &["token", "prod", "-v"],
        &["exec", "prod", "--", "printenv"],
    ] {
        scene.issuer.fault_once(Fault::ReplaceFields(more.clone()));
        let ran = scene.world.run(command).succeeds();
        for canary in ["canary-refresh", "canary-identity", "canary-custom"] {
            assert!(!ran.out().contains(canary) && !ran.err().contains(canary), "{command:?}");
        }
    }
    let kept = scene.world.program("grep").args(["-rlaE", "canary-(refresh|identity|custom)", "."]);
    kept.run().exits(1);
}

// R10
#[test]
fn a_scope_other_than_the_one_asked_for_is_said() {
    let scene = Scene::oauth2(&["--scope", "read", "--scope", "write"]);
    let granted = |scope: &str| Fault::ReplaceFields(vec![("scope", Some(scope.into()))]);
    for same in ["read write", "write read"] {
        let ran = scene.token_despite(granted(same)).succeeds();
        assert_eq!(ran.err(), "", "{same}");
    }
    for other in ["read", "", "read write admin", "admin"] {
        let ran = scene.token_despite(granted(other)).succeeds();
        assert!(ran.err().starts_with("warning: ") && ran.err().contains("scope"), "{other}");
    }
    let unsaid = Fault::ReplaceFields(vec![("scope", None)]);
    assert_eq!(scene.token_despite(unsaid).succeeds().err(), "");
    scene.issuer.fault_once(granted("read"));
    let ran = scene.world.run(["token", "prod", "--json"]).succeeds();
    assert_eq!(ran.json()["scope"], "read");
}

#[test]
fn a_scope_that_repeats_the_token_is_none() {
    let scene = Scene::oauth2(&[]);
    let token = "tok-0123456789abcdef0123";
    let reply = format!(
        r#"{{"access_token":"{token}","token_type":"bearer","expires_in":60,"scope":"a {token}"}}"#
    );
    scene.issuer.fault_once(Fault::Json(reply));
    scene.world.run(["token", "prod", "--json"]).exits(10).hides(token);
}
