//! One mint for all who ask, and never the wrong token.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::issuer::{Fault, Hold, Issuer, Seen};
use crate::scene::Scene;
use crate::world::{Canary, at_once, until};

/// An edit of `prod`; what it reads from standard input comes last.
#[track_caller]
fn edit(scene: &Scene, arguments: &[&str], stdin: &str) {
    scene.mintage(["edit", "prod"]).args(arguments).stdin(stdin).run().succeeds();
}

/// What the agent holds for `prod`; nothing where it holds none.
fn lease(scene: &Scene) -> Value {
    scene.agent()["leases"][0].clone()
}

#[test]
fn a_second_command_gets_the_token_of_the_first() {
    let scene = Scene::new();
    let first = scene.run(["token", "prod"]).succeeds().stdout;
    let second = scene.run(["token", "prod"]).succeeds().stdout;
    assert_eq!(first, second);
    assert_eq!(scene.issuer.logins(), 1);
}

// C01
#[test]
fn sixty_four_first_callers_cause_one_login() {
    let scene = Scene::new();
    scene.run(["agent", "start"]).succeeds();
    scene.issuer.fault(Fault::Delay(Duration::from_millis(300)));
    let tokens: BTreeSet<_> = at_once(64, |_| scene.mintage(["token", "prod"]))
        .into_iter()
        .map(|ran| ran.succeeds().stdout)
        .collect();
    assert_eq!((tokens.len(), scene.issuer.logins()), (1, 1));
}

// C01
#[test]
fn forty_callers_who_want_four_kinds_cause_four_logins() {
    let scene = Scene::new();
    scene.run(["agent", "start"]).succeeds();
    scene.issuer.fault(Fault::Delay(Duration::from_millis(300)));
    let kinds: [&[&str]; 4] =
        [&["--json"], &["--scope", "a"], &["--scope", "b"], &["--audience", "https://x.example"]];
    let ran = at_once(40, |n| scene.mintage(["token", "prod"]).args(kinds[n % 4]));
    let tokens: BTreeSet<_> = ran
        .into_iter()
        .map(|ran| match serde_json::from_slice::<Value>(&ran.stdout) {
            Ok(json) => json["token"].as_str().expect("a token").to_owned(),
            Err(_) => ran.succeeds().out().trim_end().to_owned(),
        })
        .collect();
    assert_eq!((tokens.len(), scene.issuer.logins()), (4, 4));
}

// C05
#[test]
fn another_scope_audience_or_profile_is_another_token() {
    let scene = Scene::new();
    scene.world.add("twin", &scene.issuer, &scene.canary);
    let kinds: [&[&str]; 6] = [
        &["token", "prod"],
        &["token", "prod", "--scope", "a"],
        &["token", "prod", "--scope", "a", "--scope", "b"],
        &["token", "prod", "--audience", "a"],
        &["token", "prod", "--scope", "a", "--audience", "a"],
        &["token", "twin"],
    ];
    let all = || kinds.map(|kind| scene.run(kind).succeeds().stdout);
    let first = all();
    assert_eq!(first.iter().collect::<BTreeSet<_>>().len(), kinds.len());
    assert_eq!(all(), first);
    assert_eq!(scene.issuer.logins(), kinds.len());
}

/// After the edit the next token is a new one, and the one before is never seen again.
#[track_caller]
fn an_edit_ends_the_lease(arguments: &[&str], stdin: &str) {
    let scene = Scene::new();
    scene.issuer.accept_pair("other-id", scene.canary.secret.as_bytes());
    scene.issuer.accept_pair(&scene.canary.id, b"another-secret");
    let before = scene.token();
    edit(&scene, arguments, stdin);
    let after = scene.token();
    assert_ne!(before, after);
    assert_eq!(scene.token(), after);
    assert_eq!(scene.issuer.logins(), 2);
    assert_eq!(scene.agent()["leases"].as_array().map(Vec::len), Some(1));
}

// C05
#[test]
fn another_secret_ends_the_lease() {
    an_edit_ends_the_lease(&["--secret-stdin"], "another-secret");
}

// C05
#[test]
fn another_scope_in_the_profile_ends_the_lease() {
    an_edit_ends_the_lease(&["--scope", "a"], "");
}

