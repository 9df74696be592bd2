//! Thousands of profiles: one of them costs no more than the only one does.

use std::fs;
use std::path::PathBuf;

use mintage::clock::System;
use mintage::limits;
use mintage::model::Profile;
use mintage::store::{DirStore, Error, Expect, Found, Look, Store};
use mintage::vault::{OpenVault, Pins};

use crate::rollback::copy;
use crate::scene::{Scene, snapshot, write};
use crate::world::Call;
use crate::writers::profile;

/// In a build for tests, 10,000 would take half a minute; the limits stay those of 10,000.
const COUNT: usize = 6_000;
const THREADS: usize = 4;

/// A folder of a vault without what makes a change safe beside others: nobody else is there.
struct Alone<'a> {
    vault: DirStore<'a>,
    folder: PathBuf,
}

impl Store for Alone<'_> {
    fn get(&self, key: &str) -> Result<Option<Found>, Error> {
        self.vault.get(key)
    }

    fn put(&self, key: &str, bytes: &[u8], _: Expect<'_>) -> Result<(), Error> {
        write(&self.folder.join(key), bytes);
        Ok(())
    }

    fn shards(&self) -> Result<Vec<Look>, Error> {
        self.vault.shards()
    }

    fn records(&self, _: &str) -> Result<Vec<Look>, Error> {
        Ok(Vec::new())
    }

    fn destroy(&self) -> Result<(), Error> {
        self.vault.destroy()
    }
}

/// A home whose vault and state lie in memory, where an fsync costs nothing.
struct Many {
    scene: Scene,
    memory: tempfile::TempDir,
}

impl Many {
    fn new() -> Self {
        let (scene, memory) =
            (Scene::new(), tempfile::tempdir_in("/dev/shm").expect("a folder in memory"));
        copy(&scene.world.path(".local/share"), &memory.path().join("share"));
        let share = scene.world.path(".local/share");
        fs::remove_dir_all(&share).expect("removed");
        std::os::unix::fs::symlink(memory.path().join("share"), &share).expect("a link");
        let many = Self { scene, memory };
        for n in 0..256 {
            let folder = many.scene.world.vault().join(format!("profiles/{n:02x}"));
            fs::create_dir_all(folder).expect("made");
        }
        many.fill();
        many.keep_pins();
        many
    }

    fn fill(&self) {
        std::thread::scope(|scope| {
            for thread in 0..THREADS {
                scope.spawn(move || self.add(thread));
            }
        });
    }

    /// What was seen while they were added is what this device knows.
    fn keep_pins(&self) {
        let state = self.memory.path().join("state");
        fs::create_dir(&state).expect("made");
        copy(&self.scene.world.state(), &state.join("mintage"));
        let mut pins = snapshot(&state).into_keys();
        let key = pins.find(|path| path.ends_with("key.age.pin")).expect("a pin");
        for thread in 0..THREADS {
            copy(&self.pins(thread).join("profiles"), key.parent().expect("a folder"));
        }
    }

    fn pins(&self, thread: usize) -> PathBuf {
        self.memory.path().join(format!("pins-{thread}"))
    }

    /// Whether everything was changed so long ago that the index may keep it.
    fn is_settled(&self) -> bool {
        let last = self
            .scene
            .world
            .records()
            .iter()
            .filter_map(|it| it.metadata().ok()?.modified().ok())
            .max();
        last.and_then(|it| it.elapsed().ok()).is_some_and(|it| it > limits::SETTLED)
    }

    fn add(&self, thread: usize) {
        let (key, folder) = (self.scene.key(), self.scene.world.vault());
        let pins = Pins::new(self.pins(thread), key.pin_key(), &System);
        let vault = DirStore::open(&folder, &System).expect("a vault");
        let fingerprint = key.founding_fingerprint();
        let store = Box::new(Alone { vault, folder });
        let vault = OpenVault::open(store, &key, &fingerprint, pins, &System).expect("opens");
        for n in (thread..COUNT - 1).step_by(THREADS) {
            let name = format!("partner-{n:05}/lms").parse().expect("a name");
            vault.add(Profile { name, ..profile("label") }).expect("added");
        }
    }

    fn mintage(&self, arguments: &[&str]) -> Call {
        self.limited(&["--cpu=60"], arguments)
    }

    fn limited(&self, limits: &[&str], arguments: &[&str]) -> Call {
        let prlimit = self.scene.world.program("prlimit").args(limits);
        let call = prlimit.args([env!("CARGO_BIN_EXE_mintage")]).args(arguments);
        call.env("XDG_STATE_HOME", self.memory.path().join("state"))
    }
}

// V14
#[test]
fn thousands_are_listed_in_a_second_and_one_of_them_costs_no_more_than_the_only_one() {
    let many = Many::new();
    while !many.is_settled() {
        many.mintage(&["show", "prod"]).run().succeeds();
    }
    let list = |cpu: &str| many.limited(&[cpu], &["list"]).run().succeeds().out().lines().count();
    assert_eq!(list("--cpu=60"), COUNT);
    // That list has pinned what it saw, and the index keeps nothing that changed just now.
    let listed = std::time::Instant::now();
    while listed.elapsed() <= limits::SETTLED {
        many.mintage(&["show", "prod"]).run().succeeds();
    }
    assert_eq!(list("--cpu=60"), COUNT);
    assert_eq!(list("--cpu=1"), COUNT);
    for command in [
        &["show", "partner-05555/lms"][..],
        &["edit", "partner-05555/lms", "--label", "changed"],
        &["rename", "partner-05555/lms", "renamed"],
        &["remove", "renamed", "--yes"],
    ] {
        many.limited(&["--cpu=1", "--data=67108864"], command).run().succeeds();
    }
    assert_eq!(list("--cpu=60"), COUNT - 1);
}
