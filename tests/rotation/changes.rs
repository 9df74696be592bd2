//! Commands that change a profile or its vault: the newest refresh token goes along where the login
//! stays, and is dropped where another login or another place takes its stead.

use std::fs;

use crate::issuer::{Seen, Service};
use crate::scene::{Scene, Started, TOKEN};

/// What was sent in the last refresh.
#[track_caller]
fn sent(seen: &[Seen]) -> String {
    let last = seen.iter().rfind(|seen| seen.path() == TOKEN).expect("a request");
    String::from_utf8(last.form_field("refresh_token").expect("sent")).expect("text")
}

/// With a refresh token that is not the one in the profile any more, and a token that came with it.
fn rotated() -> Scene {
    let scene = Scene::new();
    scene.refresh();
    scene.refresh();
    scene
}

#[test]
fn an_edit_with_verify_spends_the_newest_refresh_token() {
    let scene = rotated();
    scene.run(&["edit", "prod", "--label", "new", "--verify"]).succeeds();
    assert_eq!(scene.reuses(), 0);
    scene.is_well();
}

#[test]
fn an_edit_with_verify_mints_by_what_was_changed() {
    let scene = rotated();
    let before = scene.refreshes();
    scene.run(&["edit", "prod", "--scope", "one two", "--verify"]).succeeds();
    assert_eq!(scene.refreshes(), before + 1);
    scene.is_well();
}

#[test]
fn an_edit_with_verify_believes_no_token_that_is_kept() {
    let scene = rotated();
    let old = scene.token();
    let edit = ["edit", "prod", "--audience", "https://other.example", "--verify"];
    scene.run(&edit).succeeds();
    assert_ne!(scene.token(), old);
    scene.is_well();
}

#[test]
fn an_edit_with_verify_that_is_refused_leaves_the_login_as_it_was() {
    let scene = rotated();
    let edit = ["edit", "prod", "--secret-stdin", "--verify"];
    scene.world.mintage(edit).stdin("wrong").run().exits(7);
    scene.is_well();
}

#[test]
fn an_edit_with_verify_of_another_login_keeps_what_came_of_it() {
    let scene = rotated();
    scene.log_in();
    scene.run(&["edit", "prod", "--refresh-token-file", "refresh", "--verify"]).succeeds();
    scene.is_well();
}

#[test]
fn an_add_with_verify_keeps_the_token_and_the_refresh_token_that_came_with_it() {
    let scene = Scene::empty();
    scene.log_in();
    scene.adding("prod").args(["--verify"]).run().succeeds();
    let minted = scene.issuer.tokens().pop().expect("a token");
    assert_eq!(scene.token(), minted);
    assert_eq!(scene.refreshes(), 1);
    scene.is_well();
}

#[test]
fn a_rename_takes_the_newest_refresh_token_and_the_token_along() {
    let scene = rotated();
    let kept = scene.token();
    scene.run(&["rename", "prod", "new"]).succeeds();
    assert_eq!(scene.run(&["token", "new"]).succeeds().out().trim_end(), kept);
    scene.run(&["token", "new", "--fresh"]).succeeds();
    assert_eq!(scene.reuses(), 0);
    scene.run(&["rename", "new", "prod"]).succeeds();
    scene.is_well();
}

/// Under both names for a while, it may be used under the new one.
#[test]
fn an_interrupted_rename_is_finished_with_the_newest_refresh_token() {
    let mut both = 0;
    for n in 1.. {
        let scene = rotated();
        let inject = format!("inject=fsync:signal=KILL:when={n}");
        let strace = ["-f", "-qq", "-o", "/dev/null", "-e", &inject];
        let call = scene.world.program("strace").args(strace);
        let ran = call.args([env!("CARGO_BIN_EXE_mintage"), "rename", "prod", "new"]).run();
        let is_there = |name| scene.run(&["show", name]).code == 0;
        if is_there("prod") && is_there("new") {
            both += 1;
            scene.run(&["token", "new", "--fresh"]).succeeds();
        }
        if is_there("prod") {
            scene.run(&["rename", "prod", "new"]).succeeds();
        }
        scene.run(&["token", "new", "--fresh"]).succeeds();
        assert_eq!(scene.reuses(), 0, "killed at fsync {n}");
        if ran.code == 0 {
            break;
        }
    }
    assert!(both > 2, "{both}");
}