// C05
#[test]
fn another_audience_in_the_profile_ends_the_lease() {
    an_edit_ends_the_lease(&["--audience", "a"], "");
}

// C05
#[test]
fn another_client_id_ends_the_lease() {
    let scene = Scene::new();
    let before = scene.token();
    let other = Canary::new();
    scene.issuer.accept_pair(&other.id, other.secret.as_bytes());
    edit(&scene, &["--stdin"], &other.pair());
    assert_ne!(scene.token(), before);
    let requests = scene.issuer.requests();
    let id = requests.last().and_then(Seen::basic).map(|(id, _)| id);
    assert_eq!(id, Some(other.id.into_bytes()));
}

// C05
#[test]
fn another_endpoint_and_ca_end_the_lease() {
    let scene = Scene::new();
    let before = scene.token();
    let elsewhere = Issuer::https();
    elsewhere.accept_pair(&scene.canary.id, scene.canary.secret.as_bytes());
    std::fs::write(scene.world.path("other.pem"), elsewhere.ca_pem()).expect("written");
    edit(&scene, &["--base-url", &elsewhere.url(), "--ca-file", "other.pem"], "");
    assert_ne!(scene.token(), before);
    assert_eq!((scene.issuer.logins(), elsewhere.logins()), (1, 1));
}

// C05
#[test]
fn a_ca_that_does_not_know_the_issuer_ends_the_lease() {
    let scene = Scene::new();
    scene.token();
    std::fs::write(scene.world.path("other.pem"), Issuer::https().ca_pem()).expect("written");
    edit(&scene, &["--ca-file", "other.pem"], "");
    let ran = scene.run(["token", "prod"]);
    assert!(ran.stdout.is_empty());
    ran.exits(10);
}

// C05
#[test]
fn an_edit_without_the_agent_ends_the_lease_in_it() {
    let scene = Scene::new();
    let before = scene.token();
    scene.run(["edit", "prod", "--scope", "a", "--no-agent"]).succeeds();
    assert_ne!(scene.token(), before);
}

// C05
#[test]
fn an_edit_in_the_middle_of_a_mint_is_not_answered_with_what_was_before() {
    let scene = Scene::new();
    scene.run(["unlock"]).succeeds();
    let hold = Hold::new();
    scene.issuer.fault_once(Fault::Hold(hold.clone()));
    std::thread::scope(|scope| {
        let early = scope.spawn(|| scene.run(["token", "prod"]));
        assert!(hold.is_sent_within(Duration::from_secs(20)), "no mint");
        edit(&scene, &["--scope", "a"], "");
        let late = scene.token();
        hold.release();
        assert_ne!(early.join().expect("it ended").succeeds().out(), late);
        assert_eq!(scene.token(), late);
    });
    assert_eq!(scene.issuer.logins(), 2);
}

// C05
#[test]
fn a_renamed_profile_has_no_token_under_its_old_name() {
    let scene = Scene::new();
    scene.token();
    scene.run(["rename", "prod", "next"]).succeeds();
    scene.run(["token", "prod"]).exits(3);
    scene.run(["token", "next"]).succeeds();
    let held = scene.agent()["leases"].clone();
    assert_eq!(
        (held.as_array().map(Vec::len), held[0]["profile"].as_str()),
        (Some(1), Some("next"))
    );
}

// C05
#[test]
fn a_removed_profile_has_no_token_not_even_when_it_is_added_again() {
    let scene = Scene::new();
    let before = scene.token();
    scene.run(["remove", "prod", "--yes"]).succeeds();
    let ran = scene.run(["token", "prod"]);
    assert!(ran.stdout.is_empty());
    ran.exits(3);
    assert_eq!(lease(&scene), Value::Null);
    scene.world.add("prod", &scene.issuer, &scene.canary);
    assert_ne!(scene.token(), before);
}

#[test]
fn a_lease_that_lives_too_short_for_one_caller_is_replaced() {
    let scene = Scene::new();
    scene.issuer.token_life(120);
    let first = scene.token();
    until("a second of it is over", || {
        lease(&scene)["expires_in"].as_u64().is_some_and(|left| left < 118)
    });
    let asked = ["token", "prod", "--min-valid", "119s"];
    let second = scene.run(asked).succeeds().out();
    assert_ne!(first, second);
    assert_eq!(scene.issuer.logins(), 2);
}

