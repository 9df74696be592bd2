//! Copies of a vault that change places, and pins that cannot be looked at.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use crate::index::settle;
use crate::rollback::copy;
use crate::scene::Scene;

/// A settled scene with a settled copy of its vault beside it: each was listed in its turn.
fn with_settled_copy() -> (Scene, impl Fn(&Scene)) {
    let scene = Scene::new();
    copy(&scene.world.vault(), &scene.world.path("copy"));
    let exchange = |scene: &Scene| {
        let (vault, aside) = (scene.world.vault(), scene.world.path("aside"));
        fs::rename(&vault, &aside).expect("moved");
        fs::rename(scene.world.path("copy"), &vault).expect("moved");
        fs::rename(&aside, scene.world.path("copy")).expect("moved");
    };
    exchange(&scene);
    settle(&scene);
    exchange(&scene);
    (scene, exchange)
}

// V11
#[test]
fn a_listing_notices_that_an_older_copy_took_the_vaults_place() {
    for change in [&["edit", "prod", "--label", "later"][..], &["remove", "prod", "--yes"]] {
        let (scene, exchange) = with_settled_copy();
        scene.world.run(change).succeeds();
        exchange(&scene);
        scene.world.run(["list"]).exits(6).says("rolled back");
    }
}

// V11
#[test]
fn a_listing_fails_where_it_cannot_tell_what_is_missing() {
    let scene = Scene::new();
    let pins = scene.pin(&scene.record_key());
    let shards = pins.ancestors().nth(2).expect("the folder of shards");
    fs::set_permissions(shards, Permissions::from_mode(0o777)).expect("changed");
    fs::rename(scene.world.vault().join("profiles"), scene.world.path("away")).expect("moved");
    scene.world.run(["list"]).exits(9);
    scene.world.run(["doctor"]).exits(1);
}

// V11
#[test]
fn a_fork_of_several_versions_is_noticed() {
    let scene = Scene::new();
    let (here, there) = (scene.world.vault(), scene.world.path("there"));
    let state = scene.world.state();
    copy(&here, &there);
    copy(&state, &scene.world.path("state.then"));
    scene.world.run(["remove", "prod", "--yes"]).succeeds();
    let state_now = scene.world.path("state.now");
    fs::rename(&state, &state_now).expect("moved");
    fs::rename(scene.world.path("state.then"), &state).expect("moved");
    fs::rename(&here, scene.world.path("here")).expect("moved");
    fs::rename(&there, &here).expect("moved");
    // The other device, which was away, changes the profile three times.
    for label in ["one", "two", "three"] {
        scene.world.run(["edit", "prod", "--label", label]).succeeds();
    }
    fs::remove_dir_all(&state).expect("removed");
    fs::rename(&state_now, &state).expect("moved");
    scene.world.run(["show", "prod"]).exits(6).says("does not follow");
    scene.world.run(["list"]).exits(6);
}
