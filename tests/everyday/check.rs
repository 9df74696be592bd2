//! `check`: one login for each profile, at a polite rate, and one verdict.

use std::time::Duration;

use serde_json::json;

use crate::issuer::{Fault, Issuer};
use crate::scene::{OAUTH, Scene, metadata, publishes};
use crate::world::Ran;

/// No answer, and none that is worth another try.
fn broken() -> Fault {
    Fault::ResetBeforeHeaders
}

/// So far in the future that nobody waits for it: reported at once.
fn throttled() -> Fault {
    let headers = vec![("Retry-After".to_owned(), "600".to_owned())];
    Fault::Status { status: 429, headers, body: Vec::new() }
}

/// Profiles at the issuer, without pauses between their logins.
fn with(names: &[&str]) -> Scene {
    let scene = Scene::new();
    for name in names {
        scene.add(name, &["--tag", "all", "--tag", name]);
    }
    scene
}

#[track_caller]
fn check(scene: &Scene, words: &[&str]) -> Ran {
    let call = scene.world.mintage(["check", "--pause", "0ms"]).args(words);
    call.run().hides(&scene.canary.secret)
}

/// Name and kind of each line.
fn kinds(ran: &Ran) -> Vec<(String, String)> {
    let out = ran.out();
    let lines = out.lines().map(|line| {
        let mut fields = line.split('\t').map(str::to_owned);
        (fields.next().unwrap_or_default(), fields.next().unwrap_or_default())
    });
    lines.collect()
}

fn kind(name: &str, kind: &str) -> (String, String) {
    (name.to_owned(), kind.to_owned())
}

#[test]
fn each_profile_named_logs_in_once() {
    let scene = with(&["a", "b", "c"]);
    let ran = check(&scene, &["a", "c"]).succeeds().says("2 ok");
    assert_eq!(kinds(&ran), [kind("a", "ok"), kind("c", "ok")]);
    assert_eq!(scene.issuer.logins(), 2);
    assert!(ran.out().contains("a token for 60 minutes"));
}

#[test]
fn a_profile_named_twice_logs_in_once() {
    let scene = with(&["a", "b"]);
    check(&scene, &["b", "a", "b"]).succeeds();
    assert_eq!(scene.issuer.logins(), 2);
}

#[test]
fn all_are_checked_where_that_is_asked_for() {
    let scene = with(&["a", "b", "c"]);
    check(&scene, &["--all"]).succeeds().says("3 ok");
    assert_eq!(scene.issuer.logins(), 3);
}

#[test]
fn those_with_a_tag_are_checked() {
    let scene = with(&["a", "b", "c"]);
    let ran = check(&scene, &["--tag", "b"]).succeeds();
    assert_eq!(kinds(&ran), [kind("b", "ok")]);
    assert_eq!(scene.issuer.logins(), 1);
}

#[test]
fn names_tag_and_all_exclude_each_other() {
    let scene = with(&["a"]);
    for words in [&[][..], &["a", "--all"], &["a", "--tag", "x"], &["--all", "--tag", "x"]] {
        check(&scene, words).exits(2);
    }
    assert_eq!(scene.issuer.logins(), 0);
}

#[test]
fn no_token_and_no_secret_is_written() {
    let scene = with(&["a"]);
    for option in ["--json", "-vv"] {
        let ran = check(&scene, &["a", option]).succeeds();
        let token = scene.issuer.tokens().pop().expect("a token");
        ran.hides(&token);
    }
}

#[test]
fn a_refusal_is_graver_than_a_network_that_is_down() {
    let scene = with(&["a", "b", "c", "d"]);
    scene.world.mintage(["edit", "b", "--secret-stdin"]).stdin("wrong-one").run().succeeds();
    scene.run(&["edit", "c", "--base-url", &scene.elsewhere.url()]).succeeds();
    scene.elsewhere.fault(throttled());
    let ran = check(&scene, &["--all"]).exits(7).says("2 of 4 failed").hides("wrong-one");
    let expected = [("a", "ok"), ("b", "refused"), ("c", "unreachable"), ("d", "ok")];
    assert_eq!(kinds(&ran), expected.map(|(name, found)| kind(name, found)));
    ran.says("2 ok, 1 refused, 1 unreachable");
}

