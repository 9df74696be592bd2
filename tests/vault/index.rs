//! The local index: a listing is as true with it as without, whatever became of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::scene::{Part, Scene, payload_at, snapshot, write};
use crate::world::Ran;

/// The labels of all profiles, as `list` knows them.
#[track_caller]
pub fn labels(scene: &Scene) -> BTreeMap<String, String> {
    labels_in(&scene.world.run(["list", "--json"]).succeeds())
}

fn labels_in(ran: &Ran) -> BTreeMap<String, String> {
    let listed = ran.json();
    let profiles = listed["profiles"].as_array().expect("a list").clone();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    profiles.iter().map(|it| (text(&it["profile"]), text(&it["label"]))).collect()
}

fn expected<const N: usize>(lines: [(&str, &str); N]) -> BTreeMap<String, String> {
    lines.map(|(name, label)| (name.to_owned(), label.to_owned())).into()
}

/// The sealed index. There is one, as there is one key.
fn index(scene: &Scene) -> PathBuf {
    let mut files = snapshot(&scene.world.state()).into_keys();
    files.find(|file| file.ends_with("index")).expect("an index")
}

/// The records that a listing opens.
fn opened_by_list(scene: &Scene) -> BTreeSet<String> {
    let trace = tempfile::NamedTempFile::new().expect("a file");
    // With the path of each descriptor: files are opened relative to their folder.
    let strace = ["-f", "-qq", "-y", "-e", "trace=open,openat", "-o"];
    let call = scene.world.program("strace").args(strace).args([trace.path()]);
    call.args([env!("CARGO_BIN_EXE_mintage"), "list"]).run().succeeds();
    let trace = fs::read_to_string(trace.path()).expect("readable");
    assert!(trace.contains("/key.age>"), "the trace shows what is opened: {trace}");
    let words = trace.split(['<', '>']);
    words
        .filter(|it| it.contains("/profiles/") && it.rsplit('.').next() == Some("age"))
        .map(str::to_owned)
        .collect()
}

/// Lists until nothing was changed so lately that a record must be opened again.
#[track_caller]
pub fn settle(scene: &Scene) {
    let began = Instant::now();
    while !opened_by_list(scene).is_empty() {
        assert!(began.elapsed() < Duration::from_secs(8), "records are opened by every listing");
    }
}

fn edit(scene: &Scene, name: &str, label: &str) {
    scene.world.run(["edit", name, "--label", label]).succeeds();
}

fn copy_file(scene: &Scene, options: &[&str], from: &PathBuf, to: &PathBuf) {
    scene.world.program("cp").args(options).args([from, to]).run().succeeds();
}

#[test]
fn a_listing_is_never_older_than_the_last_change_even_within_one_tick() {
    let scene = Scene::new();
    for n in 0..50 {
        let label = format!("label-{n}");
        edit(&scene, "prod", &label);
        assert_eq!(labels(&scene), expected([("prod", &label)]));
    }
}

#[test]
fn a_settled_listing_shows_every_kind_of_change_at_once() {
    let scene = Scene::new();
    scene.add("b").succeeds();
    edit(&scene, "prod", "first");
    settle(&scene);
    edit(&scene, "prod", "second");
    assert_eq!(labels(&scene), expected([("b", ""), ("prod", "second")]));
    scene.world.run(["rename", "b", "c"]).succeeds();
    assert_eq!(labels(&scene), expected([("c", ""), ("prod", "second")]));
    scene.add("d").succeeds();
    assert_eq!(labels(&scene), expected([("c", ""), ("d", ""), ("prod", "second")]));
    scene.world.run(["remove", "c", "--yes"]).succeeds();
    assert_eq!(labels(&scene), expected([("d", ""), ("prod", "second")]));
    // A tombstone is a record, and no profile.
    assert_eq!(scene.world.records().len(), 4);
}

#[test]
fn a_settled_listing_opens_no_record_and_after_a_change_one() {
    let scene = Scene::new();
    for n in 0..6 {
        scene.add(&format!("other-{n}")).succeeds();
    }
    scene.world.run(["remove", "other-5", "--yes"]).succeeds();
    settle(&scene);
    edit(&scene, "prod", "changed");
    let opened = opened_by_list(&scene);
    assert_eq!(opened.len(), 1, "{opened:?}");
    // Whoever uses a profile still opens its record.
    settle(&scene);
    let record = fs::read(opened.first().expect("one")).expect("readable");
    write(&PathBuf::from(opened.first().expect("one")), &record[..record.len() - 1]);
    scene.refuses(scene.world.mintage(["show", "prod"]), 6);
}

