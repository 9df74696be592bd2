//! A secret typed where it does not belong is never repeated.

use crate::issuer::Issuer;
use crate::scene::{Scene, Token};
use crate::world::World;

// L01
#[test]
fn a_secret_as_an_options_value_is_refused_with_what_to_do_now() {
    let world = World::with_vault();
    let secret = "S3cret-that-was-typed";
    let glued: Vec<String> = ["--secret", "--client-secret", "--password", "--api-key", "-s"]
        .iter()
        .map(|option| format!("{option}={secret}"))
        .collect();
    let short = format!("-s{secret}");
    let pair = format!("some-id:{secret}");
    let mut cases: Vec<Vec<&str>> = vec![
        vec!["add", "p", "--secret", secret],
        vec!["add", "p", "--client-secret", secret, "--client-id", "x"],
        vec!["add", "--client-secret", secret, "p"],
        vec!["add", "p", "-s", secret],
        vec!["add", "p", &short],
        vec!["--secret", secret, "add", "p"],
        vec!["token", "p", "--client-secret", secret],
        vec!["exec", "p", "--secret", secret, "--", "true"],
        vec!["add", &pair],
        vec!["add", "p", &pair],
        vec!["add", "p", "--stdin", &pair],
    ];
    cases.extend(glued.iter().map(|option| vec!["add", "p", option.as_str()]));
    for words in cases {
        for level in crate::scene::LEVELS {
            let ran = world.mintage(level).args(&words).stdin("x:y").run().exits(2).hides(secret);
            let ran = ran.says("on the command line");
            assert_eq!(ran.out(), "");
            if level.is_empty() {
                let ran = ran.says("rotate it").says("bash: history -d").says("zsh: ");
                ran.says("fish: history delete").says("PowerShell: ").says("--stdin");
            }
        }
    }
    assert_eq!(world.records().len(), 0);
}

// L01, L04
#[test]
fn a_secret_in_any_wrong_place_of_the_command_line_is_not_repeated() {
    let scene = Scene::new(Issuer::https());
    let secret = scene.secret.as_str();
    let glued = |before: &str| format!("{before}{secret}");
    let (long, url) = (glued("--nonsense="), glued("https://id:"));
    let (stdin, yes, env) = (glued("--stdin="), glued("--yes="), glued("--env="));
    let (short, named, label) = (glued("-x"), glued("VAR="), glued("a\n"));
    let (parameter, audience) = (secret.replace('=', "-"), glued("a\n"));
    let add = |option: &'static str| ["add", "p", "--stdin", option];
    let mut cases: Vec<Vec<&str>> = vec![
        vec![secret],
        vec!["help", secret],
        vec!["list", "--tag", secret],
        vec!["list", "x", secret],
        vec!["vault", secret],
        vec!["vault", "add", "place", "--identity-file", "ca.pem", "--name", secret],
        vec!["init", "--key", secret],
        vec!["init", secret],
        vec!["status", secret],
        vec!["--color", secret, "list"],
        vec!["--passphrase-fd", secret, "list"],
        vec!["add", "p", "--client-id", "x", "--secret-file", secret],
        vec!["add", "p", &short],
        vec!["add", "p", &long],
        vec!["add", "p", &stdin],
        vec!["add", "p", "--stdin", "--token-url", &url],
        vec!["add", "p", "--stdin", "--label", &label],
        vec!["add", "p", "--stdin", "--param", &parameter],
        vec!["add", "p", "--stdin", "--audience", &audience],
        vec!["remove", "prod", &yes],
        vec!["token", "prod", secret],
        vec!["token", "prod", "--header", secret],
        vec!["token", "prod", "--env", secret],
        vec!["token", "prod", "--env", "--shell", secret],
        vec!["token", "prod", "--min-valid", secret],
        vec!["token", "prod", "--scope", secret],
        vec!["token", "prod", &env],
        vec!["exec", "prod", "--env", &named, "--", "true"],
        vec!["exec", "prod", "--env", secret, "--", "true"],
        vec!["exec", "prod", secret, "--", "true"],
    ];
    cases.extend(["add", "token", "show", "remove", "exec"].map(|command| vec![command, secret]));
    for option in [
        "--nonsense",
        "--scope",
        "--auth",
        "--preset",
        "--secret-fd",
        "--secret-expires",
        "--base-url",
        "--token-url",
        "--tag",
        "--client-id",
        "--clientsecret",
    ] {
        cases.push([&add(option)[..], &[secret]].concat());
    }
    for words in cases {
        let ran = scene.leaks_in_words_only(&words);
        assert_eq!(ran.code, 2, "{words:?}: {}", ran.err());
        assert_eq!(ran.out(), "", "{words:?}");
    }
    let by_program = ["exec", "prod", "--as", secret, "--", "true"];
    scene.leaks_in_words_only(&by_program).exits(2);
    let place = scene.world.vault().display().to_string();
    let by_print = ["vault", "add", &place, "--name", "x", "--identity-file", "recovery.txt"];
    let by_print = [&by_print[..], &["--fingerprint", secret]].concat();
    scene.leaks_in_words_only(&by_print).exits(6);
    assert_eq!(scene.issuer.logins(), 0);
    scene.leaks_nothing(&["list"], "", Token::Hidden).succeeds();
    scene.left_nothing_on_disk();
}
