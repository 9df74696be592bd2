//! Two devices with one vault: one of them spends the refresh token, the other takes what came of it.

use std::fs;
use std::time::{Duration, Instant};

use crate::scene::{Scene, Started, copy};
use crate::world::{World, at_once};

/// With a second device, both of which can read and write the vault.
fn two() -> (Scene, World) {
    let scene = Scene::new();
    let second = scene.second_device(&scene.world.vault());
    (scene, second)
}

#[test]
fn many_processes_on_two_devices_refresh_once() {
    let (scene, second) = two();
    let ran = at_once(24, |n| [&scene.world, &second][n % 2].mintage(["token", "prod"]));
    let tokens = scene.issuer.tokens();
    assert_eq!(tokens.len(), 1);
    for ran in ran {
        assert_eq!(ran.succeeds().out().trim_end(), tokens[0]);
    }
    assert_eq!(scene.refreshes(), 1);
    scene.is_well();
}

#[test]
fn many_processes_on_two_devices_that_want_fresh_tokens_never_spend_one_twice() {
    let (scene, second) = two();
    for _ in 0..3 {
        let ran =
            at_once(16, |n| [&scene.world, &second][n % 2].mintage(["token", "prod", "--fresh"]));
        let tokens = scene.issuer.tokens();
        for ran in ran {
            assert!(tokens.contains(&ran.succeeds().out().trim_end().to_owned()));
        }
        assert_eq!(scene.reuses(), 0);
    }
    second.run(["token", "prod", "--fresh"]).succeeds();
    scene.is_well();
}

#[test]
fn a_device_takes_over_from_another_one_in_turns() {
    let (scene, second) = two();
    for _ in 0..4 {
        scene.refresh();
        let kept = second.run(["token", "prod"]).succeeds().out();
        assert_eq!(kept.trim_end(), scene.issuer.tokens().pop().expect("a token"));
        second.run(["token", "prod", "--fresh"]).succeeds();
    }
    assert_eq!([scene.refreshes(), scene.reuses()], [8, 0]);
}

/// Another device waits for the first, and takes what that one got.
#[test]
fn a_device_waits_for_the_refresh_of_another_one() {
    let (scene, second) = two();
    let hold = scene.hold();
    std::thread::scope(|scope| {
        let first = scope.spawn(|| scene.token());
        assert!(hold.is_sent_within(Duration::from_secs(20)));
        let waiting = scope.spawn(|| second.run(["token", "prod"]).succeeds().out());
        crate::world::until("the claim is seen", || !scene.slots().is_empty());
        hold.release();
        let (first, second) = (first.join().expect("it ends"), waiting.join().expect("it ends"));
        assert_eq!(first, second.trim_end());
    });
    assert_eq!([scene.refreshes(), scene.reuses()], [1, 0]);
}

/// Kills the first device behind its claim, before anything is sent.
fn killed_with_its_claim(scene: &Scene) {
    let strace = ["-f", "-qq", "-o", "/dev/null", "-e", "inject=connect:signal=KILL:when=1"];
    let call = scene.world.program("strace").args(strace);
    call.args([env!("CARGO_BIN_EXE_mintage"), "token", "prod"]).run();
    assert_eq!([scene.slots().len(), scene.refreshes()], [1, 0]);
}

#[test]
fn the_claim_of_a_killed_process_holds_up_no_other_one_of_its_device() {
    let scene = Scene::new();
    killed_with_its_claim(&scene);
    let began = Instant::now();
    scene.token();
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    scene.is_well();
}

#[test]
fn the_claim_of_a_killed_device_ends_for_another_one() {
    let (scene, second) = two();
    killed_with_its_claim(&scene);
    let began = Instant::now();
    let mut later = second.mintage(["token", "prod"]);
    later = crate::clocks::at(later, "+6m");
    later.run().succeeds();
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    scene.is_well();
}

#[test]
fn the_claim_of_a_killed_device_is_waited_for_while_it_holds() {
    let (scene, second) = two();
    killed_with_its_claim(&scene);
    let waiting = Started::of(second.mintage(["token", "prod"]));
    // It looks a few times a second.
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(scene.refreshes(), 0);
    drop(waiting);
    scene.token();
    scene.is_well();
}

/// A vault that is not shared but carried to and fro: what was refreshed there is known here once it
/// was brought back.
#[test]
fn a_vault_that_is_carried_between_devices_carries_its_newest_refresh_token() {
    let scene = Scene::new();
    let carried = scene.world.path("carried");
    copy(&scene.world.vault(), &carried);
    let second = scene.second_device(&carried);
    for _ in 0..3 {
        second.run(["token", "prod", "--fresh"]).succeeds();
        fs::remove_dir_all(scene.world.vault()).expect("removed");
        copy(&carried, &scene.world.vault());
        scene.refresh();
        fs::remove_dir_all(&carried).expect("removed");
        copy(&scene.world.vault(), &carried);
    }
    assert_eq!([scene.refreshes(), scene.reuses()], [6, 0]);
}

/// A copy that was not brought along cannot be told from the newest one: the issuer ends the login, and
/// the user is told what to do.
#[test]
fn a_copy_of_the_vault_that_stayed_behind_ends_the_login_and_says_what_to_do() {
    let scene = Scene::new();
    let stale = scene.world.path("stale");
    copy(&scene.world.vault(), &stale);
    let second = scene.second_device(&stale);
    scene.refresh();
    let ran = second.run(["token", "prod"]).exits(7);
    ran.says("login may be over").hides(&scene.canary.secret);
    scene.run(&["token", "prod", "--fresh"]).exits(7);
    scene.log_in();
    scene.run(&["edit", "prod", "--refresh-token-file", "refresh"]).succeeds();
    scene.refresh();
}

/// Conflicting copies of the folder that meet again are refused: none is believed.
#[test]
fn slots_that_went_apart_are_told_and_nothing_is_sent() {
    let scene = Scene::new();
    let carried = scene.world.path("carried");
    scene.refresh();
    copy(&scene.world.vault(), &carried);
    let second = scene.second_device(&carried);
    second.run(["token", "prod", "--fresh"]).succeeds();
    // The same slot version, made here by a claim that is not sent.
    killed_behind(&scene);
    fs::remove_dir_all(scene.world.vault()).expect("removed");
    copy(&carried, &scene.world.vault());
    let before = scene.refreshes();
    scene.run(&["token", "prod", "--fresh"]).exits(6).says("does not follow");
    assert_eq!(scene.refreshes(), before);
}

fn killed_behind(scene: &Scene) {
    let strace = ["-f", "-qq", "-o", "/dev/null", "-e", "inject=connect:signal=KILL:when=1"];
    let call = scene.world.program("strace").args(strace);
    call.args([env!("CARGO_BIN_EXE_mintage"), "token", "prod", "--fresh"]).run();
}
