//! Two accounts on one machine. As root only: root bypasses what is tested here, so it is dropped.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, lchown, symlink};
use std::path::{Path, PathBuf};

use crate::scene::snapshot;
use crate::world::{Call, Canary, Ran, World};

/// Needs no entry in the table of accounts.
const WE: u32 = 61001;
const OTHER: u32 = 61002;

/// A home that belongs to [`WE`], with a vault and the profile `prod`.
struct Theirs {
    world: World,
    canary: Canary,
}

impl Theirs {
    fn new() -> Self {
        let theirs = Self { world: World::new(), canary: Canary::new() };
        let program = theirs.world.path("mintage");
        fs::copy(env!("CARGO_BIN_EXE_mintage"), program).expect("copied");
        lchown(theirs.world.home(), Some(WE), Some(WE)).expect("these tests need root");
        theirs.run(&["init", "--key", "file", "--recovery-file", "recovery.txt"]).succeeds();
        theirs.run(&["add", "prod", "--stdin", "--base-url", "https://127.0.0.1:1"]).succeeds();
        theirs
    }

    fn call(&self, arguments: &[&str]) -> Call {
        let id = WE.to_string();
        let drop = ["--reuid", &id, "--regid", &id, "--clear-groups", "--"];
        let program = self.world.path("mintage");
        let call = self.world.program("setpriv").args(drop).args([program]).args(arguments);
        call.stdin(self.canary.pair())
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        self.call(arguments).run().hides(&self.canary.secret).hides("panicked")
    }

    /// Refused, the reason given and nothing touched.
    #[track_caller]
    fn refuses(&self, why: &str) {
        let before = snapshot(self.world.home());
        for command in [
            &["show", "prod"][..],
            &["token", "prod"],
            &["remove", "prod", "--yes"],
            &["add", "prod", "--stdin"],
        ] {
            self.run(command).exits(9).says(why);
        }
        assert_eq!(before, snapshot(self.world.home()));
    }

    fn record(&self) -> PathBuf {
        self.world.records()[0].clone()
    }

    fn pin(&self) -> PathBuf {
        let files = snapshot(&self.world.state()).into_keys();
        files
            .filter(|file| file.to_string_lossy().contains("profiles/"))
            .find(|file| file.is_file())
            .expect("one")
    }
}

fn give(path: &Path, owner: u32) {
    lchown(path, Some(owner), Some(owner)).expect("root may");
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("root may");
}

// F12
#[test]
fn a_part_or_folder_of_another_account_is_refused() {
    let theirs = Theirs::new();
    let vault = theirs.world.vault();
    let record = theirs.record();
    for (path, open) in [
        (vault.join("vault.json"), 0o644),
        (vault.join("key.age"), 0o644),
        (vault.join("members.age"), 0o644),
        (record.clone(), 0o644),
        (theirs.pin(), 0o644),
        (theirs.world.config().join("settings.toml"), 0o644),
        (vault.clone(), 0o755),
        (vault.join("profiles"), 0o755),
        (record.parent().expect("a folder").to_owned(), 0o755),
        (theirs.world.config(), 0o755),
        (theirs.world.path(".local"), 0o755),
        (theirs.world.home().to_owned(), 0o755),
    ] {
        for owner in [OTHER, 0] {
            give(&path, owner);
            chmod(&path, open);
            // Folders on the way may be root's.
            if owner == OTHER || (path.is_file() && open == 0o644) {
                theirs.refuses("it belongs to another user");
            }
            give(&path, WE);
            chmod(&path, if path.is_dir() { 0o700 } else { 0o600 });
        }
    }
    theirs.run(&["show", "prod"]).succeeds();
}

// F12
#[test]
fn a_part_that_only_its_other_owner_can_read_is_not_taken_for_missing() {
    let theirs = Theirs::new();
    let vault = theirs.world.vault();
    for path in [vault.join("vault.json"), vault.join("key.age"), theirs.record(), theirs.pin()] {
        give(&path, OTHER);
        let ran = theirs.run(&["show", "prod"]);
        assert!([8, 9].contains(&ran.code), "{} {}", ran.code, ran.err());
        theirs.run(&["init", "--key", "file", "--recovery-file", "again.txt"]);
        assert!(!theirs.world.path("again.txt").exists());
        give(&path, WE);
    }
    theirs.run(&["show", "prod"]).succeeds();
}

// F14
#[test]
fn a_link_to_anothers_file_or_laid_by_another_is_refused() {
    let theirs = Theirs::new();
    let (record, vault) = (theirs.record(), theirs.world.vault());
    let elsewhere = tempfile::tempdir().expect("a folder");
    chmod(elsewhere.path(), 0o755);
    for part in [record.clone(), vault.join("key.age"), vault.join("vault.json"), theirs.pin()] {
        let away = elsewhere.path().join("file");
        fs::copy(&part, &away).expect("copied");
        fs::remove_file(&part).expect("removed");
        symlink(&away, &part).expect("linked");
        give(&part, WE);
        // Our link to another's file.
        give(&away, OTHER);
        chmod(&away, 0o644);
        theirs.refuses("it belongs to another user");
        // Another's link to our file.
        give(&away, WE);
        chmod(&away, 0o600);
        give(&part, OTHER);
        theirs.refuses("it is a link laid by another user");
        // Our link to our file is fine, unless others can write beside it.
        give(&part, WE);
        theirs.run(&["show", "prod"]).succeeds();
        chmod(elsewhere.path(), 0o777);
        theirs.refuses("others can change what is in it");
        chmod(elsewhere.path(), 0o755);
        fs::remove_file(&part).expect("removed");
        fs::rename(&away, &part).expect("moved");
    }
    theirs.run(&["show", "prod"]).succeeds();
}

// F14
#[test]
fn a_vault_through_a_link_in_a_folder_that_others_can_write_is_refused() {
    let theirs = Theirs::new();
    let vault = theirs.world.vault();
    let open = tempfile::tempdir().expect("a folder");
    let away = open.path().join("vault");
    fs::rename(&vault, &away).expect("one file system");
    symlink(&away, &vault).expect("linked");
    give(&vault, WE);
    chmod(open.path(), 0o755);
    theirs.run(&["show", "prod"]).succeeds();
    chmod(open.path(), 0o777);
    theirs.refuses("others can change what is in it");
    chmod(open.path(), 0o755);
    give(&vault, OTHER);
    theirs.refuses("it is a link laid by another user");
}

// F12
#[test]
fn root_too_refuses_the_vault_of_another_account() {
    let theirs = Theirs::new();
    for command in [["show", "prod"], ["token", "prod"]] {
        theirs.world.run(command).exits(9).says("it belongs to another user");
    }
}

// F18
#[test]
fn without_a_home_it_says_so_and_makes_nothing() {
    let theirs = Theirs::new();
    let before = snapshot(theirs.world.home());
    for (home, code) in [(None, 1), (Some(""), 1), (Some("/nonexistent"), 3)] {
        for command in [&["list"][..], &["show", "prod"]] {
            let mut call = theirs.call(command);
            match home {
                None => call.command.env_remove("HOME"),
                Some(home) => call.command.env("HOME", home),
            };
            call.run().exits(code);
        }
    }
    let init = ["init", "--key", "file", "--recovery-file", "/tmp/never-made/recovery.txt"];
    theirs.call(&init).env("HOME", "/nonexistent").run().exits(11);
    assert_eq!(before, snapshot(theirs.world.home()));
}
