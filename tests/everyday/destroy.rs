//! `destroy` removes exactly the registered vault, or nothing; `vault forget` removes none.

use std::fs;

use crate::pty::Desk;
use crate::scene::Scene;
use crate::world::World;

fn two_vaults() -> World {
    let world = World::with_vault();
    let init = ["--vault", "two", "init", "--key", "file", "--recovery-file", "two.txt"];
    world.run(init).succeeds();
    let add = ["--vault", "two", "add", "prod", "--stdin", "--token-url", "https://127.0.0.1:1/"];
    world.mintage(add).stdin("id:secret-of-two").run().succeeds();
    world
}

fn destroy(world: &World, name: &str) -> crate::world::Ran {
    world.run(["--vault", name, "destroy", "--yes"])
}

#[test]
fn what_is_destroyed_is_gone_with_its_keys_pins_and_registration() {
    let scene = Scene::with(&[]);
    let before = scene.world.vault();
    destroy(&scene.world, "default").succeeds().says("vault `default` destroyed");
    assert!(!before.exists());
    let keys = fs::read_dir(scene.world.config().join("identities")).expect("a folder");
    assert_eq!(
        keys.flatten().filter(|it| it.path().extension().is_some_and(|e| e == "key")).count(),
        0
    );
    assert_eq!(fs::read_dir(scene.world.state().join("pins")).expect("there").count(), 0);
    scene.run(&["list"]).exits(3);
    destroy(&scene.world, "default").exits(9);
}

#[test]
fn a_person_must_type_the_name_of_the_vault() {
    let scene = Scene::with(&[]);
    scene.run(&["destroy"]).exits(4);
    scene.run(&["destroy", "--yes"]).exits(2).says("--vault");
    for (answer, code) in [("\r", 9), ("y\r", 9), ("defaul\r", 9), ("\x03", 130)] {
        let mut session = Desk::mintage(&scene.world, ["destroy"]).start();
        session.sees("Type its name: ").types(answer);
        session.ends().exits(code);
        scene.run(&["show", "prod"]).succeeds();
    }
    let mut session = Desk::mintage(&scene.world, ["destroy"]).start();
    session.sees("Type its name: ").types("default\r");
    session.ends().exits(0);
    scene.run(&["list"]).exits(3);
}

#[test]
fn another_vault_in_the_registered_place_is_left_alone() {
    let world = two_vaults();
    let vaults = world.vault().parent().expect("a folder").to_owned();
    fs::rename(vaults.join("default"), vaults.join("aside")).expect("moved");
    fs::rename(vaults.join("two"), vaults.join("default")).expect("moved");
    destroy(&world, "default").exits(6).says("belongs to another vault");
    fs::rename(vaults.join("default"), vaults.join("two")).expect("moved");
    world.run(["--vault", "two", "show", "prod"]).succeeds();
}

#[test]
fn a_vault_that_is_not_there_keeps_its_keys() {
    let world = two_vaults();
    let place = world.vault();
    let aside = world.path("not-mounted");
    fs::rename(&place, &aside).expect("moved");
    destroy(&world, "default").exits(8);
    fs::rename(&aside, &place).expect("moved");
    world.run(["--vault", "default", "list"]).succeeds();
}

#[test]
fn a_vault_that_is_registered_twice_is_not_destroyed_through_either() {
    let scene = Scene::with(&[]);
    let vault = scene.world.vault().display().to_string();
    let add = ["vault", "add", &vault, "--name", "again", "--identity-file", "recovery.txt"];
    scene.run(&add).succeeds();
    for name in ["default", "again"] {
        destroy(&scene.world, name).exits(9).says("mintage vault forget");
    }
    scene.run(&["vault", "forget", "default"]).succeeds();
    scene.run(&["--vault", "again", "show", "prod"]).succeeds();
    scene.run(&["vault", "forget", "nobody"]).exits(9);
    destroy(&scene.world, "again").succeeds();
    assert!(scene.world.path("recovery.txt").exists(), "the user's own file stays");
}

#[test]
fn files_of_others_stay() {
    let scene = Scene::with(&[]);
    let foreign = scene.world.vault().join("notes.txt");
    fs::write(&foreign, "mine").expect("written");
    destroy(&scene.world, "default").succeeds().says("files of others are in it");
    assert_eq!(fs::read_to_string(&foreign).expect("there"), "mine");
    assert_eq!(fs::read_dir(scene.world.vault()).expect("there").count(), 1);
}

#[test]
fn without_a_vault_there_is_nothing_to_destroy() {
    let world = World::new();
    world.run(["destroy"]).exits(3).says("mintage init");
    world.run(["passphrase"]).exits(3).says("mintage init");
    assert!(!world.config().exists());
}