#[test]
fn a_lease_that_lives_long_enough_is_shared_with_who_wants_more_of_it() {
    let scene = Scene::new();
    let first = scene.token();
    assert_eq!(scene.run(["token", "prod", "--min-valid", "30m"]).succeeds().out(), first);
    assert_eq!(scene.issuer.logins(), 1);
}

#[test]
fn more_life_than_any_token_has_is_refused_and_the_issuer_is_not_asked_again() {
    let scene = Scene::new();
    for _ in 0..10 {
        let ran = scene.run(["token", "prod", "--min-valid", "2h"]);
        assert!(ran.stdout.is_empty());
        ran.exits(10);
    }
    assert_eq!(scene.issuer.logins(), 1);
    // It is good enough for others.
    scene.token();
    assert_eq!(scene.issuer.logins(), 1);
}

#[test]
fn once_a_short_lease_is_over_the_issuer_is_asked_for_a_long_one() {
    let scene = Scene::new();
    scene.issuer.token_life(2);
    scene.run(["token", "prod", "--min-valid", "30m"]).exits(10);
    scene.issuer.token_life(3600);
    until("its end", || lease(&scene) == Value::Null);
    scene.run(["token", "prod", "--min-valid", "30m"]).succeeds();
}

#[test]
fn a_fresh_token_is_another_one_and_takes_the_place_of_the_first() {
    let scene = Scene::new();
    let first = scene.token();
    let fresh = scene.run(["token", "prod", "--fresh"]).succeeds().out();
    assert_ne!(fresh, first);
    assert_eq!(scene.token(), fresh);
    assert_eq!(scene.issuer.logins(), 2);
}

#[test]
fn purge_forgets_all_tokens_of_a_profile_and_no_others() {
    let scene = Scene::new();
    scene.world.add("twin", &scene.issuer, &scene.canary);
    let (first, twin) = (scene.token(), scene.run(["token", "twin"]).succeeds().out());
    let scoped = scene.run(["token", "prod", "--scope", "a"]).succeeds().out();
    scene.run(["purge", "prod"]).succeeds();
    assert_eq!(scene.agent()["leases"].as_array().map(Vec::len), Some(1));
    assert_eq!(scene.run(["token", "twin"]).succeeds().out(), twin);
    assert_ne!(scene.token(), first);
    assert_ne!(scene.run(["token", "prod", "--scope", "a"]).succeeds().out(), scoped);
}

#[test]
fn purge_starts_no_agent() {
    let scene = Scene::new();
    scene.run(["purge", "prod"]).succeeds();
    scene.run(["agent", "status"]).exits(8);
}

// C02
#[test]
fn a_token_in_use_is_renewed_before_it_runs_out() {
    let scene = Scene::new();
    scene.issuer.token_life(6);
    scene.run(["agent", "start"]).succeeds();
    let start = Instant::now();
    let first = scene.token();
    // Seconds are told in whole ones: it is of 5 or 6.
    until("its last third is near", || {
        assert_eq!(scene.token(), first, "after {:?}", start.elapsed());
        start.elapsed() > Duration::from_millis(3500)
    });
    // Nobody asks any more.
    until("a renewal", || scene.issuer.logins() == 2);
    assert!(start.elapsed() < Duration::from_secs(6), "after {:?}", start.elapsed());
    until("the new one", || scene.agent()["minting"] == 0);
    assert_ne!(scene.token(), first);
    assert_eq!(scene.issuer.logins(), 2);
}

#[test]
fn a_token_that_nobody_uses_is_not_renewed() {
    let scene = Scene::new();
    scene.issuer.token_life(4);
    scene.token();
    until("its end", || lease(&scene) == Value::Null);
    assert_eq!(scene.issuer.logins(), 1);
}

#[test]
fn a_slow_mint_of_one_profile_does_not_delay_another() {
    let scene = Scene::new();
    scene.world.add("slow", &scene.issuer, &scene.canary);
    let token = scene.token();
    let hold = Hold::new();
    scene.issuer.fault_once(Fault::Hold(hold.clone()));
    std::thread::scope(|scope| {
        let slow = scope.spawn(|| scene.run(["token", "slow"]));
        assert!(hold.is_sent_within(Duration::from_secs(20)), "no mint");
        assert_eq!(scene.token(), token);
        // Nor one that has to be minted.
        scene.run(["token", "prod", "--scope", "a"]).succeeds();
        hold.release();
        slow.join().expect("it ended").succeeds();
    });
}

