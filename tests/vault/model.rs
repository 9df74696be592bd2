//! Twenty writers at random, and what each was told: all of it must fit one order of events.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use mintage::clock::System;
use mintage::store::DirStore;
use mintage::vault::{OpenVault, Pins};

use crate::scene::{NOWHERE, Scene};
use crate::stock::Stock;
use crate::world::Ran;

const NAMES: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];
const WRITERS: u64 = 20;
const STEPS: u64 = 9;

/// What a name stands for, as a command left it or saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Value {
    Nothing,
    Label(String),
    /// A profile, whatever its label.
    Something,
}

impl Value {
    /// Whether who sees `self` may be looking at what was written as `other`.
    fn fits(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Nothing, Self::Nothing) => true,
            (Self::Nothing, _) | (_, Self::Nothing) => false,
            (Self::Label(seen), Self::Label(written)) => seen == written,
            _ => true,
        }
    }
}

/// Something that was done to a name, or seen of it, between two moments.
#[derive(Debug, Clone)]
struct Event {
    name: String,
    value: Value,
    from: Duration,
    until: Duration,
}

/// All that is known of what happened.
#[derive(Debug, Default)]
struct Log {
    /// Changes that were said to be saved.
    done: Vec<Event>,
    /// Changes that a failed rename may have made, and taken back.
    perhaps: Vec<Event>,
    seen: Vec<Event>,
}

/// Numbers without a pattern, the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % sides
    }
}

struct Writer<'a> {
    scene: &'a Scene,
    start: Instant,
    log: Log,
}

impl Writer<'_> {
    fn step(&mut self, dice: &mut Dice, label: &str) {
        let (name, other) = (NAMES[dice.roll(8)], NAMES[dice.roll(8)]);
        let from = self.start.elapsed();
        let kind = dice.roll(12);
        let ran = self.run(kind, name, other, label);
        let about = format!("{kind} {name} {other}: {} {}", ran.code, ran.err());
        assert!([0, 3, 11].contains(&ran.code) && !ran.err().contains("warning"), "{about}");
        let event = |name: &str, value: Value| Event {
            name: name.to_owned(),
            value,
            from,
            until: self.start.elapsed(),
        };
        let Log { done, perhaps, seen } = &mut self.log;
        let written = Value::Label(label.to_owned());
        match (kind, ran.code) {
            (0..=3, 0) => {
                seen.push(event(name, Value::Nothing));
                done.push(event(name, written));
            }
            (0..=3, _) => seen.push(event(name, Value::Something)),
            (4..=6, 0) => {
                seen.push(event(name, Value::Something));
                done.push(event(name, written));
            }
            (7, 0) => {
                seen.push(event(name, Value::Something));
                done.push(event(name, Value::Nothing));
            }
            (8..=9, 0) => {
                seen.push(event(name, Value::Something));
                done.extend([event(other, Value::Something), event(name, Value::Nothing)]);
            }
            (8..=9, _) if !ran.err().contains("exists already") => {
                perhaps.extend([event(other, Value::Something), event(other, Value::Nothing)]);
            }
            (10, 0) => seen.push(event(name, shown(&ran.json()))),
            (11, 0) => seen.extend(NAMES.map(|name| event(name, listed(&ran, name)))),
            (4..=7 | 10, 3) => seen.push(event(name, Value::Nothing)),
            _ => {}
        }
    }

    fn run(&self, kind: usize, name: &str, other: &str, label: &str) -> Ran {
        let world = &self.scene.world;
        match kind {
            0..=3 => {
                let add = ["add", name, "--stdin", "--base-url", NOWHERE, "--label", label];
                world.mintage(add).stdin(self.scene.canary.pair()).run()
            }
            4..=6 => world.run(["edit", name, "--label", label]),
            7 => world.run(["remove", name, "--yes"]),
            8..=9 => world.run(["rename", name, other]),
            10 => world.run(["show", name, "--json"]),
            _ => world.run(["list", "--json"]),
        }
    }
}

fn shown(profile: &serde_json::Value) -> Value {
    Value::Label(profile["label"].as_str().expect("a label").to_owned())
}

