//! A locked keychain: said before anything prompts, and never waited for without end.

use std::time::{Duration, Instant};

use crate::keyring::Desk;
use crate::prompter::Prompter;
use crate::terminal;

const MINTAGE: &str = env!("CARGO_BIN_EXE_mintage");

// K04
#[test]
fn a_locked_keychain_answers_exit_4_and_bothers_nobody() {
    let desk = Desk::with_vault();
    desk.keyring.lock();
    let prompter = Prompter::start(&desk.keyring);
    for command in [
        &["list"][..],
        &["token", "p"],
        &["add", "p", "--stdin"],
        &["exec", "p", "--", "true"],
        &["init", "--vault", "second", "--recovery-file", "second.txt"],
        &["init", "--key", "keychain", "--vault", "second", "--recovery-file", "second.txt"],
    ] {
        let start = Instant::now();
        let ran = desk.mintage(command).stdin("id:secret-1").run();
        ran.exits(if command[0] == "exec" { 125 } else { 4 })
            .says("the keychain is locked")
            .says("hint: unlock the keychain");
        assert!(start.elapsed() < Duration::from_secs(3), "{command:?}: {:?}", start.elapsed());
    }
    assert!(!desk.world.path("second.txt").exists());
    let status = desk.run(&["status", "--json"]).succeeds().json();
    assert_eq!(status["vault"]["key_state"], "the keychain is locked");
    assert_eq!(prompter.asked(), 0);
}

// K04
#[test]
fn told_not_to_ask_it_does_not_prompt_at_a_terminal_either() {
    let desk = Desk::with_vault();
    desk.keyring.lock();
    let prompter = Prompter::start(&desk.keyring);
    let line = terminal::line(&[MINTAGE, "list", "--non-interactive"]);
    let start = Instant::now();
    let script = desk.on_bus(desk.world.program("script"));
    terminal::talk(script, &line, &[]).exits(4).shows("the keychain is locked");
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    assert_eq!(prompter.asked(), 0);
}

// K04
#[test]
fn at_a_terminal_its_prompt_is_announced_and_given_up_after_30_s() {
    let desk = Desk::with_vault();
    desk.keyring.lock();
    let prompter = Prompter::start(&desk.keyring);
    let start = Instant::now();
    let script = desk.on_bus(desk.world.program("script"));
    let talked = terminal::talk(script, &terminal::line(&[MINTAGE, "list"]), &[]);
    let talked = talked.shows("the keychain is locked: waiting up to 30 s");
    talked.exits(4).shows("error: the keychain is locked");
    assert!((29..=34).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
    assert_eq!(prompter.asked(), 1);
}

// K04
#[test]
fn at_a_terminal_without_a_prompter_it_is_said_at_once() {
    let desk = Desk::with_vault();
    desk.keyring.lock();
    let start = Instant::now();
    let script = desk.on_bus(desk.world.program("script"));
    terminal::talk(script, &terminal::line(&[MINTAGE, "list"]), &[]).exits(4);
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}
