//! What a mint leaves in memory: nothing. A process that has minted is stopped, root takes its core,
//! and the core is searched.
//!
//! The program under test is this one, started again: it has the shipped program's allocator, runs
//! the shipped command-line code, and then waits instead of ending.

#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panic wherever it stands, and starts processes of its own"
)]

#[path = "../issuer/mod.rs"]
mod issuer;
#[allow(dead_code, reason = "each test program uses its part")]
#[path = "../world/mod.rs"]
mod world;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use issuer::Issuer;
use world::{Canary, World};

#[global_allocator]
static ALLOCATOR: mintage::alloc::Wiping = mintage::alloc::Wiping;

/// Says to the copy of this program that it is one.
const ROLE: &str = "MEMORY_TEST_ROLE";

/// Not a test: what a copy does that leaves a word in dead stack frames, and overwrites them or not.
#[test]
fn copy_that_uses_its_stack_and_waits() {
    let Some(role) = std::env::var_os(ROLE) else { return };
    let mut word = [0_u8; 32];
    std::io::stdin().read_exact(&mut word).expect("the word to leave behind");
    leave_on_stack(&word, 8);
    word.fill(0);
    std::hint::black_box(&word);
    if role == "scrubs" {
        mintage::stack::scrub(mintage::stack::Depth::Mint);
    }
    println!("ready");
    let mut end = [0];
    let _told_to_end = std::io::stdin().read(&mut end);
}

#[inline(never)]
fn leave_on_stack(word: &[u8; 32], deeper: usize) {
    let mut frame = [[0_u8; 32]; 512];
    frame.fill(*word);
    std::hint::black_box(&mut frame);
    if deeper > 0 {
        leave_on_stack(word, deeper - 1);
    }
    std::hint::black_box(&mut frame);
}

#[test]
fn the_scrub_reaches_what_dead_frames_hold() {
    for (role, is_left) in [("leaves", true), ("scrubs", false)] {
        let home = World::new();
        let secret = Canary::new().secret;
        let word = &secret.as_bytes()[..32];
        let mut copy = start(&home, "copy_that_uses_its_stack_and_waits", role);
        copy.stdin.as_mut().expect("a pipe").write_all(word).expect("written");
        let mut lines = BufReader::new(copy.stdout.take().expect("a pipe")).lines();
        let _ready = lines.find(|line| line.as_ref().is_ok_and(|line| line.contains("ready")));
        let core = core_of(&copy, home.home());
        drop(copy.stdin.take());
        copy.wait().expect("it ends");
        // A few copies of the loop's last value may stay in live frames; dead ones have thousands.
        let found = count(&core, word);
        assert_eq!(found > 100, is_left, "{role}: {found} copies");
    }
}

/// Not a test: what the copy does. It mints, says so, keeps a word in memory that must be found, and
/// waits to be told to end.
#[test]
fn copy_that_mints_and_waits() {
    if std::env::var_os(ROLE).is_none() {
        return;
    }
    let code = mintage::cli::run(&["mintage".into(), "token".into(), "prod".into()]);
    let mut control = String::new();
    println!("code {code}");
    std::io::stdin().read_line(&mut control).expect("the word to keep");
    println!("ready");
    let mut end = [0];
    let _told_to_end = std::io::stdin().read(&mut end);
    std::hint::black_box(&control);
}

