//! What is written where: nothing raw at a terminal, no panic on a closed pipe or a full device,
//! JSON that is JSON.

use crate::issuer::{Fault, Issuer};
use crate::pty::Desk;
use crate::world::{Canary, World};

const M: &str = env!("CARGO_BIN_EXE_mintage");

fn scene() -> (World, Issuer) {
    let (issuer, canary) = (Issuer::https(), Canary::new());
    (World::with_profile(&issuer, &canary), issuer)
}

/// Everything that could act on a terminal.
fn is_raw(shown: &str) -> bool {
    let acts = |c: char| c.is_control() && !"\n\r\t".contains(c);
    shown.contains(|c| acts(c) || "\u{202e}\u{2066}\u{200b}".contains(c))
}

// T04
#[test]
fn an_issuers_words_are_shown_without_what_acts_on_a_terminal() {
    let (world, issuer) = scene();
    let nasty = "\\u001b[31mred\\u001b]0;title\\u0007\\u001b]8;;http://x\\u0007\\u001b]52;c;eA==\\u0007\
                 \\r\\nhint: run this\\b\\u009b2J\\u202e\\u200b\\u007f";
    for field in ["error", "error_description"] {
        let body = format!("{{\"error\":\"e\",\"{field}\":\"{nasty}\"}}")
            .replace("\"error\":\"e\",\"error\"", "\"error\"");
        issuer.fault(Fault::Status {
            status: 401,
            headers: vec![("Content-Type".to_owned(), "application/json".to_owned())],
            body: body.into_bytes(),
        });
        let ran = world.run(["token", "prod", "-vv"]).exits(7).says("red");
        assert!(!is_raw(&ran.err()), "{:?}", ran.err());
        assert!(!ran.err().contains("\nhint: run this"), "{}", ran.err());
        let desk = Desk::mintage(&world, ["token", "prod", "--color", "never"]);
        let shown = desk.start().ends().exits(7).shown;
        assert!(!is_raw(&shown), "{shown:?}");
    }
    issuer.fault(Fault::Redirect { code: 302, to: "https://a\u{1b}[2Jb.example/".to_owned() });
    let ran = world.run(["token", "prod"]).says("error: ");
    assert!(!is_raw(&ran.err()), "{:?}", ran.err());
}

// T04
#[test]
fn a_scope_from_the_issuer_is_shown_without_what_acts_on_a_terminal() {
    let (world, issuer) = scene();
    issuer.fault(Fault::ReplaceFields(vec![("scope", Some("a\u{1b}[2J\u{7}b\u{202e}".into()))]));
    let desk = Desk::mintage(&world, ["token", "prod", "--json", "--reveal", "--color=never"]);
    let shown = desk.start().ends().exits(10).shown;
    assert!(!is_raw(&shown), "{shown:?}");
}

// T04
#[test]
fn file_names_and_arguments_are_shown_without_what_acts_on_a_terminal() {
    let (world, _issuer) = scene();
    let nasty = "a\u{1b}]0;x\u{7}\nhint: run this\u{202e}\u{9b}2J";
    let commands: [&[&str]; 8] = [
        &["add", "p", "--stdin", "--ca-file", nasty],
        &["add", "p", "--client-id", "x", "--secret-file", nasty],
        &["add", "p", "--stdin", "--label", nasty],
        &["list", "--vault", nasty],
        &["vault", "add", nasty, "--identity-file", nasty],
        &[
            "init",
            "--vault",
            "new",
            "--key",
            "file",
            "--identity-file",
            nasty,
            "--recovery-file",
            "/dev/null/x",
        ],
        &["exec", "prod", "--as", "dap", "--", nasty],
        &["token", "prod", nasty],
    ];
    for command in commands {
        let ran = world.run(command);
        assert_ne!(ran.code, 0);
        assert!(!is_raw(&ran.err()), "{command:?}: {:?}", ran.err());
        assert!(!ran.err().contains("\nhint: run this"), "{command:?}: {}", ran.err());
    }
}

// T04
#[test]
fn a_secret_that_is_revealed_at_a_terminal_does_not_act_on_it() {
    let world = World::with_vault();
    let add = world.mintage(["add", "p", "--client-id", "x", "--secret-stdin"]);
    add.stdin("a\u{1b}[2J\u{7}b\u{9b}").run().succeeds();
    for form in [&["show", "p", "--reveal"][..], &["show", "p", "--reveal", "--json"]] {
        let shown = Desk::mintage(&world, form.iter().copied()).start().ends().exits(0).shown;
        assert!(!is_raw(&shown), "{shown:?}");
    }
    let json = world.run(["show", "p", "--reveal", "--json"]).succeeds().json();
    assert_eq!(json["client_secret"], "a\u{1b}[2J\u{7}b\u{9b}");
}

