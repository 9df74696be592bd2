//! A part of the path that is now the real folder, now a link to another: whatever was judged is
//! what is used.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, lchown, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::fs::{CWD, RenameFlags, renameat_with};

use crate::rollback::copy;
use crate::scene::{NOWHERE, Scene, assert_same, snapshot};
use crate::world::{Call, Canary, Ran};

/// So often the path changes its meaning in each test, at least.
const FLIPS: usize = 10_000;

/// So long each test flips, at least: a run of the program takes some hundredths of that.
const TIME: Duration = Duration::from_secs(2);

/// A thread that flips a folder and a link to another.
struct Flipper {
    flips: Arc<AtomicUsize>,
    end: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Flipper {
    fn start(folder: &Path, decoy: &Path) -> Self {
        let (folder, link) = (folder.to_owned(), folder.with_extension("flip"));
        symlink(decoy, &link).expect("linked");
        let (flips, end) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let (counted, ended) = (Arc::clone(&flips), Arc::clone(&end));
        let thread = std::thread::spawn(move || {
            let mut pause = Pause(0x9e37_79b9);
            let flip = || {
                renameat_with(CWD, &folder, CWD, &link, RenameFlags::EXCHANGE).expect("flipped");
                counted.fetch_add(1, Ordering::Relaxed);
            };
            // In pairs, so that in the end all is as it was.
            while !ended.load(Ordering::Relaxed) {
                pause.at_home();
                flip();
                pause.astray();
                flip();
            }
            fs::remove_file(&link).expect("the link");
        });
        Self { flips, end, thread }
    }

    fn stop(self) {
        self.end.store(true, Ordering::Relaxed);
        self.thread.join().expect("it ends");
    }
}

/// Pauses of all lengths: with none, no run would ever come as far as a save; with long ones only,
/// no flip would meet the instant between a look and a use.
struct Pause(u32);

impl Pause {
    /// In the real folder, sometimes long enough for a save.
    fn at_home(&mut self) {
        match self.random() % 16 {
            0..4 => {}
            4..8 => self.spin(),
            8..13 => self.sleep(300),
            _ => self.sleep(2000),
        }
    }

    /// In the decoy, mostly just long enough for a call or two.
    fn astray(&mut self) {
        match self.random() % 16 {
            0..8 => {}
            8..15 => self.spin(),
            _ => self.sleep(300),
        }
    }

    fn spin(&mut self) {
        (0..self.random() % 4096).for_each(|_| std::hint::spin_loop());
    }

    fn sleep(&mut self, most: u32) {
        std::thread::sleep(Duration::from_micros(u64::from(self.random() % most)));
    }

    /// Xorshift.
    fn random(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }
}

/// Each file and link below a folder with its content, locks included.
fn content(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let files = snapshot(folder).into_keys();
    files.map(|path| (path.clone(), fs::read(&path).unwrap_or_default())).collect()
}

/// A vault with `prod`, and a decoy whose content must never be told.
struct Flipped {
    scene: Scene,
    foreign: Canary,
    decoy: PathBuf,
    tally: BTreeMap<(&'static str, i32), usize>,
}

impl Flipped {
    fn new() -> Self {
        let scene = Scene::new();
        let open = scene.world.path("open");
        fs::create_dir(&open).expect("made");
        // Whoever can write here could have laid the decoy.
        fs::set_permissions(&open, Permissions::from_mode(0o777)).expect("changed");
        Self { scene, foreign: Canary::new(), decoy: open.join("decoy"), tally: BTreeMap::new() }
    }

    /// Makes the decoy of what `folder` is after `change`, which is taken back.
    fn imitate(&self, folder: &Path, change: impl FnOnce()) {
        let home = self.scene.world.path(".local");
        let kept = self.scene.world.path("kept");
        copy(&home, &kept);
        change();
        copy(folder, &self.decoy);
        fs::remove_dir_all(&home).expect("removed");
        fs::rename(&kept, &home).expect("put back");
        self.scene.is_well();
    }

    /// `add` and `remove` of a name, `show` and `list`, again and again while the folder flips. None
    /// of them may end but as `codes` says, and none may tell what the decoy holds.
    fn withstands(&mut self, folder: &Path, codes: &[i32]) {
        let flipper = Flipper::start(folder, &self.decoy);
        let start = Instant::now();
        for turn in 0.. {
            let name = format!("turn-{turn}");
            for (word, call) in self.calls(&name) {
                let ran = call.run();
                self.judge(word, &ran, codes);
            }
            if start.elapsed() > TIME && flipper.flips.load(Ordering::Relaxed) >= FLIPS {
                break;
            }
        }
        let flips = flipper.flips.load(Ordering::Relaxed);
        flipper.stop();
        assert!(flips >= FLIPS, "{flips} flips: {:?}", self.tally);
        let succeeded = |word| self.tally.get(&(word, 0)).is_some_and(|count| *count > 0);
        assert!(succeeded("show") && succeeded("add"), "never came that far: {:?}", self.tally);
    }

