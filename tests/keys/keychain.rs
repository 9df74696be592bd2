//! The keychain of the operating system: chosen, read back, absent, frozen, emptied, exchanged.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::keyring::{Desk, Keyring};
use crate::terminal;
use crate::world::World;

/// Every file of a folder with its bytes.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.insert(path.clone(), std::fs::read(&path).expect("readable"));
        }
    }
    found
}

/// Whether the home has nothing but locks and settings that name no vault.
fn only_locks(world: &World) -> bool {
    files(world.home()).iter().all(|(path, bytes)| {
        let settings = path.ends_with("settings.toml");
        let empty = String::from_utf8_lossy(bytes).lines().all(|line| line.starts_with('#'));
        path.extension().is_some_and(|end| end == "lock") || (settings && empty)
    })
}

const MINTAGE: &str = env!("CARGO_BIN_EXE_mintage");

#[test]
fn init_chooses_a_keychain_that_answers_and_says_so() {
    let desk = Desk::new();
    let ran = desk.run(&["init", "--recovery-file", "recovery.txt"]).succeeds();
    ran.says("opening key: in the keychain").says("recovery key: in `");
    let kept = desk.keyring.lookup(&desk.vault_id()).expect("an entry");
    assert_eq!(desk.keyring.entries(), 1);
    assert!(kept.starts_with("mintage ") && !kept.contains('\n'));
    // K05: it fits the smallest keychain there is.
    assert!(kept.len() < 1280, "{} bytes", kept.len());
    let status = desk.run(&["status", "--json"]).succeeds().json();
    assert_eq!(status["vault"]["key"], "keychain");
    assert_eq!(status["vault"]["key_state"], "there");
    // Nowhere else.
    let identity = kept.split(' ').next_back().expect("an identity").to_owned();
    for (path, bytes) in files(desk.world.home()) {
        let holds = bytes.windows(identity.len()).any(|part| part == identity.as_bytes());
        assert!(!holds, "the opening key lies in {}", path.display());
    }
    desk.mintage(&["add", "p", "--stdin"]).stdin("id:secret-1").run().succeeds();
    desk.run(&["list"]).succeeds();
}

#[test]
fn init_reads_the_key_back_in_a_second_process() {
    let desk = Desk::new();
    let call = desk.world.program("strace").args(["-f", "-o", "trace", "-e", "trace=execve"]);
    let call = call.args([MINTAGE, "init", "--recovery-file", "recovery.txt"]);
    desk.on_bus(call).run().succeeds();
    let trace = std::fs::read_to_string(desk.world.path("trace")).expect("a trace");
    let child = trace.lines().find(|line| line.contains("\"internal-keychain-read\"]"));
    let child = child.unwrap_or_else(|| panic!("no second process:\n{trace}"));
    assert!(child.ends_with(" = 0"), "{child}");
    assert!(!trace.contains("AGE-SECRET-KEY"));
}

#[test]
fn init_makes_nothing_where_the_key_cannot_be_kept() {
    let desk = Desk::with_vault();
    let before = files(&desk.world.vault());
    let entries = desk.keyring.entries();
    desk.run(&["init", "--recovery-file", "second.txt"]).exits(11);
    assert!(!desk.world.path("second.txt").exists());
    assert_eq!((files(&desk.world.vault()), desk.keyring.entries()), (before, entries));
}

#[test]
fn a_second_vault_has_an_entry_of_its_own() {
    let desk = Desk::with_vault();
    desk.run(&["init", "--vault", "work", "--recovery-file", "work.txt"]).succeeds();
    assert_eq!(desk.keyring.entries(), 2);
    for vault in ["default", "work"] {
        desk.run(&["list", "--vault", vault]).succeeds();
    }
}

// K01
#[test]
fn without_a_keychain_and_a_terminal_nothing_is_made() {
    let silent_bus = Keyring::absent();
    for (address, init) in [
        (None, &["init", "--recovery-file", "r.txt"][..]),
        (Some("unix:path=/nowhere"), &["init", "--recovery-file", "r.txt"]),
        (Some("not an address"), &["init", "--recovery-file", "r.txt"]),
        (Some(silent_bus.address()), &["init", "--recovery-file", "r.txt"]),
        (Some(silent_bus.address()), &["init", "--key", "keychain", "--recovery-file", "r.txt"]),
    ] {
        let world = World::new();
        let call = world.mintage(init);
        let call = match address {
            Some(address) => call.env("DBUS_SESSION_BUS_ADDRESS", address),
            None => call,
        };
        let ran = call.run().exits(8).says("no keychain answers");
        ran.says("hint: a new vault can do without: mintage init --key passphrase");
        assert!(only_locks(&world), "{address:?} left {:?}", files(world.home()));
        world.run(["list"]).exits(3).says("hint: mintage init");
    }
}

