//! An `init` that was cut short: the next one begins again or finishes, and destroys nothing.
//!
//! The states are those that a kill leaves: the settings say `unborn`, and the vault is there or not.

use std::fs;

use crate::world::World;

/// A vault whose making was cut short just before it was registered as born.
fn cut_short_at_the_end() -> World {
    let world = World::with_vault();
    mark_unborn(&world);
    world
}

/// One that was cut short before the vault was there.
fn cut_short_before_the_vault() -> World {
    let world = cut_short_at_the_end();
    fs::remove_dir_all(world.vault()).expect("removed");
    world
}

fn mark_unborn(world: &World) {
    let settings = world.config().join("settings.toml");
    let text = fs::read_to_string(&settings).expect("readable");
    fs::write(&settings, format!("{text}unborn = true\n")).expect("written");
}

const AGAIN: [&str; 5] = ["init", "--key", "file", "--recovery-file", "recovery.txt"];

#[test]
fn an_unfinished_vault_is_not_opened_and_says_init() {
    let world = cut_short_at_the_end();
    world.run(["list"]).exits(3).says("interrupted").says("hint: mintage init");
    assert!(world.run(["vault", "list"]).succeeds().out().contains("unfinished"));
}

#[test]
fn a_vault_that_is_there_is_finished_with_the_keys_it_has() {
    let world = cut_short_at_the_end();
    let recovery = fs::read(world.path("recovery.txt")).expect("readable");
    world.run(AGAIN).succeeds().says("is finished now");
    world.run(["list"]).succeeds();
    assert_eq!(fs::read(world.path("recovery.txt")).expect("readable"), recovery);
}

#[test]
fn other_options_than_it_was_begun_with_are_refused() {
    for options in [
        &["init", "--key", "passphrase", "--recovery-file", "recovery.txt"][..],
        &["init", "--key", "file", "--recovery-file", "another.txt"],
        &["init", "--key", "file", "--identity-file", "elsewhere.key"],
    ] {
        let world = cut_short_at_the_end();
        world.run(options).exits(2).says("without any to finish it");
        world.run(["init"]).succeeds();
    }
}

#[test]
fn what_was_left_is_put_aside_and_nothing_of_that_name_is_replaced() {
    let world = cut_short_before_the_vault();
    let left = fs::read(world.path("recovery.txt")).expect("readable");
    fs::write(world.path("recovery.txt.old"), b"a key of somebody's").expect("written");
    fs::create_dir(world.path("recovery.txt.old-1")).expect("made");
    world.run(AGAIN).succeeds().says("recovery.txt.old-2");
    let read = |name: &str| fs::read(world.path(name)).expect("readable");
    assert_eq!(read("recovery.txt.old"), b"a key of somebody's");
    assert_eq!(read("recovery.txt.old-2"), left);
    assert_ne!(read("recovery.txt"), left);
    world.run(["list"]).succeeds();
}

#[test]
fn a_vault_that_is_merely_away_is_never_begun_again() {
    let world = World::with_vault();
    let away = world.path("away");
    fs::rename(world.vault(), &away).expect("moved");
    let recovery = fs::read(world.path("recovery.txt")).expect("readable");
    world.run(AGAIN).exits(11);
    world.run(["init", "--key", "file", "--recovery-file", "second.txt"]).exits(11);
    assert_eq!(fs::read(world.path("recovery.txt")).expect("readable"), recovery);
    fs::rename(&away, world.vault()).expect("moved back");
    world.run(["list"]).succeeds();
}

#[test]
fn a_vault_in_use_under_another_name_is_not_begun_again() {
    let world = cut_short_at_the_end();
    let place = world.vault();
    let place = place.to_str().expect("UTF-8");
    world
        .run(["vault", "add", place, "--name", "work", "--identity-file", "recovery.txt"])
        .succeeds();
    fs::rename(place, world.path("away")).expect("moved");
    world.run(AGAIN).exits(11);
    fs::rename(world.path("away"), place).expect("moved back");
    world.run(["--vault", "work", "list"]).succeeds();
}

#[test]
fn a_name_that_was_begun_elsewhere_is_free_again() {
    let world = World::new();
    let elsewhere = world.path("v/default");
    let elsewhere = elsewhere.to_str().expect("UTF-8");
    world
        .run(["--vault", elsewhere, "init", "--key", "file", "--recovery-file", "r.txt"])
        .succeeds();
    mark_unborn(&world);
    fs::remove_dir_all(elsewhere).expect("removed");
    world.run(AGAIN).succeeds();
    world.run(["list"]).succeeds();
}
