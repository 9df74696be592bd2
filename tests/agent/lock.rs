//! Locks: who is locked out, how long, and what is left.

use std::fs;
use std::path::Path;
use std::time::Duration;

use rustix::process::Signal;

use crate::issuer::{Fault, Hold};
use crate::logind::Logind;
use crate::scene::Scene;
use crate::world::until;

/// Every command that opens the vault, with a profile `prod` in it.
const OPENING: [&[&str]; 15] = [
    &["token", "prod"],
    &["token", "prod", "--fresh"],
    &["inspect", "prod"],
    &["list"],
    &["show", "prod"],
    &["show", "prod", "--reveal"],
    &["add", "other", "--stdin"],
    &["edit", "prod", "--label", "text"],
    &["rename", "prod", "other"],
    &["remove", "prod", "--yes"],
    &["default", "prod"],
    &["check", "--all"],
    &["vault", "accept", "--yes"],
    &["passphrase", "--to", "file", "--identity-file", "elsewhere.key"],
    &["unlocked"],
];

#[track_caller]
fn is_refused_by_every_command(scene: &Scene, more: &[&str]) {
    for command in OPENING {
        let call = scene.mintage(command).args(more).stdin(scene.canary.pair());
        let ran = call.run();
        assert_eq!(ran.code, 4, "{command:?}: {}{}", ran.out(), ran.err());
        ran.says("hint: mintage unlock").hides(&scene.canary.secret);
    }
    // Every failure before the child is one of `exec`.
    let exec = ["exec", "prod"].iter().chain(more).chain(&["--", "true"]);
    scene.run(exec).exits(125).says("hint: mintage unlock");
}

#[track_caller]
fn is_locked(scene: &Scene) {
    for more in [&[][..], &["--no-agent"]] {
        let ran = scene.mintage(["token", "prod"]).args(more).run();
        assert!(ran.stdout.is_empty());
        ran.exits(4).says("hint: mintage unlock");
    }
}

#[test]
fn a_lock_holds_for_every_command_that_opens_the_vault() {
    let scene = Scene::new();
    scene.token();
    scene.run(["lock"]).succeeds();
    is_refused_by_every_command(&scene, &[]);
    scene.run(["revoke", "prod"]).exits(4);
    assert_eq!(scene.issuer.logins(), 1);
}

#[test]
fn a_lock_holds_for_every_command_without_an_agent() {
    let scene = Scene::new();
    scene.run(["lock"]).succeeds();
    is_refused_by_every_command(&scene, &["--no-agent"]);
    assert_eq!(scene.issuer.logins(), 0);
}

#[test]
fn a_lock_without_an_agent_holds_for_the_next_agent() {
    let scene = Scene::new();
    scene.run(["lock", "--no-agent"]).succeeds();
    scene.run(["agent", "start"]).succeeds();
    is_locked(&scene);
}

#[test]
fn a_lock_outlives_an_agent_that_is_killed() {
    let scene = Scene::new();
    scene.token();
    scene.run(["lock"]).succeeds();
    scene.signal_agent(Signal::KILL);
    is_locked(&scene);
}

#[test]
fn a_lock_outlives_an_agent_that_is_stopped_and_started() {
    let scene = Scene::new();
    scene.token();
    scene.run(["lock"]).succeeds();
    scene.run(["agent", "stop"]).succeeds();
    is_locked(&scene);
    scene.run(["agent", "start"]).succeeds();
    is_locked(&scene);
}

#[test]
fn a_lock_that_comes_twice_is_one_lock() {
    let scene = Scene::new();
    for _ in 0..2 {
        scene.run(["lock"]).succeeds();
        is_locked(&scene);
    }
    scene.run(["unlock"]).succeeds();
    scene.token();
}

#[test]
fn unlock_ends_a_lock() {
    let scene = Scene::new();
    for more in [&[][..], &["--no-agent"]] {
        scene.run(["lock"]).succeeds();
        scene.mintage(["unlock"]).args(more).run().succeeds();
        scene.token();
        scene.run(["token", "prod", "--no-agent"]).succeeds();
    }
}

