//! What each command does when all is well, and its plain refusals.

use crate::issuer::Issuer;
use crate::pty::Desk;
use crate::world::{Canary, World};

fn with_profiles(names: &[&str]) -> World {
    let world = World::with_vault();
    for name in names {
        world.mintage(["add", name, "--stdin"]).stdin("the-id:the-secret").run().succeeds();
    }
    world
}

#[test]
fn a_token_is_minted_and_arrives_whole() {
    let (issuer, canary) = (Issuer::https(), Canary::new());
    let world = World::with_profile(&issuer, &canary);
    let ran = world.run(["token", "prod"]).succeeds().hides(&canary.secret);
    assert_eq!(ran.out().trim_end(), issuer.tokens()[0]);
    assert_eq!(issuer.logins(), 1);
    assert_eq!(ran.err(), "");
}

#[test]
fn a_missing_profile_answers_exit_3() {
    let world = World::with_vault();
    world.run(["token", "nobody"]).exits(3).says("no profile `nobody`");
    world.run(["show", "nobody"]).exits(3);
    world.run(["remove", "nobody", "--yes"]).exits(3);
}

#[test]
fn without_a_vault_everything_answers_exit_3_and_says_init() {
    let world = World::new();
    for command in [&["list"][..], &["token", "p"], &["show", "p"], &["add", "p", "--stdin"]] {
        world.run(command).exits(3).says("hint: mintage init");
    }
}

#[test]
fn init_says_where_everything_is_and_makes_it_private() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::new();
    let ran = world.run(["init", "--key", "file", "--recovery-file", "r.txt"]).succeeds();
    let ran = ran.says("vault `default` made at").says("opening key: in").says("recovery key: in");
    assert_eq!(ran.out(), "");
    assert!(!ran.err().contains("AGE-SECRET-KEY"), "{}", ran.err());
    let mode = |path: &std::path::Path| {
        std::fs::metadata(path).expect("there").permissions().mode() & 0o777
    };
    assert_eq!(mode(&world.path("r.txt")), 0o600);
    assert_eq!(mode(&world.vault()), 0o700);
    assert_eq!(mode(&world.config().join("settings.toml")), 0o600);
}

#[test]
fn init_never_makes_a_second_vault_over_the_first() {
    let world = with_profiles(&["prod"]);
    let again = || world.run(["init", "--key", "file", "--recovery-file", "second.txt"]);
    again().exits(11).says("hint:");
    world.run(["show", "prod"]).succeeds();
    std::fs::remove_file(world.config().join("settings.toml")).expect("removed");
    again().exits(11).says("hint: mintage vault add");
    assert!(!world.path("second.txt").exists());
}

#[test]
fn init_writes_over_no_file_that_is_there() {
    let world = World::new();
    std::fs::write(world.path("mine.txt"), "precious").expect("written");
    world.run(["init", "--key", "file", "--recovery-file", "mine.txt"]).exits(11);
    let same = ["init", "--key", "file", "--identity-file", "mine.txt", "--recovery-file", "r.txt"];
    world.run(same).exits(11);
    assert_eq!(std::fs::read_to_string(world.path("mine.txt")).expect("there"), "precious");
    assert!(!world.path("r.txt").exists());
    world.run(["list"]).exits(3);
}

#[test]
fn init_without_a_keychain_never_takes_something_weaker_by_itself() {
    let world = World::new();
    world.run(["init", "--recovery-file", "r.txt"]).exits(8).says("--key passphrase");
    world.run(["init", "--key", "keychain", "--recovery-file", "r.txt"]).exits(8);
    assert!(!world.path("r.txt").exists());
    world.run(["init", "--key", "file"]).exits(4).says("--recovery-file");
}

#[test]
fn list_is_tab_separated_on_a_pipe_and_a_table_at_a_terminal() {
    let world = with_profiles(&["b", "a/x"]);
    let oauth = [
        "add",
        "c",
        "--token-url",
        "https://issuer.example:8443/t",
        "--stdin",
        "--label",
        "A client",
        "--secret-expires",
        "2031-06-30",
        "--tag",
        "eu",
    ];
    world.mintage(oauth).stdin("the-id:the-secret").run().succeeds();
    let host = "api-gateway.instructure.com";
    let left = left("2031-06-30");
    let c = format!("c\toauth2\tissuer.example:8443\t2031-06-30\tA client\teu\t{left}\n");
    let bare = |name: &str| format!("{name}\tinstructure\t{host}\t\t\t\t\n");
    let expected = [bare("a/x"), bare("b"), c.clone()].concat();
    assert_eq!(world.run(["list"]).succeeds().out(), expected);
    assert_eq!(world.run(["list", "--tag", "eu"]).succeeds().out(), c);
    assert_eq!(world.run(["list", "/"]).succeeds().out().lines().count(), 1);
    assert_eq!(world.run(["list", "none"]).succeeds().out(), "");
    let ended = Desk::mintage(&world, ["list"]).start().ends().exits(0);
    ended.shows("NAME  PRESET       HOST").shows("a/x   instructure  api").hides("\t");
    Desk::mintage(&world, ["list", "none"]).start().ends().exits(0).shows("no profiles");
    let json = world.run(["list", "--json"]).succeeds().json();
    let names: Vec<_> = json["profiles"].as_array().expect("a list").iter().collect();
    assert_eq!((names.len(), &names[2]["profile"]), (3, &"c".into()));
}

