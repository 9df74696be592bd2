//! Versions of records as two devices know them: what follows is believed, and nothing else.

use std::fs;
use std::path::{Path, PathBuf};

use crate::rollback::copy;
use crate::scene::{NOWHERE, Part, Scene, write};
use crate::stock::Stock;
use crate::world::{Call, Ran};

/// A second device with the same key, that sees the same vault and has a state of its own.
struct Device<'a> {
    scene: &'a Scene,
    state: tempfile::TempDir,
}

impl<'a> Device<'a> {
    /// One that never saw the vault.
    fn new(scene: &'a Scene) -> Self {
        Self { scene, state: tempfile::tempdir().expect("a folder") }
    }

    /// One that knows what the first one knows.
    fn alike(scene: &'a Scene) -> Self {
        let device = Self::new(scene);
        copy(&scene.world.state(), &device.state.path().join("mintage"));
        device
    }

    fn on(&self, call: Call) -> Call {
        call.env("XDG_STATE_HOME", self.state.path())
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        self.on(self.scene.world.mintage(arguments)).run()
    }
}

fn swap(vault: &Path, with: &Path) {
    fs::remove_dir_all(vault).expect("removed");
    copy(with, vault);
}

fn edit<'a>(name: &'a str, label: &'a str) -> [&'a str; 4] {
    ["edit", name, "--label", label]
}

/// Every command that relies on the record of `prod`, or would write over it, refuses.
#[track_caller]
fn refuses_each(scene: &Scene, text: &str) {
    for command in [
        &["show", "prod"][..],
        &["edit", "prod", "--label", "x"],
        &["rename", "prod", "other"],
        &["rename", "spare", "prod"],
        &["remove", "prod", "--yes"],
        &["default", "prod"],
    ] {
        scene.refuses(scene.world.mintage(command), 6).says(text);
    }
    scene.refuses(scene.adding("prod"), 6).says(text);
    let listed = scene.world.run(["list"]).exits(6).says(text);
    assert!(listed.out().starts_with("spare\t") && listed.out().lines().count() == 1);
}

fn with_spare() -> (Scene, PathBuf) {
    let scene = Scene::new();
    let record = scene.path(Part::Record);
    scene.add("spare").succeeds();
    (scene, record)
}

// V11
#[test]
fn a_record_from_before_an_edit_a_rename_or_a_removal_is_refused_by_all() {
    for change in
        [&edit("prod", "now")[..], &["rename", "prod", "new"], &["remove", "prod", "--yes"]]
    {
        let (scene, record) = with_spare();
        let before = fs::read(&record).expect("readable");
        scene.world.run(change).succeeds();
        let after = fs::read(&record).expect("readable");
        write(&record, &before);
        if change[0] == "rename" {
            scene.world.run(["remove", "new", "--yes"]).succeeds();
        }
        refuses_each(&scene, "rolled back");
        write(&record, &after);
        scene.world.run(["list"]).succeeds();
    }
}

// V11
#[test]
fn of_two_second_versions_each_device_keeps_to_its_own() {
    for changes in [
        [&edit("prod", "a")[..], &edit("prod", "b")],
        [&["remove", "prod", "--yes"], &edit("prod", "b")],
    ] {
        let (scene, _) = with_spare();
        let (vault, before) = (scene.world.vault(), scene.world.path("before"));
        let other = Device::alike(&scene);
        copy(&vault, &before);
        scene.world.run(changes[0]).succeeds();
        let first = scene.world.path("first");
        copy(&vault, &first);
        swap(&vault, &before);
        other.run(changes[1]).succeeds();
        let second = scene.world.path("second");
        copy(&vault, &second);
        refuses_each(&scene, "does not follow");
        swap(&vault, &first);
        other.run(&["show", "prod"]).exits(6).says("does not follow");
        other.run(&["rename", "prod", "new"]).exits(6).says("does not follow");
        other.run(&["list"]).exits(6);
        // Whoever has seen neither follows whichever is there first.
        let third = Device::new(&scene);
        third.run(&["list"]).succeeds();
        swap(&vault, &second);
        third.run(&["show", "prod"]).exits(6);
    }
}

