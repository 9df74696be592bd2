//! Too many, too slow, too often: whoever asks properly is answered, and afterwards all is as before.

use std::io::ErrorKind;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use mintage::limits;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::process::{descriptors, in_time, status};
use crate::scene::Scene;
use crate::wire::{STATUS, STATUS_REPLY, Wire, frame, hello, is_answered};
use crate::world::{at_once, until};

/// Clients that have begun a frame.
fn begin(socket: &Path, count: usize, opening: &[u8]) -> Vec<UnixStream> {
    let begin = |_| {
        let mut wire = Wire::connect(socket);
        wire.send(opening);
        wire.stream.set_nonblocking(true).expect("set");
        wire.stream
    };
    (0..count).map(begin).collect()
}

/// Whether the other side has hung up; nothing is expected from it.
fn is_dropped(stream: &UnixStream) -> bool {
    let mut byte = [0];
    match std::io::Read::read(&mut &*stream, &mut byte) {
        Err(error) => error.kind() != ErrorKind::WouldBlock,
        Ok(read) => {
            assert_eq!(read, 0, "it was told something");
            true
        }
    }
}

/// As many descriptors as we may have.
fn raise_limit() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    setrlimit(Resource::Nofile, raised).expect("raised");
}

// A07
#[test]
fn slow_clients_delay_nobody_and_are_dropped_in_time() {
    let scene = Scene::new();
    let _agent = scene.foreground();
    let token = scene.run(["token", "prod"]).succeeds().out();
    let start = Instant::now();
    let mut slow = begin(&scene.socket(), 200, &hello()[..1]);
    let mut worst = Duration::ZERO;
    let mut sent = 1;
    while !slow.is_empty() {
        // A byte of the opening every quarter of a second: whole, it would take seven.
        if start.elapsed() > Duration::from_millis(250) * sent {
            let next = usize::try_from(sent).expect("small");
            for stream in &mut slow {
                let byte = hello()[next];
                let _dropped_meanwhile = std::io::Write::write(stream, &[byte]);
            }
            sent += 1;
        }
        let (ran, took) = in_time(scene.mintage(["token", "prod"]));
        assert_eq!(ran.succeeds().out(), token);
        worst = worst.max(took);
        slow.retain(|stream| !is_dropped(stream));
        assert!(start.elapsed() < limits::FRAME_TIME * 2, "{} are still there", slow.len());
    }
    assert!(worst < Duration::from_secs(1), "{worst:?}");
    assert!(start.elapsed() + Duration::from_secs(1) > limits::FRAME_TIME, "some have their time");
}

// A07
#[test]
fn a_client_that_reads_none_of_its_answers_is_dropped_and_delays_nobody() {
    let scene = Scene::new();
    let _agent = scene.foreground();
    scene.run(["token", "prod"]).succeeds();
    let mut greedy = Wire::greet(&scene.socket());
    let asks = frame(&[STATUS]).repeat(1000);
    let dropped = thread::spawn(move || while greedy.try_send(&asks) {});
    let (ran, took) = in_time(scene.mintage(["token", "prod"]));
    ran.succeeds();
    assert!(took < Duration::from_secs(1), "{took:?}");
    dropped.join().expect("it was dropped");
}

// A08
#[test]
fn thousands_of_connections_leave_room_for_who_asks_and_are_forgotten() {
    raise_limit();
    let scene = Scene::new();
    let agent = scene.foreground();
    let token = scene.run(["token", "prod"]).succeeds().out();
    let before = (descriptors(agent.pid()).len(), status(agent.pid(), "VmRSS"));
    let silent = begin(&scene.socket(), 3000, b"");
    let (ran, took) = in_time(scene.mintage(["token", "prod"]));
    assert_eq!(ran.succeeds().out(), token);
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert!(descriptors(agent.pid()).len() <= before.0 + limits::CONNECTIONS);
    drop(silent);
    until("they are forgotten", || descriptors(agent.pid()).len() <= before.0);
    let grown = status(agent.pid(), "VmRSS").saturating_sub(before.1);
    assert!(grown < 4096, "{grown} KiB");
}

// A08
#[test]
fn with_few_descriptors_it_recovers_from_many_connections() {
    raise_limit();
    let scene = Scene::new();
    let call = scene.program("prlimit").args(["--nofile=64:64", env!("CARGO_BIN_EXE_mintage")]);
    let agent = scene.foreground_of(call.args(["agent", "run"]));
    let token = scene.run(["token", "prod"]).succeeds().out();
    let before = descriptors(agent.pid()).len();
    for _ in 0..3 {
        let greeted: Vec<Wire> = (0..8).map(|_| Wire::greet(&scene.socket())).collect();
        let silent = begin(&scene.socket(), 100, b"");
        drop((greeted, silent));
    }
    until("they are forgotten", || descriptors(agent.pid()).len() <= before);
    let (ran, took) = in_time(scene.mintage(["token", "prod"]));
    assert_eq!(ran.succeeds().out(), token);
    assert!(took < Duration::from_secs(1), "{took:?}");
    scene.run(["purge", "prod"]).succeeds();
    for ran in at_once(30, |_| scene.mintage(["token", "prod"])) {
        ran.succeeds();
    }
    assert_eq!((agent.said(), scene.issuer.logins()), (String::new(), 2));
}

// A19
#[test]
fn many_requests_leave_nothing_behind() {
    let scene = Scene::new();
    let agent = scene.foreground();
    let token = scene.run(["token", "prod"]).succeeds().out();
    let lease = crate::frames::lease(&scene, mintage::agent::Asker::Nobody);
    let ask = |count: usize| {
        let mut wire = Wire::greet(&scene.socket());
        for _ in 0..count {
            wire.send(&lease);
            assert_eq!(wire.hear().expect("an answer")[0], 64);
        }
    };
    let processes = |count: usize| {
        for ran in at_once(count, |_| scene.mintage(["token", "prod"])) {
            assert_eq!(ran.succeeds().out(), token);
        }
    };
    ask(1000);
    processes(20);
    until("they are gone", || scene.conversations() == 0);
    let before = (descriptors(agent.pid()).len(), status(agent.pid(), "VmRSS"));
    ask(20_000);
    (0..25).for_each(|_| processes(20));
    until("they are gone", || scene.conversations() == 0);
    let after = (descriptors(agent.pid()).len(), status(agent.pid(), "VmRSS"));
    assert_eq!(after.0, before.0, "{:?}", descriptors(agent.pid()));
    assert!(after.1 < before.1 + before.1 / 10, "{} -> {} KiB", before.1, after.1);
    assert_eq!(scene.issuer.logins(), 1);
}

#[test]
fn connections_that_say_nothing_for_long_are_no_reason_to_wake_up_often() {
    let scene = Scene::new();
    let agent = scene.foreground();
    let mut wire = Wire::greet(&scene.socket());
    assert!(is_answered(&scene.socket()));
    let switches = || status(agent.pid(), "voluntary_ctxt_switches");
    let before = switches();
    // Nothing shall happen: there is no condition to wait for.
    thread::sleep(Duration::from_secs(2));
    let woken = switches() - before;
    assert!(woken <= 2, "{woken} times in two seconds");
    wire.send(&frame(&[STATUS]));
    assert_eq!(wire.hear().expect("an answer")[0], STATUS_REPLY);
}