#[test]
fn after_a_mint_no_copy_of_secret_header_token_or_key_is_left() {
    let (issuer, canary) = (Issuer::https(), Canary::new());
    let world = World::with_profile(&issuer, &canary);
    let control = format!("control-{}", Canary::new().secret);
    let mut copy = start(&world, "copy_that_mints_and_waits", "mints");
    let mut lines = BufReader::new(copy.stdout.take().expect("a pipe")).lines();
    let mut next = |wanted: &str| {
        lines.find(|line| line.as_ref().is_ok_and(|line| line.contains(wanted))).expect(wanted)
    };
    next("code 0").expect("minted");
    writeln!(copy.stdin.as_mut().expect("a pipe"), "{control}").expect("written");
    next("ready").expect("waiting");
    let core = core_of(&copy, world.home());
    drop(copy.stdin.take());
    copy.wait().expect("it ends");

    assert_ne!(count(&core, control.as_bytes()), 0, "the search finds nothing at all");
    let token = issuer.tokens().pop().expect("a token was minted");
    let identity = std::fs::read_to_string(identity_file(&world)).expect("readable");
    let identity = identity.lines().last().expect("a key");
    // The first part is in every program that knows age.
    let identity = identity.trim_start_matches("AGE-SECRET-KEY-1").to_owned();
    for (what, secret) in [
        ("the secret", canary.secret.clone()),
        ("the Basic value", STANDARD.encode(canary.pair())),
        ("the token", token),
        ("the opening key", identity.clone()),
    ] {
        assert_eq!(pieces_found(&core, secret.as_bytes()), [""; 0], "{what}");
    }
    assert_eq!(count(&core, &scalar(&identity)), 0, "the opening key, as the curve takes it");
    for shift in 1..3 {
        let shifted = STANDARD.encode(&canary.pair().as_bytes()[shift..]);
        assert_eq!(pieces_found(&core, shifted.trim_end_matches('=').as_bytes()), [""; 0]);
    }
}

fn start(world: &World, test: &str, role: &str) -> Child {
    Command::new(std::env::current_exe().expect("known"))
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env_clear()
        .env("MINTAGE_NO_AGENT", "1")
        .env("HOME", world.home())
        .env(ROLE, role)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts")
}

fn core_of(child: &Child, folder: &Path) -> Vec<u8> {
    let (id, base) = (child.id().to_string(), folder.join("core"));
    let taken = Command::new("gcore").arg("-o").arg(&base).arg(&id).output().expect("gcore runs");
    let core = std::fs::read(format!("{}.{id}", base.display()));
    let core =
        core.unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&taken.stderr)));
    memory_segments(&core)
}

/// The memory in an ELF core, without its notes: those hold the registers, in which the last copy
/// made by wide instructions stays until something else uses them.
fn memory_segments(core: &[u8]) -> Vec<u8> {
    const LOAD: u64 = 1;
    let number = |at: usize, length: usize| {
        core[at..at + length].iter().rev().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte))
    };
    let size = |value: u64| usize::try_from(value).expect("a 64-bit machine");
    let (table, entry, entries) = (size(number(32, 8)), size(number(54, 2)), size(number(56, 2)));
    let mut memory = Vec::new();
    for header in (0..entries).map(|index| table + index * entry) {
        if number(header, 4) == LOAD {
            let (at, length) = (size(number(header + 8, 8)), size(number(header + 32, 8)));
            memory.extend_from_slice(&core[at..at + length]);
        }
    }
    assert!(memory.len() > 1_000_000, "the core has no memory in it");
    memory
}

fn identity_file(world: &World) -> std::path::PathBuf {
    let mut files = std::fs::read_dir(world.config().join("identities")).expect("a folder");
    files
        .find_map(|file| {
            let path = file.expect("readable").path();
            path.extension().is_some_and(|extension| extension == "key").then_some(path)
        })
        .expect("a key file")
}

/// The 32 bytes in the data part of a bech32 word (BIP 173: five bits a character, six characters of
/// checksum at the end).
fn scalar(word: &str) -> Vec<u8> {
    const ALPHABET: &str = "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L";
    let mut bytes = Vec::new();
    let (mut bits, mut held) = (0_u32, 0);
    for character in word[..word.len() - 6].chars() {
        let value = ALPHABET.find(character).expect("a bech32 character");
        bits = (bits << 5) | u32::try_from(value).expect("below 32");
        held += 5;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from((bits >> held) & 0xFF).expect("a byte"));
        }
    }
    assert_eq!(bytes.len(), 32);
    bytes
}

/// Those 16-byte pieces of `secret`, taken every 4 bytes, that are in `core`. (Test secrets: they
/// may be shown.)
fn pieces_found<'a>(core: &[u8], secret: &'a [u8]) -> Vec<&'a str> {
    assert!(secret.len() >= 16, "too short to be told from chance");
    secret
        .windows(16)
        .step_by(4)
        .filter(|piece| count(core, piece) > 0)
        .filter_map(|piece| std::str::from_utf8(piece).ok())
        .collect()
}

fn count(core: &[u8], part: &[u8]) -> usize {
    memchr::memmem::find_iter(core, part).count()
}
