//! Sixty-four mints at once, by an ordinary user under a limit on locked memory.

use std::os::unix::fs::chown;
use std::path::Path;
use std::process::{Child, Stdio};

use serde_json::Value;

use super::core::Core;
use super::issuer::{Fault, Hold, Issuer};
use super::needle::Needle;
use super::scene::{LIMIT, private, wait_until};
use super::search::Search;
use super::world::{Call, Canary, World};
use super::{in_core, keys, process};

const COUNT: usize = 64;
/// What ordinary users have on most systems.
const USUAL: u32 = 8 << 20;
/// What is just enough for secret memory at all.
const SMALL: u32 = 15 << 18;
/// Somebody without any privilege.
const USER: u32 = 61_002;

fn give(path: &Path) {
    chown(path, Some(USER), Some(USER)).expect("root may");
    if path.is_dir() {
        for entry in std::fs::read_dir(path).expect("a folder") {
            give(&entry.expect("readable").path());
        }
    }
}

/// `mintage` as that user. The limit is for an agent that it starts.
fn mintage(world: &World, limit: u32, arguments: &[&str]) -> Call {
    let id = USER.to_string();
    let limit = format!("--memlock={limit}:{limit}");
    let mut call = world
        .program("prlimit")
        .args([&limit, "setpriv", "--clear-groups"])
        .args(["--reuid", &id, "--regid", &id, env!("CARGO_BIN_EXE_mintage")])
        .args(arguments);
    call.command.env_remove("MINTAGE_NO_AGENT");
    call.env("XDG_RUNTIME_DIR", world.path("run"))
}

fn status(world: &World) -> Value {
    mintage(world, USUAL, &["agent", "status", "--json"]).run().succeeds().json()
}

/// Each profile's name and pair, all at one issuer.
fn profiles(world: &World, issuer: &Issuer) -> Vec<(String, Canary)> {
    let all = (0..COUNT).map(|number| (format!("p{number}"), Canary::new()));
    let all: Vec<_> = all.collect();
    for (name, canary) in &all {
        issuer.accept_pair(&canary.id, canary.secret.as_bytes());
        world.add(name, issuer, canary);
    }
    all
}

fn begun(world: &World, name: &str) -> Child {
    let mut call = mintage(world, USUAL, &["token", name]);
    call.command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    call.command.spawn().expect("it starts")
}

#[test]
fn sixty_four_mints_at_once_fit_the_memory_that_an_ordinary_user_may_lock() {
    let (issuer, world) = (Issuer::https(), World::with_vault());
    let profiles = profiles(&world, &issuer);
    let run = world.path("run");
    std::fs::create_dir(&run).expect("made");
    private(&run);
    give(world.home());
    let memory = mint_all(&world, USUAL, &issuer, &profiles);
    assert_eq!(memory["overflowed"], 0, "{memory}");
    // Where they do not fit, no core holds anything all the same.
    let memory = mint_all(&world, SMALL, &issuer, &profiles);
    assert_ne!(memory["overflowed"], 0, "{memory}");
}

/// Has an agent under this limit mint for all at once, and looks for everything in a core that is
/// taken in the middle of it. Gives what the agent says of its memory then.
fn mint_all(world: &World, limit: u32, issuer: &Issuer, all: &[(String, Canary)]) -> Value {
    mintage(world, limit, &["unlock"]).run().succeeds();
    let before = issuer.tokens().len();
    let hold = Hold::new();
    issuer.fault(Fault::Hold(hold.clone()));
    let clients: Vec<_> = all.iter().map(|(name, _)| begun(world, name)).collect();
    assert!(hold.is_sent_within(LIMIT), "no request came");
    wait_until("all are in the middle", || issuer.tokens().len() == before + COUNT);
    let agent = status(world);
    let id = agent["pid"].as_u64().and_then(|id| id.try_into().ok()).expect("an id");
    wait_until("all is read", || process::has_read_all_from(issuer.port(), id));
    let during = status(world);
    assert_eq!((&during["memory"]["mode"], &during["minting"]), (&"secret".into(), &COUNT.into()));
    let core = Core::of(id, world.home());
    hold.release();
    for mut client in clients {
        assert!(client.wait().expect("it ends").success());
    }
    mintage(world, limit, &["agent", "stop"]).run().succeeds();
    let mut needles = keys::of(world);
    needles.extend(issuer.tokens().iter().map(|token| Needle::new("token", token)));
    needles.extend(all.iter().map(|(_, canary)| Needle::new("secret", &canary.secret)));
    // It is in the agent's environment.
    let planted = world.path("run");
    needles.push(Needle::new("planted", planted.as_os_str().as_encoded_bytes()));
    let hits = in_core(&Search::new(&needles), &core);
    let (planted, others): (Vec<_>, _) = hits.into_iter().partition(|hit| hit.name == "planted");
    assert!(planted.iter().any(|hit| hit.is_whole), "what was planted is not found");
    assert_eq!(Search::tally(&others), [""; 0]);
    println!("{}", during["memory"]);
    during["memory"].clone()
}
