//! The contract of `Store`, held against each of its implementers.

#![expect(clippy::expect_used, reason = "a test fails by panic wherever it stands")]

use mintage::clock::System;
use mintage::limits;
use mintage::seal::digest;
use mintage::store::{DirStore, Error, Expect, Look, MemoryStore, Store};

const KEY: &str = "key.age";
const RECORD: &str = "profiles/ab/ab00.age";

/// Runs `test` over a fresh store of each kind.
fn over_each(test: impl Fn(&dyn Store)) {
    test(&MemoryStore::default());
    let folder = tempfile::tempdir().expect("a folder");
    test(&DirStore::create(&folder.path().join("vault"), &System).expect("made"));
}

#[track_caller]
fn holds(store: &dyn Store, key: &str, bytes: &[u8]) {
    let found = store.get(key).expect("readable").expect("there");
    assert_eq!((found.bytes.as_slice(), found.digest), (bytes, digest(bytes)));
}

#[test]
fn what_was_never_put_is_absent() {
    over_each(|store| {
        assert_eq!(store.get(KEY).expect("readable"), None);
        assert_eq!(store.get(RECORD).expect("readable"), None);
        assert_eq!(store.list_records().expect("listed"), Vec::<String>::new());
    });
}

#[test]
fn what_is_put_is_found_with_its_digest() {
    over_each(|store| {
        for (key, bytes) in [(KEY, &b"\0\xff\n"[..]), (RECORD, b""), ("vault.json", b"{}")] {
            store.put(key, bytes, Expect::Absent).expect("saved");
            holds(store, key, bytes);
        }
    });
}

#[test]
fn a_change_that_expects_something_else_is_a_conflict_and_changes_nothing() {
    over_each(|store| {
        let conflicts = |result| matches!(result, Err(Error::Conflict));
        assert!(conflicts(store.put(KEY, b"two", Expect::Digest(&digest(b"one")))));
        assert_eq!(store.get(KEY).expect("readable"), None);
        store.put(KEY, b"one", Expect::Absent).expect("saved");
        assert!(conflicts(store.put(KEY, b"two", Expect::Absent)));
        assert!(conflicts(store.put(KEY, b"one", Expect::Absent)));
        assert!(conflicts(store.put(KEY, b"two", Expect::Digest(&digest(b"two")))));
        assert!(conflicts(store.put(KEY, b"two", Expect::Digest(""))));
        holds(store, KEY, b"one");
    });
}

#[test]
fn a_change_that_expects_what_is_there_is_made() {
    over_each(|store| {
        store.put(RECORD, b"one", Expect::Absent).expect("saved");
        store.put(RECORD, b"two", Expect::Digest(&digest(b"one"))).expect("saved");
        holds(store, RECORD, b"two");
        holds(store, RECORD, b"two");
    });
}

#[test]
fn records_are_listed_in_order_and_nothing_else_is() {
    over_each(|store| {
        let record =
            |hex: &str, digit: &str| format!("profiles/{hex}/{hex}{}.age", digit.repeat(62));
        let records = [record("ff", "0"), record("00", "1"), record("00", "0")];
        let others = ["vault.json", KEY, "members.age"].map(str::to_owned);
        for key in records.iter().chain(&others) {
            store.put(key, b"x", Expect::Absent).expect("saved");
        }
        let mut expected = records.to_vec();
        expected.sort_unstable();
        assert_eq!(store.list_records().expect("listed"), expected);
        let keys = |looks: Vec<Look>| looks.into_iter().map(|look| look.key).collect::<Vec<_>>();
        assert_eq!(keys(store.shards().expect("listed")), ["profiles/00", "profiles/ff"]);
        assert_eq!(keys(store.records("profiles/00").expect("listed")), &expected[..2]);
        assert_eq!(keys(store.records("profiles/11").expect("listed")), Vec::<String>::new());
    });
}

#[test]
fn what_is_destroyed_is_gone_and_may_be_destroyed_again() {
    over_each(|store| {
        for key in [KEY, RECORD, "members.age", "vault.json"] {
            store.put(key, b"x", Expect::Absent).expect("saved");
        }
        for _ in 0..2 {
            store.destroy().expect("destroyed");
            assert_eq!(store.get(KEY).expect("readable"), None);
            assert_eq!(store.list_records().expect("listed"), Vec::<String>::new());
        }
    });
}

// V17
#[test]
fn an_object_above_the_cap_is_too_large_and_one_at_the_cap_is_not() {
    over_each(|store| {
        let cap = usize::try_from(limits::SEALED_OBJECT).expect("small");
        let bytes = vec![7; cap + 1];
        store.put(KEY, &bytes, Expect::Absent).expect("saved");
        assert!(matches!(store.get(KEY), Err(Error::TooLarge)));
        store.put(RECORD, bytes.get(1..).expect("longer"), Expect::Absent).expect("saved");
        assert_eq!(store.get(RECORD).expect("readable").expect("there").bytes.len(), cap);
    });
}

// F06
#[test]
fn of_many_who_expect_the_same_exactly_one_wins() {
    let memory = MemoryStore::default();
    one_wins(&memory, |bytes, expect| memory.put(KEY, bytes, expect).is_ok());
    let folder = tempfile::tempdir().expect("a folder");
    let open = || DirStore::create(&folder.path().join("vault"), &System).expect("opened");
    one_wins(&open(), |bytes, expect| open().put(KEY, bytes, expect).is_ok());
}

fn one_wins(store: &dyn Store, put: impl Fn(&[u8], Expect<'_>) -> bool + Sync) {
    let race = |expect: Expect<'_>| {
        let put = &put;
        std::thread::scope(|scope| {
            let tries: Vec<_> =
                (1..=8_u8).map(|n| scope.spawn(move || put(&[n], expect))).collect();
            tries.into_iter().map(|it| it.join().expect("it ends")).filter(|won| *won).count()
        })
    };
    assert_eq!(race(Expect::Absent), 1);
    let now = store.get(KEY).expect("readable").expect("there");
    // None of them puts what is there, which would let another win again.
    store.put(KEY, b"none of them", Expect::Digest(&now.digest)).expect("saved");
    assert_eq!(race(Expect::Digest(&digest(b"none of them"))), 1);
}
