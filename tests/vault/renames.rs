//! Changes of one profile at once; a rename leaves it under one of its names.

use mintage::model::{Profile, ProfileName};
use mintage::vault::Error;

use crate::scene::Scene;
use crate::writers::{Shared, at_once, name, profile};

fn to() -> ProfileName {
    "new".parse().expect("a name")
}

/// The labels under the old name and the new one.
fn both(shared: &Shared) -> [Option<String>; 2] {
    let vault = shared.open();
    [name(), to()].map(|name| match vault.profile(&name) {
        Err(Error::NoProfile(_)) => None,
        found => found.expect("in order").label,
    })
}

fn renaming_while(shared: &Shared, then: impl FnOnce()) -> Result<(), Error> {
    // After it was read to be copied, and before the copy is there.
    let path = shared.open().path_of(&to()).to_string();
    let vault = shared.open_while(path, Some(Box::new(then)));
    vault.rename(&name(), &to(), || Ok(()))
}

fn labelled(label: &str) -> impl FnOnce(Profile) -> Result<Profile, Error> {
    let label = label.to_owned();
    move |profile| Ok(Profile { label: Some(label), ..profile })
}

// F06
#[test]
fn what_is_changed_or_removed_while_it_is_renamed_stays_under_its_old_name_or_gone() {
    let shared = Shared::new();
    shared.open().add(profile("first")).expect("added");
    let change = || shared.open().change(&name(), labelled("second")).expect("changed");
    renaming_while(&shared, change).expect_err("changed meanwhile");
    assert_eq!(both(&shared), [Some("second".to_owned()), None]);
    let remove = || shared.open().remove(&name()).expect("removed");
    renaming_while(&shared, remove).expect_err("removed meanwhile");
    assert_eq!(both(&shared), [None, None]);
}

// F06
#[test]
fn of_two_renames_at_once_one_is_done_and_none_undone() {
    let scene = Scene::new();
    for round in 0..6 {
        let names =
            [round, round + 1].map(|n| if n == 0 { "prod".into() } else { format!("n{n}") });
        let calls = (0..6).map(|_| scene.world.mintage(["rename", &names[0], &names[1]])).collect();
        let ran = at_once(calls);
        for it in &ran {
            assert!([0, 3, 11].contains(&it.code), "{} {}", it.code, it.err());
        }
        assert!(ran.iter().any(|it| it.code == 0));
        scene.world.run(["show", &names[0]]).exits(3);
        scene.world.run(["show", &names[1]]).succeeds();
    }
}

// F06
#[test]
fn of_two_changes_at_once_one_is_told_that_it_was_not_saved() {
    let scene = Scene::new();
    let ran = at_once((0..8).map(|_| scene.world.mintage(["remove", "prod", "--yes"])).collect());
    assert_eq!(ran.iter().filter(|ran| ran.code == 0).count(), 1);
    assert!(ran.iter().all(|ran| [0, 3, 11].contains(&ran.code)));
    scene.world.run(["list"]).succeeds();
}
