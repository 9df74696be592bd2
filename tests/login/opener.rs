//! The desktop is asked to open the page where there is a desktop; it is told the page, and nothing
//! else.

use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use crate::browser;
use crate::pty::Desk;
use crate::scene::{Scene, page_waited_for};

/// A desktop that notes what it is asked to open.
fn with_desktop(scene: &Scene, desk: Desk) -> Desk {
    desktop(scene, "printf '%s\\n' \"$@\" >opened.part; mv opened.part opened");
    at_it(scene, desk.env("DISPLAY", ":0"))
}

fn desktop(scene: &Scene, script: &str) {
    let folder = scene.world.path("desktop");
    std::fs::create_dir(&folder).expect("made");
    let opener = folder.join("xdg-open");
    std::fs::write(&opener, format!("#!/bin/sh\n{script}\n")).expect("written");
    std::fs::set_permissions(opener, std::fs::Permissions::from_mode(0o755)).expect("set");
}

/// What the desktop has is found before anything else.
fn at_it(scene: &Scene, desk: Desk) -> Desk {
    let folder = scene.world.path("desktop");
    desk.env("PATH", &format!("{}:/usr/bin:/bin", folder.display()))
}

/// What the desktop was asked to open.
#[track_caller]
fn opened(scene: &Scene) -> String {
    let started = Instant::now();
    let note = scene.world.path("opened");
    while !note.exists() {
        assert!(started.elapsed() < Duration::from_secs(20), "the desktop was asked for nothing");
        std::thread::yield_now();
    }
    std::fs::read_to_string(note).expect("text")
}

#[test]
fn the_desktop_is_asked_to_open_exactly_the_page_that_is_shown() {
    let scene = Scene::new();
    let mut session = with_desktop(&scene, scene.adding(&[])).start();
    let page = page_waited_for(&mut session);
    assert!(session.shown().contains("Your browser was sent to"), "{}", session.shown());
    assert_eq!(opened(&scene), format!("{page}\n"));
    browser::visit(&browser::sent_to(&scene.world, page.as_str()));
    session.ends().exits(0);
}

#[test]
fn wayland_is_a_desktop_as_well() {
    let scene = Scene::new();
    desktop(&scene, "printf '%s\\n' \"$@\" >opened.part; mv opened.part opened");
    let desk = scene.adding(&[]).env("WAYLAND_DISPLAY", "wayland-0");
    let mut session = at_it(&scene, desk).start();
    let page = page_waited_for(&mut session);
    assert_eq!(opened(&scene), format!("{page}\n"));
}

#[test]
fn without_a_desktop_nothing_is_started() {
    let scene = Scene::new();
    desktop(&scene, "touch opened");
    let mut session = at_it(&scene, scene.adding(&[])).start();
    let page = page_waited_for(&mut session);
    assert!(session.shown().contains("Visit"), "{}", session.shown());
    browser::visit(&browser::sent_to(&scene.world, page.as_str()));
    session.ends().exits(0);
    assert!(!scene.world.path("opened").exists());
}

#[test]
fn a_desktop_without_an_opener_leaves_the_page_to_the_person() {
    let scene = Scene::new();
    std::fs::create_dir(scene.world.path("desktop")).expect("made");
    let mut session = at_it(&scene, scene.adding(&[]).env("DISPLAY", ":0")).start();
    page_waited_for(&mut session);
    assert!(session.shown().contains("Visit"), "{}", session.shown());
}

#[test]
fn for_a_device_code_the_page_with_the_code_in_it_is_opened() {
    let scene = Scene::new();
    let mut session = with_desktop(&scene, scene.adding_as("oauth2-device", &[])).start();
    session.sees("Waiting");
    let code = scene.issuer.user_codes().pop().expect("a code");
    let page = format!("{}/device?user_code={code}\n", scene.issuer.url());
    assert_eq!(opened(&scene), page);
    scene.issuer.approve_device(&code);
    session.ends().exits(0);
}

#[test]
fn what_the_opener_says_does_not_reach_the_terminal() {
    let scene = Scene::new();
    desktop(&scene, "echo noise; echo noise >&2; touch opened");
    let mut session = at_it(&scene, scene.adding(&[]).env("DISPLAY", ":0")).start();
    let page = page_waited_for(&mut session);
    opened(&scene);
    browser::visit(&browser::sent_to(&scene.world, page.as_str()));
    session.ends().exits(0).hides("noise");
}

#[test]
fn ctrl_c_does_not_reach_the_browser_that_was_opened() {
    let scene = Scene::new();
    // A browser that was not running before is the opener's own process.
    desktop(&scene, "echo $$ >pid.part; mv pid.part opened; exec cat <until_the_end");
    let until_the_end = scene.world.path("until_the_end");
    let kind = rustix::fs::FileType::Fifo;
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(rustix::fs::CWD, &until_the_end, kind, mode, 0).expect("made");
    let mut session = at_it(&scene, scene.adding(&[]).env("DISPLAY", ":0")).start();
    session.sees("Waiting");
    let (opener, own) = (group_of(opened(&scene).trim()), group_of(&session.pid().to_string()));
    // Opened and closed, it is at its end.
    std::fs::File::options().read(true).write(true).open(until_the_end).expect("opened");
    // The terminal sends what Ctrl-C means to one group of processes.
    assert_ne!(opener, own);
}

fn group_of(process: &str) -> String {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).expect("it runs");
    let after_name = stat.rsplit(')').next().expect("fields");
    after_name.split_whitespace().nth(2).expect("a group").to_owned()
}
