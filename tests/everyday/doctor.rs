//! `doctor`: well where all is well, and else the fault, how grave it is, and what mends it.

use std::os::unix::fs::PermissionsExt as _;

use jiff::{Timestamp, ToSpan as _};
use serde_json::Value;

use crate::keyring::{Desk as Keychain, Keyring};
use crate::scene::Scene;
use crate::world::{Ran, World};

fn day(days: i64) -> String {
    (Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date() + days.days()).to_string()
}

/// A vault whose recovery file was moved away, with one profile.
fn healthy() -> Scene {
    let scene = Scene::with(&[]);
    std::fs::remove_file(scene.world.path("recovery.txt")).expect("removed");
    scene
}

/// What doctor finds of these, each as state, words and the mending command.
fn of(ran: &Ran, what: &str) -> Vec<(String, String, Option<String>)> {
    let found = ran.json();
    let checks = found["checks"].as_array().expect("a list").iter();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    checks
        .filter(|check| check["check"] == what)
        .map(|check| {
            let [state, said] = ["state", "said"].map(|name| text(&check[name]).expect("text"));
            (state, said, text(&check["mend"]))
        })
        .collect()
}

#[track_caller]
fn doctor(world: &World, code: i32) -> Ran {
    world.run(["doctor", "--json"]).exits(code)
}

/// The one finding about `what`: its state, with these words in it, and what mends it.
#[track_caller]
fn finds(ran: &Ran, what: &str, state: &str, words: &str) -> Option<String> {
    let found = of(ran, what);
    let one = found.iter().find(|(is, said, _)| is == state && said.contains(words));
    assert!(one.is_some(), "no {state} with `{words}`: {found:?}");
    one.and_then(|(_, _, mend)| mend.clone())
}

#[test]
fn a_healthy_machine_is_well() {
    let scene = healthy();
    let ran = doctor(&scene.world, 0);
    let found = ran.json();
    assert_eq!(found["v"], 1);
    for check in found["checks"].as_array().expect("a list") {
        assert_ne!(check["state"], "fail", "{check}");
    }
    for (what, words) in [
        ("memory", "not readable"),
        ("core dumps", "off"),
        ("clock", "plausible"),
        ("certificates", "roots"),
        ("config folder", "private"),
        ("state folder", "private"),
        ("opening key", "from the file"),
        ("recovery file", "not in its usual place"),
        ("recovery key", "the vault has one"),
        ("records", "1 profile, all in order"),
        ("keychain", "does not need it"),
    ] {
        assert_eq!(finds(&ran, what, "ok", words), None, "{what}");
    }
}

#[test]
fn rows_tell_the_same() {
    let scene = healthy();
    let ran = scene.run(&["doctor"]).succeeds();
    let out = ran.out();
    assert!(out.lines().all(|line| line.split('\t').count() == 3), "{out}");
    assert!(out.contains("ok\trecovery key\tthe vault has one\n"), "{out}");
}

#[test]
fn nothing_is_sent_to_an_issuer() {
    let scene = healthy();
    scene.run(&["doctor"]).succeeds();
    assert_eq!(scene.issuer.connections(), 0);
}

#[test]
fn nothing_is_changed() {
    let scene = healthy();
    let before = scene.sealed();
    scene.run(&["doctor"]).succeeds();
    assert_eq!(scene.sealed(), before);
}

#[test]
fn a_recovery_file_that_was_left_is_a_warning() {
    let world = World::new();
    let desk = crate::pty::Desk::mintage(&world, ["init", "--key", "file"]);
    let mut session = desk.start();
    session.sees("File for the recovery key").types("\r");
    session.ends().exits(0);
    let ran = doctor(&world, 0);
    let mend = finds(&ran, "recovery file", "warn", "opens the vault").expect("a command");
    assert!(mend.starts_with("rm '"), "{mend}");
    let path = mend.split('\'').nth(1).expect("a path");
    std::fs::remove_file(path).expect("it is there");
    finds(&doctor(&world, 0), "recovery file", "ok", "not in its usual place");
}

#[test]
fn a_config_folder_that_is_open_to_others_fails() {
    let scene = healthy();
    let config = scene.world.config();
    let set = |mode| std::fs::set_permissions(&config, std::fs::Permissions::from_mode(mode));
    set(0o777).expect("set");
    let ran = doctor(&scene.world, 1);
    let mend = finds(&ran, "config folder", "fail", "").expect("a command");
    assert!(mend.starts_with("chmod "), "{mend}");
    ran.says("of the checks failed");
    scene.world.program("sh").args(["-c", &mend]).run().succeeds();
    doctor(&scene.world, 0);
}

#[test]
fn a_key_file_that_others_can_read_fails() {
    let scene = healthy();
    let keys = std::fs::read_dir(scene.world.config().join("identities")).expect("a folder");
    let key = keys.flatten().next().expect("a key").path();
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).expect("set");
    let mend = finds(&doctor(&scene.world, 1), "vault", "fail", "").expect("a command");
    scene.world.program("sh").args(["-c", &mend]).run().succeeds();
    doctor(&scene.world, 0);
}

#[test]
fn a_secret_that_has_ended_fails() {
    let scene = healthy();
    scene.edit(&["--secret-expires", &day(-1)]).run().succeeds();
    let ran = doctor(&scene.world, 1);
    let mend = finds(&ran, "secret", "fail", "`prod` has ended").expect("a command");
    assert_eq!(mend, "mintage edit prod");
}