#[test]
fn a_profile_that_was_removed_leaves_nothing_for_one_of_the_same_name() {
    let scene = rotated();
    scene.run(&["remove", "prod", "--yes"]).succeeds();
    let refresh = scene.log_in();
    scene.adding("prod").run().succeeds();
    scene.token();
    assert_eq!(sent(&scene.issuer.requests()), refresh);
    scene.is_well();
}

#[test]
fn another_refresh_token_takes_the_place_of_the_newest_one_and_of_its_token() {
    let scene = rotated();
    let old = scene.token();
    let refresh = scene.log_in();
    scene.run(&["edit", "prod", "--refresh-token-file", "refresh"]).succeeds();
    assert_ne!(scene.token(), old);
    assert_eq!(sent(&scene.issuer.requests()), refresh);
    scene.is_well();
}

#[test]
fn a_profile_that_moved_takes_neither_the_newest_refresh_token_nor_its_token_along() {
    let scene = rotated();
    let old = scene.token();
    let url = format!("{}{TOKEN}", scene.elsewhere.url());
    scene.run(&["edit", "prod", "--token-url", &url, "--ca-file", "ca.pem"]).succeeds();
    // There nobody knows the login, and nobody is asked.
    scene.run(&["token", "prod"]).exits(4).hides(&old);
    assert!(scene.elsewhere.requests().is_empty());
    assert_eq!(scene.reuses(), 0);
}

#[test]
fn another_client_does_not_take_over_the_newest_refresh_token() {
    let scene = rotated();
    let before = scene.refreshes();
    scene.issuer.accept_pair("another", scene.canary.secret.as_bytes());
    scene.run(&["edit", "prod", "--client-id", "another"]).succeeds();
    scene.run(&["token", "prod"]).exits(4);
    assert_eq!(scene.refreshes(), before);
}

#[test]
fn a_token_that_was_kept_for_another_audience_scope_or_resource_is_not_handed_out() {
    for change in [
        ["--audience", "https://other.example"],
        ["--scope", "other"],
        ["--resource", "https://other.example"],
        ["--param", "tenant=other"],
    ] {
        let scene = rotated();
        let old = scene.token();
        scene.run(&["edit", "prod", change[0], change[1]]).succeeds();
        assert_ne!(scene.token(), old, "{change:?}");
        scene.is_well();
    }
}

#[test]
fn a_note_on_a_profile_costs_no_login() {
    let scene = rotated();
    scene.run(&["edit", "prod", "--label", "note", "--add-tag", "x"]).succeeds();
    scene.token();
    scene.is_well();
}

#[test]
fn an_accepted_vault_goes_on_with_the_newest_refresh_token() {
    let scene = rotated();
    scene.run(&["vault", "accept", "--yes"]).succeeds();
    scene.is_well();
}

#[test]
fn a_check_takes_the_token_that_is_kept_and_keeps_the_one_it_mints() {
    let scene = Scene::new();
    scene.run(&["check", "prod"]).succeeds();
    scene.run(&["check", "prod"]).succeeds();
    scene.token();
    assert_eq!(scene.refreshes(), 1);
    scene.is_well();
}

#[test]
fn a_purge_forgets_the_token_and_keeps_the_login() {
    let scene = rotated();
    let old = scene.token();
    scene.run(&["purge", "prod"]).succeeds();
    assert_ne!(scene.token(), old);
    scene.is_well();
}

#[test]
fn a_revocation_forgets_the_token_and_keeps_the_login() {
    let scene = rotated();
    let old = scene.token();
    scene.run(&["revoke", "prod"]).succeeds().says("1 token forgotten here");
    assert_ne!(scene.token(), old);
    scene.is_well();
}