#[test]
fn a_network_that_is_down_alone_exits_8() {
    let scene = with(&["a", "b"]);
    scene.issuer.fault_once(broken());
    check(&scene, &["--all"]).exits(8).says("1 ok, 1 unreachable");
}

#[test]
fn an_answer_that_is_not_acceptable_exits_10() {
    let scene = with(&["a"]);
    scene.issuer.fault(Fault::Json("{}".to_owned()));
    let ran = check(&scene, &["a"]).exits(10);
    assert_eq!(kinds(&ran), [kind("a", "unacceptable")]);
}

#[test]
fn a_name_that_is_not_there_is_reported_and_the_others_are_checked() {
    let scene = with(&["a", "b"]);
    let ran = check(&scene, &["a", "nobody", "b"]).exits(3);
    assert_eq!(kinds(&ran), [kind("a", "ok"), kind("nobody", "missing"), kind("b", "ok")]);
}

#[test]
fn the_report_is_json_where_asked_for() {
    let scene = with(&["a", "b"]);
    scene.world.mintage(["edit", "b", "--secret-stdin"]).stdin("wrong-one").run().succeeds();
    let report = check(&scene, &["--all", "--json"]).exits(7).json();
    assert_eq!(report["summary"], json!({ "ok": 1, "refused": 1 }));
    let results = report["results"].as_array().expect("a list");
    let said = "a token for 60 minutes";
    assert_eq!(results[0], json!({ "profile": "a", "result": "ok", "exit": 0, "said": said }));
    assert_eq!((&results[1]["result"], &results[1]["exit"]), (&json!("refused"), &json!(7)));
}

#[test]
fn between_two_logins_at_one_host_there_is_a_pause() {
    let scene = with(&["a", "b", "c"]);
    scene.run(&["check", "--all", "--pause", "300ms"]).succeeds();
    let requests = scene.issuer.requests();
    assert_eq!(requests.len(), 3);
    for pair in requests.windows(2) {
        let pause = pair[1].at.duration_since(pair[0].at);
        assert!(pause >= Duration::from_millis(290), "{pause:?}");
    }
}

#[test]
fn a_pause_is_there_without_being_asked_for() {
    let scene = with(&["a", "b"]);
    scene.run(&["check", "--all"]).succeeds();
    let requests = scene.issuer.requests();
    assert!(requests[1].at.duration_since(requests[0].at) >= Duration::from_millis(240));
}

#[test]
fn another_host_is_not_waited_for() {
    let scene = with(&["a", "b"]);
    scene.run(&["edit", "b", "--base-url", &scene.elsewhere.url()]).succeeds();
    let begun = std::time::Instant::now();
    scene.run(&["check", "--all", "--pause", "1h"]).succeeds();
    assert!(begun.elapsed() < Duration::from_secs(30));
}

#[test]
fn what_is_no_pause_is_wrong_usage() {
    let scene = with(&["a"]);
    for pause in ["-1s", "soon", "ms", "1.5", ""] {
        let ran = scene.run(&["check", "a", "--pause", pause]);
        ran.exits(2);
    }
}

#[test]
fn a_host_that_fails_three_times_in_a_row_is_left_alone() {
    let scene = with(&["a", "b", "c", "d", "e"]);
    scene.run(&["edit", "e", "--base-url", &scene.elsewhere.url()]).succeeds();
    scene.issuer.fault(broken());
    let ran = check(&scene, &["--all"]).exits(8).says("4 of 5 failed");
    assert_eq!(scene.issuer.logins(), 3);
    assert_eq!(scene.elsewhere.logins(), 1);
    let out = ran.out();
    let line = out.lines().find(|line| line.starts_with("d\t")).expect("a line");
    assert!(line.contains("not asked"), "{line}");
    assert!(!out.lines().any(|line| line.starts_with("c\t") && line.contains("not asked")));
}

