//! Names that are no names.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;

use crate::world::World;

const RULE: &str = "a profile name is 1 to 128 characters";

// N01, N02
#[test]
fn what_is_no_profile_name_is_refused_with_the_rule_and_makes_nothing() {
    let world = World::with_vault();
    world.run(["list"]).succeeds();
    let long = "a".repeat(10_240);
    let names = [
        "",
        ".",
        "..",
        "../../x",
        "/abs",
        "/",
        "a/",
        "/a",
        "a//b",
        "a/./b",
        "a/../b",
        "a\nb",
        "a\tb",
        "a\u{1b}[2Jb",
        "a b",
        ".hidden",
        "Prod",
        "PROD",
        "caf\u{e9}",
        "cafe\u{301}",
        "\u{430}bc",
        "a\u{200b}b",
        "\u{202e}abc",
        "\u{1f511}",
        "a\\b",
        "a*",
        &long,
    ];
    for name in names {
        for command in [
            &["add", "--stdin", "--"][..],
            &["token", "--"],
            &["show", "--"],
            &["remove", "--yes", "--"],
        ] {
            let ran = world.mintage(command).args([name]).stdin("id:secret").run().exits(2);
            let ran = ran.says(RULE);
            assert_eq!(ran.out(), "");
            let raw = ran.err().contains(|c: char| c.is_control() && c != '\n');
            assert!(!raw, "{name:?}: {}", ran.err());
            assert!(ran.err().len() < 1000, "{name:?}");
        }
    }
    assert_eq!(world.records().len(), 0);
    world.run(["exec", "../x", "--", "true"]).exits(2).says(RULE);
    world.mintage(["token"]).env("MINTAGE_PROFILE", "../x").run().exits(2).says(RULE);
}

// N01
#[test]
fn a_name_that_is_not_utf_8_is_refused() {
    let world = World::with_vault();
    let name = OsString::from_vec(b"a\xff\xfe".to_vec());
    world.mintage(["add", "--stdin"]).args([&name]).run().exits(2).says("not UTF-8");
    let profile = world.mintage(["token"]).env("MINTAGE_PROFILE", name).run();
    profile.exits(2);
}

// N01
#[test]
fn a_name_that_looks_like_an_option_is_none() {
    let world = World::with_vault();
    world.mintage(["add", "-rf", "--stdin"]).stdin("id:secret").run().exits(2);
    world.mintage(["add", "--stdin", "--", "-rf"]).stdin("id:secret").run().exits(2).says(RULE);
    world.mintage(["add", "--stdin", "--", "--help"]).stdin("id:secret").run().exits(2).says(RULE);
    world.mintage(["add", "--stdin", "--", "fine"]).stdin("id:secret").run().succeeds();
    world.run(["show", "--", "fine"]).succeeds();
}

#[test]
fn every_proper_name_works_and_is_never_a_path() {
    let world = World::with_vault();
    let longest = "a".repeat(128);
    let names = ["a", "0", "acme/dap-eu", "a.b_c-d", "a/b/c/d", "x..y", "con", &longest];
    for name in names {
        world.mintage(["add", name, "--stdin"]).stdin("id:secret").run().succeeds();
        world.run(["show", name]).succeeds();
    }
    let listed = world.run(["list"]).succeeds().out();
    assert_eq!(listed.lines().count(), names.len());
    for file in world.records() {
        let stem = file.file_stem().expect("a name").to_string_lossy().into_owned();
        assert!(stem.len() == 64 && stem.bytes().all(|b| b.is_ascii_hexdigit()), "{stem}");
    }
}

#[test]
fn what_is_no_vault_name_is_refused_by_init() {
    let world = World::new();
    for name in ["2work", "A", "a.b", ".", "a b", "caf\u{e9}", &"a".repeat(65)] {
        let init = ["init", "--vault", name, "--key", "file", "--recovery-file", "r.txt"];
        world.run(init).exits(2).says("a vault name is");
    }
    assert!(!world.config().exists() && !world.path("r.txt").exists());
}