#[test]
fn nothing_of_a_slot_is_left_of_a_destroyed_vault() {
    let scene = rotated();
    assert_eq!(scene.slots().len(), 1);
    scene.run(&["destroy", "--yes", "--vault", "default"]).succeeds();
    assert!(!scene.world.vault().exists());
}

#[test]
fn no_file_has_a_refresh_token_or_a_token_in_it_as_it_is() {
    let scene = rotated();
    let token = scene.token();
    let newest = scene.issuer.current_refresh_token(Service::OAuth).expect("a login");
    for file in crate::scene::below(scene.world.home()) {
        let bytes = fs::read(&file).expect("readable");
        for secret in [&token, &newest] {
            let has = bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
            assert!(!has, "{}", file.display());
        }
    }
}

/// The account is part of a login by password: the refresh token of another one is not its own.
#[test]
fn another_account_does_not_take_over_the_newest_refresh_token() {
    let scene = Scene::empty();
    for user in ["one@example.org", "two@example.org"] {
        scene.issuer.accept_badge_user(user, scene.canary.secret.as_bytes());
    }
    let url = scene.issuer.url();
    let add = ["add", "prod", "--preset", "badges", "--base-url", &url, "--ca-file", "ca.pem"];
    let user = ["--set", "user=one@example.org", "--secret-stdin"];
    scene.world.mintage(add).args(user).stdin(scene.canary.secret.as_str()).run().succeeds();
    let first = scene.token();
    scene.run(&["edit", "prod", "--set", "user=two@example.org"]).succeeds();
    assert_ne!(scene.token(), first);
    let last = scene.issuer.requests().pop().expect("a request");
    assert_eq!(last.form_field("username").as_deref(), Some(b"two@example.org".as_slice()));
}

/// A dead refresh token is not the end where there is a password.
#[test]
fn a_login_by_password_begins_anew_where_its_refresh_token_is_dead() {
    let scene = Scene::empty();
    scene.issuer.accept_badge_user("one@example.org", scene.canary.secret.as_bytes());
    let url = scene.issuer.url();
    let add = ["add", "prod", "--preset", "badges", "--base-url", &url, "--ca-file", "ca.pem"];
    let user = ["--set", "user=one@example.org", "--secret-stdin"];
    scene.world.mintage(add).args(user).stdin(scene.canary.secret.as_str()).run().succeeds();
    scene.token();
    scene.refresh();
    assert_eq!(scene.issuer.asked_for("/o/token", "refresh_token"), 1);
    scene.issuer.end_sign_ins(Service::Badges);
    scene.refresh();
    assert_eq!(scene.issuer.asked_for("/o/token", "password"), 2);
    scene.refresh();
    assert_eq!(scene.issuer.asked_for("/o/token", "password"), 2);
    assert_eq!(scene.issuer.refresh_reuses(Service::Badges), 0);
}

#[test]
fn what_was_minted_while_the_profile_changed_is_not_handed_out_for_it() {
    let scene = Scene::new();
    let hold = scene.hold();
    let mut slow = Started::of(scene.world.mintage(["token", "prod"]));
    assert!(hold.is_sent_within(std::time::Duration::from_secs(20)));
    scene.run(&["edit", "prod", "--audience", "https://other.example"]).succeeds();
    hold.release();
    slow.0.wait().expect("it ends");
    scene.token();
    let last = scene.issuer.requests().pop().expect("a request");
    assert_eq!(last.form_field("audience").expect("sent"), b"https://other.example");
    assert_eq!(scene.reuses(), 0);
}

#[test]
fn a_login_that_does_not_move_along_is_taken_out_and_that_is_said() {
    let scene = rotated();
    let before = scene.refreshes();
    let edit = scene.run(&["edit", "prod", "--client-id", "another"]).succeeds();
    edit.says("the login does not move along");
    scene.run(&["token", "prod"]).exits(4);
    assert_eq!([scene.refreshes(), scene.reuses()], [before, 0]);
}