#[test]
fn a_lock_closes_every_vault_and_unlock_opens_the_one_that_is_meant() {
    let scene = Scene::new();
    let init = ["init", "--vault", "work", "--key", "file", "--recovery-file", "work.txt"];
    scene.run(init).succeeds();
    let are_open =
        || [&["unlocked"][..], &["unlocked", "--vault", "work"]].map(|it| scene.run(it).code == 0);
    scene.run(["unlock"]).succeeds();
    scene.run(["unlock", "--vault", "work"]).succeeds();
    assert_eq!(are_open(), [true, true]);
    scene.run(["lock"]).succeeds();
    assert_eq!(are_open(), [false, false]);
    scene.run(["unlock", "--vault", "work"]).succeeds();
    assert_eq!(are_open(), [false, true]);
}

#[test]
fn only_who_has_the_key_ends_a_lock() {
    let scene = Scene::behind_passphrase();
    scene.open();
    scene.run(["lock"]).succeeds();
    for more in [&[][..], &["--no-agent"]] {
        let unlock = scene.mintage(["unlock", "--passphrase-fd", "0"]).args(more);
        unlock.stdin("another passphrase").run().exits(5);
        scene.mintage(["unlock"]).args(more).run().exits(4);
        is_locked(&scene);
    }
    scene.open();
    scene.token();
}

#[test]
fn unlocked_tells_by_its_exit_code_and_starts_nothing() {
    let scene = Scene::new();
    scene.run(["unlocked"]).exits(4);
    scene.run(["agent", "status"]).exits(8);
    scene.run(["unlock"]).succeeds();
    scene.run(["unlocked"]).succeeds();
    scene.run(["lock"]).succeeds();
    scene.run(["unlocked"]).exits(4);
}

#[test]
fn a_signal_locks_until_somebody_unlocks() {
    let scene = Scene::new();
    scene.token();
    scene.signal_agent(Signal::USR1);
    until("the lock", || !scene.is_open());
    is_locked(&scene);
    scene.run(["unlock"]).succeeds();
    scene.token();
}

// A17
#[test]
fn while_locked_nothing_names_a_profile_or_a_host() {
    let scene = Scene::new();
    scene.run(["edit", "prod", "--label", "label-canary", "--tag", "x"]);
    scene.token();
    let open = scene.run(["status", "--json"]).succeeds().out();
    assert!(open.contains("prod"), "{open}");
    scene.run(["lock"]).succeeds();
    let port = scene.issuer.port().to_string();
    for command in [
        &["status"][..],
        &["status", "--json"],
        &["status", "--prompt"],
        &["agent", "status"],
        &["agent", "status", "--json"],
        &["list"],
        &["list", "--json"],
        &["unlocked"],
        &["doctor"],
        &["vault", "list"],
    ] {
        let ran = scene.run(command);
        for hidden in ["prod", "127.0.0.1", "label-canary", "us-east-1", &port] {
            assert!(!ran.out().contains(hidden), "{command:?}: {}", ran.out());
            assert!(!ran.err().contains(hidden), "{command:?}: {}", ran.err());
        }
    }
}

// A17
#[test]
fn a_locked_agent_holds_no_vault_and_no_lease() {
    let scene = Scene::new();
    scene.token();
    let open = scene.agent();
    assert_eq!(
        (open["leases"][0]["profile"].as_str(), &open["locked"]),
        (Some("prod"), &false.into())
    );
    scene.run(["lock"]).succeeds();
    let locked = scene.agent();
    assert_eq!(locked["locked"], true);
    assert_eq!([&locked["vaults"], &locked["leases"]], [&serde_json::json!([]); 2]);
}

// C06
#[test]
fn no_token_is_ever_on_the_disk() {
    let scene = Scene::new();
    let token = scene.token();
    let is_there = |folder: &Path| holds(folder, token.trim_end().as_bytes());
    assert!(!is_there(scene.world.home()));
    scene.run(["lock"]).succeeds();
    assert!(!is_there(scene.world.home()));
    fs::write(scene.world.path("control"), &token).expect("written");
    assert!(is_there(scene.world.home()));
}

