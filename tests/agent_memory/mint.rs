//! In the middle of a mint: the secret, the header, the token and the opening key are all live.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::core::Core;
use super::issuer::{Fault, Hold, Issuer};
use super::needle::{Needle, scalar};
use super::search::Search;
use super::world::{Canary, World};
use super::{Copy, LOCKED, PLAIN, SECRET, in_core, in_process, keys, process, random_bytes};

/// Longer than any machine takes.
const LIMIT: Duration = Duration::from_secs(20);

/// A vault with a profile at an issuer that holds its reply back.
struct Stage {
    issuer: Issuer,
    canary: Canary,
    hold: Hold,
    world: World,
}

impl Stage {
    fn new() -> Self {
        let (issuer, canary, hold) = (Issuer::https(), Canary::new(), Hold::new());
        let world = World::with_profile(&issuer, &canary);
        issuer.fault_once(Fault::Hold(hold.clone()));
        Self { issuer, canary, hold, world }
    }

    /// Waits until the process has taken in all of the reply but its last byte.
    fn wait_for_the_middle(&self, process: u32) {
        assert!(self.hold.is_sent_within(LIMIT), "no request came");
        let start = Instant::now();
        while !process::has_read_all_from(self.issuer.port(), process) {
            assert!(start.elapsed() < LIMIT, "it does not read the reply");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn needles(&self) -> Vec<Needle> {
        let token = self.issuer.tokens().pop().expect("a token was minted");
        let identity = std::fs::read_to_string(self.identity_file()).expect("readable");
        let identity = identity.lines().last().expect("a key");
        // The first part is in every program that knows age.
        let identity = identity.trim_start_matches("AGE-SECRET-KEY-1");
        vec![
            Needle::new("secret", &self.canary.secret),
            Needle::new("Basic value", STANDARD.encode(self.canary.pair())),
            Needle::new("token", token),
            Needle::new("opening key", identity),
            Needle::new("opening key, as the curve takes it", scalar(identity)),
        ]
    }

    fn identity_file(&self) -> PathBuf {
        let files = std::fs::read_dir(self.world.config().join("identities")).expect("a folder");
        files
            .map(|file| file.expect("readable").path())
            .find(|path| path.extension().is_some_and(|extension| extension == "key"))
            .expect("a key file")
    }

    fn core_of(&self, copy: &mut Copy) -> Core {
        self.wait_for_the_middle(copy.id);
        let core = copy.core(self.world.home());
        self.hold.release();
        core
    }
}

#[test]
fn no_copy_is_in_a_core_taken_in_the_middle_of_a_mint() {
    for (under, mode) in [(SECRET, "secret"), (LOCKED, "locked"), (PLAIN, "plain")] {
        let stage = Stage::new();
        let mut copy = Copy::start("mints inside", under, stage.world.home(), b"");
        assert!(copy.said.ends_with(mode), "{}", copy.said);
        let core = stage.core_of(&mut copy);
        let needles = stage.needles();
        let found = Search::tally(&in_core(&Search::new(&needles), &core));
        assert_eq!(found, [""; 0], "{mode}");
        copy.ends_well();
    }
}

#[test]
fn not_even_root_reads_one_in_the_middle_of_a_mint_in_secret_memory() {
    for (under, is_refused) in [(SECRET, true), (PLAIN, false)] {
        let stage = Stage::new();
        let copy = Copy::start("mints inside", under, stage.world.home(), b"");
        stage.wait_for_the_middle(copy.id);
        let needles = stage.needles();
        let (hits, refused) = in_process(&Search::new(&needles), copy.id);
        stage.hold.release();
        assert_eq!(hits.is_empty(), is_refused, "{:?}", Search::tally(&hits));
        assert_eq!(refused, if is_refused { 2 } else { 0 });
        copy.ends_well();
    }
}

#[test]
fn in_ordinary_memory_the_same_search_finds_secret_header_and_token() {
    let stage = Stage::new();
    let mut copy = Copy::start("mints", &[], stage.world.home(), b"");
    let core = stage.core_of(&mut copy);
    let needles = stage.needles();
    let hits = in_core(&Search::new(&needles), &core);
    for name in ["secret", "Basic value", "token"] {
        let is_found = hits.iter().any(|hit| hit.name == name && hit.is_whole);
        assert!(is_found, "{name} is not there: {:?}", Search::tally(&hits));
    }
    copy.ends_well();
}

#[test]
fn the_program_with_an_ordinary_allocator_is_a_positive_control() {
    let stage = Stage::new();
    let own = std::env::current_exe().expect("known");
    let program = own.ancestors().nth(2).expect("a folder").join("examples/ordinary");
    assert!(program.exists(), "to be built first: cargo build --example ordinary");
    let mut child = Command::new(program)
        .args(["token", "prod"])
        .env_clear()
        .env("MINTAGE_NO_AGENT", "1")
        .env("HOME", stage.world.home())
        .stdout(Stdio::null())
        .spawn()
        .expect("it starts");
    stage.wait_for_the_middle(child.id());
    let core = Core::of(child.id(), stage.world.home());
    stage.hold.release();
    assert!(child.wait().expect("it ends").success());
    let needles = stage.needles();
    let hits = in_core(&Search::new(&needles), &core);
    for name in ["Basic value", "token"] {
        let is_found = hits.iter().any(|hit| hit.name == name && hit.is_whole);
        assert!(is_found, "{name} is not there: {:?}", Search::tally(&hits));
    }
}

#[test]
fn nothing_is_left_when_a_command_without_an_agent_is_done() {
    let (issuer, canary) = (Issuer::https(), Canary::new());
    let world = World::with_profile(&issuer, &canary);
    let kept = random_bytes();
    let mut copy = Copy::start("mints and keeps", &[], world.home(), &kept);
    copy.is_ready_again();
    let mut needles = keys::of(&world);
    needles.extend([
        Needle::new("secret", &canary.secret),
        Needle::new("Basic value", STANDARD.encode(canary.pair())),
        Needle::new("token", issuer.tokens().pop().expect("a token was minted")),
        Needle::new("kept", kept),
    ]);
    let search = Search::new(&needles);
    let read = in_process(&search, copy.id).0;
    let core = in_core(&search, &copy.core(world.home()));
    for hits in [read, core] {
        assert!(
            hits.iter().any(|hit| hit.name == "kept" && hit.is_whole),
            "what is kept is not found"
        );
        let others: Vec<_> = hits.into_iter().filter(|hit| hit.name != "kept").collect();
        assert_eq!(Search::tally(&others), [""; 0]);
    }
    copy.ends_well();
}
