//! Asked in a window, where there is no terminal. The stand-in speaks what real ones do.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::passphrase::Wrapped;
use crate::world::Ran;

const PASSPHRASE: &str = "50% correct  horse";

/// A vault, and a program that answers `GETPIN` with these lines.
fn scene(answer: &str) -> Wrapped {
    let wrapped = Wrapped::by(PASSPHRASE);
    let program = wrapped.world.path("pinentry");
    let log = wrapped.world.path("pinentry.log");
    let script = format!(
        "#!/bin/sh\necho 'OK Pleased to meet you'\nwhile read -r line; do\n  \
         printf '%s\\n' \"$line\" >>'{}'\n  case $line in\n    GETPIN) printf '{answer}' ;;\n    \
         *) echo OK ;;\n  esac\ndone\n",
        log.display()
    );
    fs::write(&program, script).expect("written");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("executable");
    let settings = wrapped.world.config().join("settings.toml");
    let text = fs::read_to_string(&settings).expect("settings");
    fs::write(&settings, format!("pinentry = \"{}\"\n{text}", program.display())).expect("written");
    wrapped
}

fn list(wrapped: &Wrapped) -> Ran {
    wrapped.world.run(["list"])
}

#[test]
fn a_window_asks_where_there_is_no_terminal() {
    let wrapped = scene("S PASSWORD_FROM_CACHE\\nD 50%%25 correct  horse\\nOK\\n");
    list(&wrapped).succeeds();
    let said = fs::read_to_string(wrapped.world.path("pinentry.log")).expect("a log");
    assert!(said.contains("SETPROMPT Passphrase:\nGETPIN\n"), "{said}");
}

#[test]
fn what_is_typed_wrong_in_a_window_is_wrong() {
    list(&scene("D 50 correct horse\\nOK\\n")).exits(5);
}

#[test]
fn a_window_that_is_closed_is_no_answer() {
    list(&scene("ERR 83886179 Operation cancelled\\n")).exits(4);
}

#[test]
fn a_window_that_cannot_open_leaves_nobody_to_ask() {
    list(&scene("ERR 83886340 No display\\n")).exits(4);
}

#[test]
fn who_is_told_to_ask_nobody_opens_no_window() {
    let wrapped = scene("D 50%%25 correct  horse\\nOK\\n");
    wrapped.world.run(["list", "--non-interactive"]).exits(4);
    assert!(!wrapped.world.path("pinentry.log").exists());
}
