//! Many processes at once: nothing is lost, nothing is half, and nobody is alarmed for nothing.

use std::cell::RefCell;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use mintage::clock::{Clock as _, System};
use mintage::model::{Credential, Profile, ProfileName};
use mintage::seal::{OpeningKey, VaultId};
use mintage::store::{Error, Expect, Found, Look, MemoryStore, Store};
use mintage::vault::{Founding, OpenVault, Pins, found};
use zeroize::Zeroizing;

use crate::scene::{Scene, leftovers};
use crate::world::Ran;

pub fn at_once(calls: Vec<crate::world::Call>) -> Vec<Ran> {
    let running: Vec<_> =
        calls.into_iter().map(|call| std::thread::spawn(move || call.run())).collect();
    running.into_iter().map(|it| it.join().expect("it ends")).collect()
}

// F06
#[test]
fn twenty_adders_of_different_names_all_win() {
    let scene = Scene::new();
    let names: Vec<String> = (0..20).map(|n| format!("many-{n:02}")).collect();
    for ran in at_once(names.iter().map(|name| scene.adding(name)).collect()) {
        assert_eq!(ran.succeeds().err().matches("warning").count(), 0);
    }
    let listed = scene.world.run(["list", "--json"]).succeeds().json();
    assert_eq!(listed["profiles"].as_array().expect("a list").len(), 21);
    assert_eq!(leftovers(scene.world.home()), Vec::<std::path::PathBuf>::new());
    scene.is_well();
}

// F06
#[test]
fn of_twenty_adders_of_one_name_exactly_one_wins() {
    let scene = Scene::new();
    let ran = at_once((0..20).map(|_| scene.adding("one")).collect());
    let (won, lost): (Vec<_>, Vec<_>) = ran.into_iter().partition(|ran| ran.code == 0);
    assert_eq!(won.len(), 1);
    for ran in lost {
        ran.exits(11).says("a profile `one` exists already").hides(&scene.canary.secret);
    }
    assert_eq!(scene.world.records().len(), 2);
    scene.is_well();
}

// F06
#[test]
fn readers_beside_writers_are_never_told_of_damage() {
    let scene = Scene::new();
    for round in 0..5 {
        let name = format!("now-and-then-{round}");
        let mut calls = vec![scene.adding(&name), scene.world.mintage(["list"])];
        calls.extend((0..6).map(|_| scene.world.mintage(["show", &name])));
        for ran in at_once(calls) {
            assert!([0, 3].contains(&ran.code), "{}", ran.err());
        }
        let mut calls = vec![scene.world.mintage(["remove", &name, "--yes"])];
        calls.extend((0..6).map(|_| scene.world.mintage(["show", &name])));
        for ran in at_once(calls) {
            assert!([0, 3].contains(&ran.code), "{}", ran.err());
        }
    }
}

// F07
#[test]
fn a_stopped_writer_holds_others_up_for_ten_seconds_and_readers_not_at_all() {
    let scene = Scene::new();
    // Stopped on its way into the first fsync, with the lock in its hands.
    let mut call = scene
        .world
        .program("strace")
        .args(["-f", "-qq", "-o", "/dev/null", "-e", "inject=fsync:signal=STOP:when=1"])
        .args([env!("CARGO_BIN_EXE_mintage"), "add", "stopped", "--stdin", "--base-url"])
        .args([crate::scene::NOWHERE]);
    let pair = scene.world.path("pair");
    crate::scene::write(&pair, scene.canary.pair().as_bytes());
    call.command.stdin(fs::File::open(&pair).expect("opened"));
    call.command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut writer = Traced(call.command.spawn().expect("strace starts"));
    let holder = wait_until_stopped(&scene.world.vault().join("lock"));
    let holder = holder.expect("a writer that stopped with the lock in its hands");
    scene.is_well();
    let ran = scene.add("other").exits(11).says(&format!("(process {holder})"));
    ran.hides(&scene.canary.secret);
    signal(&holder, "-CONT");
    assert!(writer.0.wait().expect("it ends").success());
    scene.add("other").succeeds();
    scene.world.run(["show", "stopped"]).succeeds();
}

// F07
#[test]
fn the_lock_of_a_killed_writer_is_free() {
    let scene = Scene::new();
    let strace = [
        "-f",
        "-qq",
        "-o",
        "/dev/null",
        "-e",
        "inject=?rename,?renameat,?renameat2:signal=KILL:when=1",
    ];
    let call = scene.world.program("strace").args(strace).args([env!("CARGO_BIN_EXE_mintage")]);
    let call = call.args(["add", "killed", "--stdin", "--base-url", crate::scene::NOWHERE]);
    assert_ne!(call.stdin(scene.canary.pair()).run().code, 0);
    assert_eq!(leftovers(scene.world.home()).len(), 1);
    scene.add("other").succeeds();
    assert_eq!(leftovers(scene.world.home()).len(), 0);
}

/// The process whose number is in the lock file, once it stands still; none in ten seconds.
fn wait_until_stopped(lock: &Path) -> Option<String> {
    let is_stopped = |pid: &str| {
        let status = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let state = status.rsplit(") ").next().and_then(|rest| rest.chars().next());
        matches!(state, Some('t' | 'T'))
    };
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(10) {
        let pid = fs::read_to_string(lock).unwrap_or_default();
        if !pid.is_empty() && is_stopped(&pid) {
            return Some(pid);
        }
        std::thread::yield_now();
    }
    None
}

