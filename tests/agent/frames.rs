//! Whatever a stranger could send: it harms nobody but the connection that it came over.

use std::net::Shutdown;

use mintage::agent::{Asker, Hello, NUMBER, Place, Request, VERSION, Wanted};
use mintage::limits;

use crate::process::{is_running, status};
use crate::scene::Scene;
use crate::wire::{STATUS, STATUS_REPLY, TOLD, Wire, frame, hello, hello_of, is_answered};
use crate::world::at_once;

/// Lengths that no frame may have, where at most `cap` bytes are taken.
fn bad_lengths(cap: usize) -> [u32; 4] {
    let above = u32::try_from(cap + 1).expect("small");
    [0, above, 1 << 31, u32::MAX]
}

/// A request for a token of the scene's.
pub fn lease(scene: &Scene, asker: Asker) -> Vec<u8> {
    use std::os::unix::ffi::OsStrExt;
    let [config, state] = [scene.world.config(), scene.world.state()];
    let folders = [config.as_os_str(), state.as_os_str()].map(OsStrExt::as_bytes).join(&0);
    let place = Place { folders, vault: None };
    let profile = Some("prod".parse().expect("a name"));
    let request = Request::Lease { place, profile, wanted: Wanted::default(), asker };
    request.to_frame().expose().to_vec()
}

// A06
#[test]
fn a_length_that_no_frame_may_have_ends_the_conversation_and_allocates_nothing() {
    let scene = Scene::new();
    let agent = scene.foreground();
    assert!(is_answered(&scene.socket()));
    let before = status(agent.pid(), "VmHWM");
    for _ in 0..20 {
        for length in bad_lengths(limits::FRAME) {
            let mut wire = Wire::greet(&scene.socket());
            wire.send(&length.to_be_bytes());
            assert_eq!(wire.rest(), b"", "{length}");
        }
    }
    let grown = status(agent.pid(), "VmHWM") - before;
    assert!(grown < 1024, "{grown} KiB");
    assert!(is_answered(&scene.socket()));
}

// A06
#[test]
fn so_does_an_opening_that_is_longer_than_any() {
    let scene = Scene::new();
    let _agent = scene.foreground();
    for length in bad_lengths(limits::HELLO) {
        let mut wire = Wire::connect(&scene.socket());
        wire.send(&length.to_be_bytes());
        assert_eq!(wire.rest(), b"", "{length}");
    }
}

#[test]
fn a_request_of_the_largest_size_is_read_and_answered() {
    let scene = Scene::new();
    let _agent = scene.foreground();
    let mut wire = Wire::greet(&scene.socket());
    wire.send(&frame(&vec![255; limits::FRAME]));
    assert_eq!(wire.hear().expect("an answer")[0], TOLD);
}

#[test]
fn who_does_not_say_who_it_is_gets_no_byte() {
    let scene = Scene::new();
    let _agent = scene.foreground();
    let long = hello_of(NUMBER, &"v".repeat(65), false);
    let odd = hello_of(NUMBER, "1.0\n", false);
    let mut magic = hello();
    magic[9] ^= 1;
    for first in
        [frame(&[STATUS]), frame(&[]), frame(&[1]), lease(&scene, Asker::Program), long, odd, magic]
    {
        let mut wire = Wire::connect(&scene.socket());
        wire.send(&first);
        assert_eq!(wire.rest(), b"", "{first:?}");
    }
}

#[test]
fn what_later_versions_add_to_the_opening_is_let_be() {
    let scene = Scene::new();
    let _agent = scene.foreground();
    let mut wire = Wire::connect(&scene.socket());
    wire.send(&frame(&[&hello()[4..], b"and more"].concat()));
    wire.send(&frame(&[STATUS]));
    assert_eq!(wire.hear(), Some(hello()[4..].to_vec()));
    assert_eq!(wire.hear().expect("an answer")[0], STATUS_REPLY);
}

// A12
#[test]
fn a_request_that_is_not_understood_is_answered_clearly_and_is_the_last() {
    let scene = Scene::new();
    let _agent = scene.foreground();
    let mut second = hello();
    let trailing = frame(&[STATUS, 0]);
    for unknown in [frame(&[99]), frame(&[255, 1, 2, 3]), trailing, std::mem::take(&mut second)] {
        let mut wire = Wire::greet(&scene.socket());
        wire.send(&unknown);
        let told = wire.hear().expect("an answer");
        let said = String::from_utf8_lossy(&told);
        assert_eq!((told[0], told[1]), (TOLD, 8));
        assert!(said.contains("does not understand") && said.contains("mintage agent stop"));
        assert_eq!(wire.hear(), None);
    }
}

