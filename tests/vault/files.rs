//! Modes, links, places and leftovers of files.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;

use crate::scene::{Part, Scene, assert_same, leftovers, snapshot, write};
use crate::world::{Canary, World};

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("changed");
}

// F10
#[test]
fn files_are_private_under_any_umask() {
    for umask in ["000", "0777", "022"] {
        let (world, canary) = (World::new(), Canary::new());
        let under = |command: &str| {
            let script = format!("umask {umask}; exec \"$0\" {command}");
            let sh = world.program("sh").args(["-c", &script, env!("CARGO_BIN_EXE_mintage")]);
            sh.stdin(canary.pair()).run().succeeds()
        };
        under("init --key file --recovery-file recovery.txt");
        under("add prod --stdin --base-url https://127.0.0.1:1");
        under("remove prod --yes");
        under("add prod --stdin --base-url https://127.0.0.1:1");
        let found = snapshot(world.home());
        assert!(found.len() > 15, "{found:?}");
        for path in found.keys() {
            let about = path.symlink_metadata().expect("there");
            let expected = if about.is_dir() { 0o700 } else { 0o600 };
            assert_eq!(about.mode() & 0o7777, expected, "{} at {umask}", path.display());
        }
    }
}

// F11
#[test]
fn a_file_that_others_can_read_or_write_is_refused_with_the_command_that_mends_it() {
    let scene = Scene::new();
    for part in Part::ALL {
        for mode in [0o640, 0o604, 0o620, 0o602, 0o644] {
            let path = scene.path(part);
            chmod(&path, mode);
            let hint = format!("hint: chmod 600 '{}'", path.display());
            for ran in scene.refuses_all(part, 9) {
                ran.says(&hint);
            }
            chmod(&path, 0o600);
        }
    }
    for path in [scene.key_file(), scene.world.config().join("settings.toml")] {
        chmod(&path, 0o644);
        scene.refuses_all(Part::Key, 9);
        chmod(&path, 0o600);
    }
    let vault = scene.world.vault();
    chmod(&vault, 0o750);
    let hint = format!("hint: chmod 700 '{}'", vault.display());
    for ran in scene.refuses_all(Part::Key, 9) {
        ran.says(&hint);
    }
    chmod(&vault, 0o700);
    scene.is_well();
}

// F13
#[test]
fn a_folder_above_that_others_can_write_is_refused_and_named() {
    let scene = Scene::new();
    let (vault, state) = (scene.world.vault(), scene.world.state());
    let pins = scene.pin("key.age");
    let shard = scene.path(Part::Record);
    for folder in [
        scene.world.config().as_path(),
        &scene.world.config().join("identities"),
        vault.parent().expect("a folder"),
        &scene.world.path(".local/share"),
        &scene.world.path(".local"),
        &vault.join("profiles"),
        shard.parent().expect("a folder"),
        &state,
        pins.parent().expect("a folder"),
        scene.world.home(),
    ] {
        for mode in [0o777, 0o770, 0o707] {
            chmod(folder, mode);
            // What must be private, not only safe from others, is to be made so.
            let is_ours = Some(folder) == pins.parent();
            let change = if is_ours { "700" } else { "go-w" };
            let hint = format!("hint: chmod {change} '{}'", folder.display());
            for command in [["show", "prod"], ["token", "prod"]] {
                scene.refuses(scene.world.mintage(command), 9).says(&hint);
            }
            scene.refuses(scene.adding("prod"), 9).says(&hint);
            chmod(folder, 0o700);
        }
    }
    // A sticky folder, such as /tmp above this very home, is no fault.
    chmod(&scene.world.path(".local"), 0o1777);
    scene.is_well();
}

// F14
#[test]
fn a_vault_through_a_link_that_others_can_replace_is_refused() {
    let scene = Scene::new();
    let (vault, real, open) =
        (scene.world.vault(), scene.world.path("real"), scene.world.path("open"));
    fs::rename(&vault, &real).expect("moved");
    fs::create_dir(&open).expect("made");
    // Neither end is below the open folder, but the way leads through it.
    symlink(&real, open.join("hop")).expect("linked");
    symlink(open.join("hop"), &vault).expect("linked");
    chmod(&open, 0o777);
    let hint = format!("hint: chmod go-w '{}'", open.display());
    for ran in scene.refuses_all(Part::Key, 9) {
        ran.says(&hint);
    }
    chmod(&open, 0o755);
    scene.is_well();
    scene.add("other").succeeds();
}

