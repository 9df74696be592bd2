//! Clocks that are wrong, or jump: what is kept is not handed out on the word of a clock that was
//! ahead, and no claim holds longer than the longest.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::scene::Scene;
use crate::world::Call;

fn library() -> PathBuf {
    let folders = std::fs::read_dir("/usr/lib").expect("a folder").flatten();
    let mut found = folders.map(|entry| entry.path().join("faketime/libfaketimeMT.so.1"));
    found.find(|path| path.exists()).expect("faketime is installed")
}

/// The same call by another wall clock, as `faketime` reads it; the steady one stays true.
pub fn at(call: Call, shift: &str) -> Call {
    let call = call.env("LD_PRELOAD", library()).env("FAKETIME", shift);
    call.env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
}

fn token_at(scene: &Scene, shift: &str) -> String {
    let ran = at(scene.world.mintage(["token", "prod"]), shift).run().succeeds();
    ran.out().trim_end().to_owned()
}

#[test]
fn a_kept_token_from_the_future_is_not_handed_out() {
    let scene = Scene::new();
    let ahead = token_at(&scene, "+40m");
    assert_ne!(scene.token(), ahead);
    assert_eq!(scene.refreshes(), 2);
    scene.is_well();
}

#[test]
fn a_kept_token_is_handed_out_until_its_life_is_over_by_the_wall_clock() {
    let scene = Scene::new();
    let first = scene.token();
    assert_eq!(token_at(&scene, "+50m"), first);
    assert_ne!(token_at(&scene, "+61m"), first);
    assert_eq!([scene.refreshes(), scene.reuses()], [2, 0]);
}

/// Kills a device whose clock is wrong while it holds its claim.
fn claimed_at(scene: &Scene, shift: &str) {
    let strace = ["-f", "-qq", "-o", "/dev/null", "-e", "inject=connect:signal=KILL:when=1"];
    let preload = format!("LD_PRELOAD={}", library().display());
    let time = format!("FAKETIME={shift}");
    let faked = ["-E", &preload, "-E", &time, "-E", "FAKETIME_DONT_FAKE_MONOTONIC=1"];
    let call = scene.world.program("strace").args(strace).args(faked);
    call.args([env!("CARGO_BIN_EXE_mintage"), "token", "prod"]).run();
    assert_eq!([scene.slots().len(), scene.refreshes()], [1, 0]);
}

#[test]
fn a_claim_by_a_clock_that_is_far_ahead_blocks_nobody_for_longer_than_a_claim_can() {
    let scene = Scene::new();
    let second = scene.second_device(&scene.world.vault());
    claimed_at(&scene, "+30d");
    let began = Instant::now();
    second.run(["token", "prod"]).succeeds();
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
    scene.is_well();
}

#[test]
fn a_claim_by_a_clock_that_is_behind_is_over_at_once() {
    let scene = Scene::new();
    let second = scene.second_device(&scene.world.vault());
    claimed_at(&scene, "-1h");
    let began = Instant::now();
    second.run(["token", "prod"]).succeeds();
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    scene.is_well();
}

#[test]
fn a_clock_that_is_a_little_behind_takes_the_token_that_is_kept() {
    let scene = Scene::new();
    let first = scene.token();
    assert_eq!(token_at(&scene, "-2s"), first);
    assert_eq!(token_at(&scene, "-4m"), first);
    assert_eq!(scene.refreshes(), 1);
}