#[test]
fn a_login_between_begins_the_count_again() {
    let scene = with(&["a", "b", "c", "d", "e"]);
    for fault in [broken(), broken(), Fault::None, broken(), broken()] {
        scene.issuer.fault_once(fault);
    }
    check(&scene, &["--all"]).exits(8);
    assert_eq!(scene.issuer.logins(), 5);
}

#[test]
fn a_host_that_asks_for_a_long_rest_is_left_alone_at_once() {
    let scene = with(&["a", "b"]);
    scene.issuer.fault(throttled());
    check(&scene, &["--all"]).exits(8).says("2 unreachable");
    assert_eq!(scene.issuer.logins(), 1);
}

#[test]
fn refusals_do_not_make_a_host_left_alone() {
    let scene = with(&["a", "b", "c", "d"]);
    for name in ["a", "b", "c"] {
        scene.world.mintage(["edit", name, "--secret-stdin"]).stdin("wrong").run().succeeds();
    }
    check(&scene, &["--all"]).exits(7).says("1 ok, 3 refused");
    assert_eq!(scene.issuer.logins(), 4);
}

/// A profile whose issuer named its own token endpoint.
fn discovered() -> Scene {
    let scene = Scene::new();
    publishes(&scene.issuer);
    scene.adding_at("prod", &["--issuer", &scene.issuer.url()]).run().succeeds();
    scene
}

#[test]
fn metadata_that_still_say_the_same_are_well() {
    let scene = discovered();
    check(&scene, &["prod"]).succeeds();
    assert_eq!(scene.issuer.logins(), 1);
}

#[test]
fn drift_of_the_metadata_is_refused_and_not_followed() {
    let scene = discovered();
    let before = scene.sealed();
    let moved = metadata(&scene.issuer.url(), &format!("{}/oauth/token", scene.elsewhere.url()));
    scene.issuer.document(OAUTH, Fault::Json(moved.to_string()));
    let ran = check(&scene, &["prod"]).exits(9);
    assert!(ran.out().contains("prod\tnot-allowed\t") && ran.out().contains("names another"));
    assert_eq!((scene.issuer.logins(), scene.elsewhere.connections()), (0, 0));
    assert_eq!(scene.sealed(), before);
}

#[test]
fn drift_of_the_path_alone_is_drift() {
    let scene = discovered();
    let moved = metadata(&scene.issuer.url(), &format!("{}/canvas/token", scene.issuer.url()));
    scene.issuer.document(OAUTH, Fault::Json(moved.to_string()));
    check(&scene, &["prod"]).exits(9);
    assert_eq!(scene.issuer.logins(), 0);
}

#[test]
fn metadata_that_are_gone_are_not_acceptable() {
    let scene = discovered();
    scene.issuer.document(OAUTH, Fault::None);
    check(&scene, &["prod"]).exits(10);
    assert_eq!(scene.issuer.logins(), 0);
}

#[test]
fn a_damaged_record_is_reported_and_the_others_are_checked() {
    let scene = with(&["a", "b"]);
    std::fs::write(&scene.world.records()[0], "damaged").expect("written");
    for words in [["--all", "-q"], ["--tag", "all"]] {
        let ran = check(&scene, &words).exits(6);
        assert!(ran.out().contains("\tdamaged\t") && ran.out().contains("\tok\t"), "{}", ran.out());
    }
}

#[test]
fn an_issuer_that_nobody_answers_at_is_unreachable() {
    let scene = with(&["a"]);
    let gone = Issuer::https();
    let url = gone.url();
    drop(gone);
    scene.run(&["edit", "a", "--base-url", &url]).succeeds();
    let ran = check(&scene, &["a"]).exits(8);
    assert_eq!(kinds(&ran), [kind("a", "unreachable")]);
}
