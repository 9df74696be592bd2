//! Whoever can write the vault's folder can withhold slots, put old ones back and mix them up: it is
//! told, and nothing is sent.

use std::fs;

use crate::scene::{Scene, set_mode};
use crate::world::Ran;

/// A token is refused with this word, and no refresh token was sent.
#[track_caller]
fn refuses(scene: &Scene, name: &str, word: &str) -> Ran {
    let before = scene.refreshes();
    let ran = scene.run(&["token", name, "--fresh"]).exits(6).says(word);
    scene.run(&["token", name]).exits(6).says(word);
    assert_eq!(scene.refreshes(), before);
    ran
}

#[test]
fn a_slot_that_was_taken_away_is_missed() {
    let scene = Scene::new();
    scene.refresh();
    let slot = scene.slot();
    let sealed = fs::read(&slot).expect("readable");
    fs::remove_file(&slot).expect("removed");
    refuses(&scene, "prod", "it is missing");
    fs::write(&slot, sealed).expect("written");
    set_mode(&slot, 0o600);
    scene.is_well();
}

#[test]
fn all_slots_taken_away_are_missed() {
    let scene = Scene::new();
    scene.refresh();
    fs::remove_dir_all(scene.world.vault().join("tokens")).expect("removed");
    refuses(&scene, "prod", "it is missing").says("mintage vault accept");
}

#[test]
fn an_older_slot_is_refused() {
    let scene = Scene::new();
    scene.refresh();
    let old = fs::read(scene.slot()).expect("readable");
    scene.refresh();
    let new = fs::read(scene.slot()).expect("readable");
    fs::write(scene.slot(), old).expect("written");
    refuses(&scene, "prod", "rolled back");
    fs::write(scene.slot(), new).expect("written");
    scene.is_well();
}

#[test]
fn a_slot_of_another_profile_is_refused() {
    let scene = Scene::new();
    scene.add("other");
    scene.refresh();
    scene.run(&["token", "other"]).succeeds();
    let [a, b] = &scene.slots()[..] else { panic!("two slots") };
    let (first, second) = (fs::read(a).expect("readable"), fs::read(b).expect("readable"));
    fs::write(a, &second).expect("written");
    fs::write(b, &first).expect("written");
    for name in ["prod", "other"] {
        refuses(&scene, name, "belongs to another");
    }
    // A device that never saw them is not taken in either.
    fs::remove_dir_all(scene.world.state()).expect("removed");
    for name in ["prod", "other"] {
        refuses(&scene, name, "belongs to another");
    }
}

#[test]
fn a_record_in_the_place_of_a_slot_is_refused() {
    let scene = Scene::new();
    let record = scene.world.records()[0].clone();
    let text = record.to_str().expect("text").replace("/profiles/", "/tokens/");
    let slot = std::path::PathBuf::from(text);
    fs::create_dir_all(slot.parent().expect("a folder")).expect("made");
    for folder in slot.ancestors().skip(1).take(2) {
        set_mode(folder, 0o700);
    }
    fs::copy(record, &slot).expect("copied");
    refuses(&scene, "prod", "belongs to another");
}

#[test]
fn a_slot_in_the_place_of_a_record_is_refused() {
    let scene = Scene::new();
    scene.refresh();
    fs::copy(scene.slot(), &scene.world.records()[0]).expect("copied");
    refuses(&scene, "prod", "belongs to another");
}

#[test]
fn a_damaged_slot_is_refused_wherever_it_is_damaged() {
    let scene = Scene::new();
    scene.refresh();
    let whole = fs::read(scene.slot()).expect("readable");
    for at in (0..whole.len()).step_by(whole.len() / 12) {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        fs::write(scene.slot(), &damaged).expect("written");
        let before = scene.refreshes();
        scene.run(&["token", "prod", "--fresh"]).exits(6);
        assert_eq!(scene.refreshes(), before);
    }
    fs::write(scene.slot(), &whole[..whole.len() / 2]).expect("written");
    scene.run(&["token", "prod", "--fresh"]).exits(6);
    fs::write(scene.slot(), &whole).expect("written");
    scene.is_well();
}

/// What the user accepts is believed, an older slot as well: then the issuer ends the login, and it is
/// said how to begin another one.
#[test]
fn an_older_slot_that_was_accepted_ends_the_login_and_says_what_to_do() {
    let scene = Scene::new();
    scene.refresh();
    let old = fs::read(scene.slot()).expect("readable");
    scene.refresh();
    fs::write(scene.slot(), old).expect("written");
    scene.run(&["vault", "accept", "--yes"]).succeeds();
    scene.run(&["token", "prod", "--fresh"]).exits(7).says("login may be over");
}