#[test]
fn what_only_an_elected_client_may_say_ends_the_conversation_of_another() {
    let scene = Scene::new();
    let _agent = scene.foreground();
    let before = scene.run(["token", "prod"]).succeeds().out();
    let opening = [&[26][..], &frame(b"AGE-SECRET-KEY-1")].concat();
    for out_of_turn in [&opening[..], &[25], &[27, 0], &[27, 1], &[27, 2]] {
        let mut wire = Wire::greet(&scene.socket());
        wire.send(&frame(out_of_turn));
        assert_eq!(wire.rest(), b"", "{out_of_turn:?}");
    }
    assert_eq!(scene.run(["token", "prod"]).succeeds().out(), before);
}

#[test]
fn an_elected_client_that_says_something_else_loses_its_turn_to_the_next() {
    let scene = Scene::new();
    let _agent = scene.foreground();
    let mut wire = Wire::greet(&scene.socket());
    wire.send(&lease(&scene, Asker::Program));
    assert_eq!(wire.hear().as_deref(), Some(&[67][..]));
    wire.send(&frame(&[STATUS]));
    assert_eq!(wire.hear(), None);
    scene.run(["token", "prod"]).succeeds();
}

// A09
#[test]
fn a_frame_may_come_byte_by_byte() {
    let scene = Scene::new();
    let _agent = scene.foreground();
    let mut wire = Wire::connect(&scene.socket());
    for byte in hello().iter().chain(&frame(&[STATUS])) {
        wire.send(&[*byte]);
    }
    assert_eq!(wire.hear().expect("an answer")[0], 1);
    assert_eq!(wire.hear().expect("an answer")[0], STATUS_REPLY);
}

// A09
#[test]
fn frames_that_come_at_once_are_answered_one_after_the_other() {
    let scene = Scene::new();
    let _agent = scene.foreground();
    scene.run(["token", "prod"]).succeeds();
    let mut wire = Wire::connect(&scene.socket());
    let (status, lease) = (frame(&[STATUS]), lease(&scene, Asker::Nobody));
    let all: Vec<u8> = [&hello()[..], &status, &lease, &status, &lease, &frame(&[99])].concat();
    wire.send(&all);
    let kinds: Vec<u8> = std::iter::from_fn(|| wire.hear()).map(|reply| reply[0]).collect();
    assert_eq!(kinds, [1, STATUS_REPLY, 64, STATUS_REPLY, 64, TOLD]);
}

#[test]
fn who_has_no_more_to_say_still_gets_its_answer() {
    let scene = Scene::new();
    let _agent = scene.foreground();
    let mut wire = Wire::connect(&scene.socket());
    wire.send(&[hello(), frame(&[STATUS])].concat());
    wire.stream.shutdown(Shutdown::Write).expect("half closed");
    wire.hear().expect("its opening");
    assert_eq!(wire.hear().expect("an answer")[0], STATUS_REPLY);
    assert_eq!(wire.hear(), None);
}

// A10
#[test]
fn a_client_that_is_gone_before_its_answer_harms_nobody() {
    let scene = Scene::new();
    let agent = scene.foreground();
    let token = scene.run(["token", "prod"]).succeeds().out();
    for asks in [frame(&[STATUS]), lease(&scene, Asker::Nobody)] {
        for _ in 0..200 {
            let mut wire = Wire::connect(&scene.socket());
            wire.send(&[hello(), asks.clone()].concat());
        }
    }
    assert_eq!(scene.run(["token", "prod"]).succeeds().out(), token);
    assert_eq!((agent.said(), scene.issuer.logins()), (String::new(), 1));
}

