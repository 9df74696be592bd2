//! Locks that come by themselves: so long after the last use, so long after the opening.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::scene::{PASSPHRASE, Scene};
use crate::world::until;

// A14
#[test]
fn an_idle_vault_closes_on_time() {
    let scene = Scene::new();
    scene.set("lock_after_idle = \"2s\"\nlock_after = \"5s\"");
    scene.run(["agent", "start"]).succeeds();
    let before = Instant::now();
    scene.token();
    let after = Instant::now();
    until("the idle lock", || !scene.is_open());
    assert!(before.elapsed() >= Duration::from_secs(2), "after {:?}", before.elapsed());
    assert!(after.elapsed() < Duration::from_secs(3), "after {:?}", after.elapsed());
}

/// What a process has open, as only root can see of one that hardens itself.
fn open_files(pid: rustix::process::Pid) -> Vec<PathBuf> {
    let folder = format!("/proc/{}/fd", pid.as_raw_nonzero());
    let files = fs::read_dir(folder).expect("the tests run as root").flatten();
    files.filter_map(|file| fs::read_link(file.path()).ok()).collect()
}

// A14
#[test]
fn a_vault_closes_by_itself_and_not_only_when_somebody_asks() {
    let scene = Scene::new();
    scene.set("lock_after_idle = \"1s\"");
    scene.run(["agent", "start"]).succeeds();
    let agent = scene.agent_pid();
    scene.token();
    let is_open = || open_files(agent).contains(&scene.world.vault());
    assert!(is_open());
    // From here on nobody asks the agent anything.
    until("the idle lock", || !is_open());
    assert_eq!(scene.agent_pid(), agent);
}

// A14
#[test]
fn a_vault_in_use_closes_on_time() {
    let scene = Scene::behind_passphrase();
    scene.set("lock_after_idle = \"2s\"\nlock_after = \"3s\"");
    let before = Instant::now();
    scene.open();
    let after = Instant::now();
    until("the absolute lock", || match scene.run(["token", "prod"]).code {
        0 => false,
        code => code == 4,
    });
    assert!(before.elapsed() >= Duration::from_secs(3), "after {:?}", before.elapsed());
    assert!(after.elapsed() < Duration::from_secs(4), "after {:?}", after.elapsed());
}

// A14
#[test]
fn use_puts_the_idle_lock_off() {
    let scene = Scene::behind_passphrase();
    scene.set("lock_after_idle = \"1s\"");
    scene.open();
    let start = Instant::now();
    until("three times that", || {
        scene.token();
        start.elapsed() > Duration::from_secs(3)
    });
}

// A14
#[test]
fn a_look_at_the_status_does_not_put_the_idle_lock_off() {
    let scene = Scene::behind_passphrase();
    scene.set("lock_after_idle = \"1s\"");
    scene.open();
    let start = Instant::now();
    until("the idle lock", || scene.agent()["vaults"].as_array().is_some_and(Vec::is_empty));
    assert!(start.elapsed() < Duration::from_secs(2), "after {:?}", start.elapsed());
}

// A14
#[test]
fn unlock_for_a_time_replaces_both_limits() {
    let scene = Scene::behind_passphrase();
    scene.set("lock_after_idle = \"1s\"\nlock_after = \"1s\"");
    let before = Instant::now();
    let unlock = ["unlock", "--for", "3s", "--passphrase-fd", "0"];
    scene.mintage(unlock).stdin(PASSPHRASE).run().succeeds();
    let after = Instant::now();
    until("its end", || !scene.is_open());
    assert!(before.elapsed() >= Duration::from_secs(3), "after {:?}", before.elapsed());
    assert!(after.elapsed() < Duration::from_secs(4), "after {:?}", after.elapsed());
}

// A14
#[test]
fn limits_of_an_open_vault_are_counted_anew_by_unlock() {
    let scene = Scene::new();
    scene.run(["unlock", "--for", "1h"]).succeeds();
    scene.run(["unlock", "--for", "2h"]).succeeds();
    let vault = &scene.agent()["vaults"][0];
    assert_eq!(vault["idle_lock_in"], serde_json::Value::Null);
    assert!(vault["lock_in"].as_u64() > Some(7000), "{vault}");
}

#[test]
fn after_an_idle_lock_a_key_file_opens_it_again_and_no_lease_has_survived() {
    let scene = Scene::new();
    scene.set("lock_after_idle = \"1s\"");
    let first = scene.token();
    until("the idle lock", || !scene.is_open());
    assert_ne!(scene.token(), first);
    assert_eq!(scene.issuer.logins(), 2);
}

#[test]
fn after_an_idle_lock_a_passphrase_is_asked_of_a_person_or_of_nobody() {
    let scene = Scene::behind_passphrase();
    scene.set("lock_after_idle = \"1s\"");
    scene.open();
    scene.token();
    until("the idle lock", || !scene.is_open());
    let start = Instant::now();
    scene.run(["token", "prod"]).exits(4);
    assert!(start.elapsed() < Duration::from_secs(1), "after {:?}", start.elapsed());
    // It was no sticky lock: whoever has the key need not `unlock`.
    let token = scene.mintage(["token", "prod", "--passphrase-fd", "0"]).stdin(PASSPHRASE);
    token.run().succeeds();
}
