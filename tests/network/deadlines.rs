//! How long it may all take.

use std::net::TcpListener;

use crate::issuer::Fault;
use crate::setup::{Scene, reply, timed};
use crate::world::{Canary, World};

/// One exchange that ends at the 30 s deadline, after this many tries.
fn is_given_up_after_30_s(faults: Vec<Fault>) {
    let scene = Scene::instructure();
    let name = format!("{faults:?}");
    let tries = faults.len();
    for fault in faults {
        scene.issuer.fault_once(fault);
    }
    let (ran, took) = timed(|| scene.token());
    let ran = ran.exits(8).hides(&scene.canary.secret).says("did not answer within 30 s");
    assert_eq!(ran.out(), "");
    assert!((29..=33).contains(&took.as_secs()), "{name}: {took:?}");
    assert_eq!(scene.issuer.logins(), tries, "{name}");
}

/// One connection that never comes about.
fn is_given_up_after_10_s() {
    let mute = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("https://{}", mute.local_addr().expect("bound"));
    let world = World::with_vault();
    let call = world.mintage(["add", "prod", "--stdin", "--base-url", &url]);
    call.stdin(Canary::new().pair()).run().succeeds();
    // Connections are taken by the kernel's backlog, and nothing ever answers.
    let (ran, took) = timed(|| world.run(["token", "prod"]));
    ran.exits(8).says("did not answer within 10 s");
    assert!((9..=13).contains(&took.as_secs()), "{took:?}");
}

// H07
#[test]
fn an_exchange_ends_30_s_after_its_start_and_a_connection_attempt_after_10_s() {
    let busy = || reply(503, &[("Retry-After", "9")], "");
    // All at once, because each of them takes the 30 s.
    std::thread::scope(|scope| {
        for faults in [
            vec![Fault::Silent],
            vec![Fault::DripHeaders],
            vec![Fault::DripBody],
            vec![busy(), Fault::Silent],
            vec![busy(), busy(), Fault::DripBody],
        ] {
            scope.spawn(|| is_given_up_after_30_s(faults));
        }
        scope.spawn(is_given_up_after_10_s);
    });
}
