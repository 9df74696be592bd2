//! The agent, at every moment of its life, in every kind of memory.
//!
//! What is promised, in each kind of memory:
//!
//! | | in a core | read in the running process by root |
//! |---|---|---|
//! | secret | nothing, at any moment | nothing, at any moment: it is refused |
//! | locked, plain | nothing, at any moment | after a lock nothing; before, what it holds |

use std::process::Command;

use rustix::process::{Pid, Signal, kill_process};

use super::in_process;
use super::scene::{IN_LOCKED, IN_PLAIN, IN_SECRET, Kind, Look, ORDINARY, Scene, wait_until};
use super::search::{Hit, Search};

pub const SHIPPED: [Kind; 3] = [IN_SECRET, IN_LOCKED, IN_PLAIN];

/// Nothing is found in the core; in secret memory, not in the process either.
#[track_caller]
pub fn is_kept_from_cores(kind: Kind, look: &Look) {
    assert_eq!(Search::tally(&look.in_core), [""; 0], "{kind:?}");
    if kind.mode == "secret" {
        assert_eq!(Search::tally(&look.in_process), [""; 0]);
        // The stack and the heap.
        assert_eq!(look.refused, 2);
    }
}

/// Nothing is found anywhere, although root is let in.
#[track_caller]
pub fn nothing_is_left(scene: &Scene) {
    assert!(scene.is_closed(), "{}", scene.status());
    let look = scene.look();
    is_kept_from_cores(scene.kind, &look);
    assert_eq!(Search::tally(&look.in_process), [""; 0], "{:?}", scene.kind);
}

pub fn names(hits: &[Hit]) -> Vec<&str> {
    let mut names: Vec<_> = hits.iter().map(|hit| hit.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn is_whole(hits: &[Hit], name: &str) -> bool {
    hits.iter().any(|hit| hit.name == name && hit.is_whole)
}

#[test]
fn no_core_of_the_agent_holds_anything_in_the_middle_of_a_mint() {
    for kind in SHIPPED {
        let scene = Scene::new(kind);
        let look = scene.in_the_middle(|| scene.look());
        is_kept_from_cores(kind, &look);
        // It was all there.
        let found = ["secret", "Basic value", "token"].map(|name| is_whole(&look.in_process, name));
        assert_eq!(found, [kind.mode != "secret"; 3], "{:?}", Search::tally(&look.in_process));
    }
}

// M04
/// The smaller promise where there is no secret memory: while a vault is open, root reads the keys
/// that open its records and the tokens that are held, and nothing else. In secret memory not even
/// that.
#[test]
fn an_idle_agent_holds_keys_and_tokens_and_no_core_holds_those() {
    for kind in SHIPPED {
        let scene = Scene::new(kind);
        scene.use_it();
        let look = scene.look();
        is_kept_from_cores(kind, &look);
        let held = ["MAC key", "epoch key's scalar", "index key", "name key", "pin key", "token"];
        let held: &[&str] = if kind.mode == "secret" { &[] } else { &held };
        assert_eq!(names(&look.in_process), held, "{kind:?}");
    }
}

// M03
#[test]
fn nothing_is_left_after_lock() {
    for kind in SHIPPED {
        let scene = Scene::new(kind);
        scene.use_it();
        scene.run(["lock"]);
        nothing_is_left(&scene);
    }
}

#[test]
fn nothing_is_left_after_lock_of_a_vault_that_a_passphrase_opened() {
    for kind in [IN_SECRET, IN_PLAIN] {
        let scene = Scene::with_passphrase(kind);
        scene.unlock_by_passphrase();
        scene.use_it();
        let look = scene.look();
        is_kept_from_cores(kind, &look);
        let found = names(&look.in_process);
        assert!(!found.contains(&"passphrase") && !found.contains(&"opening key"), "{found:?}");
        scene.run(["lock"]);
        nothing_is_left(&scene);
    }
}

#[test]
fn nothing_is_left_when_nobody_asked_for_a_while() {
    for kind in SHIPPED {
        let scene = Scene::with(kind, "127.0.0.1", "[agent]\nlock_after_idle = \"1s\"", &[]);
        scene.run(["token", "prod"]);
        if kind.mode == "secret" {
            wait_until("it locks", || scene.is_closed());
        } else {
            // Nobody asks it, so that it is its own clock that locks.
            let needles = scene.needles();
            let search = Search::new(&needles);
            wait_until("it locks", || in_process(&search, scene.id).0.is_empty());
        }
        nothing_is_left(&scene);
        // Such a lock reopens without a person.
        scene.run(["token", "prod"]);
    }
}

#[test]
fn nothing_is_left_after_a_lock_in_the_middle_of_a_mint() {
    for kind in SHIPPED {
        let scene = Scene::new(kind);
        scene.run(["token", "prod"]);
        scene.in_the_middle(|| {
            scene.run(["lock"]);
            nothing_is_left(&scene);
        });
        assert_eq!(scene.issuer.tokens().len(), 2);
    }
}

#[test]
fn nothing_is_left_after_the_signal_that_locks() {
    for kind in SHIPPED {
        let scene = Scene::new(kind);
        scene.in_the_middle(|| {
            let agent = Pid::from_raw(scene.id.cast_signed()).expect("an id");
            kill_process(agent, Signal::USR1).expect("we are root");
            wait_until("it locks", || scene.is_closed());
            assert_eq!(scene.status()["locked"], true);
            nothing_is_left(&scene);
        });
    }
}

// M02. A fault that is sent is ignored once by the runtime, which looks for an overflowed stack.
#[test]
fn an_agent_that_crashes_leaves_no_core() {
    use std::os::unix::process::ExitStatusExt as _;

    let kind = Kind { under: &["prlimit", "--core=unlimited:unlimited"], ..IN_SECRET };
    for signal in [Signal::ABORT, Signal::QUIT] {
        let mut scene = Scene::new(kind);
        scene.run(["token", "prod"]);
        let mut control = Command::new("env");
        control.args(kind.under).args(["sh", "-c", "kill -SEGV $$"]).current_dir(scene.home());
        assert!(control.status().expect("it starts").core_dumped(), "no process leaves a core");
        let end = scene.crash(signal);
        assert_eq!((end.signal(), end.core_dumped()), (Some(signal.as_raw()), false));
        // The next one is closed, and opens by itself.
        scene.run(["token", "prod"]);
        assert_eq!(scene.issuer.logins(), 2);
    }
}

/// The control: at the same moments the same search finds what an agent without our allocator has,
/// and leaves behind.
#[test]
fn an_agent_in_ordinary_memory_holds_and_leaves_what_is_looked_for() {
    let scene = Scene::new(ORDINARY);
    let look = scene.in_the_middle(|| scene.look());
    for name in ["secret", "Basic value", "token", "epoch key's scalar", "name key", "MAC key"] {
        assert!(is_whole(&look.in_core, name), "{name}: {:?}", Search::tally(&look.in_core));
    }
    let idle = scene.look();
    for name in ["token", "epoch key's scalar"] {
        assert!(is_whole(&idle.in_core, name), "{name}: {:?}", Search::tally(&idle.in_core));
    }
    scene.run(["lock"]);
    assert_ne!(Search::tally(&scene.look().in_core), [""; 0]);
}