fn holds(folder: &Path, needle: &[u8]) -> bool {
    fs::read_dir(folder).expect("a folder").any(|entry| {
        let path = entry.expect("readable").path();
        let kind = fs::symlink_metadata(&path).expect("there").file_type();
        if kind.is_dir() {
            return holds(&path, needle);
        }
        let is_in = |bytes: Vec<u8>| memchr::memmem::find(&bytes, needle).is_some();
        kind.is_file() && is_in(fs::read(&path).expect("readable"))
    })
}

#[test]
fn a_lock_in_the_middle_of_a_mint_wins() {
    let scene = Scene::new();
    let hold = Hold::new();
    scene.run(["unlock"]).succeeds();
    scene.issuer.fault_once(Fault::Hold(hold.clone()));
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| scene.run(["token", "prod"]));
        assert!(hold.is_sent_within(Duration::from_secs(20)), "no mint");
        assert_eq!(scene.agent()["minting"], 1);
        scene.run(["lock"]).succeeds();
        let agent = scene.agent();
        assert_eq!([&agent["minting"], &agent["locked"]], [&0.into(), &serde_json::json!(true)]);
        let waited = waiting.join().expect("it ended");
        assert!(waited.stdout.is_empty());
        waited.exits(4);
        hold.release();
    });
    scene.run(["unlock"]).succeeds();
    assert!(scene.agent()["leases"].as_array().is_some_and(Vec::is_empty));
    let token = scene.token();
    assert_eq!(scene.issuer.tokens().last().map(String::as_str), Some(token.trim_end()));
    assert_eq!(scene.issuer.logins(), 2);
}

/// A vault that was put back while a mint is under way is another one, and the mint is of the first.
#[test]
fn a_lock_ends_the_mint_of_a_vault_that_was_replaced_meanwhile() {
    let scene = Scene::new();
    let hold = Hold::new();
    scene.run(["unlock"]).succeeds();
    scene.issuer.fault_once(Fault::Hold(hold.clone()));
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| scene.run(["token", "prod"]));
        assert!(hold.is_sent_within(Duration::from_secs(20)), "no mint");
        let key = scene.world.vault().join("key.age");
        copy(&key, &scene.world.path("copy"));
        fs::rename(scene.world.path("copy"), key).expect("replaced");
        assert!(!scene.is_open() || scene.agent()["minting"] == 1);
        scene.run(["lock"]).succeeds();
        assert_eq!(scene.agent()["minting"], 0);
        hold.release();
        let waited = waiting.join().expect("it ended");
        assert!(waited.stdout.is_empty());
        waited.exits(4);
    });
    assert_eq!(scene.agent()["held"], 0);
}

/// The mark cannot be made, and the agent closes all the same.
#[test]
fn a_lock_that_cannot_be_marked_closes_what_is_open_and_says_so() {
    use std::os::unix::fs::PermissionsExt as _;
    let scene = Scene::new();
    scene.token();
    let open = fs::Permissions::from_mode(0o777);
    fs::set_permissions(scene.folder(), open).expect("open to all");
    scene.run(["lock"]).exits(9);
    let private = fs::Permissions::from_mode(0o700);
    fs::set_permissions(scene.folder(), private).expect("private");
    assert!(!scene.is_open());
}

#[test]
fn the_short_status_has_a_word_for_each_state() {
    let scene = Scene::new();
    let prompt = || scene.run(["status", "--prompt"]).succeeds().out();
    assert_eq!(prompt(), "");
    scene.run(["unlock", "--for", "90m"]).succeeds();
    assert_eq!(prompt(), "unlocked 1h29m\n");
    scene.run(["unlock", "--for", "10m"]).succeeds();
    assert_eq!(prompt(), "unlocked 9m\n");
    scene.run(["lock"]).succeeds();
    assert_eq!(prompt(), "locked\n");
    scene.run(["agent", "stop"]).succeeds();
    assert_eq!(prompt(), "locked\n");
}