// V11
#[test]
fn a_withheld_tombstone_is_missed_like_a_profile() {
    let (scene, record) = with_spare();
    scene.world.run(["remove", "prod", "--yes"]).succeeds();
    let tombstone = fs::read(&record).expect("readable");
    fs::remove_file(&record).expect("removed");
    refuses_each(&scene, "it is missing");
    write(&record, &tombstone);
    scene.world.run(["show", "prod"]).exits(3);
    scene.world.run(["rename", "spare", "prod"]).succeeds();
    scene.world.run(["show", "prod"]).succeeds();
}

// V11
#[test]
fn swapped_records_are_refused_for_every_change_too() {
    let (scene, _) = with_spare();
    let [a, b] = &scene.world.records()[..] else { panic!("two records") };
    let (first, second) = (fs::read(a).expect("readable"), fs::read(b).expect("readable"));
    write(a, &second);
    write(b, &first);
    for command in [
        &edit("prod", "x")[..],
        &edit("spare", "x"),
        &["rename", "prod", "third"],
        &["rename", "prod", "spare"],
        &["remove", "spare", "--yes"],
    ] {
        let call = scene.world.mintage(command);
        scene.refuses(call, 6).says("belongs to another vault or another name");
    }
    // A tombstone has no name in it, and belongs to its place all the same.
    write(a, &first);
    write(b, &second);
    scene.world.run(["remove", "prod", "--yes"]).succeeds();
    scene.world.run(["remove", "spare", "--yes"]).succeeds();
    scene.forget();
    write(a, &fs::read(b).expect("readable"));
    let ran = scene.world.run(["list"]).exits(6);
    ran.says("belongs to another vault or another name");
}

#[test]
fn another_device_sees_a_removal_as_one_and_can_add_the_name_again() {
    let (scene, _) = with_spare();
    let other = Device::new(&scene);
    other.run(&["show", "prod"]).succeeds();
    scene.world.run(["remove", "prod", "--yes"]).succeeds();
    for command in
        [&["show", "prod"][..], &["token", "prod"], &edit("prod", "x"), &["default", "prod"]]
    {
        assert_eq!(other.run(command).exits(3).err().matches("missing").count(), 0);
    }
    assert_eq!(other.run(&["list"]).succeeds().out().lines().count(), 1);
    let add = ["add", "prod", "--stdin", "--base-url", NOWHERE, "--label", "by the other"];
    let call = other.on(scene.world.mintage(add).stdin(scene.canary.pair()));
    call.run().succeeds();
    for shown in [other.run(&["show", "prod"]), scene.world.run(["show", "prod"])] {
        assert!(shown.succeeds().out().contains("by the other"));
    }
    // A removal, an addition and a removal that it missed are no theft, either.
    scene.world.run(["remove", "prod", "--yes"]).succeeds();
    scene.world.run(["rename", "spare", "prod"]).succeeds();
    scene.world.run(["remove", "prod", "--yes"]).succeeds();
    other.run(&["show", "prod"]).exits(3);
    assert_eq!(other.run(&["list"]).succeeds().out(), "");
}

#[test]
fn a_removed_secret_is_in_no_file_of_the_vault_even_for_who_has_the_keys() {
    let scene = Scene::new();
    for (from, to) in [("prod", "renamed"), ("renamed", "again")] {
        scene.world.run(["rename", from, to]).succeeds();
    }
    scene.world.run(["remove", "again", "--yes"]).succeeds();
    let stock = Stock::open(&scene);
    let records = scene.world.records();
    assert_eq!(records.len(), 3);
    let files = crate::scene::snapshot(&scene.world.vault());
    let sealed = files.keys().filter(|path| path.extension().is_some_and(|it| it == "age"));
    for file in sealed {
        let identity = if file.ends_with("key.age") {
            scene.world.path("recovery.txt")
        } else {
            stock.epoch_file()
        };
        let plain = stock.plain_of(file, &identity);
        assert!(!plain.contains(&scene.canary.secret), "{}", file.display());
        assert!(!plain.contains(&scene.canary.id), "{}", file.display());
        let is_record = records.contains(file);
        assert!(!is_record || plain.contains(r#""profile":null"#), "{}", file.display());
    }
    let others = files.keys().filter(|path| path.is_file() && !records.contains(path));
    let names: Vec<_> = others.filter_map(|path| path.file_name()?.to_str()).collect();
    assert_eq!(names, ["key.age", "lock", "members.age", "vault.json"]);
}