// T05
#[test]
fn any_terminal_is_good_enough() {
    let (world, _issuer) = scene();
    let cases: [&[(&str, &str)]; 7] = [
        &[("TERM", "dumb")],
        &[("TERM", "")],
        &[("COLUMNS", "0")],
        &[("COLUMNS", "1"), ("LINES", "1")],
        &[("NO_COLOR", "1")],
        &[("LANG", "C"), ("LC_ALL", "C")],
        &[("TERM", "no-such-terminal"), ("LC_ALL", "tlh_XX.none")],
    ];
    for case in cases {
        let set = |desk: Desk| case.iter().fold(desk, |desk, (name, value)| desk.env(name, value));
        for (words, code) in [
            (&["list"][..], 0),
            (&["show", "prod"], 0),
            (&["--help"], 0),
            (&["token", "nobody"], 3),
            (&["nonsense"], 2),
            (&["add", "--help"], 0),
        ] {
            let desk = Desk::mintage(&world, words.iter().copied());
            let ended = set(desk).start().ends().exits(code).hides("panicked");
            let colour_wanted = !case.iter().any(|(name, value)| {
                *name == "NO_COLOR" || (*name == "TERM" && ["", "dumb"].contains(value))
            });
            let coloured = ended.shown.contains("\u{1b}[");
            assert!(colour_wanted || !coloured, "{case:?} {words:?}: {:?}", ended.shown);
        }
    }
}

// T05
#[test]
fn colour_is_for_terminals_unless_told_otherwise() {
    let (world, _issuer) = scene();
    let coloured = "\u{1b}[31merror:\u{1b}[0m";
    let at_terminal = Desk::mintage(&world, ["token", "nobody"]).start().ends().exits(3);
    at_terminal.shows(coloured);
    let never = Desk::mintage(&world, ["token", "nobody", "--color", "never"]).start().ends();
    never.exits(3).hides("\u{1b}");
    assert!(!world.run(["token", "nobody"]).err().contains('\u{1b}'));
    world.run(["token", "nobody", "--color", "always"]).says(coloured);
    world.run(["token", "nobody", "--color", "purple"]).exits(2).says("auto, always, never");
}

// T06
#[test]
fn a_full_device_is_an_error_and_no_panic() {
    let (world, _issuer) = scene();
    let commands = [
        "token prod",
        "token prod --json",
        "token prod --header",
        "token prod --env",
        "list",
        "list --json",
        "show prod",
        "status",
        "status --json",
        "vault list",
        "--help",
        "--version",
        "remove prod --yes --json",
    ];
    for command in commands {
        let script = format!("exec \"$0\" {command} >/dev/full");
        let ran = world.program("sh").args(["-c", &script, M]).run().exits(1);
        assert!(!ran.err().contains("panicked"), "{command}: {}", ran.err());
        assert!(command.starts_with("--") || ran.err().contains("No space left"), "{command}");
    }
}

// T06
#[test]
fn a_reader_that_goes_away_is_no_panic() {
    let (world, _issuer) = scene();
    for command in ["token prod", "list --json", "show prod", "--help"] {
        // The pipe's only reader is closed before the program starts.
        let script = format!("(trap '' PIPE; sleep 0.1; \"$0\" {command}; echo $? >&2) | exec <&-");
        let ran = world.program("bash").args(["-c", &script, M]).run();
        assert!(!ran.err().contains("panicked"), "{command}: {}", ran.err());
        let code: i32 = ran.err().lines().last().unwrap_or_default().parse().expect("a code");
        assert_ne!(code, 0, "{command}");
    }
    let full = world.program("sh").args(["-c", "exec \"$0\" token nobody 2>/dev/full", M]).run();
    full.exits(3);
    world.program("sh").args(["-c", "exec \"$0\" token nobody 2>&-", M]).run().exits(3);
}

// N06
#[test]
fn json_is_one_object_with_v_1_and_no_escape_sequence() {
    let (world, issuer) = scene();
    let label = "quo\"te \\ \u{e9} 'x'";
    world
        .mintage(["add", "odd", "--client-id", "x", "--secret-stdin", "--label", label])
        .stdin(b"\x80\xff".to_vec())
        .run()
        .succeeds();
    issuer.fault(Fault::ReplaceFields(vec![("scope", Some("a\u{e9}\"\\ b".into()))]));
    let commands: [&[&str]; 11] = [
        &["list"],
        &["show", "odd"],
        &["show", "odd", "--reveal"],
        &["show", "prod", "--reveal"],
        &["token", "prod"],
        &["status"],
        &["vault", "list"],
        &["list", "nothing-like-it"],
        &["remove", "odd", "--yes"],
        &["vault", "accept", "--yes"],
        &["init", "--vault", "two", "--key", "file", "--recovery-file", "two.txt"],
    ];
    for command in commands {
        let ran = world.mintage(command).args(["--json", "--color", "always"]).run().succeeds();
        assert!(ran.out().ends_with("}\n") && ran.out().lines().count() == 1, "{command:?}");
        assert!(!is_raw(&ran.out()), "{command:?}: {}", ran.out());
        assert_eq!(ran.json()["v"], 1, "{command:?}");
        // As a stranger reads it.
        let read = world.program("jq").args(["-e", ".v == 1"]).stdin(ran.stdout).run();
        read.succeeds();
    }
}

#[test]
fn json_of_a_failure_leaves_stdout_empty() {
    let (world, _issuer) = scene();
    for command in [&["show", "nobody"][..], &["token", "nobody"], &["list", "--vault", "none"]] {
        let ran = world.mintage(command).args(["--json"]).run();
        assert_ne!(ran.code, 0);
        assert_eq!(ran.out(), "");
    }
}
