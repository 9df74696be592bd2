//! How waiting for a login can end, and what is left of it then: a terminal in order, and nothing saved.

use rustix::process::Signal;

use crate::pty::Session;
use crate::scene::Scene;

/// Comes to the wait for the browser, lets `end` end it there, and expects `code` and no trace.
fn ended_while_waiting(preset: &str, code: i32, end: impl FnOnce(&mut Session)) {
    let scene = Scene::new();
    let before = scene.files();
    let mut session = scene.adding_as(preset, &[]).start();
    session.sees("Waiting");
    end(&mut session);
    let ended = session.ends().exits(code);
    assert!(ended.is_restored);
    assert_eq!(scene.files(), before);
}

#[test]
fn ctrl_c_while_the_browser_is_waited_for_exits_130_and_saves_nothing() {
    ended_while_waiting("oauth2-refresh", 130, |session| {
        session.types([3]);
    });
}

#[test]
fn ctrl_c_while_the_issuer_is_asked_again_and_again_exits_130_and_saves_nothing() {
    ended_while_waiting("oauth2-device", 130, |session| {
        session.types([3]);
    });
}

#[test]
fn sigterm_while_the_browser_is_waited_for_exits_143_and_saves_nothing() {
    ended_while_waiting("oauth2-refresh", 143, |session| {
        session.signal(Signal::TERM);
    });
}

#[test]
fn ctrl_c_where_the_code_is_pasted_exits_130_and_saves_nothing() {
    let scene = Scene::new();
    let before = scene.files();
    let set = ["--set", "redirect-uri=urn:ietf:wg:oauth:2.0:oob"];
    let mut session = scene.adding(&set).start();
    session.sees("paste the code").types("half-a-co").types([3]);
    session.ends().exits(130).leaves_the_terminal_alone().hides("half-a-co");
    assert_eq!(scene.files(), before);
}

#[test]
fn a_login_that_is_broken_off_leaves_the_one_before_in_use() {
    let scene = Scene::new();
    scene.logs_in(scene.adding(&[]).start());
    let login = crate::pty::Desk::mintage(&scene.world, ["login", "prod"]);
    let mut session = login.start();
    session.sees("Waiting").types([3]);
    session.ends().exits(130);
    scene.fresh();
}
