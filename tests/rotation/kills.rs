//! Killed at every call that touches a file, a lock or the network: outside of the one window that no
//! client can close, the login lives and no refresh token is used twice.

use std::time::{Duration, Instant};

use crate::scene::{Scene, TOKEN};

const CALLS: [&str; 19] = [
    "openat",
    "write",
    "pwrite64",
    "writev",
    "fsync",
    "fdatasync",
    "rename",
    "renameat",
    "renameat2",
    "linkat",
    "unlink",
    "unlinkat",
    "mkdir",
    "mkdirat",
    "fchmod",
    "ftruncate",
    "flock",
    "connect",
    "sendto",
];

/// Kills a refresh of `name` on its way into the `n`-th call of a kind. How often it had put the slot
/// in its place: once is the claim, twice is what came of it. `None` where there is no such call.
fn kill(scene: &Scene, name: &str, call: &str, n: usize) -> Option<usize> {
    let trace = tempfile::NamedTempFile::new().expect("a file");
    let inject = format!("inject=?{call}:signal=KILL:when={n}");
    let traced = format!("trace=?{call},?rename,?renameat,?renameat2,?linkat");
    let strace = scene.world.program("strace").args(["-f", "-y", "-qq", "-s", "200", "-o"]);
    let strace = strace.args([trace.path()]).args(["-e", "signal=none", "-e", &traced, "-e"]);
    let mintage = [env!("CARGO_BIN_EXE_mintage"), "token", name, "--fresh"];
    strace.args([&inject]).args(mintage).run().hides(&scene.canary.secret);
    let trace = std::fs::read_to_string(trace.path()).expect("readable");
    let called = format!(" {call}(");
    if !trace.lines().any(|line| line.contains(&called) && line.ends_with("= ?")) {
        return None;
    }
    let moved = trace.lines().filter(|it| it.contains(" rename") || it.contains(" linkat"));
    // The pins have a folder of the same name.
    let slots = moved.filter(|it| it.contains("/tokens/") && it.contains("/vaults/default/"));
    Some(slots.filter(|it| it.ends_with("= 0")).count())
}

fn kill_each(prepare: impl Fn(&Scene, &str)) {
    let scene = Scene::empty();
    let (mut points, mut lost) = (0, 0);
    for call in CALLS {
        for n in 1.. {
            let name = format!("{call}-{n}");
            scene.add(&name);
            prepare(&scene, &name);
            let (granted, reuses) = (scene.issuer.granted(TOKEN), scene.reuses());
            let Some(puts) = kill(&scene, &name, call, n) else { break };
            points += 1;
            let began = Instant::now();
            if puts == 2 {
                let ran = scene.run(&["token", &name]).succeeds();
                let newest = scene.issuer.tokens().pop().expect("a token");
                assert_eq!(ran.out().trim_end(), newest, "it was kept: {call} {n}");
            }
            let ran = scene.run(&["token", &name, "--fresh"]);
            assert!(
                began.elapsed() < Duration::from_secs(20),
                "it waited for the dead: {call} {n}"
            );
            let is_over = usize::from(ran.code != 0);
            let answered = scene.issuer.granted(TOKEN) - granted - (1 - is_over);
            let about = format!("{call} {n}: {puts} puts, {answered} answered: {}", ran.err());
            // The one window: the issuer has answered, and its answer is not in the vault.
            assert_eq!(is_over == 1, answered == 1 && puts < 2, "{about}");
            assert_eq!(scene.reuses() - reuses, is_over, "{about}");
            assert!(is_over == 0 || ran.err().contains("login may be over"), "{about}");
            lost += is_over;
        }
    }
    assert!(points > 60, "{points}");
    assert!((1..points / 3).contains(&lost), "{lost} of {points}");
}

#[test]
fn a_first_refresh_killed_anywhere_but_behind_the_issuers_answer_costs_nothing() {
    kill_each(|_, _| ());
}

#[test]
fn a_later_refresh_killed_anywhere_but_behind_the_issuers_answer_costs_nothing() {
    kill_each(|scene, name| drop(scene.run(&["token", name]).succeeds()));
}
