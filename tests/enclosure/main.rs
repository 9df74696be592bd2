//! A process that encloses itself: which memory it gets under which limits, and that real work runs
//! in it.
//!
//! The program under test is this one, started again (a process can be enclosed once), with the
//! shipped program's allocator.

#![cfg(target_os = "linux")]
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

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::FileExt as _;
use std::process::{Command, Stdio};

use issuer::Issuer;
use mintage::alloc::{Enclosure, Mode, enclosed, enclosure, room_on_work_stack};
use mintage::stack::{Depth, scrub};
use world::{Canary, World};

#[global_allocator]
static ALLOCATOR: mintage::alloc::Wiping = mintage::alloc::Wiping;

/// Says to the copy of this program what it is to do.
const ROLE: &str = "ENCLOSURE_TEST_ROLE";

/// The limit that ordinary users have on most systems.
const USUAL: &str = "--memlock=8388608:8388608";
/// `memfd_secret` as a kernel without it answers.
const NO_SECRET: [&str; 5] =
    ["strace", "-f", "-etrace=memfd_secret", "-einject=memfd_secret:error=ENOSYS", "-o/dev/null"];

/// Not a test: what a copy does.
#[test]
fn copy() {
    let Ok(role) = std::env::var(ROLE) else { return };
    assert_eq!(enclosure(), None);
    assert_eq!(room_on_work_stack(), None);
    match role.as_str() {
        "tells" => enclosed(|| ()),
        "uses" => enclosed(use_memory),
        "panics" => pass_a_panic_on(),
        "scrubs" => enclosed(scrub_and_look),
        "starts" => enclosed(start_threads_and_children),
        "opens" => enclosed(open_with_a_passphrase),
        "mints" => {
            let code =
                enclosed(|| mintage::cli::run(&["mintage", "token", "prod"].map(Into::into)));
            assert_eq!(code, 0);
        }
        other => panic!("no role {other}"),
    }
    assert_eq!(room_on_work_stack(), None);
    let Enclosure { mode, size, in_use, overflowed } = enclosure().expect("it was enclosed");
    println!("\nmode {} size {size} in use {in_use} over {overflowed} end", mode.as_str());
}

/// More than there is, grown, zeroed, freed, and the content stays what it was.
fn use_memory() {
    let before = enclosure().expect("enclosed");
    let room = room_on_work_stack().expect("on the work stack");
    assert!(room > 1 << 20, "{room}");
    let block = vec![7_u8; 100_000];
    assert!(enclosure().expect("enclosed").in_use >= before.in_use + block.len());
    let mut blocks: Vec<Vec<u8>> = Vec::new();
    for round in 0..1_000_u32 {
        let mark = u8::try_from(round % 251).expect("a byte");
        let mut block = vec![0_u8; 16];
        assert!(block.iter().all(|byte| *byte == 0));
        block.fill(mark);
        while block.len() < 50_000 {
            block.extend(std::iter::repeat_n(mark, 1_000));
        }
        blocks.push(block);
    }
    for (round, block) in blocks.iter().enumerate() {
        assert!(block.iter().all(|byte| usize::from(*byte) == round % 251));
    }
    let full = enclosure().expect("enclosed");
    assert!(full.overflowed > 1 << 20 && full.in_use <= full.size, "{full:?}");
    drop(blocks);
    let after = enclosure().expect("enclosed");
    assert!(after.in_use < before.in_use + 200_000, "{after:?}");
    assert!(vec![0_u8; 200_000].iter().all(|byte| *byte == 0));
    assert!(enclosed(|| room_on_work_stack().is_some()), "a second call runs its work");
}

fn pass_a_panic_on() {
    let ended = std::panic::catch_unwind(|| enclosed(|| panic!("as it was told")));
    let panic = ended.expect_err("a panic");
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"as it was told"));
}

/// The whole work stack below this frame is zero after a scrub, but for what the scrub itself and
/// the look leave.
fn scrub_and_look() {
    let mut word = [0_u8; 16];
    getrandom::fill(&mut word).expect("random bytes");
    leave_on_stack(&word, 20);
    let found = || {
        let end = std::ptr::from_ref(&word).addr();
        let start = end - room_on_work_stack().expect("on the work stack");
        let mut dead = vec![0; end - start];
        let memory = File::open("/proc/self/mem").expect("our own");
        memory.read_exact_at(&mut dead, start as u64).expect("mapped");
        dead.windows(16).filter(|part| *part == word).count()
    };
    assert!(found() > 1000, "nothing was left");
    scrub(Depth::Opening);
    assert!(found() < 20, "{} copies are left", found());
    scrub_near_the_end();
}

/// Calls itself until little is left of the stack, and scrubs there.
fn scrub_near_the_end() {
    let mut frame = [1_u8; 4096];
    std::hint::black_box(&mut frame);
    if room_on_work_stack().is_some_and(|room| room > 50_000) {
        scrub_near_the_end();
    } else {
        scrub(Depth::Mint);
    }
    std::hint::black_box(&mut frame);
    assert_eq!(frame[4095], 1);
}

#[inline(never)]
fn leave_on_stack(word: &[u8; 16], deeper: usize) {
    let mut frame = [[0_u8; 16]; 1024];
    frame.fill(*word);
    std::hint::black_box(&mut frame);
    if deeper > 0 {
        leave_on_stack(word, deeper - 1);
    }
    std::hint::black_box(&mut frame);
}