#[test]
fn the_short_status_of_a_vault_that_nobody_opened_is_closed() {
    let scene = Scene::new();
    scene.run(["agent", "start"]).succeeds();
    assert_eq!(scene.run(["status", "--prompt"]).succeeds().out(), "closed\n");
}

fn copy(from: &Path, to: &Path) {
    let ran = std::process::Command::new("cp").arg("-a").args([from, to]).status();
    assert!(ran.expect("cp runs").success());
}

// C05
#[test]
fn a_vault_put_in_the_place_of_another_is_not_served_from_memory() {
    let scene = Scene::new();
    let backup = scene.world.path("backup");
    let first = scene.token();
    copy(&scene.world.vault(), &backup);
    fs::rename(scene.world.vault(), scene.world.path("away")).expect("moved");
    // Without any vault there is no token.
    assert_ne!(scene.run(["token", "prod"]).code, 0);
    copy(&backup, &scene.world.vault());
    assert_ne!(scene.token(), first);
    assert_eq!(scene.issuer.logins(), 2);
}

#[test]
fn an_older_vault_put_in_its_place_is_a_rollback() {
    let scene = Scene::new();
    let backup = scene.world.path("backup");
    copy(&scene.world.vault(), &backup);
    scene.run(["edit", "prod", "--label", "newer"]).succeeds();
    scene.token();
    fs::rename(scene.world.vault(), scene.world.path("away")).expect("moved");
    copy(&backup, &scene.world.vault());
    for more in [&[][..], &["-q"]] {
        let ran = scene.mintage(["token", "prod"]).args(more).run();
        assert!(ran.stdout.is_empty());
        ran.exits(6);
    }
}

#[test]
fn a_record_that_was_rolled_back_is_not_served_from_memory() {
    let scene = Scene::new();
    let record = scene.world.records().remove(0);
    let older = fs::read(&record).expect("a record");
    scene.token();
    scene.run(["edit", "prod", "--label", "newer"]).succeeds();
    scene.token();
    fs::write(&record, older).expect("written");
    let ran = scene.run(["token", "prod"]);
    assert!(ran.stdout.is_empty());
    ran.exits(6);
    assert_eq!(scene.issuer.logins(), 2);
}

#[test]
fn the_machine_sleeps_once_every_vault_is_closed() {
    let scene = Scene::behind_passphrase();
    let logind = Logind::with_agent(&scene);
    scene.open();
    scene.token();
    logind.says_sleep();
    assert!(logind.is_let_sleep(), "it is kept awake");
    let agent = scene.agent();
    assert_eq!([&agent["vaults"], &agent["leases"]], [&serde_json::json!([]); 2]);
    scene.run(["token", "prod"]).exits(4);
}

#[test]
fn a_session_that_locks_closes_every_vault() {
    let scene = Scene::behind_passphrase();
    let logind = Logind::with_agent(&scene);
    scene.open();
    logind.says_lock(rustix::process::getuid().as_raw());
    until("the lock", || !scene.is_open());
    scene.run(["token", "prod"]).exits(4);
}

#[test]
fn a_session_of_another_user_closes_nothing() {
    let scene = Scene::behind_passphrase();
    let logind = Logind::with_agent(&scene);
    scene.open();
    logind.says_lock(rustix::process::getuid().as_raw() + 1);
    // It has been heard once the next signal has.
    logind.says_lock(rustix::process::getuid().as_raw() + 2);
    assert!(scene.is_open());
}

#[test]
fn a_sleep_is_no_sticky_lock() {
    let scene = Scene::new();
    let logind = Logind::with_agent(&scene);
    let first = scene.token();
    logind.says_sleep();
    assert!(logind.is_let_sleep(), "it is kept awake");
    assert!(!scene.is_open());
    // A key file opens it again, and what was held is gone.
    assert_ne!(scene.token(), first);
}

#[test]
fn the_status_names_what_locks() {
    let scene = Scene::new();
    let _logind = Logind::with_agent(&scene);
    let said = "before sleep and when the session locks";
    until("it listens", || scene.agent()["locks_on"] == said);
}
