//! The recovery key, and a second device.

use std::fs;

use crate::rollback::copy;
use crate::scene::{Part, Scene};

#[test]
fn the_recovery_key_opens_the_vault_on_a_new_machine() {
    let scene = Scene::new();
    let new = crate::world::World::new();
    let place = new.path("restored");
    copy(&scene.world.vault(), &place);
    fs::copy(scene.world.path("recovery.txt"), new.path("paper.txt")).expect("copied");
    new.run(["list"]).exits(3);
    new.mintage(["vault", "add", "restored", "--identity-file", "paper.txt"]).run().succeeds();
    let shown = new.run(["show", "prod", "--json", "--reveal"]).succeeds().json();
    assert_eq!(shown["client_secret"], scene.canary.secret.as_str());
    new.mintage(["add", "more", "--stdin", "--base-url", crate::scene::NOWHERE])
        .stdin(scene.canary.pair())
        .run()
        .succeeds();
}

#[test]
fn a_recovery_key_registers_only_the_vault_that_it_names() {
    let (scene, other) = (Scene::new(), Scene::new());
    let new = crate::world::World::new();
    copy(&scene.world.vault(), &new.path("restored"));
    fs::copy(other.world.path("recovery.txt"), new.path("paper.txt")).expect("copied");
    let ran = new.run(["vault", "add", "restored", "--identity-file", "paper.txt"]);
    ran.exits(5).hides(&scene.canary.secret);
    new.run(["list"]).exits(3);
}

#[test]
fn a_recovery_key_with_another_fingerprint_is_refused() {
    let scene = Scene::new();
    let other = Scene::new();
    let text = fs::read_to_string(scene.world.path("recovery.txt")).expect("readable");
    let foreign = other.key().fingerprint().expect("known").to_string();
    let own = scene.key().fingerprint().expect("known").to_string();
    crate::scene::write(&scene.world.path("altered.txt"), text.replace(&own, &foreign).as_bytes());
    let place = scene.world.vault();
    let arguments = ["--identity-file", "altered.txt", "--name", "again"];
    let call = scene.world.mintage(["vault", "add"]).args([place]).args(arguments);
    scene.refuses(call, 6);
}

#[test]
fn a_vault_that_is_not_registered_is_never_opened() {
    let (scene, hostile) = (Scene::new(), Scene::new());
    let place = scene.world.path("checkout");
    copy(&hostile.world.vault(), &place);
    for vault in ["checkout", "./checkout", place.to_str().expect("text")] {
        scene.refuses(scene.world.mintage(["list", "--vault", vault]), 9);
        scene.refuses(scene.world.mintage(["list"]).env("MINTAGE_VAULT", vault), 9);
    }
}

#[test]
fn a_vault_whose_folder_is_gone_answers_exit_8_and_is_not_made_again() {
    let scene = Scene::new();
    let (vault, away) = (scene.world.vault(), scene.world.path("away"));
    fs::rename(&vault, &away).expect("moved");
    for command in [&["list"][..], &["show", "prod"], &["token", "prod"]] {
        scene.refuses(scene.world.mintage(command), 8);
    }
    scene.refuses(scene.adding("other"), 8);
    fs::rename(&away, &vault).expect("moved");
    assert!(scene.path(Part::Record).exists());
    scene.is_well();
}
