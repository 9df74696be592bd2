//! Old, swapped, withheld and foreign objects: authentic perhaps, but not here and not now.

use std::fs;
use std::path::Path;

use crate::scene::{Part, Scene, sha256, write};
use crate::stock::{Stock, keygen, sheet};

// V11
#[test]
fn yesterdays_record_is_refused_with_both_dates() {
    let scene = Scene::new();
    let yesterday = scene.read(Part::Record);
    scene.world.run(["remove", "prod", "--yes"]).succeeds();
    scene.add("prod").succeeds();
    let today = scene.read(Part::Record);
    scene.write(Part::Record, &yesterday);
    for ran in scene.refuses_all(Part::Record, 6) {
        let text = ran.says("rolled back").says("hint: ").says("mintage vault accept").err();
        assert_eq!(text.matches('Z').count(), 2, "two dates: {text}");
    }
    scene.world.run(["list"]).exits(6).hides(&scene.canary.secret);
    scene.write(Part::Record, &today);
    scene.is_well();
}

// V11
#[test]
fn yesterdays_folder_is_refused_until_it_is_accepted() {
    let scene = Scene::new();
    let (vault, backup) = (scene.world.vault(), scene.world.path("backup"));
    copy(&vault, &backup);
    scene.add("later").succeeds();
    scene.world.run(["remove", "prod", "--yes"]).succeeds();
    fs::remove_dir_all(&vault).expect("removed");
    copy(&backup, &vault);
    // Removed and back; added and gone.
    scene.refuses(scene.world.mintage(["show", "prod"]), 6).says("rolled back");
    scene.refuses(scene.world.mintage(["show", "later"]), 6).says("it is missing");
    scene.refuses(scene.adding("later"), 6).says("it is missing");
    scene.world.run(["list"]).exits(6).says("2 ");
    scene.world.run(["vault", "accept"]).exits(4);
    scene.world.run(["vault", "accept", "--yes"]).succeeds();
    scene.is_well();
    scene.world.run(["show", "later"]).exits(3);
}

// V11
#[test]
fn older_and_forked_keys_and_members_are_refused() {
    let scene = Scene::new();
    for (part, key) in [(Part::Key, "key.age"), (Part::Members, "members.age")] {
        let digest = sha256(&scene.read(part));
        scene.pretend(key, 2, &digest);
        for ran in scene.refuses_all(part, 6) {
            ran.says("rolled back").says("2026-01-02T03:04:05Z");
        }
        scene.pretend(key, 1, &sha256(b"another"));
        for ran in scene.refuses_all(part, 6) {
            ran.says("does not follow");
        }
        scene.pretend(key, 1, &digest);
        scene.is_well();
    }
}

// V11
#[test]
fn a_removed_record_that_is_back_is_refused() {
    let scene = Scene::new();
    let (path, sealed) = (scene.path(Part::Record), scene.read(Part::Record));
    scene.world.run(["remove", "prod", "--yes"]).succeeds();
    scene.world.run(["show", "prod"]).exits(3);
    write(&path, &sealed);
    for ran in scene.refuses_all(Part::Record, 6) {
        ran.says("rolled back");
    }
}

// V11
#[test]
fn a_withheld_record_is_missed() {
    let scene = Scene::new();
    let (path, sealed) = (scene.path(Part::Record), scene.read(Part::Record));
    fs::remove_file(&path).expect("removed");
    for command in
        [&["show", "prod"][..], &["token", "prod"], &["remove", "prod", "--yes"], &["list"]]
    {
        let ran = scene.refuses(scene.world.mintage(command), 6);
        if command != ["list"] {
            ran.says("it is missing");
        }
    }
    scene.refuses(scene.adding("prod"), 6).says("it is missing");
    write(&path, &sealed);
    scene.is_well();
}

// V11
#[test]
fn swapped_and_renamed_records_are_refused_even_where_nothing_was_known() {
    let scene = Scene::new();
    scene.add("other").succeeds();
    let [a, b] = &scene.world.records()[..] else { panic!("two records") };
    let (first, second) = (fs::read(a).expect("readable"), fs::read(b).expect("readable"));
    write(a, &second);
    write(b, &first);
    for known in [true, false] {
        for name in ["prod", "other"] {
            let call = scene.world.mintage(["show", name]);
            scene.refuses(call, 6).says("belongs to another vault or another name");
        }
        if known {
            scene.forget();
            scene.world.run(["list"]).exits(6);
        }
    }
    write(a, &first);
    write(b, &second);
    scene.is_well();
    let file = format!("{}.age", "f".repeat(64));
    let renamed = scene.world.vault().join("profiles").join(&file[..2]).join(&file);
    fs::create_dir_all(renamed.parent().expect("a folder")).expect("made");
    fs::copy(a, &renamed).expect("copied");
    scene.refuses(scene.world.mintage(["list"]), 6).says("belongs to another");
}

