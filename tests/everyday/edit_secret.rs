//! `edit`: how a new secret comes in, who is asked, and what saves nothing.

use serde_json::json;

use crate::edit::full;
use crate::issuer::Fault;
use crate::pty::Desk;

#[test]
fn a_secret_alone_is_replaced_by_each_way() {
    let scene = full();
    scene.write("secret", "by-file\n");
    let ways: [(&[&str], &str, &str); 3] = [
        (&["--secret-stdin"], "by-stdin\n", "by-stdin"),
        (&["--secret-file", "secret"], "", "by-file"),
        (&["--stdin"], "us-east-1#x:by-pair", "by-pair"),
    ];
    for (options, stdin, secret) in ways {
        scene.edit(options).args(["-v"]).stdin(stdin).run().succeeds().hides(secret);
        assert_eq!(scene.secret_of("prod"), secret);
    }
    assert_eq!(scene.show("prod")["client_id"], "us-east-1#x");
}

#[test]
fn a_secret_alone_keeps_the_client_id() {
    let scene = full();
    scene.edit(&["--secret-stdin"]).stdin("new-secret").run().succeeds();
    assert_eq!(scene.show("prod")["client_id"], scene.canary.id);
}

#[test]
fn a_secret_is_replaced_by_descriptor() {
    let scene = full();
    scene.write("secret", "by-descriptor\n");
    let call = scene.world.program("sh").args(["-c", "exec \"$0\" \"$@\" 7<secret"]);
    let call = call.args([env!("CARGO_BIN_EXE_mintage"), "edit", "prod", "--secret-fd", "7"]);
    call.run().succeeds().hides("by-descriptor");
    assert_eq!(scene.secret_of("prod"), "by-descriptor");
}

#[test]
fn a_client_id_alone_keeps_the_secret() {
    let scene = full();
    scene.edit(&["--client-id", "other-id"]).run().succeeds();
    assert_eq!(scene.show("prod")["client_id"], "other-id");
    assert_eq!(scene.secret_of("prod"), scene.canary.secret);
}

#[test]
fn a_pair_in_place_of_the_secret_is_refused() {
    let scene = full();
    let before = scene.sealed();
    let call = scene.edit(&["--client-id", "x", "--secret-stdin"]).stdin("x:some-pair");
    call.run().exits(2).says("--stdin").hides("some-pair");
    let call = scene.edit(&["--client-id", "x", "--stdin"]).stdin("y:some-pair");
    call.run().exits(2).hides("some-pair");
    assert_eq!(scene.sealed(), before);
}

#[test]
fn a_secret_among_the_arguments_is_caught() {
    let scene = full();
    for option in [&["--secret", "typed-1"][..], &["--client-secret=typed-1"], &["-s", "typed-1"]] {
        scene.edit(option).run().exits(2).hides("typed-1").says("history");
    }
}

#[test]
fn alone_at_a_terminal_it_asks_for_both() {
    let scene = full();
    let mut session = scene.edit_at_a_desk(&[]).start();
    session.sees("Client id (or paste id and secret) [unchanged]: ").types("new-id\r");
    session.sees("Client secret: ").types("typed-secret\r");
    let ended = session.ends().exits(0).leaves_the_terminal_alone();
    ended.hides("typed-secret").hides(&scene.canary.secret);
    assert_eq!(scene.show("prod")["client_id"], "new-id");
    assert_eq!(scene.secret_of("prod"), "typed-secret");
}

#[test]
fn an_empty_id_at_the_terminal_means_the_known_one() {
    let scene = full();
    let mut session = scene.edit_at_a_desk(&[]).start();
    session.sees("[unchanged]: ").types("\r").sees("Client secret: ").types("typed-secret\r");
    session.ends().exits(0).leaves_the_terminal_alone().hides("typed-secret");
    assert_eq!(scene.show("prod")["client_id"], scene.canary.id);
    assert_eq!(scene.secret_of("prod"), "typed-secret");
}

