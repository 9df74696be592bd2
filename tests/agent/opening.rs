//! Who is asked for the key, and who waits for it.

use std::collections::BTreeSet;
use std::fs;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::keyring::Keyring;
use crate::pty::Session;
use crate::scene::{PASSPHRASE, Scene};
use crate::world::{at_once, until};

const QUESTION: &str = "Passphrase: ";

/// Types the passphrase and the Enter key.
fn answer(session: &mut Session) {
    session.types(format!("{PASSPHRASE}\r"));
}

/// A command that is asked for the passphrase, and so many that wait for the answer.
fn asked_and_waiting(scene: &Scene, count: usize) -> (Session, Vec<Session>) {
    scene.run(["agent", "start"]).succeeds();
    let start = || scene.at_terminal(["token", "prod", "--reveal"]).start();
    let mut asked = start();
    asked.sees(QUESTION);
    let waiting = (0..count).map(|_| start()).collect();
    until("all of them", || scene.conversations() == 1 + count);
    (asked, waiting)
}

#[test]
fn thirty_who_wait_cause_one_question_and_one_login() {
    let scene = Scene::behind_passphrase();
    let (mut asked, waiting) = asked_and_waiting(&scene, 29);
    answer(&mut asked);
    let first = asked.ends().exits(0).leaves_the_terminal_alone();
    let token = scene.issuer.tokens().remove(0);
    assert!(first.shown.contains(&token));
    for session in waiting {
        session.ends().exits(0).shows(&token).hides(QUESTION);
    }
    assert_eq!(scene.issuer.logins(), 1);
}

#[test]
fn of_thirty_who_begin_together_one_is_asked() {
    let scene = Scene::behind_passphrase();
    let start = || scene.at_terminal(["token", "prod", "--reveal"]).start();
    let mut sessions: Vec<Session> = (0..30).map(|_| start()).collect();
    until("all of them", || scene.conversations() == 30);
    // Whoever asks has turned the echo off.
    let asked = || sessions.iter().position(|session| !session.echoes());
    until("the question", || asked().is_some());
    let asked = asked().expect("one");
    answer(sessions[asked].sees(QUESTION));
    let ended: Vec<_> = sessions.into_iter().map(|session| session.ends().exits(0)).collect();
    let questions = ended.iter().filter(|ended| ended.shown.contains(QUESTION)).count();
    assert_eq!((questions, scene.issuer.logins()), (1, 1));
}

#[test]
fn where_the_asked_one_is_killed_the_next_is_asked() {
    let scene = Scene::behind_passphrase();
    let (mut asked, mut waiting) = asked_and_waiting(&scene, 1);
    asked.signal(Signal::KILL);
    answer(waiting[0].sees(QUESTION));
    waiting.remove(0).ends().exits(0).leaves_the_terminal_alone();
}

#[test]
fn where_the_asked_one_interrupts_the_next_is_asked() {
    let scene = Scene::behind_passphrase();
    let (mut asked, mut waiting) = asked_and_waiting(&scene, 1);
    asked.types(b"\x03");
    asked.ends().exits(130).leaves_the_terminal_alone();
    answer(waiting[0].sees(QUESTION));
    waiting.remove(0).ends().exits(0).leaves_the_terminal_alone();
}

#[test]
fn where_the_asked_one_is_wrong_the_next_is_asked() {
    let scene = Scene::behind_passphrase();
    let (mut asked, mut waiting) = asked_and_waiting(&scene, 1);
    asked.types("another passphrase\r");
    asked.ends().exits(5).leaves_the_terminal_alone();
    answer(waiting[0].sees(QUESTION));
    waiting.remove(0).ends().exits(0);
}

#[test]
fn who_waits_can_be_interrupted_and_the_asked_one_is_not_disturbed() {
    let scene = Scene::behind_passphrase();
    let (mut asked, mut waiting) = asked_and_waiting(&scene, 1);
    let mut impatient = waiting.remove(0);
    impatient.types(b"\x03");
    impatient.ends().exits(130).leaves_the_terminal_alone();
    answer(&mut asked);
    asked.ends().exits(0);
}

