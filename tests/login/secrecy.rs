//! Where the secrets of a login are not: among the arguments of any process, at the terminal, on
//! standard output, or readable on the disk.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::browser;
use crate::issuer::{Fault, Hold, Service};
use crate::pty::Desk;
use crate::scene::{Scene, asked, page_waited_for};

/// What every process of this machine was started with, and what one has in its environment.
fn started_with(process: u32) -> BTreeSet<String> {
    let processes = std::fs::read_dir("/proc").expect("readable").filter_map(Result::ok);
    let lines = processes.map(|entry| entry.path().join("cmdline"));
    let own = ["cmdline", "environ"].map(|name| format!("/proc/{process}/{name}").into());
    let read = |path| std::fs::read(path).unwrap_or_default();
    let found = lines.chain(own).map(|path: std::path::PathBuf| read(path));
    found.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).collect()
}

/// A login that is looked at while it waits, and again while the code is redeemed.
struct Watched {
    scene: Scene,
    seen: BTreeSet<String>,
    shown: String,
    secrets: Vec<String>,
}

fn watched() -> Watched {
    let (scene, hold) = (Scene::new(), Hold::new());
    scene.issuer.fault_once(Fault::Hold(hold.clone()));
    let mut session = scene.adding(&[]).start();
    let page = page_waited_for(&mut session);
    let mut seen = started_with(session.pid());
    assert!(seen.iter().any(|line| line.contains("oauth2-refresh")), "mintage is among them");
    let back = browser::sent_to(&scene.world, page.as_str());
    browser::visit(&back);
    assert!(hold.is_sent_within(Duration::from_secs(20)));
    seen.extend(started_with(session.pid()));
    hold.release();
    let shown = session.ends().exits(0).shown;
    let refresh = scene.issuer.current_refresh_token(Service::OAuth).expect("one");
    let mut secrets = vec![asked(&back, "code"), scene.sent("code_verifier"), refresh];
    secrets.extend(scene.issuer.tokens());
    Watched { scene, seen, shown, secrets }
}

#[test]
fn no_secret_of_a_login_is_among_the_arguments_of_a_process() {
    let Watched { seen, secrets, .. } = watched();
    for secret in secrets {
        assert!(!seen.iter().any(|line| line.contains(&secret)));
    }
}

#[test]
fn no_secret_of_a_login_appears_at_the_terminal() {
    let Watched { shown, secrets, .. } = watched();
    for secret in secrets {
        assert!(!shown.contains(&secret));
    }
}

#[test]
fn no_secret_of_a_login_lies_readable_on_the_disk() {
    let Watched { scene, secrets, .. } = watched();
    let files = scene.files();
    assert!(files.len() > 3, "the vault is among them");
    for secret in secrets {
        let has = |bytes: &[u8]| memchr::memmem::find(bytes, secret.as_bytes()).is_some();
        let found: Vec<_> = files.iter().filter(|(_, bytes)| has(bytes)).collect();
        assert!(found.is_empty(), "{:?}", found.first().map(|(path, _)| path));
    }
}

#[test]
fn no_secret_of_a_login_was_in_a_url_but_the_code_on_its_way_back() {
    let Watched { scene, secrets, .. } = watched();
    assert!(!secrets.iter().any(|secret| scene.issuer.saw_in_url(secret)));
}

#[test]
fn a_login_writes_its_result_alone_to_standard_output() {
    let scene = Scene::waiting();
    let script = "exec \"$M\" login prod >out";
    let mut session = Desk::script(&scene.world, script).start();
    browser::visit(&scene.sent_back(&mut session));
    session.ends().exits(0).leaves_the_terminal_alone();
    let written = std::fs::read_to_string(scene.world.path("out")).expect("written");
    assert!(!written.contains("https://"), "{written}");
    assert!(scene.issuer.tokens().iter().all(|token| !written.contains(token.as_str())));
}

#[test]
fn what_an_issuer_says_of_a_refusal_cannot_repeat_the_code_or_steer_the_terminal() {
    let scene = Scene::new();
    let mut session = scene.adding(&[]).start();
    let mut back = scene.sent_back(&mut session);
    let state = asked(&back, "state");
    back.set_query(None);
    back.query_pairs_mut()
        .append_pair("state", &state)
        .append_pair("error", "access_denied")
        .append_pair("error_description", "\u{1b}]0;title\u{7} and more");
    browser::visit(&back);
    session.ends().exits(7).shows("and more").hides("\u{1b}]0");
}