/// Days from now to a date.
fn left(date: &str) -> i32 {
    let date: jiff::civil::Date = date.parse().expect("a date");
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    today.until(date).expect("to come").get_days()
}

#[test]
fn show_hides_the_secret_unless_it_is_to_be_revealed() {
    let world = with_profiles(&["p"]);
    let masked = world.run(["show", "p"]).succeeds().hides("the-secret");
    assert!(masked.out().contains("(hidden, 10 bytes)"), "{}", masked.out());
    assert!(masked.out().contains("the-id"), "{}", masked.out());
    world.run(["show", "p", "--json"]).succeeds().hides("the-secret");
    let revealed = world.run(["show", "p", "--reveal"]).succeeds().out();
    assert!(revealed.contains("the-secret") && !revealed.contains("hidden"), "{revealed}");
    let json = world.run(["show", "p", "--reveal", "--json"]).succeeds().json();
    assert_eq!(json["client_secret"], "the-secret");
    Desk::mintage(&world, ["show", "p"]).start().ends().exits(0).hides("the-secret");
}

#[test]
fn a_secret_that_is_no_text_is_revealed_as_base64_under_another_name() {
    let world = World::with_vault();
    let add = world.mintage(["add", "p", "--client-id", "x", "--secret-stdin"]);
    add.stdin(b"\x80\xff\0".to_vec()).run().succeeds();
    let json = world.run(["show", "p", "--reveal", "--json"]).succeeds().json();
    assert_eq!(json["client_secret_base64"], "gP8A");
    assert!(json.get("client_secret").is_none());
}

#[test]
fn a_token_only_profile_reveals_nothing() {
    let world = World::with_vault();
    let add = world.mintage(["add", "p", "--stdin", "--token-only"]);
    add.stdin("the-id:the-secret").run().succeeds();
    for form in [&["show", "p", "--reveal"][..], &["show", "p", "--reveal", "--json"]] {
        let ran = world.run(form).exits(9).says("token-only").hides("the-secret");
        assert_eq!(ran.out(), "");
    }
    world.run(["show", "p"]).succeeds().hides("the-secret");
}

#[test]
fn remove_asks_a_person_first() {
    let world = with_profiles(&["p", "q"]);
    world.run(["remove", "p"]).exits(4).says("hint:");
    for (answer, code) in [("n\r", 9), ("\r", 9), ("yes please\r", 9), ("\x04", 4), ("\x03", 130)] {
        let mut session = Desk::mintage(&world, ["remove", "p"]).start();
        session.sees("Remove `p` and its secret for good? [y/N] ").types(answer);
        session.ends().exits(code).leaves_the_terminal_alone();
        world.run(["show", "p"]).succeeds();
    }
    let mut session = Desk::mintage(&world, ["remove", "p"]).start();
    session.sees("[y/N] ").types("y\r");
    session.ends().exits(0).leaves_the_terminal_alone().shows("profile `p` removed");
    world.run(["show", "p"]).exits(3);
    world.run(["remove", "q", "--yes"]).succeeds().says("the issuer still accepts the secret");
    assert_eq!(world.run(["list"]).succeeds().out(), "");
    world.run(["remove", "q", "--yes"]).exits(3);
}

#[test]
fn remove_needs_a_name_even_where_a_profile_is_set() {
    let world = with_profiles(&["p"]);
    let call = world.mintage(["remove", "--yes"]).env("MINTAGE_PROFILE", "p");
    call.run().exits(2).says("missing");
    world.run(["show", "p"]).succeeds();
}

#[test]
fn status_says_what_is_in_force_and_opens_nothing() {
    let world = World::new();
    let empty = world.run(["status"]).succeeds().says("mintage init");
    assert!(empty.out().contains("undumpable"), "{}", empty.out());
    assert_eq!(world.run(["status", "--json"]).succeeds().json()["vault"], serde_json::Value::Null);
    let world = World::with_vault();
    let status = || world.run(["status", "--json"]).succeeds().json();
    let found = status();
    assert_eq!(found["vault"]["vault"], "default");
    assert_eq!(found["vault"]["path"], world.vault().to_str().expect("text"));
    assert_eq!(found["vault"]["store"], "reachable");
    assert_eq!(found["vault"]["key"], "file");
    assert_eq!(found["vault"]["key_state"], "there");
    assert_eq!(found["protection"]["undumpable"], true);
    for key in std::fs::read_dir(world.config().join("identities")).expect("a folder") {
        std::fs::remove_file(key.expect("readable").path()).expect("removed");
    }
    assert_eq!(status()["vault"]["key_state"], "missing");
    std::fs::remove_dir_all(world.vault()).expect("removed");
    assert_ne!(status()["vault"]["store"], "reachable");
}
