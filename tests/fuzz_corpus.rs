//! The frames that fuzzing begins with, and what it found: each is what its name says, in every run.

#![expect(clippy::expect_used, reason = "a test fails by panic wherever it stands")]

#[path = "../fuzz/facts.rs"]
#[expect(dead_code, reason = "each includer uses its part")]
mod facts;

use std::collections::{BTreeMap, BTreeSet};

/// Each file, by its name.
fn corpus() -> BTreeMap<String, Vec<u8>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/frames");
    let read = |entry: std::io::Result<std::fs::DirEntry>| {
        let entry = entry.expect("readable");
        let name = entry.file_name().into_string().expect("UTF-8");
        (name, std::fs::read(entry.path()).expect("readable"))
    };
    std::fs::read_dir(folder).expect("a folder").map(read).collect()
}

// A09
#[test]
fn each_file_is_what_its_name_says_and_is_written_again_as_it_was_read() {
    for (name, content) in corpus() {
        let is = [facts::request(&content), facts::reply(&content), facts::hello(&content)];
        let said = ["request-", "reply-", "hello-"].map(|kind| name.starts_with(kind));
        assert_eq!(is, said, "{name}");
        assert!(said.contains(&true) || name.starts_with("bad-"), "{name}");
    }
}

#[test]
fn every_kind_of_frame_is_there() {
    let kinds: BTreeSet<u8> = corpus()
        .iter()
        .filter(|(name, _)| !name.starts_with("bad-"))
        .filter_map(|(_, content)| content.first().copied())
        .collect();
    let known: BTreeSet<u8> = [1].into_iter().chain(16..=29).chain(64..=76).collect();
    assert_eq!(kinds, known);
}

/// A bit here, a byte less there: nothing panics, and whatever is still understood is canonical.
// A09
#[test]
fn whatever_is_next_to_them_is_refused_or_canonical() {
    for content in corpus().into_values() {
        let judge = |content: &[u8]| {
            let _each_asserts =
                [facts::request(content), facts::reply(content), facts::hello(content)];
        };
        for place in 0..content.len() {
            judge(content.get(..place).expect("shorter"));
            judge(content.get(place..).expect("shorter"));
            for bit in 0..8 {
                let mut changed = content.clone();
                *changed.get_mut(place).expect("there") ^= 1 << bit;
                judge(&changed);
            }
        }
    }
}
