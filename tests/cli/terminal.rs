//! The prompt at a real terminal: how it can end, and how it leaves the terminal behind.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rustix::process::Signal;

use crate::issuer::Issuer;
use crate::pty::{Desk, Session};
use crate::world::{Canary, World};

const ID: &str = "Client id (or paste id and secret): ";
const SECRET: &str = "Client secret: ";

/// Every file below `folder` with its content.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            found.append(&mut files(&path));
        } else {
            found.insert(path.clone(), std::fs::read(&path).expect("readable"));
        }
    }
    found
}

/// Comes to the secret prompt of `add`, lets `end` end it there, and expects `code` and no trace.
fn ended_at_the_secret_prompt(code: i32, end: impl FnOnce(&mut Session)) {
    let world = World::with_vault();
    world.run(["list"]).succeeds();
    let before = files(world.home());
    let mut session = Desk::mintage(&world, ["add", "prod"]).start();
    session.sees(ID);
    assert!(!session.echoes());
    session.types("some-id\r").sees(SECRET).types("half-a-secr");
    end(&mut session);
    session.ends().exits(code).leaves_the_terminal_alone().hides("some-id").hides("half-a-secr");
    assert_eq!(files(world.home()), before);
}

// T01
#[test]
fn ctrl_c_at_the_secret_prompt_exits_130_and_restores_the_terminal() {
    ended_at_the_secret_prompt(130, |session| {
        session.types([3]);
    });
}

// T01
#[test]
fn sigint_from_outside_exits_130_and_restores_the_terminal() {
    ended_at_the_secret_prompt(130, |session| {
        session.signal(Signal::INT);
    });
}

// T01
#[test]
fn sigterm_exits_143_and_restores_the_terminal() {
    ended_at_the_secret_prompt(143, |session| {
        session.signal(Signal::TERM);
    });
}

// T01
#[test]
fn a_hang_up_restores_the_terminal() {
    ended_at_the_secret_prompt(143, |session| {
        session.signal(Signal::HUP);
    });
}

// T01
#[test]
fn ctrl_d_at_an_empty_prompt_exits_4_and_restores_the_terminal() {
    ended_at_the_secret_prompt(4, |session| {
        session.types([21, 4]);
    });
}

// T01
#[test]
fn an_empty_secret_is_refused_and_the_terminal_restored() {
    ended_at_the_secret_prompt(2, |session| {
        session.types([21, b'\r']);
    });
}

// T01
#[test]
fn ctrl_c_while_the_issuer_is_asked_ends_it_with_130() {
    let (issuer, canary) = (Issuer::https(), Canary::new());
    let world = World::with_profile(&issuer, &canary);
    issuer.fault(crate::issuer::Fault::Silent);
    let mut session = Desk::mintage(&world, ["token", "prod"]).start();
    while issuer.logins() == 0 {
        std::thread::yield_now();
    }
    session.types([3]);
    let ended = session.ends();
    assert_eq!(ended.code, 130, "{}", ended.shown);
    assert!(ended.is_restored);
}

#[test]
fn backspace_and_ctrl_u_edit_what_is_not_seen() {
    let (issuer, canary) = (Issuer::https(), Canary::new());
    let world = World::with_profile(&issuer, &canary);
    let url = issuer.url();
    let add = ["add", "typed", "--base-url", &url, "--ca-file", "ca.pem", "--verify"];
    let mut session = Desk::mintage(&world, add).start();
    session.sees(ID).types("wrong").types([21]).types(format!("{}x\x7f\r", canary.id));
    session.sees(SECRET).types(format!("{}\u{e9}\x7f\r", canary.secret));
    session.ends().exits(0).leaves_the_terminal_alone().hides(&canary.secret);
}

#[test]
fn what_was_typed_before_the_question_is_no_answer_to_it() {
    let world = World::with_vault();
    let mut session = Desk::script(&world, "printf ready; read x; exec \"$M\" add prod").start();
    session.sees("ready").types("\rtyped-ahead\r").sees(ID).types([4]);
    session.ends().exits(4).leaves_the_terminal_alone();
}

// T02
#[test]
fn with_stdin_and_stdout_redirected_the_prompt_is_at_the_terminal() {
    let (issuer, canary) = (Issuer::https(), Canary::new());
    let world = World::with_profile(&issuer, &canary);
    let script = "echo not-for-you >in; \"$M\" add two --base-url https://127.0.0.1:1 <in >out 2>err; \
                  echo code=$?; cat out err | wc -c";
    let mut session = Desk::script(&world, script).start();
    session.sees(ID).types(format!("{}\r", canary.pair())).sees("code=0");
    session.ends().exits(0).leaves_the_terminal_alone().hides(&canary.secret);
    let read = |name: &str| std::fs::read_to_string(world.path(name)).expect("written");
    assert_eq!(read("out"), "");
    assert!(!read("err").contains("Client id"), "{}", read("err"));
}

// T02
#[test]
fn with_the_pair_on_stdin_nothing_is_asked() {
    let world = World::with_vault();
    let canary = Canary::new();
    std::fs::write(world.path("pair"), canary.pair()).expect("written");
    let session = Desk::script(&world, "exec \"$M\" add prod --stdin <pair").start();
    session.ends().exits(0).leaves_the_terminal_alone().hides("Client").hides(&canary.secret);
}

// T03
#[test]
fn without_a_terminal_every_question_exits_4_at_once_and_asks_nothing() {
    let world = World::with_vault();
    world.mintage(["add", "prod", "--stdin"]).stdin("id:secret").run().succeeds();
    let asking: [&[&str]; 5] = [
        &["add", "two"],
        &["add", "two", "--client-id", "x"],
        &["remove", "prod"],
        &["vault", "accept"],
        &["init", "--vault", "other", "--key", "file"],
    ];
    for command in asking {
        let started = std::time::Instant::now();
        let ran = world.run(command).exits(4).says("hint:");
        assert!(started.elapsed().as_secs_f64() < 3.0, "{command:?}");
        assert_eq!(ran.out(), "", "{command:?}");
        assert!(!ran.err().contains("Client"), "{command:?}");
    }
}

// T03
#[test]
fn told_not_to_ask_it_does_not_ask_at_a_terminal_either() {
    let world = World::with_vault();
    let by_option = Desk::mintage(&world, ["add", "prod", "--non-interactive"]);
    let by_variable = Desk::mintage(&world, ["add", "prod"]).env("MINTAGE_NONINTERACTIVE", "1");
    for desk in [by_option, by_variable] {
        let ended = desk.start().ends().exits(4).leaves_the_terminal_alone();
        ended.hides("Client id").shows("hint:");
    }
    let mut session =
        Desk::mintage(&world, ["add", "p"]).env("MINTAGE_NONINTERACTIVE", "0").start();
    session.sees(ID).types([3]);
    session.ends().exits(130);
}