#[test]
fn an_index_that_is_not_whole_not_ours_or_not_there_is_made_again() {
    let (scene, other) = (Scene::new(), Scene::new());
    edit(&scene, "prod", "then");
    settle(&scene);
    labels(&other);
    let (file, foreign) = (index(&scene), fs::read(index(&other)).expect("readable"));
    let backup = fs::read(&file).expect("readable");
    edit(&scene, "prod", "now");
    settle(&scene);
    let good = fs::read(&file).expect("readable");
    let flipped = |at: usize| {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        bytes
    };
    let spoilt = [
        flipped(3),
        flipped(60),
        flipped(good.len() - 1),
        good[..good.len() / 2].to_vec(),
        Vec::new(),
        [&good[..], b"x"].concat(),
        vec![b'{'; 4096],
        foreign,
        // True once, and of this very vault.
        backup,
    ];
    for bytes in spoilt {
        write(&file, &bytes);
        let ran = scene.world.run(["list", "--json"]).succeeds();
        assert_eq!(ran.err(), "");
        assert_eq!(labels_in(&ran), expected([("prod", "now")]));
        assert_ne!(fs::read(&file).expect("readable"), bytes, "it was kept");
    }
    fs::remove_file(&file).expect("removed");
    assert_eq!(labels(&scene), expected([("prod", "now")]));
    // A folder in its place is nobody's index, and nobody's trouble.
    fs::remove_file(&file).expect("removed");
    fs::create_dir(&file).expect("made");
    assert_eq!(labels(&scene), expected([("prod", "now")]));
}

#[test]
fn an_index_of_another_key_of_the_same_vault_is_not_believed() {
    let scene = Scene::new();
    edit(&scene, "prod", "by this key");
    settle(&scene);
    let file = index(&scene);
    let own = fs::read(&file).expect("readable");
    let vault = scene.world.vault().display().to_string();
    let add = ["vault", "add", &vault, "--identity-file", "recovery.txt", "--name", "again"];
    scene.world.run(add).succeeds();
    scene.world.run(["list", "--vault", "again"]).succeeds();
    let indexes = snapshot(&scene.world.state());
    let mut indexes = indexes.keys().filter(|path| path.ends_with("index"));
    let other = indexes.find(|path| **path != file).expect("one for each key").clone();
    write(&file, &fs::read(&other).expect("readable"));
    write(&other, &own);
    for vault in ["default", "again"] {
        let ran = scene.world.run(["list", "--json", "--vault", vault]).succeeds();
        assert_eq!(labels_in(&ran), expected([("prod", "by this key")]));
    }
}

#[test]
fn an_index_shows_nothing_to_whoever_reads_the_disk() {
    let scene = Scene::new();
    edit(&scene, "prod", "telling-label");
    settle(&scene);
    let file = index(&scene);
    let strings = scene.world.program("strings").args(["-n", "4"]).args([&file]).run().succeeds();
    let sealed = fs::read(&file).expect("readable");
    let text = String::from_utf8_lossy(&sealed);
    for word in ["prod", "telling", "127.0.0.1", "instructure", "profiles", &scene.canary.secret] {
        assert!(!strings.out().contains(word) && !text.contains(word), "`{word}`");
    }
    assert!(!text.contains(&scene.canary.id));
    // The secret is not even sealed in it: it has no more bytes than a line needs.
    assert!(sealed.len() < payload_at(&scene.read(Part::Record)) + 600, "{}", sealed.len());
}

#[test]
fn a_listing_needs_no_state_folder_that_can_be_written() {
    let scene = Scene::new();
    edit(&scene, "prod", "label");
    let script = "mount --bind $HOME/.local/state $HOME/.local/state
        mount -o remount,bind,ro $HOME/.local/state
        \"$0\" list --json";
    let call = || {
        let unshare = ["-m", "--propagation", "private", "sh", "-ec", script];
        scene.world.program("unshare").args(unshare).args([env!("CARGO_BIN_EXE_mintage")])
    };
    assert_eq!(labels_in(&call().run().succeeds()), expected([("prod", "label")]));
    scene.forget();
    fs::create_dir(scene.world.path(".local/state/mintage")).expect("made");
    let first = call().run().succeeds().says("cannot remember the state of the vault");
    assert_eq!(labels_in(&first), expected([("prod", "label")]));
}

/// Puts a record of the same size back, with the times of the present one; and the present one.
fn put_back(options: &[&str]) -> (Scene, Vec<u8>) {
    let scene = Scene::new();
    let (record, old, present) =
        (scene.path(Part::Record), scene.world.path("old"), scene.world.path("present"));
    edit(&scene, "prod", "then");
    copy_file(&scene, &["-p"], &record, &old);
    edit(&scene, "prod", "now");
    settle(&scene);
    copy_file(&scene, &["-p"], &record, &present);
    copy_file(&scene, options, &old, &record);
    let touch = scene.world.program("touch").args(["-r"]).args([&present, &record]);
    touch.run().succeeds();
    scene.refuses(scene.world.mintage(["show", "prod"]), 6).says("rolled back");
    let present = fs::read(&present).expect("readable");
    (scene, present)
}

// V11
#[test]
fn an_old_record_with_new_times_is_noticed_by_a_settled_listing() {
    let (scene, present) = put_back(&["-p", "--remove-destination"]);
    for _ in 0..2 {
        scene.world.run(["list"]).exits(6).says("rolled back");
    }
    scene.write(Part::Record, &present);
    assert_eq!(labels(&scene), expected([("prod", "now")]));
}

/// The price of a listing that looks at shards alone: what was written into the file itself leaves no
/// trace in its folder. Whoever uses the profile is told, and so is a listing without an index.
// V11
#[test]
fn an_old_record_written_into_the_same_file_is_refused_where_it_is_used() {
    let (scene, _) = put_back(&[]);
    fs::remove_file(index(&scene)).expect("removed");
    for _ in 0..2 {
        scene.world.run(["list"]).exits(6).says("rolled back");
    }
}