/// A strace that does not outlive its test, nor does what it traces, stopped or not.
struct Traced(Child);

impl Drop for Traced {
    fn drop(&mut self) {
        let id = self.0.id();
        let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children"));
        for child in children.unwrap_or_default().split_whitespace() {
            signal(child, "-KILL");
        }
        let _ended_already = self.0.kill();
        let _reaped_already = self.0.wait();
    }
}

fn signal(pid: &str, signal: &str) {
    assert!(Command::new("kill").args([signal, pid]).status().expect("kill").success());
}

/// A store in which somebody else does something right after the next look at an object.
struct Meanwhile<'a> {
    inner: &'a MemoryStore,
    key: String,
    then: RefCell<Option<Box<dyn FnOnce() + 'a>>>,
}

impl Store for Meanwhile<'_> {
    fn get(&self, key: &str) -> Result<Option<Found>, Error> {
        let found = self.inner.get(key);
        if key == self.key
            && let Some(then) = self.then.borrow_mut().take()
        {
            then();
        }
        found
    }

    fn put(&self, key: &str, bytes: &[u8], expect: Expect<'_>) -> Result<(), Error> {
        self.inner.put(key, bytes, expect)
    }

    fn shards(&self) -> Result<Vec<Look>, Error> {
        self.inner.shards()
    }

    fn records(&self, shard: &str) -> Result<Vec<Look>, Error> {
        self.inner.records(shard)
    }

    fn destroy(&self) -> Result<(), Error> {
        self.inner.destroy()
    }
}

/// One vault in memory, open in as many processes as wanted; they share their pins.
pub struct Shared {
    pub store: MemoryStore,
    state: tempfile::TempDir,
    key: OpeningKey,
}

impl Shared {
    pub fn new() -> Self {
        let id = VaultId::random().expect("random");
        let (key, recovery) =
            (OpeningKey::generate(id.clone(), None), OpeningKey::generate(id, None));
        let store = MemoryStore::default();
        let at = System.wall();
        let founding = Founding { device: &key, recovery: &recovery, label: "one", at };
        found(&store, &founding, "memory").expect("founded");
        Self { store, state: tempfile::tempdir().expect("a folder"), key }
    }

    pub fn open(&self) -> OpenVault<'_> {
        self.open_while(String::new(), None)
    }

    pub fn open_while<'a>(
        &'a self,
        key: String,
        then: Option<Box<dyn FnOnce() + 'a>>,
    ) -> OpenVault<'a> {
        let store = Meanwhile { inner: &self.store, key, then: RefCell::new(then) };
        let pins = Pins::new(self.state.path().join("pins"), self.key.pin_key(), &System);
        let fingerprint = self.key.founding_fingerprint();
        OpenVault::open(Box::new(store), &self.key, &fingerprint, pins, &System).expect("opens")
    }

    /// Where the record of the only profile lies.
    fn only(&self) -> String {
        self.store.list_records().expect("listed").remove(0)
    }
}

pub fn name() -> ProfileName {
    "prod".parse().expect("a name")
}

pub fn profile(label: &str) -> Profile {
    let endpoint: mintage::model::Endpoint = "https://127.0.0.1:1/".parse().expect("a URL");
    let now = System.wall();
    let secret = Zeroizing::new(b"secret".to_vec());
    let credential = Credential::new("id".parse().expect("an id"), secret).expect("a pair");
    let profile = Profile::new(name(), "client-credentials", endpoint, credential, now);
    Profile { label: Some(label.to_owned()), ..profile }
}

// F06
#[test]
fn a_profile_added_between_two_looks_is_not_taken_for_a_missing_one() {
    let shared = Shared::new();
    shared.open().add(profile("first")).expect("added");
    let path = shared.only();
    shared.open().remove(&name()).expect("removed");
    let add = || shared.open().add(profile("again")).expect("added");
    let reader = shared.open_while(path.clone(), Some(Box::new(add)));
    assert_eq!(reader.profile(&name()).expect("there").label.as_deref(), Some("again"));
    // A second adder of a name that was just taken.
    shared.open().remove(&name()).expect("removed");
    let adder = shared.open_while(path, Some(Box::new(add)));
    let refused = adder.add(profile("late")).expect_err("taken");
    assert!(matches!(refused, mintage::vault::Error::Exists(_)), "{refused}");
}

// F06
#[test]
fn a_profile_changed_or_removed_between_two_looks_is_not_taken_for_a_forgery() {
    let shared = Shared::new();
    shared.open().add(profile("first")).expect("added");
    let path = shared.only();
    let change = || {
        shared.open().remove(&name()).expect("removed");
        shared.open().add(profile("second")).expect("added");
    };
    let reader = shared.open_while(path.clone(), Some(Box::new(change)));
    assert_eq!(reader.profile(&name()).expect("there").label.as_deref(), Some("second"));
    let remove = || shared.open().remove(&name()).expect("removed");
    let reader = shared.open_while(path, Some(Box::new(remove)));
    let gone = reader.profile(&name()).err().expect("gone");
    assert!(matches!(gone, mintage::vault::Error::NoProfile(_)), "{gone}");
}