    fn calls(&self, name: &str) -> [(&'static str, Call); 5] {
        let world = &self.scene.world;
        let (place, key) = (world.vault(), world.path("recovery.txt"));
        let register = world.mintage(["vault", "add"]).args([place, "--identity-file".into(), key]);
        [
            ("show", world.mintage(["show", "prod", "--json", "--reveal"])),
            ("add", self.scene.adding(name)),
            ("list", world.mintage(["list"])),
            ("remove", world.mintage(["remove", name, "--yes"])),
            ("register", register.args(["--name", name])),
        ]
    }

    #[track_caller]
    fn judge(&mut self, word: &'static str, ran: &Ran, codes: &[i32]) {
        let said = format!("{word}: {}\n{}{}", ran.code, ran.out(), ran.err());
        // What an `add` before was refused is not there; a list may be refused in part.
        let refused = ["is not safe to use", "cannot look at"].iter().any(|it| said.contains(it));
        let is_fine = codes.contains(&ran.code)
            || (word == "remove" && ran.code == 3)
            || (word == "list" && ran.code == 6 && refused);
        assert!(is_fine, "{said}");
        for alien in [self.foreign.secret.as_str(), "foreign", "rolled back", "panicked"] {
            assert!(!said.contains(alien), "`{alien}` in {said}");
        }
        let is_whole = match word {
            "show" => said.contains(&self.scene.canary.secret),
            "list" => said.contains("prod"),
            _ => true,
        };
        assert!(ran.code != 0 || is_whole, "{said}");
        *self.tally.entry((word, ran.code)).or_default() += 1;
    }

    fn is_well(&self) {
        self.scene.is_well();
        self.scene.add("at-last").succeeds();
        self.scene.world.run(["remove", "at-last", "--yes"]).succeeds();
        self.scene.is_well();
    }

    /// The folder flips with a decoy that must be refused: not a byte of that is used or changed.
    fn never_strays(mut self, folder: &Path) {
        let before = content(&self.decoy);
        self.withstands(folder, &[0, 8, 9, 11]);
        assert_same(&before, &content(&self.decoy));
        self.is_well();
    }

    /// Gives a scene another `prod` and one profile more, neither of which may ever be told.
    fn move_in(&self, scene: &Scene) {
        scene.world.run(["remove", "prod", "--yes"]).succeeds();
        for name in ["prod", "foreign"] {
            let add = ["add", name, "--stdin", "--base-url", NOWHERE];
            scene.world.mintage(add).stdin(self.foreign.pair()).run().succeeds();
        }
    }
}

// F17
#[test]
fn a_vault_that_flips_to_one_below_an_open_folder_is_never_left() {
    let flipped = Flipped::new();
    let vault = flipped.scene.world.vault();
    // A later state of the same vault: all of it would open.
    flipped.imitate(&vault, || flipped.move_in(&flipped.scene));
    flipped.never_strays(&vault);
}

// F17
#[test]
fn a_state_folder_that_flips_to_that_of_another_account_is_never_left() {
    let flipped = Flipped::new();
    let state = flipped.scene.world.state();
    // Pins of a later state: what is there would be taken for rolled back.
    flipped.imitate(&state, || {
        flipped.scene.pretend(&flipped.scene.record_key(), 1000, "00");
        flipped.scene.pretend("key.age", 1000, "00");
    });
    lchown(&flipped.decoy, Some(61002), Some(61002)).expect("these tests need root");
    let open = flipped.decoy.parent().expect("a folder");
    fs::set_permissions(open, Permissions::from_mode(0o755)).expect("changed");
    flipped.never_strays(&state);
}

// F17
#[test]
fn a_config_folder_that_flips_to_one_below_an_open_folder_is_never_left() {
    let flipped = Flipped::new();
    let other = Scene::new();
    flipped.move_in(&other);
    // Settings that name another vault, with the key that opens it.
    copy(&other.world.config(), &flipped.decoy);
    let before = content(other.world.home());
    let config = flipped.scene.world.config();
    flipped.never_strays(&config);
    assert_same(&before, &content(other.world.home()));
}

// F17
#[test]
fn a_vault_that_flips_to_another_of_ours_is_never_mixed_with_it() {
    let mut flipped = Flipped::new();
    let other = Scene::new();
    flipped.move_in(&other);
    flipped.decoy = other.world.vault();
    let before = snapshot(other.world.home());
    let vault = flipped.scene.world.vault();
    // Where it is the other that is open, it is not the one that is registered.
    flipped.withstands(&vault, &[0, 5, 6, 8, 9, 11]);
    assert_same(&before, &snapshot(other.world.home()));
    flipped.is_well();
}