// K01
#[test]
fn without_a_keychain_a_person_is_asked_before_another_place_is_chosen() {
    let question = "Protect the vault with a passphrase instead? [y/N] ";
    let init = terminal::line(&[MINTAGE, "init", "--recovery-file", "r.txt"]);
    let world = World::new();
    for no in ["n", ""] {
        let talked = terminal::talk(world.program("script"), &init, &[(question, no)]);
        talked.exits(8).shows("no keychain answers");
        assert!(only_locks(&world), "{:?}", files(world.home()));
    }
    let passphrase = "correct horse battery";
    let dialogue =
        [(question, "y"), ("New passphrase: ", passphrase), ("The same again: ", passphrase)];
    let talked = terminal::talk(world.program("script"), &init, &dialogue);
    talked.exits(0).hides(passphrase).shows("wrapped by your passphrase");
}

// K01
#[test]
fn a_vault_whose_keychain_is_gone_says_so_and_how_to_go_on() {
    let desk = Desk::with_vault();
    let before = files(&desk.world.vault());
    for command in [&["list"][..], &["token", "p"], &["add", "p", "--stdin"]] {
        let ran = desk.world.mintage(command).stdin("id:secret-1").run();
        ran.exits(8).says("no keychain answers").says("recovery key: mintage vault add");
    }
    let silent = Keyring::absent();
    let call = desk.world.mintage(["list"]).env("DBUS_SESSION_BUS_ADDRESS", silent.address());
    call.run().exits(8);
    assert_eq!(files(&desk.world.vault()), before);
}

// K04
#[test]
fn a_frozen_keychain_is_given_up_soon() {
    let desk = Desk::with_vault();
    desk.keyring.freeze();
    let start = Instant::now();
    desk.run(&["list"]).exits(8).says("hint: ");
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    let start = Instant::now();
    let init = ["init", "--vault", "second", "--recovery-file", "second.txt"];
    desk.run(&init).exits(8);
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    assert!(!desk.world.path("second.txt").exists());
    let start = Instant::now();
    desk.run(&["status"]).succeeds();
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

// K02
#[test]
fn an_emptied_entry_is_a_missing_key_and_nothing_replaces_it() {
    let desk = Desk::with_vault();
    desk.mintage(&["add", "p", "--stdin"]).stdin("id:secret-1").run().succeeds();
    let before = files(&desk.world.vault());
    let id = desk.vault_id();
    desk.keyring.clear(&id);
    for command in [&["token", "p"][..], &["list"], &["show", "p"], &["remove", "p", "--yes"]] {
        let ran = desk.run(command).exits(5).says("the keychain has no key for this vault");
        ran.says("mintage vault add PLACE").says("--identity-file RECOVERY-FILE");
    }
    desk.mintage(&["add", "q", "--stdin"]).stdin("id:secret-2").run().exits(5);
    desk.run(&["init", "--recovery-file", "new.txt"]).exits(11);
    assert!(!desk.world.path("new.txt").exists());
    assert_eq!(desk.keyring.entries(), 0);
    assert_eq!(files(&desk.world.vault()), before);
    let status = desk.run(&["status", "--json"]).succeeds().json();
    assert_eq!(status["vault"]["key_state"], "missing");
}

// K03
#[test]
fn an_entry_with_another_key_is_the_wrong_key_and_stays() {
    let desk = Desk::with_vault();
    desk.mintage(&["add", "p", "--stdin"]).stdin("id:secret-1").run().succeeds();
    let id = desk.vault_id();
    let own = desk.keyring.lookup(&id).expect("an entry");
    desk.run(&["init", "--vault", "other", "--recovery-file", "other.txt"]).succeeds();
    let other = desk.run(&["status", "--json", "--vault", "other"]).succeeds().json();
    let other = other["vault"]["id"].as_str().expect("an id").to_owned();
    let other = desk.keyring.lookup(&other).expect("an entry");
    // One of another vault; and one of no vault that claims to be this one's.
    let stranger = own.rsplit_once(' ').expect("words").0.to_owned();
    let stranger = format!("{stranger} {}", other.rsplit_once(' ').expect("words").1);
    let before = files(&desk.world.vault());
    for entry in [other, stranger] {
        desk.keyring.store(&id, &entry);
        for command in [&["token", "p"][..], &["list"], &["remove", "p", "--yes"]] {
            let ran = desk.run(command).exits(5).hides("AGE-SECRET-KEY");
            ran.says("hint: an existing vault opens with its recovery key");
        }
        desk.mintage(&["add", "q", "--stdin"]).stdin("id:secret-2").run().exits(5);
        assert_eq!(desk.keyring.lookup(&id), Some(entry));
        assert_eq!(files(&desk.world.vault()), before);
    }
    desk.keyring.store(&id, &own);
    desk.run(&["show", "p"]).succeeds();
}

// K03
#[test]
fn an_entry_that_is_no_key_is_damaged_and_is_not_quoted() {
    let desk = Desk::with_vault();
    let id = desk.vault_id();
    for entry in ["canary-k03", "mintage draft-3 canary-k03", "mintage v99 a b canary-k03", ""] {
        desk.keyring.store(&id, entry);
        desk.run(&["list"]).exits(6).hides("canary-k03");
    }
}