#[test]
fn without_a_terminal_it_is_said_at_once_while_nobody_is_asked() {
    let scene = Scene::behind_passphrase();
    scene.run(["agent", "start"]).succeeds();
    let start = Instant::now();
    scene.run(["token", "prod"]).exits(4).says("--passphrase-fd");
    assert!(start.elapsed() < Duration::from_secs(1), "after {:?}", start.elapsed());
}

#[test]
fn without_a_terminal_it_is_said_at_once_while_somebody_is_asked() {
    let scene = Scene::behind_passphrase();
    let (mut asked, _) = asked_and_waiting(&scene, 0);
    let start = Instant::now();
    scene.run(["token", "prod"]).exits(4).says("hint: mintage unlock");
    assert!(start.elapsed() < Duration::from_secs(1), "after {:?}", start.elapsed());
    answer(&mut asked);
    asked.ends().exits(0);
}

#[test]
fn thirty_without_a_terminal_are_all_told_at_once() {
    let scene = Scene::behind_passphrase();
    scene.run(["agent", "start"]).succeeds();
    let start = Instant::now();
    for ran in at_once(30, |_| scene.mintage(["token", "prod"])) {
        ran.exits(4);
    }
    assert!(start.elapsed() < Duration::from_secs(10), "after {:?}", start.elapsed());
}

#[test]
fn told_not_to_ask_it_neither_asks_nor_waits() {
    let scene = Scene::behind_passphrase();
    let (mut asked, _) = asked_and_waiting(&scene, 0);
    let silent = scene.at_terminal(["token", "prod", "--non-interactive"]).start();
    silent.ends().exits(4).hides(QUESTION);
    answer(&mut asked);
    asked.ends().exits(0);
}

#[test]
fn wrong_passphrases_are_slowed_more_and_more() {
    let scene = Scene::behind_passphrase();
    scene.run(["agent", "start"]).succeeds();
    let attempt = |passphrase: &str| {
        let start = Instant::now();
        let unlock = scene.mintage(["unlock", "--passphrase-fd", "0"]).stdin(passphrase);
        (unlock.run().code, start.elapsed())
    };
    let mut last = Duration::ZERO;
    for least in [0, 250, 500, 1000] {
        let (code, took) = attempt("another passphrase");
        assert_eq!(code, 5);
        assert!(took >= Duration::from_millis(least), "{took:?}, not {least} ms");
        last = took;
    }
    assert!(last < Duration::from_secs(3), "{last:?}");
    // The right one waits its turn, and ends it.
    let (code, took) = attempt(PASSPHRASE);
    assert!((code, took) >= (0, Duration::from_secs(2)), "{code} after {took:?}");
    scene.run(["lock"]).succeeds();
    let (code, took) = attempt(PASSPHRASE);
    assert_eq!(code, 0);
    assert!(took < Duration::from_secs(2), "{took:?}");
}

#[test]
fn a_lock_while_somebody_types_wins() {
    let scene = Scene::behind_passphrase();
    let (mut asked, _) = asked_and_waiting(&scene, 0);
    asked.types("correct horse");
    scene.run(["lock"]).succeeds();
    asked.types(" battery\r");
    asked.ends().exits(4).leaves_the_terminal_alone().shows("mintage unlock");
    assert!(!scene.is_open());
}

#[test]
fn a_lock_while_somebody_types_wins_without_an_agent_too() {
    let scene = Scene::behind_passphrase();
    let mut asked = scene.at_terminal(["--no-agent", "token", "prod"]).start();
    asked.sees(QUESTION).types("correct horse");
    scene.run(["lock"]).succeeds();
    asked.types(" battery\r");
    asked.ends().exits(4).shows("mintage unlock");
}

#[test]
fn who_hangs_up_while_another_is_asked_leaves_nothing_behind() {
    let scene = Scene::behind_passphrase();
    let (mut asked, waiting) = asked_and_waiting(&scene, 3);
    for mut session in waiting {
        session.signal(Signal::TERM);
        session.ends();
    }
    until("only the asked one is left", || scene.conversations() == 1);
    answer(&mut asked);
    asked.ends().exits(0);
}