#[test]
fn a_pair_pasted_at_the_terminal_is_taken_apart() {
    let scene = full();
    let mut session = scene.edit_at_a_desk(&[]).start();
    session.sees("[unchanged]: ").types("pasted-id:pasted-secret-1\r");
    session.ends().exits(0).leaves_the_terminal_alone().hides("pasted-secret-1");
    assert_eq!(scene.show("prod")["client_id"], "pasted-id");
    assert_eq!(scene.secret_of("prod"), "pasted-secret-1");
}

#[test]
fn an_empty_secret_at_the_terminal_changes_nothing() {
    let scene = full();
    let before = scene.sealed();
    let mut session = scene.edit_at_a_desk(&[]).start();
    session.sees("[unchanged]: ").types("\r").sees("Client secret: ").types("\r");
    session.ends().exits(2).leaves_the_terminal_alone();
    assert_eq!(scene.sealed(), before);
}

#[test]
fn alone_without_a_terminal_nobody_can_be_asked() {
    let scene = full();
    let before = scene.sealed();
    scene.edit(&[]).run().exits(4);
    assert_eq!(scene.sealed(), before);
}

#[test]
fn without_a_name_and_a_tag_it_is_wrong_usage() {
    let scene = full();
    scene.run(&["edit"]).exits(2);
    scene.run(&["edit", "--label", "x"]).exits(2);
    scene.run(&["edit", "prod", "--tag", "eu", "--label", "x"]).exits(2);
    let desk = Desk::mintage(&scene.world, ["edit"]);
    desk.start().ends().exits(2);
}

#[test]
fn a_profile_that_is_not_there_is_missing_before_anything_is_asked() {
    let scene = full();
    scene.run(&["edit", "nobody", "--label", "x"]).exits(3).says("hint: mintage list");
    let desk = Desk::mintage(&scene.world, ["edit", "nobody"]);
    desk.start().ends().exits(3).hides("Client");
}

#[test]
fn a_failed_verification_saves_nothing() {
    let scene = full();
    let before = scene.sealed();
    let edit = || scene.edit(&["--secret-stdin", "--verify", "--label", "new"]).stdin("wrong-one");
    edit().run().exits(7).hides("wrong-one");
    scene.issuer.fault(Fault::Json("{}".to_owned()));
    edit().run().exits(10).hides("wrong-one");
    assert_eq!(scene.sealed(), before);
}

#[test]
fn a_verified_change_logs_in_once_and_is_saved() {
    let scene = full();
    let call = scene.edit(&["--stdin", "--verify", "--json"]).stdin(scene.canary.pair());
    let ran = call.run().succeeds();
    assert_eq!(ran.json(), json!({ "v": 1, "profile": "prod", "changed": true }));
    assert_eq!(scene.issuer.logins(), 1);
}

#[test]
fn without_verify_nobody_is_asked() {
    let scene = full();
    scene.edit(&["--base-url", &scene.elsewhere.url(), "--label", "x"]).run().succeeds();
    assert_eq!((scene.issuer.connections(), scene.elsewhere.connections()), (0, 0));
}

#[test]
fn what_breaks_a_rule_is_refused_and_changes_nothing() {
    let scene = full();
    let before = scene.sealed();
    for (options, code) in [
        (&["--label", "a\u{1b}[2J"][..], 2),
        (&["--scope", "a\"b"], 2),
        (&["--param", "client_secret=x"], 2),
        (&["--add-tag", "UPPER"], 2),
        (&["--secret-expires", "soon"], 2),
        (&["--clear", "everything"], 2),
        (&["--ca-file", "absent.pem"], 1),
        (&["--drop-field", "nothing"], 3),
        (&["--client-id", "a:b"], 2),
    ] {
        scene.edit(options).run().exits(code);
    }
    assert_eq!(scene.sealed(), before);
}
