//! Several at one Canvas login at the same time: a refresh invalidates what the others have.

use std::time::Duration;

use crate::issuer::{Fault, Hold};
use crate::scene::{Scene, at_once, line};
use crate::world::Call;

#[test]
fn processes_without_an_agent_make_one_refresh_and_all_get_its_token() {
    let scene = Scene::with_login();
    // The others come while it is under way.
    scene.issuer.fault_once(Fault::Delay(Duration::from_secs(2)));
    let call = || scene.device.world.mintage(["token", "canvas"]);
    let ran = at_once((0..6).map(|_| call()).collect::<Vec<Call>>());
    let tokens: Vec<String> = ran.into_iter().map(|ran| line(&ran.succeeds())).collect();
    assert!(tokens.iter().all(|token| *token == tokens[0]));
    assert!(scene.is_good(&tokens[0]));
    assert_eq!(scene.asked(), (1, 0));
}

#[test]
fn an_agent_and_a_process_beside_it_make_one_refresh() {
    let scene = Scene::with_login();
    scene.by_agent(&["unlock"]).succeeds();
    scene.issuer.fault_once(Fault::Delay(Duration::from_secs(1)));
    let calls = vec![
        scene.device.by_agent(&["token", "canvas"]),
        scene.device.world.mintage(["token", "canvas"]),
    ];
    let tokens: Vec<String> = at_once(calls).iter().map(line).collect();
    assert_eq!(tokens[0], tokens[1]);
    assert!(scene.is_good(&tokens[0]));
    assert_eq!(scene.asked(), (1, 0));
}

#[test]
fn chains_in_processes_without_an_agent_share_one_refresh_and_one_mint() {
    let scene = Scene::with_chain();
    scene.issuer.fault_once(Fault::Delay(Duration::from_secs(1)));
    let call = || scene.device.world.mintage(["token", "insta"]);
    for ran in at_once(vec![call(), call()]) {
        assert!(scene.is_good(&line(&ran.succeeds())));
    }
    assert_eq!(scene.asked(), (1, 1));
}

#[test]
fn the_agent_gives_out_what_a_process_beside_it_refreshed() {
    let scene = Scene::with_login();
    let first = scene.token_by_agent("canvas");
    let fresh = line(&scene.run(&["token", "canvas", "--fresh"]).succeeds());
    assert_ne!(first, fresh);
    assert_eq!(scene.token_by_agent("canvas"), fresh);
    assert_eq!(scene.asked(), (2, 0));
}

#[test]
fn a_process_that_dies_in_the_middle_of_a_refresh_is_not_waited_for() {
    let scene = Scene::with_login();
    let hold = Hold::new();
    scene.issuer.fault_once(Fault::Hold(hold.clone()));
    let mut call = scene.device.world.mintage(["token", "canvas"]);
    let mut dying = call.command.spawn().expect("started");
    assert!(hold.is_sent_within(Duration::from_secs(20)));
    // `setsid`, which has become the program.
    dying.kill().expect("killed");
    dying.wait().expect("ended");
    hold.release();
    let began = std::time::Instant::now();
    assert!(scene.is_good(&scene.token("canvas")));
    assert!(began.elapsed() < Duration::from_secs(20));
    assert_eq!(scene.asked(), (2, 0));
}
