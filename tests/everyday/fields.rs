//! Further secrets of a profile.

use serde_json::json;

use crate::pty::Desk;
use crate::scene::Scene;
use crate::world::Ran;

const SECRET: &str = "postgres://u:canary-of-a-field@db/1";

/// With the field `database_url`.
fn scene() -> Scene {
    let scene = Scene::new();
    scene.write("field", format!("{SECRET}\n"));
    scene.add("prod", &["--field", "database_url", "--field-file", "field"]);
    scene
}

fn in_environment(scene: &Scene, field: &str) -> Ran {
    let mapping = format!("X={field}");
    scene.run(&["exec", "prod", "--env", &mapping, "--", "printenv", "X"])
}

#[test]
fn a_field_is_hidden_until_it_is_revealed() {
    let scene = scene();
    let shown = scene.run(&["show", "prod"]).succeeds().hides(SECRET);
    assert!(shown.out().contains("database_url"));
    let length = SECRET.len();
    assert_eq!(scene.show("prod")["fields"], json!({ "database_url": { "bytes": length } }));
    assert_eq!(
        scene.reveal("prod")["fields"],
        json!({ "database_url": { "bytes": length, "value": SECRET } })
    );
    let revealed = scene.world.run(["show", "prod", "--reveal"]).succeeds().out();
    assert!(revealed.contains(SECRET) && !revealed.contains("(hidden"));
}

#[test]
fn a_label_that_looks_like_a_hidden_secret_stays_when_it_is_revealed() {
    let scene = scene();
    scene.edit(&["--label", "(hidden, it seems)"]).run().succeeds();
    let rows = scene.world.run(["show", "prod", "--reveal"]).succeeds().out();
    assert!(rows.contains("(hidden, it seems)") && rows.contains(SECRET), "{rows}");
}

#[test]
fn a_field_reaches_a_child_by_name() {
    let scene = scene();
    let ran = in_environment(&scene, "database_url");
    assert_eq!(ran.succeeds().out(), format!("{SECRET}\n"));
}

#[test]
fn a_field_comes_by_standard_input() {
    let scene = Scene::with(&[]);
    let call = scene.edit(&["--field", "k", "--field-stdin"]).stdin("by-stdin-1\n");
    call.run().succeeds().hides("by-stdin-1");
    assert_eq!(scene.reveal("prod")["fields"]["k"]["value"], "by-stdin-1");
}

#[test]
fn a_field_comes_by_file() {
    let scene = Scene::with(&[]);
    scene.write("value", "by-file-1\n");
    let call = scene.edit(&["--field", "k", "--field-file", "value"]);
    call.run().succeeds().says("delete it there").hides("by-file-1");
    assert_eq!(scene.reveal("prod")["fields"]["k"]["value"], "by-file-1");
}

#[test]
fn a_field_comes_by_descriptor() {
    let scene = Scene::with(&[]);
    scene.write("value", "by-fd-1\n");
    let call = scene.world.program("sh").args(["-c", "exec \"$0\" \"$@\" 8<value"]);
    let call = call.args([env!("CARGO_BIN_EXE_mintage"), "edit", "prod"]);
    call.args(["--field", "k", "--field-fd", "8"]).run().succeeds().hides("by-fd-1");
    assert_eq!(scene.reveal("prod")["fields"]["k"]["value"], "by-fd-1");
}

#[test]
fn a_field_comes_by_prompt() {
    let scene = Scene::with(&[]);
    let mut session = scene.edit_at_a_desk(&["--field", "k"]).start();
    session.sees("Value of `k`: ").types("by-prompt-1\r");
    session.ends().exits(0).leaves_the_terminal_alone().hides("by-prompt-1");
    assert_eq!(scene.reveal("prod")["fields"]["k"]["value"], "by-prompt-1");
}

#[test]
fn a_field_and_the_pair_come_by_prompt_at_add() {
    let scene = Scene::new();
    let desk = Desk::mintage(&scene.world, ["add", "prod", "--field", "k"]);
    let mut session = desk.start();
    session.sees("secret): ").types(format!("{}\r", scene.canary.pair()));
    session.sees("Value of `k`: ").types("by-prompt-2\r");
    session.ends().exits(0).hides("by-prompt-2").hides(&scene.canary.secret);
    assert_eq!(scene.reveal("prod")["fields"]["k"]["value"], "by-prompt-2");
    assert_eq!(scene.secret_of("prod"), scene.canary.secret);
}

#[test]
fn a_field_without_a_terminal_and_a_value_asks_nobody() {
    let scene = Scene::with(&[]);
    let before = scene.sealed();
    scene.edit(&["--field", "k"]).run().exits(4);
    assert_eq!(scene.sealed(), before);
}

#[test]
fn a_field_is_replaced_and_dropped() {
    let scene = scene();
    let edit = scene.edit(&["--field", "database_url", "--field-stdin"]).stdin("second");
    edit.run().succeeds();
    assert_eq!(scene.reveal("prod")["fields"]["database_url"]["value"], "second");
    scene.edit(&["--drop-field", "database_url"]).run().succeeds();
    assert_eq!(scene.show("prod")["fields"], json!({}));
    in_environment(&scene, "database_url").exits(125);
}

#[test]
fn a_field_stays_while_another_thing_changes() {
    let scene = scene();
    scene.edit(&["--secret-stdin", "--label", "x"]).stdin("other").run().succeeds();
    scene.run(&["rename", "prod", "other"]).succeeds();
    assert_eq!(scene.reveal("other")["fields"]["database_url"]["value"], SECRET);
}

