//! With the agent: one refresh for all who ask, whatever happens to it in the middle.

use std::time::{Duration, Instant};

use crate::issuer::Hold;
use crate::scene::{Scene, Started};
use crate::world::{at_once, until};

#[test]
fn sixty_four_callers_share_one_refresh() {
    let scene = Scene::new();
    let ran = at_once(64, |_| scene.by_agent(["token", "prod"]));
    let tokens = scene.issuer.tokens();
    assert_eq!([tokens.len(), scene.refreshes()], [1, 1]);
    for ran in ran {
        assert_eq!(ran.succeeds().out().trim_end(), tokens[0]);
    }
    scene.is_well();
}

#[test]
fn callers_with_and_without_the_agent_share_one_refresh() {
    let scene = Scene::new();
    let ran = at_once(16, |n| match n % 2 {
        0 => scene.by_agent(["token", "prod"]),
        _ => scene.world.mintage(["token", "prod"]),
    });
    let tokens = scene.issuer.tokens();
    assert_eq!([tokens.len(), scene.refreshes()], [1, 1]);
    for ran in ran {
        assert_eq!(ran.succeeds().out().trim_end(), tokens[0]);
    }
    scene.is_well();
}

#[test]
fn callers_with_and_without_the_agent_that_want_fresh_tokens_never_spend_one_twice() {
    let scene = Scene::new();
    let ran = at_once(16, |n| match n % 2 {
        0 => scene.by_agent(["token", "prod", "--fresh"]),
        _ => scene.world.mintage(["token", "prod", "--fresh"]),
    });
    for ran in ran {
        ran.succeeds();
    }
    scene.agents_token();
    scene.is_well();
}

#[test]
fn an_agent_that_starts_hands_out_the_token_that_is_kept() {
    let scene = Scene::new();
    let kept = scene.token();
    assert_eq!(scene.agents_token(), kept);
    scene.by_agent(["agent", "stop"]).run().succeeds();
    assert_eq!(scene.agents_token(), kept);
    assert_eq!(scene.refreshes(), 1);
}

#[test]
fn the_agent_notices_that_another_process_has_refreshed() {
    let scene = Scene::new();
    let mut last = scene.agents_token();
    for _ in 0..3 {
        let newer = scene.refresh();
        assert_ne!(newer, last);
        last = scene.agents_token();
        assert_eq!(last, newer);
    }
    assert_eq!([scene.refreshes(), scene.reuses()], [4, 0]);
}

#[test]
fn the_agent_notices_that_another_device_has_refreshed() {
    let scene = Scene::new();
    let second = scene.second_device(&scene.world.vault());
    scene.agents_token();
    let newer = second.run(["token", "prod", "--fresh"]).succeeds().out();
    assert_eq!(scene.agents_token(), newer.trim_end());
    scene.is_well();
}

/// A refresh of the agent's whose answer is on its way.
fn under_way(scene: &Scene) -> (Hold, Started) {
    scene.agents_token();
    let hold = scene.hold();
    let asking = Started::of(scene.by_agent(["token", "prod", "--fresh"]));
    assert!(hold.is_sent_within(Duration::from_secs(20)));
    (hold, asking)
}

/// What was spent is not lost: the login goes on.
#[track_caller]
fn goes_on(scene: &Scene) {
    scene.by_agent(["token", "prod", "--fresh"]).run().succeeds();
    assert_eq!(scene.reuses(), 0, "a refresh token was used twice");
    scene.is_well();
}

/// Runs a command while the answer is on its way, and lets that go once the command has come to its end
/// or waits for it: 150 ms are more than enough for one, and less than a lock waits.
fn meanwhile(words: &[&str]) -> Scene {
    let scene = Scene::new();
    let (hold, asking) = under_way(&scene);
    let mut command = Started::of(scene.by_agent(words));
    // It may wait for the answer: then it ends only behind it.
    let began = Instant::now();
    while command.0.try_wait().expect("known").is_none()
        && began.elapsed() < Duration::from_millis(150)
    {
        std::thread::yield_now();
    }
    hold.release();
    until("the command", || command.0.try_wait().expect("known").is_some());
    drop(asking);
    scene
}

#[test]
fn a_purge_in_the_middle_of_a_refresh_costs_no_login() {
    goes_on(&meanwhile(&["purge", "prod"]));
}

#[test]
fn a_revocation_in_the_middle_of_a_refresh_costs_no_login() {
    goes_on(&meanwhile(&["revoke", "prod"]));
}

#[test]
fn a_lock_in_the_middle_of_a_refresh_costs_no_login() {
    let scene = meanwhile(&["lock"]);
    scene.by_agent(["unlock"]).run().succeeds();
    goes_on(&scene);
}

#[test]
fn an_agent_that_is_stopped_in_the_middle_of_a_refresh_costs_no_login() {
    goes_on(&meanwhile(&["agent", "stop"]));
}

#[test]
fn a_caller_that_is_gone_in_the_middle_of_a_refresh_costs_no_login() {
    let scene = Scene::new();
    let (hold, mut asking) = under_way(&scene);
    asking.kill();
    hold.release();
    goes_on(&scene);
}

#[test]
fn after_a_purge_another_token_comes_of_the_same_login() {
    let scene = Scene::new();
    let old = scene.agents_token();
    scene.by_agent(["purge", "prod"]).run().succeeds();
    assert_ne!(scene.agents_token(), old);
    goes_on(&scene);
}

#[test]
fn after_a_revocation_another_token_comes_of_the_same_login() {
    let scene = Scene::new();
    let old = scene.agents_token();
    scene.by_agent(["revoke", "prod"]).run().succeeds().says("1 token forgotten here");
    assert_ne!(scene.agents_token(), old);
    goes_on(&scene);
}

/// It is let land, and nobody gets it.
#[test]
fn a_lock_in_the_middle_of_a_refresh_gives_no_token_to_whoever_waits() {
    let scene = Scene::new();
    scene.agents_token();
    let hold = scene.hold();
    std::thread::scope(|scope| {
        let asking = scope.spawn(|| scene.by_agent(["token", "prod", "--fresh"]).run());
        assert!(hold.is_sent_within(Duration::from_secs(20)));
        let locking = scope.spawn(|| scene.by_agent(["lock"]).run());
        until("the mark of the lock", || scene.world.path("run/mintage/locked").exists());
        hold.release();
        locking.join().expect("it ended").succeeds();
        let asked = asking.join().expect("it ended").exits(4);
        assert!(asked.stdout.is_empty());
    });
    scene.by_agent(["unlock"]).run().succeeds();
    goes_on(&scene);
}

/// An issuer that does not answer holds no lock up.
#[test]
fn a_lock_does_not_wait_for_an_issuer_that_is_silent() {
    let scene = Scene::new();
    let (_hold, _asking) = under_way(&scene);
    let began = Instant::now();
    scene.by_agent(["lock"]).run().succeeds();
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
}

/// It writes slots, and nothing else of the vault changes.
#[test]
fn the_agent_writes_slots_from_within_its_sandbox() {
    let scene = Scene::new();
    scene.agents_token();
    let status = scene.by_agent(["agent", "status", "--json"]).run().succeeds().json();
    assert!(status["sandbox"].to_string().contains("files"), "{status}");
    assert_eq!(scene.slots().len(), 1);
}