#[test]
fn exec_and_inspect_use_the_token_that_is_held() {
    let scene = Scene::new();
    let token = scene.token();
    let exec = ["exec", "prod", "--", "sh", "-c", "echo $ACCESS_TOKEN"];
    assert_eq!(scene.run(exec).succeeds().out(), token);
    let inspected = scene.run(["inspect", "prod", "--json"]).succeeds().json();
    assert_eq!(inspected["bytes"].as_u64(), Some(token.trim_end().len() as u64));
    assert_eq!(scene.issuer.logins(), 1);
}

#[test]
fn exec_mints_what_the_next_token_is() {
    let scene = Scene::new();
    let exec = ["exec", "prod", "--", "sh", "-c", "echo $ACCESS_TOKEN"];
    let token = scene.run(exec).succeeds().out();
    assert_eq!(scene.token(), token);
    assert_eq!(scene.issuer.logins(), 1);
}

#[test]
fn what_is_left_of_a_token_grows_less() {
    let scene = Scene::new();
    let left = || {
        let json = scene.run(["token", "prod", "--json"]).succeeds().json();
        json["expires_in"].as_u64().expect("a number")
    };
    let first = left();
    assert!((3590..=3600).contains(&first), "{first}");
    until("a second", || left() < first);
    assert_eq!(scene.issuer.logins(), 1);
}

#[test]
fn the_deadline_of_a_token_does_not_move() {
    let scene = Scene::new();
    let json = || scene.run(["token", "prod", "--json"]).succeeds().json();
    let first = json();
    until("a second", || json()["expires_in"] != first["expires_in"]);
    assert_eq!(json()["expires_at"], first["expires_at"]);
}

#[test]
fn the_short_way_and_the_long_way_give_the_same() {
    let scene = Scene::new();
    scene.token();
    let (short, long) = (scene.run(["token", "prod"]), scene.run(["token", "prod", "--verbose"]));
    assert_eq!(short.stdout, long.stdout);
    assert_eq!(short.err(), "");
    assert_eq!(scene.issuer.logins(), 1);
}

#[test]
fn the_short_way_asks_once() {
    let scene = Scene::new();
    scene.token();
    let times = || lease(&scene)["handed_out"].as_u64().expect("a number");
    let before = times();
    scene.token();
    assert_eq!(times(), before + 1);
}

#[test]
fn the_short_way_leaves_warnings_to_the_long_way() {
    let scene = Scene::new();
    scene.run(["edit", "prod", "--secret-expires", "2020-01-01"]).succeeds();
    for _ in 0..2 {
        scene.run(["token", "prod"]).succeeds().says("the secret of `prod` ended on 2020-01-01");
    }
    assert_eq!(scene.issuer.logins(), 1);
}

#[test]
fn the_default_profile_has_the_lease_of_its_name() {
    let scene = Scene::new();
    let named = scene.token();
    scene.run(["default", "prod"]).succeeds();
    assert_eq!(scene.run(["token"]).succeeds().out(), named);
    let by_variable = scene.mintage(["token"]).env("MINTAGE_PROFILE", "prod").run();
    assert_eq!(by_variable.succeeds().out(), named);
    assert_eq!(scene.issuer.logins(), 1);
}

#[test]
fn another_default_profile_has_another_token() {
    let scene = Scene::new();
    scene.world.add("twin", &scene.issuer, &scene.canary);
    scene.run(["default", "prod"]).succeeds();
    let first = scene.run(["token"]).succeeds().out();
    scene.run(["default", "twin"]).succeeds();
    assert_ne!(scene.run(["token"]).succeeds().out(), first);
}

#[test]
fn without_the_agent_nothing_is_held_and_nothing_of_it_is_used() {
    let scene = Scene::new();
    let held = scene.token();
    let own = scene.run(["token", "prod", "--no-agent"]).succeeds().out();
    assert_ne!(own, held);
    assert_eq!(scene.token(), held);
}
