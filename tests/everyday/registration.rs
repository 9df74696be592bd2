//! Keys and registrations: lost, found again, moved to places that are spelt in other ways.

use std::fs;
use std::os::unix::fs::symlink;

use crate::keyring::Desk as KeychainDesk;
use crate::scene::Scene;
use crate::world::World;

/// The opening key in a file named as a person spells it.
fn with_key_at(file: &str) -> World {
    let world = World::new();
    world
        .run(["init", "--key", "file", "--identity-file", file, "--recovery-file", "recovery.txt"])
        .succeeds();
    world
}

fn id(world: &World) -> String {
    let status = world.run(["status", "--json"]).succeeds().json();
    status["vault"]["id"].as_str().expect("an id").to_owned()
}

#[test]
fn the_place_of_a_wrapped_key_takes_no_plain_one() {
    let world = with_key_at("my.key");
    let wrapped = world.config().join("identities").join(format!("{}.age", id(&world)));
    let file = wrapped.display().to_string();
    symlink(world.config(), world.path("config")).expect("linked");
    let spelt = world.path("config/identities").join(format!("{}.age", id(&world)));
    for file in [file, spelt.display().to_string()] {
        let moved = world.run(["passphrase", "--to", "file", "--identity-file", &file]);
        moved.exits(2).says("wrapped by a passphrase");
    }
    world.run(["list"]).succeeds();
}

#[test]
fn a_key_that_is_moved_to_its_own_place_under_another_spelling_stays() {
    let world = with_key_at("my.key");
    let own = format!("{}.key", id(&world));
    symlink(world.path(".config"), world.path("cfg")).expect("linked");
    let spelt = world.path("cfg/mintage/identities").join(&own).display().to_string();
    world.run(["passphrase", "--to", "file", "--identity-file", &spelt]).succeeds();
    world.run(["list"]).succeeds();
    assert!(world.config().join("identities").join(own).exists());
}

#[test]
fn a_vault_whose_registration_was_lost_opens_by_the_key_that_is_still_kept() {
    let keychain = KeychainDesk::with_vault();
    let world = &keychain.world;
    fs::remove_file(world.config().join("settings.toml")).expect("removed");
    let vault = world.vault().display().to_string();
    keychain.run(&["vault", "add", &vault]).exits(2);
    keychain.run(&["vault", "add", &vault, "--key", "passphrase"]).exits(5);
    keychain.run(&["vault", "add", &vault, "--key", "keychain"]).succeeds();
    keychain.run(&["list"]).succeeds();
}

#[test]
fn a_pair_is_not_taken_for_the_new_secret_of_the_same_id() {
    let scene = Scene::with(&[]);
    let before = scene.sealed();
    let pair = scene.canary.pair();
    let call = scene.edit(&["--secret-stdin"]).stdin(pair);
    call.run().exits(2).says("give the pair by `--stdin`").hides(&scene.canary.secret);
    assert_eq!(scene.sealed(), before);
}

#[test]
fn the_variable_of_the_completions_alone_keeps_no_command_from_being_run() {
    let scene = Scene::with(&[]);
    for shell in ["bash", "zsh", "none"] {
        let ran = scene.world.mintage(["show", "prod"]).env("MINTAGE_COMPLETE", shell).run();
        assert!(ran.succeeds().out().contains("client_id"));
        let exec = ["exec", "prod", "--env", "A=client_id", "--", "sh", "-c", "exit 3"];
        scene.world.mintage(exec).env("MINTAGE_COMPLETE", shell).run().exits(3);
    }
}

#[test]
fn a_passphrase_does_not_replace_the_key_of_another_registration() {
    let world = World::new();
    let with = |arguments: &str, descriptors: &str| {
        let script = format!("\"$0\" {arguments} {descriptors}");
        world.program("bash").args(["-c", &script, env!("CARGO_BIN_EXE_mintage")]).run()
    };
    let first = "3<<<'correct horse battery'";
    with("--passphrase-fd 3 init --recovery-file recovery.txt", first).succeeds();
    let vault = world.vault().display().to_string();
    let add = ["vault", "add", &vault, "--name", "rec", "--identity-file", "recovery.txt"];
    world.run(add).succeeds();
    let moved = "--vault rec passphrase --to passphrase --new-passphrase-fd 4";
    with(moved, "4<<<'another horse battery'").exits(9).says("mintage vault forget");
    with("--passphrase-fd 3 list", first).succeeds();
}