// A10
#[test]
fn clients_that_are_gone_while_it_mints_for_them_leave_the_others_theirs() {
    let scene = Scene::new();
    let _agent = scene.foreground();
    scene.run(["unlock"]).succeeds();
    let hold = crate::issuer::Hold::new();
    scene.issuer.fault_once(crate::issuer::Fault::Hold(hold.clone()));
    for _ in 0..20 {
        let mut wire = Wire::greet(&scene.socket());
        wire.send(&lease(&scene, Asker::Nobody));
    }
    assert!(hold.is_sent_within(std::time::Duration::from_secs(10)));
    std::thread::scope(|scope| {
        let asking = scope.spawn(|| at_once(4, |_| scene.mintage(["token", "prod"])));
        // Four more that wait, beside the last few that left.
        crate::world::until("they wait", || scene.conversations() >= 4);
        hold.release();
        for ran in asking.join().expect("they ended") {
            ran.succeeds();
        }
    });
    assert_eq!(scene.issuer.logins(), 1);
}

/// The same numbers in every run.
struct Dice(u64);

impl Dice {
    fn throw(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.throw() % u64::try_from(bound).expect("small")).expect("small")
    }

    fn byte(&mut self) -> u8 {
        self.throw().to_be_bytes()[0]
    }

    /// One of the seeds with some bytes changed, cut, added or said twice; or nothing but noise.
    fn mutant(&mut self, seeds: &[Vec<u8>]) -> Vec<u8> {
        if self.below(8) == 0 {
            return (0..self.below(300)).map(|_| self.byte()).collect();
        }
        let mut bytes = seeds[self.below(seeds.len())].clone();
        for _ in 0..=self.below(3) {
            let place = self.below(bytes.len().max(1));
            match (self.below(5), bytes.get_mut(place)) {
                (0, Some(byte)) => *byte = self.byte(),
                (1, Some(byte)) => *byte ^= 1 << self.below(8),
                (2, _) => bytes.truncate(place),
                (3, _) => bytes.insert(place, self.byte()),
                _ => {
                    let end = place + self.below(bytes.len() - place + 1);
                    let piece = bytes[place..end].to_vec();
                    bytes.splice(place..place, piece);
                }
            }
        }
        bytes
    }
}

/// Whether it would do what it says: lock, or end the agent.
fn is_effective(hello_sent: bool, content: &[u8]) -> bool {
    if hello_sent {
        matches!(Request::parse(content), Some(Request::Lock | Request::Stop))
    } else {
        Hello::parse(content).is_some_and(|hello| hello.give_way)
    }
}

// A09
#[test]
fn a_hundred_thousand_broken_frames_leave_it_as_it_was() {
    const FRAMES: usize = 100_000;

    let scene = Scene::new();
    let agent = scene.foreground();
    let token = scene.run(["token", "prod"]).succeeds().out();
    let place = lease(&scene, Asker::Nobody)[5..].to_vec();
    let mut seeds = vec![hello()[4..].to_vec(), lease(&scene, Asker::Nobody)[4..].to_vec()];
    seeds.extend([17, 18, 19, 22, 23, 28, 29].map(|kind| [&[kind], &place[..]].concat()));
    seeds.extend([vec![STATUS], vec![25], vec![26, 0, 0, 0, 1, b'A'], vec![27, 0]]);
    let flood = |seed: u64, count: usize| {
        let mut dice = Dice(seed);
        for _ in 0..count {
            let content = dice.mutant(&seeds);
            let greets = dice.below(8) != 0;
            if is_effective(greets, &content) {
                continue;
            }
            let before = if greets { hello() } else { Vec::new() };
            let mut wire = Wire::connect(&scene.socket());
            wire.send(&[before, frame(&content)].concat());
            // Some wait for what comes of it.
            if dice.below(4) == 0 {
                wire.stream.shutdown(Shutdown::Write).expect("half closed");
                wire.rest();
            }
        }
    };
    flood(1, FRAMES / 50);
    let before = status(agent.pid(), "VmRSS");
    std::thread::scope(|scope| {
        for seed in 2..4 {
            scope.spawn(move || flood(seed, FRAMES / 2));
        }
    });
    assert!(is_running(agent.pid()));
    let after = status(agent.pid(), "VmRSS");
    assert!(after < before + before / 10, "{before} -> {after} KiB");
    assert_eq!(scene.run(["token", "prod"]).succeeds().out(), token);
    assert_eq!((agent.said(), scene.issuer.logins()), (String::new(), 1));
    assert_eq!(scene.agent()["version"], VERSION);
}
