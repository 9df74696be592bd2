//! What is to be found in the memory of a process that lives in protected memory, at rest and in the
//! middle of a mint: nothing. And that the search finds what is there.
//!
//! The programs under test are copies of this one: it has the shipped program's allocator and runs
//! the shipped command-line code. Root takes their cores.

#![cfg(target_os = "linux")]
#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panic wherever it stands, and starts processes of its own"
)]

mod agent;
mod core;
mod crowd;
mod keys;
mod mint;
mod needle;
mod process;
mod scene;
mod search;
mod signing;
mod threads;

#[path = "../issuer/mod.rs"]
mod issuer;
#[allow(dead_code, reason = "each test program uses its part")]
#[path = "../world/mod.rs"]
mod world;

use std::io::{BufRead as _, BufReader, Lines, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use self::core::Core;
use self::needle::Needle;
use self::search::Search;
use world::Canary;

#[global_allocator]
static ALLOCATOR: mintage::alloc::Wiping = mintage::alloc::Wiping;

/// Says to the copy of this program what it is to do.
const ROLE: &str = "AGENT_MEMORY_TEST_ROLE";

/// What leads to each kind of memory: a limit, the loss of root's privilege to ignore it, a kernel
/// without `memfd_secret`.
const SECRET: &[&str] = &["prlimit", "--memlock=8388608:8388608", "setpriv", NO_CAPABILITY];
const LOCKED: &[&str] = &[
    "prlimit",
    "--memlock=8388608:8388608",
    "setpriv",
    NO_CAPABILITY,
    "strace",
    "-f",
    "-o/dev/null",
    "-etrace=memfd_secret",
    "-einject=memfd_secret:error=ENOSYS",
];
const PLAIN: &[&str] = &["prlimit", "--memlock=0:0", "setpriv", NO_CAPABILITY];
const NO_CAPABILITY: &str = "--bounding-set=-ipc_lock";

/// Not a test: what a copy does.
#[test]
fn copy() {
    let Ok(role) = std::env::var(ROLE) else { return };
    match role.as_str() {
        "keeps" => keep(),
        "keeps inside" => mintage::alloc::enclosed(keep),
        "keeps on a thread" => {
            let thread = std::thread::Builder::new().name("keeper".to_owned());
            thread.spawn(keep).expect("it starts").join().expect("it ends");
        }
        "mints" => mint(),
        "mints inside" => mintage::alloc::enclosed(mint),
        "mints and keeps" => {
            mint();
            keep();
        }
        other => panic!("no role {other}"),
    }
}

/// Keeps what it is given on the heap and on the stack, tells so, and waits for its end.
fn keep() {
    let mut stdin = std::io::stdin().lock();
    let mut length = [0; 2];
    stdin.read_exact(&mut length).expect("a length");
    let mut kept = vec![0; usize::from(u16::from_ne_bytes(length))];
    stdin.read_exact(&mut kept).expect("what to keep");
    let mut on_stack = [0; 4096];
    on_stack[..kept.len()].copy_from_slice(&kept);
    std::hint::black_box(&mut on_stack);
    let mode = mintage::alloc::enclosure().map_or("none", |enclosure| enclosure.mode.as_str());
    println!("\nready {} {mode}", std::process::id());
    let _told_to_end = stdin.read(&mut length);
    std::hint::black_box((&kept, &on_stack));
}

fn mint() {
    let mode = mintage::alloc::enclosure().map_or("none", |enclosure| enclosure.mode.as_str());
    println!("\nready {} {mode}", std::process::id());
    let code = mintage::cli::run(&["mintage", "token", "prod", "--no-agent"].map(Into::into));
    assert_eq!(code, 0);
}

/// A copy of this program at work.
struct Copy {
    child: Child,
    /// Its own: what was started may only have led to it.
    id: u32,
    said: String,
    /// Ends it when closed.
    stdin: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Copy {
    /// Starts a copy `under` these programs, which is given `word` to keep if it keeps.
    fn start(role: &str, under: &[&str], home: &Path, word: &[u8]) -> Self {
        let own = std::env::current_exe().expect("known");
        let mut command = Command::new("env");
        command.args(under).arg(own).args(["--exact", "copy", "--nocapture", "--test-threads=1"]);
        Self::ready(command.env(ROLE, role), home, word)
    }

    /// Waits until it is ready again. What it says of itself is the same.
    fn is_ready_again(&mut self) {
        let again = self.lines.find(|line| line.as_ref().is_ok_and(|it| it.starts_with("ready ")));
        again.expect("it is ready").expect("a line");
    }

    fn ready(command: &mut Command, home: &Path, word: &[u8]) -> Self {
        let mut child = command
            .env("HOME", home)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let length = u16::try_from(word.len()).expect("a short word");
        let mut stdin = child.stdin.take().expect("a pipe");
        stdin.write_all(&[&length.to_ne_bytes(), word].concat()).expect("written");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let said = lines
            .find_map(|line| line.ok()?.strip_prefix("ready ").map(str::to_owned))
            .expect("it is ready");
        let id = said.split(' ').next().and_then(|id| id.parse().ok()).expect("an id");
        Self { child, id, said, stdin, lines }
    }

    /// Its core. A tracer that led to it must let go first: there can be one only.
    fn core(&mut self, folder: &Path) -> Core {
        if self.id != self.child.id() {
            self.child.kill().expect("it runs");
            self.child.wait().expect("it ends");
        }
        Core::of(self.id, folder)
    }

    /// Lets it go on to its end. It must end well, whoever its parent is by now.
    fn ends_well(mut self) {
        drop(self.stdin);
        let well =
            self.lines.any(|line| line.is_ok_and(|line| line.starts_with("test result: ok")));
        assert!(well, "it did not end well");
        self.child.wait().expect("it ends");
    }
}

/// Those pieces that are in the memory of a core.
fn in_core(search: &Search, core: &Core) -> Vec<search::Hit> {
    core.segments.iter().flat_map(|segment| search.hits(core.memory(segment))).collect()
}

/// Those pieces that root reads in the running process, and how many mappings refuse to be read.
fn in_process(search: &Search, process: u32) -> (Vec<search::Hit>, usize) {
    let readable = process::mappings(process).into_iter().filter(|mapping| {
        // The kernel's own pages cannot be read this way in any process.
        mapping.is_readable && !mapping.name.starts_with("[v")
    });
    let (mut hits, mut refused) = (Vec::new(), 0);
    for mapping in readable {
        match process::read(process, &mapping) {
            Some(bytes) => hits.extend(search.hits(&bytes)),
            None => refused += 1,
        }
    }
    (hits, refused)
}

fn random_bytes() -> [u8; 40] {
    let mut bytes = [0; 40];
    getrandom::fill(&mut bytes).expect("random bytes");
    bytes
}

#[test]
fn every_form_of_a_planted_secret_is_found_in_a_core() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = format!("{} & more+{}", Canary::new().secret, Canary::new().secret);
    for needle in [Needle::new("text", &text), Needle::new("bytes", random_bytes())] {
        let needles = [needle];
        let search = Search::new(&needles);
        let forms = &needles[0].forms;
        let word: Vec<u8> =
            forms.iter().flat_map(|form| [&form.bytes[..], b"\xFF"].concat()).collect();
        let mut copy = Copy::start("keeps", &[], folder.path(), &word);
        let hits = in_core(&search, &copy.core(folder.path()));
        for form in forms {
            let found = hits.iter().any(|hit| hit.how == form.how && hit.is_whole);
            assert!(found, "{}, {}: {:?}", needles[0].name, form.how, Search::tally(&hits));
        }
        copy.ends_well();
    }
}

#[test]
fn a_piece_of_sixteen_bytes_is_found_wherever_it_lies_and_one_of_fifteen_is_not() {
    let secret = random_bytes();
    let needles = [Needle::new("secret", secret)];
    let search = Search::new(&needles);
    // No byte beside the piece may happen to lengthen it.
    let elsewhere = (0..=u8::MAX).find(|byte| !secret.contains(byte)).expect("more than it has");
    for place in 0..50 {
        for from in 0..=secret.len() - 16 {
            let mut memory = vec![elsewhere; 80];
            memory[place..place + 16].copy_from_slice(&secret[from..from + 16]);
            let hits = search.hits(&memory);
            assert_eq!((hits.len(), hits[0].at, hits[0].from), (1, place, from));
            assert!(!hits[0].is_whole);
            memory[place + 15] ^= 0xFF;
            assert_eq!(search.hits(&memory), []);
        }
    }
}

#[test]
fn a_secret_at_any_offset_is_found_in_what_others_make_base64_of() {
    let secret = random_bytes();
    let needles = [Needle::new("secret", secret)];
    let search = Search::new(&needles);
    for before in 0..9 {
        let whole = [vec![b'x'; before], secret.to_vec(), b"yyyy".to_vec()].concat();
        let hits = search.hits(STANDARD.encode(whole).as_bytes());
        assert!(hits.iter().any(|hit| hit.is_whole), "{before}: {hits:?}");
    }
}

#[test]
fn what_is_kept_in_secret_memory_is_in_no_core_and_no_other_process_reads_it() {
    let told = kept_inside(SECRET, "secret");
    assert_eq!((told.in_core, told.in_process), (0, 0));
    // The stack and the heap.
    assert_eq!(told.refused, 2);
}

#[test]
fn what_is_kept_in_locked_or_plain_memory_is_in_no_core_but_root_reads_it() {
    for (under, mode) in [(LOCKED, "locked"), (PLAIN, "plain")] {
        let told = kept_inside(under, mode);
        assert_eq!((told.in_core, told.refused), (0, 0), "{mode}");
        assert_ne!(told.in_process, 0, "{mode}: better than what is promised");
    }
}

struct Told {
    in_core: usize,
    in_process: usize,
    refused: usize,
}

/// Lets a copy in this kind of memory keep a word, and looks for it in both ways.
fn kept_inside(under: &[&str], mode: &str) -> Told {
    let folder = tempfile::tempdir().expect("a folder");
    let word = random_bytes();
    let needles = [Needle::new("word", word)];
    let search = Search::new(&needles);
    let control = Copy::start("keeps", &[], folder.path(), &word);
    assert_ne!(in_core(&search, &Core::of(control.id, folder.path())).len(), 0);
    assert_ne!(in_process(&search, control.id).0.len(), 0);
    control.ends_well();
    let mut copy = Copy::start("keeps inside", under, folder.path(), &word);
    assert!(copy.said.ends_with(mode), "{}", copy.said);
    let (in_process, refused) = in_process(&search, copy.id);
    let in_core = in_core(&search, &copy.core(folder.path())).len();
    copy.ends_well();
    Told { in_core, in_process: in_process.len(), refused }
}

#[test]
fn each_thread_is_listed_and_its_stack_is_searched() {
    let folder = tempfile::tempdir().expect("a folder");
    let word = random_bytes();
    let needles = [Needle::new("word", word)];
    let search = Search::new(&needles);
    let mut copy = Copy::start("keeps on a thread", &[], folder.path(), &word);
    let threads = process::threads(copy.id);
    assert!(threads[0].is_main && threads[1..].iter().all(|thread| !thread.is_main));
    let keeper = threads.iter().find(|thread| thread.name == "keeper").expect("it is listed");
    let core = copy.core(folder.path());
    let registers = core.threads();
    assert_eq!(registers.len(), threads.len());
    let at = registers.iter().find(|at| at.thread == keeper.id).expect("its registers");
    let stack = core.segment_of(at.stack_pointer).expect("an ordinary stack");
    let hits = search.hits(core.memory(stack));
    assert!(hits.iter().any(|hit| hit.is_whole), "{threads:?}");
    assert!(core.notes().iter().all(|note| !note.is_empty()));
    copy.ends_well();
}
