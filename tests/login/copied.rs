//! A login whose code the issuer shows, and the person pastes: where no browser can come back to this
//! machine.

use crate::browser;
use crate::pty::{Desk, Session};
use crate::scene::{Scene, asked, page};

const QUESTION: &str = "paste the code that it shows: ";
const SET: [&str; 2] = ["--set", "redirect-uri=urn:ietf:wg:oauth:2.0:oob"];

/// The code that the issuer's page shows to whoever goes where `session` sends them.
fn code(scene: &Scene, session: &mut Session) -> String {
    let page = page(session);
    session.sees(QUESTION);
    let text = browser::read(&scene.world, &page);
    let code = text.split("<code>").nth(1).and_then(|rest| rest.split('<').next());
    code.expect("a code").to_owned()
}

#[test]
fn a_code_that_is_pasted_brings_a_login_that_lasts() {
    let scene = Scene::new();
    let mut session = scene.adding(&SET).start();
    let code = code(&scene, &mut session);
    session.types(format!("{code}\r"));
    session.ends().exits(0).leaves_the_terminal_alone();
    scene.token().succeeds();
    scene.fresh();
}

#[test]
fn canvas_shows_a_code_as_well() {
    let scene = Scene::new();
    let (canary, url) = (&scene.canary, scene.issuer.url());
    scene.issuer.accept_pair(&canary.id, canary.secret.as_bytes());
    std::fs::write(scene.world.path("secret"), &canary.secret).expect("written");
    let add = ["add", "prod", "--preset", "canvas", "--base-url", &url, "--ca-file", "ca.pem"];
    let desk = Desk::mintage(&scene.world, add).args(SET);
    let desk = desk.args(["--client-id", &canary.id, "--secret-file", "secret"]);
    let mut session = desk.start();
    let code = code(&scene, &mut session);
    session.types(format!("{code}\r")).sees("added");
    session.ends().exits(0).hides(&code);
    scene.token().succeeds();
}

#[test]
fn a_code_that_is_pasted_is_not_shown() {
    let scene = Scene::new();
    let mut session = scene.adding(&SET).start();
    let code = code(&scene, &mut session);
    assert!(!session.echoes());
    session.types(format!("{code}\r"));
    session.ends().exits(0).hides(&code);
}

#[test]
fn spaces_around_a_pasted_code_are_no_part_of_it() {
    let scene = Scene::new();
    let mut session = scene.adding(&SET).start();
    let code = code(&scene, &mut session);
    session.types(format!("  {code} \r"));
    session.ends().exits(0);
    assert_eq!(scene.sent("code"), code);
}

#[test]
fn the_code_comes_with_a_verifier_and_the_same_way_back() {
    let scene = Scene::new();
    let mut session = scene.adding(&SET).start();
    let code = code(&scene, &mut session);
    session.types(format!("{code}\r"));
    session.ends().exits(0);
    assert!(scene.sent("code_verifier").len() >= 43);
    assert_eq!(scene.sent("redirect_uri"), "urn:ietf:wg:oauth:2.0:oob");
}

#[test]
fn nobody_listens_where_nobody_comes_back() {
    let scene = Scene::new();
    let mut session = scene.adding(&SET).start();
    session.sees(QUESTION);
    assert_eq!(listening(session.pid()), 0);
    session.types([4]);
    session.ends().exits(4);
}

#[test]
fn a_browser_that_comes_back_finds_one_listener() {
    let scene = Scene::new();
    let mut session = scene.adding(&[]).start();
    let url = page(&mut session).parse().expect("a URL");
    assert!(asked(&url, "redirect_uri").starts_with("http://127.0.0.1:"));
    assert_eq!(listening(session.pid()), 1);
}

#[test]
fn a_wrong_code_ends_it_with_7_and_nothing_is_saved() {
    let scene = Scene::new();
    let mut session = scene.adding(&SET).start();
    session.sees(QUESTION).types("no-such-code\r");
    session.ends().exits(7).shows("invalid_grant").leaves_the_terminal_alone();
    assert!(scene.world.records().is_empty());
}

#[test]
fn no_code_at_all_is_sent_nowhere() {
    let scene = Scene::new();
    let mut session = scene.adding(&SET).start();
    session.sees(QUESTION).types("\r");
    session.ends().exits(4).leaves_the_terminal_alone();
    assert_eq!(scene.issuer.asked(crate::scene::TOKEN), 0);
    assert!(scene.world.records().is_empty());
}

/// How many TCP sockets this process listens on.
fn listening(process: u32) -> usize {
    let sockets: Vec<String> = std::fs::read_dir(format!("/proc/{process}/fd"))
        .expect("it runs")
        .filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok())
        .filter_map(|link| link.to_str().map(str::to_owned))
        .filter_map(|link| Some(link.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned()))
        .collect();
    let table = std::fs::read_to_string(format!("/proc/{process}/net/tcp")).expect("readable");
    let rows = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let is_listening = |row: &Vec<&str>| row.get(3) == Some(&"0A");
    rows.filter(is_listening)
        .filter(|row| row.get(9).is_some_and(|inode| sockets.iter().any(|own| own == inode)))
        .count()
}