#[test]
fn a_secret_that_ends_soon_is_a_warning() {
    let scene = healthy();
    for (days, words) in [(0, "today"), (1, "in 1 day"), (30, "in 30 days")] {
        scene.edit(&["--secret-expires", &day(days)]).run().succeeds();
        finds(&doctor(&scene.world, 0), "secret", "warn", words);
    }
    scene.edit(&["--secret-expires", &day(31)]).run().succeeds();
    assert_eq!(of(&doctor(&scene.world, 0), "secret"), []);
}

#[test]
fn a_missing_key_fails() {
    let scene = healthy();
    let keys = std::fs::read_dir(scene.world.config().join("identities")).expect("a folder");
    for key in keys.flatten() {
        std::fs::remove_file(key.path()).expect("removed");
    }
    finds(&doctor(&scene.world, 1), "vault", "fail", "opens with its recovery key");
}

#[test]
fn a_damaged_record_fails_and_the_others_are_looked_at() {
    let scene = healthy();
    scene.add("other", &["--secret-expires", &day(-1)]);
    let before = scene.sealed();
    scene.edit(&["--label", "x"]).run().succeeds();
    let after = scene.sealed();
    let (path, _) = after.iter().find(|(path, bytes)| before[*path] != **bytes).expect("one");
    std::fs::write(path, "damaged").expect("written");
    let ran = doctor(&scene.world, 1);
    finds(&ran, "records", "fail", "");
    finds(&ran, "secret", "fail", "`other` has ended");
    ran.says("2 of the checks failed");
}

#[test]
fn a_vault_that_is_gone_fails() {
    let scene = healthy();
    std::fs::remove_dir_all(scene.world.vault()).expect("removed");
    finds(&doctor(&scene.world, 1), "vault", "fail", "no vault at");
}

#[test]
fn settings_that_cannot_be_read_fail() {
    let scene = healthy();
    let settings = scene.world.config().join("settings.toml");
    std::fs::write(settings, "not = [toml").expect("written");
    finds(&doctor(&scene.world, 1), "settings", "fail", "");
}

#[test]
fn without_a_vault_the_first_step_is_told() {
    let keychain = Keychain::new();
    let ran = keychain.run(&["doctor", "--json"]).succeeds();
    assert_eq!(finds(&ran, "vault", "warn", "none").as_deref(), Some("mintage init"));
}

#[test]
fn no_keychain_is_a_fault_where_the_vault_needs_it() {
    let keychain = Keychain::with_vault();
    let silent = Keyring::absent();
    let call = keychain.world.mintage(["doctor", "--json"]);
    let ran = call.env("DBUS_SESSION_BUS_ADDRESS", silent.address()).run().exits(1);
    finds(&ran, "keychain", "fail", "no keychain answers");
    finds(&ran, "vault", "fail", "no keychain answers");
}

#[test]
fn a_keychain_is_tried_by_a_round_trip_that_leaves_nothing_behind() {
    let keychain = Keychain::with_vault();
    let (before, own) = (keychain.keyring.entries(), keychain.keyring.lookup(&keychain.vault_id()));
    let ran = keychain.run(&["doctor", "--json"]).succeeds();
    finds(&ran, "keychain", "ok", "another process finds it");
    finds(&ran, "opening key", "ok", "from the keychain");
    assert_eq!(keychain.keyring.entries(), before);
    assert_eq!(keychain.keyring.lookup(&keychain.vault_id()), own);
}

#[test]
fn a_locked_keychain_is_said_and_nobody_is_asked() {
    let keychain = Keychain::with_vault();
    keychain.keyring.lock();
    let ran = keychain.run(&["doctor", "--json"]).succeeds();
    finds(&ran, "keychain", "warn", "locked");
    finds(&ran, "vault", "warn", "not checked");
}

#[test]
fn a_passphrase_vault_is_not_opened_where_nobody_can_be_asked() {
    let world = World::new();
    std::fs::write(world.path("phrase"), "correct horse battery").expect("written");
    let init = "exec \"$0\" init --key passphrase --passphrase-fd 7 --recovery-file r.txt 7<phrase";
    world.program("sh").args(["-c", init, env!("CARGO_BIN_EXE_mintage")]).run().succeeds();
    let ran = doctor(&world, 0);
    finds(&ran, "vault", "warn", "not checked");
    let open = "exec \"$0\" doctor --json --passphrase-fd 7 7<phrase";
    let ran = world.program("sh").args(["-c", open, env!("CARGO_BIN_EXE_mintage")]).run();
    finds(&ran.succeeds(), "recovery key", "ok", "the vault has one");
}

#[test]
fn a_copy_of_the_key_that_a_move_left_behind_is_a_warning() {
    let scene = healthy();
    let id = scene.run(&["status", "--json"]).succeeds().json()["vault"]["id"].clone();
    let stale = scene.world.config().join("identities");
    let stale = stale.join(format!("{}.age", id.as_str().expect("an id")));
    std::fs::write(&stale, "wrapped").expect("written");
    let mend = finds(&doctor(&scene.world, 0), "opening key", "warn", "an old copy elsewhere");
    let key = stale.with_extension("key");
    let expected = format!("mintage passphrase --to file --identity-file '{}'", key.display());
    assert_eq!(mend, Some(expected));
}