#[test]
fn a_binary_field_is_kept_and_shown_in_base64() {
    let scene = Scene::with(&[]);
    let bytes = b"\x80\xff\n\x01end";
    scene.edit(&["--field", "k", "--field-stdin"]).stdin(&bytes[..]).run().succeeds();
    assert_eq!(
        scene.reveal("prod")["fields"],
        json!({ "k": { "bytes": 7, "value_base64": "gP8KAWVuZA==" } })
    );
    let rows = scene.world.run(["show", "prod", "--reveal"]).succeeds().out();
    assert!(rows.contains("k_base64") && rows.contains("gP8KAWVuZA=="));
    let ran = in_environment(&scene, "k").succeeds();
    assert_eq!(ran.stdout, [&bytes[..], b"\n"].concat());
}

#[test]
fn a_field_with_a_zero_byte_reaches_no_environment() {
    let scene = Scene::with(&[]);
    scene.edit(&["--field", "k", "--field-stdin"]).stdin("zero\0byte").run().succeeds();
    let ran = in_environment(&scene, "k").exits(125).says("zero byte");
    assert!(!ran.err().contains("zero\0"));
}

#[test]
fn a_field_has_64_kib_and_not_a_byte_more_or_none() {
    let scene = Scene::with(&[]);
    let set = |value: Vec<u8>| scene.edit(&["--field", "k", "--field-stdin"]).stdin(value).run();
    set(vec![b'x'; 65_537]).exits(2).says("64 KiB");
    set(Vec::new()).exits(2);
    set(b"\n".to_vec()).exits(2);
    assert_eq!(scene.show("prod")["fields"], json!({}));
    set(vec![b'x'; 65_536]).succeeds();
    assert_eq!(scene.show("prod")["fields"]["k"]["bytes"], 65_536);
}

#[test]
fn a_record_that_would_be_too_large_is_refused_and_the_old_one_stands() {
    let scene = Scene::with(&[]);
    let mut codes = Vec::new();
    for number in 0..8 {
        let name = format!("k{number}");
        let call = scene.edit(&["--field", &name, "--field-stdin"]).stdin(vec![0x80; 65_536]);
        codes.push(call.run().code);
    }
    let kept = codes.iter().filter(|code| **code == 0).count();
    assert!(kept > 0 && codes[kept..].iter().all(|code| *code == 12), "{codes:?}");
    assert_eq!(scene.show("prod")["fields"].as_object().map(serde_json::Map::len), Some(kept));
}

#[test]
fn a_profile_has_16_fields_and_no_more() {
    let scene = Scene::with(&[]);
    let set = |name: &str| scene.edit(&["--field", name, "--field-stdin"]).stdin("x").run();
    for number in 0..16 {
        set(&format!("k{number}")).succeeds();
    }
    set("one_more").exits(2).says("at most 16");
    set("k3").succeeds();
}

#[test]
fn a_name_that_means_something_else_is_refused() {
    let scene = Scene::with(&[]);
    let before = scene.sealed();
    for name in [
        "token",
        "expires_at",
        "scope",
        "client_id",
        "client_secret",
        "client_secret_base64",
        "base_url",
        "profile",
        "v",
        "label",
        "endpoint",
        "token_only",
        "secret",
        "",
        "Upper",
        "a-b",
        "1a",
        "a=b",
        "caf\u{e9}",
    ] {
        let call = scene.edit(&["--field", name, "--field-stdin"]).stdin("x");
        call.run().exits(2).says("the name of a field");
    }
    assert_eq!(scene.sealed(), before);
}

#[test]
fn a_name_that_a_binary_field_is_shown_by_is_refused() {
    let scene = Scene::with(&[]);
    let call = scene.edit(&["--field", "k_base64", "--field-stdin"]).stdin("x");
    call.run().exits(2).says("the name of a field");
}

#[test]
fn an_unknown_field_is_refused_before_anything_is_minted_and_not_repeated() {
    let scene = scene();
    for mapping in ["X=hunter2", "X=s3cret-Value", "X=hunter2\u{1b}[2J"] {
        let exec = ["exec", "prod", "--env", "T=token", "--env", mapping, "--", "env"];
        let ran = scene.run(&exec).hides("hunter2").hides("s3cret-Value");
        assert!([2, 125].contains(&ran.code), "{}", ran.code);
        assert_eq!(ran.out(), "");
    }
    assert_eq!(scene.issuer.logins(), 0);
}

#[test]
fn a_field_alone_needs_no_token() {
    let scene = scene();
    let exec = ["exec", "prod", "--env", "ACCESS_TOKEN=database_url", "--", "printenv"];
    let out = scene.run(&exec).succeeds().out();
    assert!(out.contains(&format!("ACCESS_TOKEN={SECRET}\n")));
    assert_eq!(scene.issuer.logins(), 0);
}

#[test]
fn a_field_is_nowhere_in_clear() {
    let scene = scene();
    std::fs::remove_file(scene.world.path("field")).expect("removed");
    scene.run(&["list"]).succeeds();
    let grep = ["-r", "canary-of-a-field", "."];
    scene.world.program("grep").args(grep).run().exits(1);
}

#[test]
fn values_without_a_name_and_two_sources_are_wrong_usage() {
    let scene = Scene::with(&[]);
    for options in [
        &["--field-stdin"][..],
        &["--field", "k", "--field-stdin", "--field-file", "f"],
        &["--field", "k", "--field-stdin", "--secret-stdin"],
        &["--field", "k", "--field-stdin", "--stdin"],
    ] {
        scene.edit(options).stdin("x").run().exits(2);
    }
}

#[test]
fn a_field_never_leaves_for_the_issuer() {
    let scene = scene();
    scene.run(&["token", "prod"]).succeeds();
    scene.run(&["inspect", "prod"]).succeeds().hides(SECRET);
    assert!(!crate::scene::carries(&scene.issuer.requests(), SECRET));
}