#[test]
fn swapped_pins_are_refused() {
    let scene = Scene::new();
    let (record, key) = (scene.path(Part::Pin), scene.pin("key.age"));
    let pin = fs::read(&key).expect("readable");
    scene.write(Part::Pin, &pin);
    scene.refuses_all(Part::Pin, 6);
    assert!(record.exists());
}

// V04
#[test]
fn parts_of_another_vault_are_refused_even_where_nothing_was_known() {
    for known in [true, false] {
        let (scene, other) = (Scene::new(), Scene::new());
        if !known {
            scene.forget();
        }
        for (part, code) in
            [(Part::Descriptor, 6), (Part::Key, 5), (Part::Members, 6), (Part::Record, 6)]
        {
            let whole = scene.read(part);
            scene.write(part, &other.read(part));
            let ran = scene.world.run(["show", "prod"]).exits(code).hides(&other.canary.secret);
            assert!(part != Part::Record || ran.err().contains("not written by a member"));
            scene.write(part, &whole);
        }
        // All of it together: the registered fingerprint is not that of the other.
        fs::remove_dir_all(scene.world.vault()).expect("removed");
        copy(&other.world.vault(), &scene.world.vault());
        for command in [&["list"][..], &["show", "prod"], &["token", "prod"]] {
            scene.refuses(scene.world.mintage(command), 6).hides(&other.canary.secret);
        }
    }
}

#[test]
fn a_record_forged_with_the_public_recipient_is_refused() {
    let scene = Scene::new();
    let stock = Stock::open(&scene);
    let body = stock.plain(Part::Record).lines().next().expect("a line").to_owned();
    let recipients = stock.recipients(Part::Record);
    let evil = body.replace("127.0.0.1:1", "evil.example");
    assert_ne!(evil, body);
    let forged_mac = format!(r#"{{"mac":"{}"}}"#, stock.mac(&body));
    let no_mac = format!(r#"{{"mac":"{}="}}"#, "A".repeat(43));
    let whole = scene.read(Part::Record);
    for check in [&forged_mac, &no_mac] {
        scene.write(Part::Record, &stock.seal_to(&recipients, &sheet(&evil, check), &[]));
        for ran in scene.refuses_all(Part::Record, 6) {
            ran.says("not written by a member").hides("evil.example");
        }
        scene.write(Part::Record, &whole);
    }
    // The MAC of a member makes it a new version like any other: it is the MAC that decides.
    let next = format!(r#""version":2,"previous":"{}""#, sha256(&whole));
    let body = body.replace(r#""version":1,"previous":null"#, &next);
    scene.write(Part::Record, &stock.seal(Part::Record, &stock.record(&body)));
    scene.is_well();
}

#[test]
fn keys_and_members_without_a_members_signature_are_refused() {
    let scene = Scene::new();
    let stock = Stock::open(&scene);
    scene.forget();
    for (part, from, to) in [
        (Part::Key, r#""sequence":1"#, r#""sequence":2"#),
        (Part::Members, r#""kind":"recovery""#, r#""kind":"person""#),
    ] {
        let (whole, plain) = (scene.read(part), stock.plain(part));
        assert!(plain.contains(from));
        let mut lines = plain.lines();
        let body = lines.next().expect("a body").replace(from, to);
        let altered = sheet(&body, lines.next().expect("a check"));
        scene.write(part, &stock.seal(part, &altered));
        for ran in scene.refuses_all(part, 6) {
            ran.says("not written by a member");
        }
        scene.write(part, &whole);
    }
}

#[test]
fn keys_sealed_to_one_more_than_the_members_are_refused() {
    let scene = Scene::new();
    let stock = Stock::open(&scene);
    scene.forget();
    let stranger = keygen(&scene, "stranger.txt");
    let public = scene.world.program("age-keygen").args(["-y"]).args([stranger]).run().succeeds();
    let mut recipients = stock.recipients(Part::Key);
    let plain = stock.plain(Part::Key);
    let fewer = [recipients[0].clone()];
    recipients.push(public.out().trim().to_owned());
    let whole = scene.read(Part::Key);
    for recipients in [&recipients[..], &fewer] {
        scene.write(Part::Key, &stock.seal_to(recipients, &plain, &[]));
        for ran in scene.refuses_all(Part::Key, 6) {
            ran.says("not written by a member");
        }
    }
    scene.write(Part::Key, &whole);
    scene.is_well();
}

/// Copies a folder with modes and times.
pub fn copy(from: &Path, to: &Path) {
    let done = std::process::Command::new("cp").arg("-a").args([from, to]).status();
    assert!(done.expect("cp starts").success());
}