fn start_threads_and_children() {
    let threads: Vec<_> = (0..8)
        .map(|mark| {
            std::thread::spawn(move || {
                assert_eq!(room_on_work_stack(), None);
                (0..1_000).map(|size| vec![mark; size].len()).sum::<usize>()
            })
        })
        .collect();
    for thread in threads {
        assert_eq!(thread.join().expect("it ends"), 499_500);
    }
    let mut child = Command::new("/bin/cat")
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    child.stdin.take().expect("a pipe").write_all(b"as it was").expect("written");
    let mut back = String::new();
    child.stdout.take().expect("a pipe").read_to_string(&mut back).expect("read");
    assert!(child.wait().expect("it ends").success());
    assert_eq!(back, "as it was");
    // A program to be looked up in a path of its own: the standard library forks for that.
    let forked = Command::new("cat").env("PATH", "/usr/bin:/bin").stdin(Stdio::null()).status();
    assert!(!forked.expect("it starts").success(), "a forked child shared our memory");
}

fn open_with_a_passphrase() {
    let passphrase = || secrecy::SecretString::from("a passphrase for a test".to_owned());
    let mut recipient = age::scrypt::Recipient::new(passphrase());
    recipient.set_work_factor(12);
    let sealed = age::encrypt(&recipient, b"what was sealed").expect("sealed");
    let opened = age::decrypt(&age::scrypt::Identity::new(passphrase()), &sealed);
    assert_eq!(opened.expect("opened"), b"what was sealed");
}

#[test]
fn the_usual_limit_is_room_for_secret_memory() {
    let told = copy_that("tells", &[&without_privilege(USUAL)]);
    // The limit, less the stack and a little for others.
    assert!(told.starts_with("mode secret size 6553600 "), "{told}");
}

#[test]
fn a_kernel_without_secret_memory_gives_locked_memory() {
    let told = copy_that("tells", &[&without_privilege(USUAL), &NO_SECRET]);
    assert!(told.starts_with("mode locked size 6553600 "), "{told}");
}

#[test]
fn too_small_a_limit_gives_plain_memory() {
    for limit in ["--memlock=0:0", "--memlock=65536:65536", "--memlock=3145728:3145728"] {
        let told = copy_that("tells", &[&without_privilege(limit)]);
        assert!(told.starts_with("mode plain size 33554432 "), "{limit}: {told}");
    }
}

#[test]
fn no_room_at_all_leaves_the_ordinary_heap() {
    // The least that the program itself runs in has no room for an arena beside it.
    let told = (8..64_u32).find_map(|mib| {
        let limit = format!("--as={}", mib << 20);
        try_copy("tells", &[&["prlimit", &limit]]).ok()
    });
    let told = told.expect("it runs in 64 MiB");
    assert!(told.starts_with("mode ordinary size 0 "), "{told}");
}

#[test]
fn real_work_runs_in_every_kind_of_memory() {
    for (mode, under) in kinds() {
        let under: Vec<&[&str]> = under.iter().map(Vec::as_slice).collect();
        for role in ["uses", "panics", "starts", "opens"] {
            let told = copy_that(role, &under);
            assert!(told.starts_with(&format!("mode {} ", mode.as_str())), "{role}: {told}");
        }
    }
}

#[test]
fn a_scrub_reaches_the_end_of_the_work_stack_and_no_further() {
    // Secret memory cannot be looked at from here: `a_wipe_reaches_all_pages` does in the library.
    for (_, under) in kinds().into_iter().filter(|(mode, _)| *mode != Mode::Secret) {
        copy_that("scrubs", &under.iter().map(Vec::as_slice).collect::<Vec<_>>());
    }
}

#[test]
fn a_mint_over_tls_runs_in_secret_memory() {
    let (issuer, canary) = (Issuer::https(), Canary::new());
    let world = World::with_profile(&issuer, &canary);
    let home = format!("HOME={}", world.home().display());
    let told = copy_that("mints", &[&without_privilege(USUAL), &["env", &home]]);
    assert!(told.starts_with("mode secret ") && told.contains(" over 0 "), "{told}");
    assert_eq!(issuer.tokens().len(), 1);
}

/// Each mode that a limit or a kernel leads to, and what to start a program with for it.
fn kinds() -> [(Mode, Vec<Vec<&'static str>>); 3] {
    [
        (Mode::Secret, vec![without_privilege(USUAL)]),
        (Mode::Locked, vec![without_privilege(USUAL), NO_SECRET.to_vec()]),
        (Mode::Plain, vec![without_privilege("--memlock=0:0")]),
    ]
}

/// Starts a program under this limit, and without root's privilege to ignore it.
fn without_privilege(limit: &str) -> Vec<&str> {
    let mut words = vec!["prlimit", limit];
    if rustix::process::geteuid().is_root() {
        words.extend(["setpriv", "--bounding-set=-ipc_lock", "--inh-caps=-ipc_lock"]);
    }
    words
}

/// Runs a copy in this role, `under` these programs, and gives what it tells at its end.
fn copy_that(role: &str, under: &[&[&str]]) -> String {
    try_copy(role, under).unwrap_or_else(|said| panic!("{role} under {under:?}: {said}"))
}

/// As above; or all that it said, if it did not end well.
fn try_copy(role: &str, under: &[&[&str]]) -> Result<String, String> {
    let own = std::env::current_exe().expect("known");
    let ran = Command::new("env")
        .args(under.concat())
        .arg(own)
        .args(["--exact", "copy", "--nocapture", "--test-threads=1"])
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env(ROLE, role)
        .output()
        .expect("it starts");
    let (out, err) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    let told = out.lines().find(|line| line.starts_with("mode "));
    told.filter(|_| ran.status.success())
        .map(str::to_owned)
        .ok_or_else(|| format!("{}\n{out}\n{err}", ran.status))
}
