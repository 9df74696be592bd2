//! What a listing says of records that are missing, broken or none, with an index and without.

use std::fs;

use crate::index::{labels, settle};
use crate::rollback::copy;
use crate::scene::{Part, Scene, write};

/// A scene whose index is settled, or has none.
fn scenes() -> [Scene; 2] {
    [true, false].map(|is_indexed| {
        let scene = in_two_shards();
        if is_indexed {
            settle(&scene);
        }
        scene
    })
}

/// Names fall into the same shard once in 256 vaults.
fn in_two_shards() -> Scene {
    loop {
        let scene = Scene::new();
        scene.add("other").succeeds();
        let records = scene.world.records();
        if records[0].parent() != records[1].parent() {
            return scene;
        }
    }
}

#[track_caller]
fn is_missed_by_each_listing(scene: &Scene, missing: usize) {
    let count = format!("{missing} ");
    for _ in 0..2 {
        let ran = scene.world.run(["list"]).exits(6).says(&count);
        assert_eq!(ran.err().matches("it is missing").count(), missing, "{}", ran.err());
        assert_eq!(ran.out().lines().count(), 2 - missing);
    }
}

// V11
#[test]
fn a_withheld_record_shard_or_vault_of_records_is_missed_by_each_listing() {
    for scene in scenes() {
        let record = scene.world.records()[0].clone();
        let (shard, folder) = (record.parent().expect("a shard"), scene.world.vault());
        let backup = scene.world.path("backup");
        copy(&folder, &backup);
        fs::remove_file(&record).expect("removed");
        is_missed_by_each_listing(&scene, 1);
        fs::remove_dir_all(shard).expect("removed");
        is_missed_by_each_listing(&scene, 1);
        fs::remove_dir_all(folder.join("profiles")).expect("removed");
        is_missed_by_each_listing(&scene, 2);
        write(&folder.join("profiles"), b"no folder");
        scene.world.run(["list"]).exits(6).says("2 of the records");
        fs::remove_file(folder.join("profiles")).expect("removed");
        copy(&backup.join("profiles"), &folder.join("profiles"));
        assert_eq!(labels(&scene).len(), 2);
    }
}

#[test]
fn a_broken_record_is_told_by_each_listing_and_the_others_are_listed() {
    for scene in scenes() {
        let record = scene.world.records()[0].clone();
        let whole = fs::read(&record).expect("readable");
        let mut broken = whole.clone();
        *broken.last_mut().expect("bytes") ^= 1;
        fs::remove_file(&record).expect("removed");
        write(&record, &broken);
        for _ in 0..3 {
            let ran = scene.world.run(["list", "--json"]).exits(6);
            assert_eq!(ran.json()["profiles"].as_array().expect("a list").len(), 1);
            assert_eq!(ran.json()["problems"].as_array().expect("a list").len(), 1);
        }
        write(&record, &whole);
        assert_eq!(labels(&scene).len(), 2);
    }
}

#[test]
fn what_others_left_among_the_records_is_nobodys_record() {
    for scene in scenes() {
        let profiles = scene.world.vault().join("profiles");
        let shard = scene.path(Part::Record).parent().expect("a shard").to_owned();
        for file in [".DS_Store", "note.txt", "0000.age", ".mintage-tmp-0123456789abcdef"] {
            write(&shard.join(file), b"foreign");
        }
        let name = scene.record_key().rsplit('/').next().expect("a name").to_owned();
        write(&shard.join(name.replace(".age", ".sync-conflict-1.age")), b"foreign");
        fs::create_dir(profiles.join("zz")).expect("made");
        write(&profiles.join("zz").join(&name), b"foreign");
        write(&profiles.join("desktop.ini"), b"foreign");
        assert_eq!(labels(&scene).len(), 2);
        settle(&scene);
        assert_eq!(labels(&scene).len(), 2);
    }
}

#[test]
fn a_tombstone_is_not_listed_and_counts_as_a_record() {
    for scene in scenes() {
        scene.world.run(["remove", "other", "--yes"]).succeeds();
        assert_eq!(labels(&scene).into_keys().collect::<Vec<_>>(), ["prod"]);
        assert_eq!(scene.world.records().len(), 2);
        settle(&scene);
        assert_eq!(labels(&scene).into_keys().collect::<Vec<_>>(), ["prod"]);
        // It is missed like any other record.
        let tombstone = scene.world.records().into_iter().find(|it| {
            let kept = fs::read(it).expect("readable");
            fs::remove_file(it).expect("removed");
            let is_missed = scene.world.run(["show", "other"]).code == 6;
            write(it, &kept);
            is_missed
        });
        fs::remove_file(tombstone.expect("one of the two")).expect("removed");
        let ran = scene.world.run(["list"]).exits(6).says("it is missing");
        assert_eq!(ran.out().lines().count(), 1);
        scene.refuses(scene.adding("other"), 6).says("it is missing");
    }
}

// V11
#[test]
fn after_accept_a_listing_is_the_vault_as_it_is() {
    let scene = Scene::new();
    let (vault, backup) = (scene.world.vault(), scene.world.path("backup"));
    scene.world.run(["edit", "prod", "--label", "then"]).succeeds();
    copy(&vault, &backup);
    scene.world.run(["edit", "prod", "--label", "now"]).succeeds();
    scene.add("later").succeeds();
    settle(&scene);
    fs::remove_dir_all(&vault).expect("removed");
    copy(&backup, &vault);
    scene.world.run(["list"]).exits(6);
    scene.world.run(["vault", "accept", "--yes"]).succeeds();
    let then = [("prod".to_owned(), "then".to_owned())].into();
    assert_eq!(labels(&scene), then);
    settle(&scene);
    assert_eq!(labels(&scene), then);
    scene.world.run(["edit", "prod", "--label", "again"]).succeeds();
    assert_eq!(labels(&scene)["prod"], "again");
}