fn listed(ran: &Ran, name: &str) -> Value {
    let list = ran.json();
    let mut profiles = list["profiles"].as_array().expect("a list").iter();
    profiles.find(|it| it["profile"] == name).map_or(Value::Nothing, shown)
}

impl Log {
    /// Whether a change explains what was seen: it began before the look ended, and no other change
    /// lies wholly between the two.
    fn explains(&self, seen: &Event) -> bool {
        let never = Event { value: Value::Nothing, until: Duration::ZERO, ..seen.clone() };
        let first = Event { from: Duration::ZERO, ..never };
        let of_name = |events: &[Event]| -> Vec<Event> {
            events.iter().filter(|it| it.name == seen.name).cloned().collect()
        };
        let done = of_name(&self.done);
        let causes = [vec![first], done.clone(), of_name(&self.perhaps)].concat();
        causes.iter().any(|cause| {
            let is_between = |it: &Event| it.from > cause.until && it.until < seen.from;
            seen.value.fits(&cause.value) && cause.from < seen.until && !done.iter().any(is_between)
        })
    }

    fn count(events: &[Event], name: &str) -> u64 {
        events.iter().filter(|it| it.name == name).count() as u64
    }
}

/// How often each record was saved, by stock `age`.
fn versions(scene: &Scene) -> BTreeMap<&'static str, u64> {
    let (stock, pins) = (Stock::open(scene), tempfile::tempdir().expect("a folder"));
    let key = scene.key();
    let store = DirStore::open(&scene.world.vault(), &System).expect("a vault");
    let pins = Pins::new(pins.path().join("pins"), key.pin_key(), &System);
    let fingerprint = key.founding_fingerprint();
    let opened = OpenVault::open(Box::new(store), &key, &fingerprint, pins, &System);
    let vault = opened.expect("opens");
    let mut found = BTreeMap::new();
    for name in NAMES {
        let file = scene.world.vault().join(vault.path_of(&name.parse().expect("a name")).as_str());
        if file.exists() {
            let plain = stock.plain_of(&file, &stock.epoch_file());
            let body: serde_json::Value =
                serde_json::from_str(plain.lines().next().expect("a line")).expect("JSON");
            found.insert(name, body["version"].as_u64().expect("a number"));
        }
    }
    found
}

// F06
#[test]
fn twenty_writers_at_random_are_each_told_the_truth_and_lose_nothing() {
    let scene = Scene::new();
    let start = Instant::now();
    let write = |writer: u64| {
        let mut dice = Dice(writer);
        let mut writer_log = Writer { scene: &scene, start, log: Log::default() };
        for step in 0..STEPS {
            writer_log.step(&mut dice, &format!("{writer}-{step}"));
        }
        writer_log.log
    };
    let mut log = Log::default();
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..WRITERS).map(|n| scope.spawn(move || write(n))).collect();
        for writer in running {
            let Log { done, perhaps, seen } = writer.join().expect("it ends");
            log.done.extend(done);
            log.perhaps.extend(perhaps);
            log.seen.extend(seen);
        }
    });
    let end = scene.world.run(["list", "--json"]).succeeds();
    let (from, until) = (start.elapsed(), start.elapsed());
    log.seen.extend(NAMES.map(|name| {
        let (name, value) = (name.to_owned(), listed(&end, name));
        Event { name, value, from, until }
    }));
    for seen in &log.seen {
        assert!(log.explains(seen), "nothing explains {seen:?}\n{log:#?}");
    }
    let labels: BTreeSet<_> = log.done.iter().map(|it| format!("{:?}", it.value)).collect();
    assert!(log.done.len() > 40 && labels.len() > 20, "too little happened: {log:#?}");
    let versions = versions(&scene);
    for name in NAMES {
        let (least, saved) = (Log::count(&log.done, name), versions.get(name).copied());
        let most = least + Log::count(&log.perhaps, name);
        assert!((least..=most).contains(&saved.unwrap_or(0)), "{name}: {saved:?} {log:#?}");
    }
    scene.is_well();
}