#[test]
fn after_a_lock_nobody_who_waits_is_asked_in_vain() {
    let scene = Scene::behind_passphrase();
    let (mut asked, waiting) = asked_and_waiting(&scene, 3);
    scene.run(["lock"]).succeeds();
    answer(&mut asked);
    asked.ends().exits(4);
    for session in waiting {
        session.ends().exits(4).hides(QUESTION);
    }
}

#[test]
fn after_a_lock_who_unlocks_is_asked_once_another_was_asked_in_vain() {
    let scene = Scene::behind_passphrase();
    let (mut asked, waiting) = asked_and_waiting(&scene, 3);
    scene.run(["lock"]).succeeds();
    for session in waiting {
        session.ends().exits(4).hides(QUESTION);
    }
    // That of a token is in vain by now, and of an unlock is not.
    let mut unlock = scene.at_terminal(["unlock"]).start();
    until("two are left", || scene.conversations() == 2);
    answer(&mut asked);
    asked.ends().exits(4);
    answer(unlock.sees(QUESTION));
    unlock.ends().exits(0);
    assert!(scene.is_open());
}

#[test]
fn a_passphrase_from_a_descriptor_opens_it_for_all() {
    let scene = Scene::behind_passphrase();
    let token = scene.mintage(["token", "prod", "--passphrase-fd", "0"]).stdin(PASSPHRASE);
    let first = token.run().succeeds().out();
    assert_eq!(scene.token(), first);
    assert_eq!(scene.issuer.logins(), 1);
}

#[test]
fn a_passphrase_that_is_not_needed_is_not_stretched() {
    let scene = Scene::behind_passphrase();
    scene.open();
    let token = scene.mintage(["token", "prod", "--passphrase-fd", "0"]).stdin("a wrong one");
    token.run().succeeds();
}

#[test]
fn a_keychain_opens_it_without_a_person() {
    let scene = Scene::new();
    let keyring = Keyring::open();
    let run = |arguments: &[&str]| {
        scene.mintage(arguments).env("DBUS_SESSION_BUS_ADDRESS", keyring.address()).run()
    };
    run(&["passphrase", "--to", "keychain", "--no-agent"]).succeeds();
    let first = run(&["token", "prod"]).succeeds().out();
    // Who has no way to the keychain uses what another opened.
    assert_eq!(scene.token(), first);
    assert_eq!(scene.issuer.logins(), 1);
}

#[test]
fn a_locked_keychain_answers_exit_4() {
    let scene = Scene::new();
    let keyring = Keyring::open();
    let run = |arguments: &[&str]| {
        scene.mintage(arguments).env("DBUS_SESSION_BUS_ADDRESS", keyring.address()).run()
    };
    run(&["passphrase", "--to", "keychain", "--no-agent"]).succeeds();
    keyring.lock();
    let start = Instant::now();
    run(&["token", "prod"]).exits(4).says("the keychain is locked");
    assert!(start.elapsed() < Duration::from_secs(3), "after {:?}", start.elapsed());
}

/// The processes that are children of `parent`'s threads.
fn children(parent: i32) -> BTreeSet<i32> {
    let tasks = fs::read_dir(format!("/proc/{parent}/task")).into_iter().flatten().flatten();
    let of_all = tasks.map(|task| fs::read_to_string(task.path().join("children")));
    let all = of_all.map(Result::unwrap_or_default).collect::<Vec<_>>().join(" ");
    all.split_whitespace().filter_map(|number| number.parse().ok()).collect()
}

#[test]
fn the_client_stretches_the_passphrase_and_the_agent_never_does() {
    let scene = Scene::new();
    let slow = ["passphrase", "--to", "passphrase", "--new-passphrase-fd", "0", "--no-agent"];
    scene.mintage(slow).stdin(PASSPHRASE).run().succeeds();
    scene.run(["agent", "start"]).succeeds();
    let agent = scene.agent_pid().as_raw_nonzero().get();
    let mut client = scene.at_terminal(["token", "prod"]).start();
    answer(client.sees(QUESTION));
    let pid = i32::try_from(client.pid()).expect("a process");
    let mut stretched = false;
    while client.is_running() {
        stretched |= !children(pid).is_empty();
        assert_eq!(children(agent), BTreeSet::new());
    }
    client.ends().exits(0);
    assert!(stretched, "nobody stretched it");
}