// F15
#[test]
fn a_second_name_of_a_record_keeps_the_old_ciphertext_and_is_not_believed() {
    let scene = Scene::new();
    let (path, kept) = (scene.path(Part::Record), scene.world.path("kept.age"));
    let old = scene.read(Part::Record);
    fs::hard_link(&path, &kept).expect("linked");
    scene.is_well();
    scene.world.run(["remove", "prod", "--yes"]).succeeds();
    scene.add("prod").succeeds();
    // Replaced by a rename, never written in place; the other name holds what it held.
    assert_eq!(fs::read(&kept).expect("readable"), old);
    assert_eq!(fs::metadata(&path).expect("there").nlink(), 1);
    fs::rename(&kept, &path).expect("renamed");
    scene.refuses_all(Part::Record, 6);
}

// F16
#[test]
fn what_is_planted_in_the_place_of_a_lock_or_temp_folder_is_not_followed() {
    let scene = Scene::new();
    let victim = scene.world.path("victim");
    write(&victim, b"untouched");
    let (lock, temp) = (scene.world.vault().join("lock"), scene.world.vault().join("tmp"));
    fs::remove_file(&lock).expect("removed");
    symlink(&victim, &lock).expect("linked");
    scene.refuses(scene.adding("other"), 11);
    fs::remove_file(&lock).expect("removed");
    fs::create_dir(&lock).expect("made");
    scene.refuses(scene.adding("other"), 11);
    fs::remove_dir(&lock).expect("removed");
    fs::remove_dir_all(&temp).expect("removed");
    write(&temp, b"not a folder");
    scene.adding("other").run().exits(11).hides(&scene.canary.secret);
    fs::remove_file(&temp).expect("removed");
    // A folder with the name of a temp file is in nobody's way.
    fs::create_dir_all(temp.join(".mintage-tmp-0000000000000000")).expect("made");
    chmod(&temp, 0o700);
    scene.add("other").succeeds();
    assert_eq!(fs::read(&victim).expect("readable"), b"untouched");
    scene.is_well();
}

// F18
#[test]
fn relative_xdg_folders_are_ignored() {
    let scene = Scene::new();
    for variable in ["XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"] {
        for value in ["rel", "./rel", ""] {
            scene.world.mintage(["show", "prod"]).env(variable, value).run().succeeds();
            let name = format!("{}-{}", variable.to_lowercase().replace('_', "-"), value.len());
            scene.adding(&name).env(variable, value).run().succeeds();
        }
    }
    assert!(!scene.world.path("rel").exists());
    let elsewhere = scene.world.path("elsewhere");
    let elsewhere = elsewhere.to_str().expect("text");
    scene.world.mintage(["list"]).env("XDG_CONFIG_HOME", elsewhere).run().exits(3);
}

// F18
#[test]
fn a_home_that_is_relative_makes_nothing_in_the_working_folder() {
    for home in ["rel", "./rel", "."] {
        let world = World::new();
        let before = snapshot(world.home());
        let init = ["init", "--key", "file", "--recovery-file", "recovery.txt"];
        for command in [&init[..], &["list"], &["status"]] {
            let ran = world.mintage(command).env("HOME", home).run();
            assert_eq!(ran.code, 1, "{home} {command:?}: {}", ran.err());
            ran.says("home");
        }
        assert_same(&before, &snapshot(world.home()));
    }
}

// F20
#[test]
fn a_leftover_of_a_crashed_save_is_never_adopted_and_goes_with_the_next_one() {
    let scene = Scene::new();
    let old = scene.read(Part::Record);
    scene.world.run(["remove", "prod", "--yes"]).succeeds();
    scene.add("prod").succeeds();
    let leftover = scene.world.vault().join("tmp/.mintage-tmp-ffffffffffffffff");
    write(&leftover, &old);
    let before = scene.read(Part::Record);
    scene.is_well();
    assert_eq!(scene.read(Part::Record), before);
    assert_eq!(scene.world.records().len(), 1);
    scene.add("other").succeeds();
    assert_eq!(leftovers(scene.world.home()), Vec::<std::path::PathBuf>::new());
}

#[test]
fn what_a_file_manager_leaves_among_the_records_is_in_nobodys_way() {
    let scene = Scene::new();
    let profiles = scene.world.vault().join("profiles");
    let beside = scene.path(Part::Record).with_extension("age~");
    for (n, stray) in [profiles.join(".DS_Store"), beside].iter().enumerate() {
        write(stray, b"stray");
        scene.is_well();
        scene.add(&format!("beside-{n}")).succeeds();
        fs::remove_file(stray).expect("removed");
    }
}
