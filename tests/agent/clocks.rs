//! Clocks that jump.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::scene::Scene;
use crate::world::until;

/// A day back, a day ahead: as `faketime` reads it.
const BACK: &str = "-1d";
const AHEAD: &str = "+1d";

/// A scene whose agent reads a wall clock of its own; the steady one stays true.
struct Jumping {
    scene: Scene,
    clock: PathBuf,
    agent: Child,
}

impl Jumping {
    fn new() -> Self {
        Self::with_life(3600)
    }

    fn with_life(seconds: i64) -> Self {
        let scene = Scene::new();
        scene.issuer.token_life(seconds);
        // The agent's sandbox lets it read there.
        let clock = scene.world.config().join("clock");
        fs::write(&clock, "+0").expect("written");
        let run = ["agent", "run"];
        let mut call = scene.mintage(run);
        call = call.env("LD_PRELOAD", library()).env("FAKETIME_TIMESTAMP_FILE", &clock);
        call = call.env("FAKETIME_NO_CACHE", "1").env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        call.command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let agent = call.command.spawn().expect("started");
        until("the agent", || scene.run(["agent", "status"]).code == 0);
        Self { scene, clock, agent }
    }

    fn set(&self, time: &str) {
        fs::write(&self.clock, time).expect("written");
    }

    /// What the agent says of the token: itself, and when it expires (Unix seconds).
    fn token(&self) -> (String, i64) {
        let json = self.scene.run(["token", "prod", "--json"]).succeeds().json();
        let text = |name: &str| json[name].as_str().expect("a text").to_owned();
        let expires_at: jiff::Timestamp = text("expires_at").parse().expect("a time");
        (text("token"), expires_at.as_second())
    }
}

impl Drop for Jumping {
    fn drop(&mut self) {
        self.scene.run(["agent", "stop"]);
        let _ended_already = self.agent.kill();
        let _ended_already = self.agent.wait();
    }
}

fn library() -> PathBuf {
    let folders = fs::read_dir("/usr/lib").expect("a folder").flatten();
    let mut found = folders.map(|entry| entry.path().join("faketime/libfaketimeMT.so.1"));
    found.find(|path| path.exists()).expect("faketime is installed")
}

fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

const DAY: i64 = 86_400;

/// What the others rely on.
#[test]
fn the_agent_reads_the_clock_that_the_test_sets() {
    let jumping = Jumping::new();
    jumping.set(AHEAD);
    let (_, expires_at) = jumping.token();
    assert!((expires_at - now() - DAY - 3600).abs() < 60, "{expires_at}");
}

// C03
#[test]
fn a_clock_set_back_does_not_end_a_token() {
    let jumping = Jumping::new();
    let (first, _) = jumping.token();
    jumping.set(BACK);
    assert_eq!(jumping.token().0, first);
    assert_eq!(jumping.scene.issuer.logins(), 1);
}

// C03
#[test]
fn a_clock_set_back_does_not_lengthen_a_token() {
    let jumping = Jumping::with_life(3);
    let minted = Instant::now();
    let (first, _) = jumping.token();
    jumping.set(BACK);
    until("another token", || jumping.token().0 != first);
    assert!(minted.elapsed() < Duration::from_secs(4), "after {:?}", minted.elapsed());
}

// C03
#[test]
fn after_a_clock_was_set_back_the_deadline_is_told_by_it() {
    let jumping = Jumping::new();
    jumping.token();
    jumping.set(BACK);
    let (_, expires_at) = jumping.token();
    assert!((expires_at - now() + DAY - 3600).abs() < 60, "{expires_at}");
}

// C03
#[test]
fn a_clock_set_back_does_not_put_a_lock_off() {
    let jumping = Jumping::new();
    jumping.scene.set("lock_after_idle = \"2s\"");
    let used = Instant::now();
    jumping.token();
    jumping.set(BACK);
    until("the idle lock", || !jumping.scene.is_open());
    assert!(used.elapsed() < Duration::from_secs(4), "after {:?}", used.elapsed());
}

// C04
#[test]
fn a_clock_set_forward_causes_one_more_mint_and_no_error() {
    let jumping = Jumping::new();
    let (first, _) = jumping.token();
    jumping.set(AHEAD);
    let (second, _) = jumping.token();
    assert_ne!(first, second);
    assert_eq!(jumping.token().0, second);
    assert_eq!(jumping.scene.issuer.logins(), 2);
}

// C04
#[test]
fn a_clock_set_forward_locks_nothing() {
    let jumping = Jumping::new();
    jumping.token();
    jumping.set(AHEAD);
    assert!(jumping.scene.is_open());
}

// C03, C04
#[test]
fn a_clock_that_jumps_to_and_fro_never_brings_an_old_token_back() {
    let jumping = Jumping::new();
    let (first, _) = jumping.token();
    jumping.set(AHEAD);
    let (second, _) = jumping.token();
    jumping.set(BACK);
    let (third, _) = jumping.token();
    assert_eq!([first == second, second == third], [false, true]);
}
