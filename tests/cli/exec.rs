//! `exec`: what the child is given, and what comes back from it.

use std::collections::BTreeMap;

use crate::issuer::{Fault, Issuer};
use crate::pty::Desk;
use crate::world::{Call, Canary, World};

fn scene() -> (World, Issuer, Canary) {
    let (issuer, canary) = (Issuer::https(), Canary::new());
    (World::with_profile(&issuer, &canary), issuer, canary)
}

/// `mintage exec prod` with these words behind it.
fn exec(world: &World, words: &[&str]) -> Call {
    world.mintage(["exec", "prod"]).args(words)
}

/// The environment of the child, as `env -0` prints it.
fn environment(world: &World, options: &[&str]) -> BTreeMap<String, String> {
    let out = exec(world, &[options, &["--", "env", "-0"]].concat()).run().succeeds().out();
    let pairs = out.split_terminator('\0').map(|pair| pair.split_once('=').expect("a variable"));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

// X01
#[test]
fn every_exit_code_of_the_child_is_ours() {
    let (world, _issuer, _) = scene();
    let world = &world;
    // No token is needed for the id, so that nobody is asked 256 times.
    let run = move |code: u32| {
        let script = format!("exit {code}");
        let ran = exec(world, &["--as", "dap", "--", "sh", "-c", &script]).run();
        assert_eq!(ran.code, i32::try_from(code).expect("small"), "{}", ran.err());
        assert_eq!(ran.err(), "");
    };
    std::thread::scope(|scope| {
        for part in 0..4 {
            scope.spawn(move || (part * 64..part * 64 + 64).for_each(run));
        }
    });
}

// X01
#[test]
fn a_signal_that_ends_the_child_is_passed_on() {
    let (world, _issuer, _) = scene();
    for (signal, number) in [
        ("HUP", 1),
        ("INT", 2),
        ("ABRT", 6),
        ("KILL", 9),
        ("USR1", 10),
        ("SEGV", 11),
        ("PIPE", 13),
        ("TERM", 15),
    ] {
        let script = format!("kill -{signal} $$");
        exec(&world, &["--as", "dap", "--", "sh", "-c", &script]).run().exits(128 + number);
    }
}

// X01
#[test]
fn what_cannot_be_run_answers_as_a_shell_does() {
    let (world, issuer, _) = scene();
    exec(&world, &["--", "no-such-command"]).run().exits(127).says("`no-such-command`");
    exec(&world, &["--", "/etc/passwd"]).run().exits(126).says("cannot be executed");
    exec(&world, &["--", "/etc"]).run().exits(126);
    exec(&world, &["--"]).run().exits(2);
    exec(&world, &[]).run().exits(2);
    world.run(["exec", "--", "true"]).exits(2).says("name of a profile");
    world.run(["exec", "nobody", "--", "true"]).exits(125).says("no profile `nobody`");
    assert_eq!(issuer.logins(), 3);
}

// X02
#[test]
fn the_child_has_descriptors_0_1_and_2_only() {
    let (world, _issuer, _) = scene();
    // The caller's own, too, are not passed on: they may lead to a passphrase.
    let script = "exec 5<ca.pem 9>&1; exec \"$0\" exec prod -- ls /proc/self/fd";
    let ran = world.program("sh").args(["-c", script, env!("CARGO_BIN_EXE_mintage")]).run();
    // `ls` itself opens the folder that it lists.
    assert_eq!(ran.succeeds().out(), "0\n1\n2\n3\n");
    let through_files = "exec \"$0\" exec prod -- sh -c 'cat; echo err >&2' <in >out 2>err";
    std::fs::write(world.path("in"), "given").expect("written");
    let run = world.program("sh").args(["-c", through_files, env!("CARGO_BIN_EXE_mintage")]).run();
    run.succeeds();
    let read = |name: &str| std::fs::read_to_string(world.path(name)).expect("written");
    assert_eq!((read("out").as_str(), read("err").as_str()), ("given", "err\n"));
}

// X03
#[test]
fn the_child_gets_the_token_and_the_callers_variables_and_nothing_else() {
    let (world, issuer, canary) = scene();
    let mut found = environment(&world, &[]);
    assert_eq!(found.remove("ACCESS_TOKEN"), issuer.tokens().pop());
    let names: Vec<&str> = found.keys().map(String::as_str).collect();
    assert_eq!(names, ["HOME", "MINTAGE_NO_AGENT", "PATH"]);
    assert!(!format!("{found:?}").contains(&canary.secret));
}

// X03
#[test]
fn env_maps_fields_beside_the_token() {
    let (world, issuer, canary) = scene();
    let options = [
        "--env",
        "ID=client_id",
        "--env",
        "KEY=client_secret",
        "--env",
        "T=token",
        "--env",
        "UNTIL=expires_at",
        "--env",
        "SCOPE=scope",
        "--env",
        "URL=base_url",
    ];
    let found = environment(&world, &options);
    let token = issuer.tokens().pop().expect("a token");
    assert_eq!(found["ID"], canary.id);
    assert_eq!(found["KEY"], canary.secret);
    assert_eq!((&found["T"], &found["ACCESS_TOKEN"]), (&token, &token));
    assert_eq!(found["URL"], issuer.url());
    assert!(found["UNTIL"].parse::<jiff::Timestamp>().is_ok(), "{}", found["UNTIL"]);
    assert!(found["SCOPE"].starts_with("dap principal:"), "{}", found["SCOPE"]);
    assert_eq!(issuer.logins(), 1);
    for bad in ["X", "X=", "=token", "1X=token", "X=Secret", "X Y=token"] {
        exec(&world, &["--env", bad, "--", "true"]).run().exits(2).says("VAR=FIELD");
    }
}

// X03
#[test]
fn as_dap_sets_what_the_client_expects_and_mints_nothing() {
    let (world, issuer, canary) = scene();
    let mut found = environment(&world, &["--as", "dap"]);
    assert_eq!(found.remove("DAP_CLIENT_ID"), Some(canary.id));
    assert_eq!(found.remove("DAP_CLIENT_SECRET"), Some(canary.secret));
    assert_eq!(found.remove("DAP_API_URL"), Some(issuer.url()));
    let names: Vec<&str> = found.keys().map(String::as_str).collect();
    assert_eq!(names, ["HOME", "MINTAGE_NO_AGENT", "PATH"]);
    assert_eq!(issuer.logins(), 0);
    exec(&world, &["--as", "nothing", "--", "true"]).run().exits(2).says("--as");
}

#[test]
fn a_token_only_profile_gives_tokens_to_a_child_but_never_the_secret() {
    let (issuer, canary) = (Issuer::https(), Canary::new());
    let world = World::with_profile(&issuer, &canary);
    let url = issuer.url();
    let add = ["add", "only", "--base-url", &url, "--ca-file", "ca.pem", "--stdin", "--token-only"];
    world.mintage(add).stdin(canary.pair()).run().succeeds();
    world.run(["exec", "only", "--", "true"]).succeeds();
    for options in [["--as", "dap"], ["--env", "X=client_secret"]] {
        let ran = world.mintage(["exec", "only"]).args(options).args(["--", "echo", "ran"]).run();
        assert_eq!(ran.out(), "");
        ran.exits(125).says("token-only").hides(&canary.secret);
    }
}

// X04
#[test]
fn where_the_mint_fails_the_child_is_not_started() {
    let (world, issuer, _) = scene();
    let status = |status| Fault::Status { status, headers: Vec::new(), body: Vec::new() };
    for fault in [status(401), status(403), Fault::Json("{}".to_owned()), Fault::ResetMidBody] {
        issuer.fault(fault);
        let ran = exec(&world, &["--", "touch", "started"]).run().exits(125).says("error: ");
        assert_eq!(ran.out(), "");
    }
    std::fs::remove_dir_all(world.vault()).expect("removed");
    exec(&world, &["--", "touch", "started"]).run().exits(125);
    assert!(!world.path("started").exists());
}

// X05
#[test]
fn ctrl_c_reaches_the_child_once_and_the_terminal_is_sane() {
    let (world, _issuer, _) = scene();
    let script = "trap 'echo caught' INT; sh -c 'echo ready; exec cat'; echo after";
    let mut session = Desk::mintage(&world, ["exec", "prod", "--", "sh", "-c", script]).start();
    session.sees("ready").types([3]).sees("caught").sees("after");
    let ended = session.ends().exits(0).leaves_the_terminal_alone();
    assert_eq!(ended.shown.matches("caught").count(), 1);
}

// X05
#[test]
fn sigterm_reaches_the_child_because_it_is_the_same_process() {
    let (world, _issuer, _) = scene();
    let script = "trap 'echo caught; exit 5' TERM; echo ready; while :; do read x; done";
    let mut session = Desk::mintage(&world, ["exec", "prod", "--", "sh", "-c", script]).start();
    session.sees("ready").signal(rustix::process::Signal::TERM).types("\r").sees("caught");
    assert!(session.ends().exits(5).is_restored);
}

// X05
#[test]
fn a_child_that_is_stopped_goes_on_when_told_to() {
    let (world, _issuer, _) = scene();
    let script = "echo $$ ready; kill -STOP $$; echo went on";
    let mut session = Desk::mintage(&world, ["exec", "prod", "--", "sh", "-c", script]).start();
    let pid = session.pid();
    session.sees(&format!("{pid} ready"));
    let stat = format!("/proc/{pid}/stat");
    let state = || std::fs::read_to_string(&stat).unwrap_or_default();
    while !state().contains(") T ") {
        std::thread::yield_now();
    }
    session.signal(rustix::process::Signal::CONT).sees("went on");
    session.ends().exits(0).leaves_the_terminal_alone();
}

// M02
#[test]
fn the_child_gets_the_callers_soft_core_limit_back() {
    let (world, _issuer, _) = scene();
    for limit in ["0", "unlimited", "12"] {
        let script = format!("ulimit -Sc {limit}; exec \"$0\" exec prod -- bash -c 'ulimit -Sc'");
        let ran = world.program("bash").args(["-c", &script, env!("CARGO_BIN_EXE_mintage")]).run();
        assert_eq!(ran.succeeds().out().trim_end(), limit);
    }
}

#[test]
fn arguments_reach_the_child_as_they_are() {
    let (world, _issuer, _) = scene();
    let words =
        ["--as", "dap", "--", "printf", "%s|", "-s", "--secret", "a b", "*", "--", "$X", ""];
    let ran = exec(&world, &words).run().succeeds();
    assert_eq!(ran.out(), "-s|--secret|a b|*|--|$X||");
}
