//! The opening key in a file of the user's own.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use crate::world::World;

/// The key file of a vault that `init --key file` made.
fn key_file(world: &World) -> PathBuf {
    let folder = fs::read_dir(world.config().join("identities")).expect("a folder");
    let keys = folder.map(|entry| entry.expect("readable").path());
    keys.into_iter().find(|path| path.extension().is_some_and(|it| it == "key")).expect("a key")
}

fn set_mode(path: &std::path::Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("changed");
}

#[test]
fn a_key_file_is_private_and_opens_the_vault() {
    let world = World::with_vault();
    let mode = fs::metadata(key_file(&world)).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    world.run(["list"]).succeeds();
}

#[test]
fn a_key_file_that_others_can_reach_is_refused_with_the_command_that_mends_it() {
    let world = World::with_vault();
    let key = key_file(&world);
    for mode in [0o640, 0o604, 0o660, 0o610, 0o666] {
        set_mode(&key, mode);
        let hint = format!("hint: chmod 600 '{}'", key.display());
        world.run(["list"]).exits(9).says("others can read or change it").says(&hint);
    }
    let mended = world.program("chmod").args(["600".as_ref(), key.as_os_str()]).run();
    mended.succeeds();
    world.run(["list"]).succeeds();
}

#[test]
fn a_key_file_in_a_folder_that_others_can_write_is_refused() {
    let world = World::with_vault();
    let key = key_file(&world);
    set_mode(key.parent().expect("a folder"), 0o777);
    world.run(["list"]).exits(9).says("hint: chmod go-w '");
}

#[test]
fn a_key_file_that_is_gone_is_a_missing_key_and_nothing_replaces_it() {
    let world = World::with_vault();
    let key = key_file(&world);
    fs::remove_file(&key).expect("removed");
    world.run(["list"]).exits(5).says("--identity-file RECOVERY-FILE");
    world.mintage(["add", "p", "--stdin"]).stdin("id:secret-1").run().exits(5);
    world.run(["init", "--key", "file", "--recovery-file", "new.txt"]).exits(11);
    assert!(!key.exists() && !world.path("new.txt").exists());
}

#[test]
fn another_vaults_key_does_not_open_it() {
    let (world, other) = (World::with_vault(), World::with_vault());
    fs::copy(key_file(&other), key_file(&world)).expect("copied");
    world.run(["list"]).exits(5).hides("AGE-SECRET-KEY");
}

#[test]
fn a_key_of_no_member_does_not_open_it() {
    let (world, other) = (World::with_vault(), World::with_vault());
    let own = fs::read_to_string(key_file(&world)).expect("text");
    let stranger = fs::read_to_string(key_file(&other)).expect("text");
    let identity = |text: &str| {
        text.lines().find(|line| line.starts_with("AGE-SECRET-KEY")).expect("a key").to_owned()
    };
    fs::write(key_file(&world), own.replace(&identity(&own), &identity(&stranger)))
        .expect("written");
    world.run(["list"]).exits(5).hides("AGE-SECRET-KEY");
}

#[test]
fn a_key_file_that_is_no_key_is_damaged_and_is_not_quoted() {
    let world = World::with_vault();
    let key = key_file(&world);
    let good = fs::read_to_string(&key).expect("text");
    for bytes in [
        b"".as_slice(),
        b"canary-file\n",
        b"\xff\xfe",
        &good.as_bytes()[..good.len() - 10],
        good.replace("AGE-SECRET", "age-secret").as_bytes(),
        &vec![b'#'; 17_000],
    ] {
        fs::write(&key, bytes).expect("written");
        let ran = world.run(["list"]).hides("canary-file").hides("AGE-SECRET-KEY");
        assert!([6, 12].contains(&ran.code), "{} for {} bytes", ran.code, bytes.len());
    }
}

#[test]
fn init_writes_over_no_file() {
    let world = World::new();
    fs::write(world.path("key"), "mine").expect("written");
    fs::write(world.path("r.txt"), "mine too").expect("written");
    let init = |key: &str, recovery: &str| {
        world.run(["init", "--key", "file", "--identity-file", key, "--recovery-file", recovery])
    };
    init("key", "new.txt").exits(11);
    init("new-key", "r.txt").exits(11);
    assert_eq!(fs::read_to_string(world.path("key")).expect("there"), "mine");
    assert_eq!(fs::read_to_string(world.path("r.txt")).expect("there"), "mine too");
    assert!(!world.path("new.txt").exists() && !world.path("new-key").exists());
    world.run(["list"]).exits(3);
}
