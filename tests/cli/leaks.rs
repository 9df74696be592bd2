//! The secret is looked for in everything that every command writes, when it succeeds and when it
//! fails (cases L02 to L08).

use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use crate::canary::base64;
use crate::issuer::{Cert, Fault, Issuer};
use crate::scene::{Scene, Token};

fn with_body(status: u16, media_type: &str, body: String) -> Fault {
    let headers = vec![("Content-Type".to_owned(), media_type.to_owned())];
    Fault::Status { status, headers, body: body.into_bytes() }
}

// L02, L03, L04, L05, L06, L08
#[test]
fn no_command_lets_the_secret_out_when_all_is_well() {
    let scene = Scene::new(Issuer::https());
    let leaks_nothing = |words: &[&str], token| scene.leaks_nothing(words, "", token).succeeds();
    for words in [
        &["list"][..],
        &["list", "--json"],
        &["show", "prod"],
        &["show", "prod", "--json"],
        &["status"],
        &["vault", "list"],
        &["vault", "accept", "--yes"],
    ] {
        leaks_nothing(words, Token::Hidden);
    }
    for form in ["--reveal", "--json", "--header", "--env"] {
        leaks_nothing(&["token", "prod", form], Token::Written);
    }
    leaks_nothing(&["exec", "prod", "--", "true"], Token::HandedOver);
    scene.left_nothing_on_disk();
}

// L02, L03, L04, L05, L06
#[test]
fn adding_and_removing_leaves_the_secret_in_no_place_but_the_vault() {
    let scene = Scene::new(Issuer::https());
    let url = scene.issuer.url();
    let add = ["add", "two", "--base-url", &url, "--ca-file", "ca.pem", "--verify"];
    let with = |option: &'static [&'static str]| [&add[..], option].concat();
    // Only the first of the runs adds it; the others find it there.
    scene.leaks_nothing(&with(&["--stdin"]), &scene.pair(), Token::Hidden).exits(11);
    scene.leaks_nothing(&["remove", "two", "--yes"], "", Token::Hidden).exits(3);
    let alone = with(&["--client-id", "other", "--secret-stdin"]);
    scene.leaks_nothing(&alone, &scene.secret, Token::Hidden).exits(7);
    let json = format!("{{\"client_id\":\"x\",\"client_secret\":\"{}\",}}", scene.secret);
    scene.leaks_nothing(&with(&["--stdin"]), &json, Token::Hidden).exits(2);
    let lines = format!("CLIENT_ID=x\nCLIENT_SECRET={0}\nCLIENT_SECRET={0}", scene.secret);
    scene.leaks_nothing(&with(&["--stdin"]), &lines, Token::Hidden).exits(2);
    scene.leaks_nothing(&with(&["--stdin"]), &scene.secret, Token::Hidden).exits(2);
    scene.left_nothing_on_disk();
}

// L04
#[test]
fn an_issuer_that_repeats_the_credential_is_not_quoted() {
    let scene = Scene::new(Issuer::https());
    let secret = &scene.secret;
    let form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let encoded_pair = format!("{}:{form}", scene.id.replace('#', "%23"));
    let repeated = [
        secret.clone(),
        scene.pair(),
        form.clone(),
        form.to_lowercase(),
        format!("grant_type=client_credentials&client_secret={form}&x=y"),
        base64(scene.pair().as_bytes()),
        base64(scene.pair().as_bytes()).trim_end_matches('=').to_owned(),
        base64(encoded_pair.as_bytes()),
        base64(secret.as_bytes()),
        format!("Authorization: Basic {}", base64(scene.pair().as_bytes())),
        secret[..20].to_owned(),
    ];
    for words in &repeated {
        for field in ["error", "error_description"] {
            let mut body = serde_json::json!({ "error": "invalid_client" });
            body[field] = format!("not {words} here").into();
            scene.issuer.fault(with_body(401, "application/json", body.to_string()));
            scene.leaks_nothing(&["token", "prod"], "", Token::Hidden).exits(7);
        }
    }
}

// L04
#[test]
fn odd_answers_that_hold_the_credential_or_the_token_are_not_quoted() {
    let scene = Scene::new(Issuer::https());
    let (secret, pair) = (scene.secret.clone(), scene.pair());
    let field =
        |name: &'static str, value: &str| Fault::ReplaceFields(vec![(name, Some(value.into()))]);
    let query: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let redirect = format!("https://elsewhere.example/{query}?client_secret={query}");
    let header =
        ("WWW-Authenticate".to_owned(), format!("Basic realm=\"{}\"", base64(pair.as_bytes())));
    let faults = [
        with_body(403, "text/html", format!("<h1>{secret}</h1>")),
        with_body(400, "application/json", format!("{{\"{query}\": ")),
        with_body(200, "application/json", format!("\"{query}\"")),
        with_body(200, &format!("text/{query}"), query.clone()),
        Fault::Status { status: 401, headers: vec![header], body: Vec::new() },
        Fault::Redirect { code: 307, to: redirect },
        Fault::Redirect { code: 302, to: format!("/login?{query}") },
        field("token_type", &secret),
        field("expires_in", &secret),
        field("access_token", &secret),
        Fault::ReplaceFields(vec![("error", Some(secret.as_str().into()))]),
        field("scope", &format!("a {pair} b")),
        field("scope", &secret[..20]),
        Fault::ReplaceFields(vec![("token_type", None)]),
        Fault::ReplaceFields(vec![("expires_in", Some(true.into()))]),
        Fault::ResetMidBody,
        Fault::ShortBody,
        Fault::LongBody,
    ];
    for fault in faults {
        scene.issuer.fault(fault.clone());
        let ran = scene.leaks_nothing(&["token", "prod"], "", Token::Hidden);
        assert_ne!(ran.code, 0, "{fault:?}");
    }
    scene.issuer.fault(with_body(503, "text/plain", secret));
    scene.world.run(["token", "prod", "-vv"]).exits(8).hides(&query).hides("S/");
    scene.left_nothing_on_disk();
}

// L04
#[test]
fn a_peer_that_is_not_trusted_gets_and_shows_nothing() {
    for cert in [Cert::SelfSigned, Cert::Expired, Cert::WrongHost] {
        let scene = Scene::new(Issuer::https_with(cert));
        scene.leaks_nothing(&["token", "prod"], "", Token::Hidden).exits(10);
        assert_eq!(scene.issuer.requests().len(), 0);
        let url = scene.issuer.url();
        let add = ["add", "two", "--base-url", &url, "--ca-file", "ca.pem", "--stdin", "--verify"];
        scene.leaks_nothing(&add, &scene.pair(), Token::Hidden).exits(10);
        scene.left_nothing_on_disk();
    }
}

// L04
#[test]
fn a_vault_or_key_at_fault_shows_nothing() {
    let scene = Scene::new(Issuer::https());
    let record = scene.world.records().remove(0);
    let key = scene.world.vault().join("key.age");
    let identity = std::fs::read_dir(scene.world.config().join("identities"))
        .expect("a folder")
        .next()
        .expect("a file")
        .expect("readable")
        .path();
    for (file, keep, code) in
        [(&record, 300, 6), (&key, 300, 6), (&identity, 20, 6), (&identity, 0, 5)]
    {
        let whole = std::fs::read(file).expect("readable");
        if keep == 0 {
            std::fs::remove_file(file).expect("removed");
        } else {
            std::fs::write(file, &whole[..keep.min(whole.len())]).expect("written");
        }
        let commands: [&[&str]; 5] = [
            &["token", "prod"],
            &["show", "prod", "--reveal"],
            &["list"],
            &["exec", "prod", "--as", "dap", "--", "env"],
            &["remove", "prod", "--yes"],
        ];
        for words in commands {
            let ran = scene.leaks_nothing(words, "", Token::Hidden);
            let expected = if words[0] == "exec" { 125 } else { code };
            assert_eq!(ran.code, expected, "{words:?}: {}", ran.err());
            let opening_key = ran.err().contains("AGE-SECRET") || ran.err().contains("age1");
            assert!(!opening_key, "{}", ran.err());
        }
        std::fs::write(file, &whole).expect("written");
        std::fs::set_permissions(file, PermissionsExt::from_mode(0o600)).expect("set");
    }
    scene.leaks_nothing(&["token", "prod"], "", Token::Written).exits(0);
}

// L02, L03, X07
#[test]
fn no_process_shows_the_secret_or_token_while_it_is_minted() {
    let scene = Scene::new(Issuer::https());
    scene.issuer.fault(Fault::DripBody);
    for words in [&["token", "prod"][..], &["exec", "prod", "--", "true"]] {
        let asked = scene.issuer.logins();
        let mut call = scene.world.mintage(words);
        call.command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = call.command.spawn().expect("it starts");
        // The token exists by then, and the secret was sent.
        while scene.issuer.logins() == asked || scene.issuer.tokens().len() <= asked {
            assert!(child.try_wait().expect("waited").is_none(), "ended too early");
            std::thread::yield_now();
        }
        let found = scene.processes(true);
        child.kill().expect("killed");
        child.wait().expect("reaped");
        assert_eq!(found, Vec::<String>::new(), "{words:?}");
    }
    // Killed in the middle of a mint.
    scene.left_nothing_on_disk();
}

// X07
#[test]
fn during_exec_only_the_childs_environment_has_the_token() {
    let scene = Scene::new(Issuer::https());
    let mut call = scene.world.mintage(["exec", "prod", "--", "sh", "-c", "echo ready; read x"]);
    call.command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = call.command.spawn().expect("it starts");
    let mut line = [0; 6];
    std::io::Read::read_exact(child.stdout.as_mut().expect("a pipe"), &mut line).expect("ready");
    let found = scene.processes(true);
    let own = format!("/proc/{}/environ", child.id());
    drop(child.stdin.take());
    child.wait().expect("reaped");
    assert_eq!(found, [own]);
}

// L05. The passphrase passes through a pipe to our own child, and through nothing else.
#[test]
fn a_passphrase_goes_nowhere_but_through_the_pipe_to_our_own_child() {
    let world = crate::world::World::new();
    let passphrase = crate::scene::random();
    let needles = crate::canary::Needles::of(&passphrase);
    let start = std::time::SystemTime::now();
    let run = |words: &[&str]| {
        let folder = tempfile::tempdir().expect("a folder");
        let log = folder.path().join("log");
        let calls = "trace=execve,write,writev,pwrite64,sendto,sendmsg";
        let ran = crate::canary::strace(&world, calls, &log)
            .args(["-vv", "--passphrase-fd", "0"])
            .args(words)
            .stdin(format!("{passphrase}\n"))
            .run();
        let log = std::fs::read_to_string(&log).expect("strace wrote it");
        for line in log.lines().filter(|line| needles.hit(line.as_bytes()).is_some()) {
            assert!(line.contains(" write(") && line.contains("<pipe:["), "{line}");
            assert!(!line.contains(" write(1<") && !line.contains(" write(2<"), "{line}");
        }
        assert!(log.contains("internal-stretch"), "no child");
        ran.hides(&passphrase)
    };
    run(&["init", "--key", "passphrase", "--recovery-file", "r.txt"]).succeeds();
    run(&["list"]).succeeds();
    let mut keys = std::fs::read_dir(world.config().join("identities")).expect("a folder");
    let is_key = |path: &std::path::PathBuf| path.extension().is_some_and(|end| end == "age");
    let key = keys.find_map(|entry| entry.ok().map(|entry| entry.path()).filter(is_key));
    let key = key.expect("the wrapped key");
    let bytes = std::fs::read(&key).expect("readable");
    std::fs::write(&key, &bytes[..bytes.len() - 9]).expect("written");
    run(&["list"]).exits(6);
    let mut found = Vec::new();
    needles.files(world.home(), start, &mut found);
    assert_eq!(found, Vec::<String>::new());
}

// L07, L09
#[test]
fn there_is_no_log_and_no_clipboard() {
    let scene = Scene::new(Issuer::https());
    scene.leaks_nothing(&["token", "prod"], "", Token::Written).succeeds();
    let mut found = Vec::new();
    files(scene.world.home(), &mut found);
    assert!(!found.iter().any(|name| name.contains("log")), "{found:?}");
    for command in ["--help", "token --help", "show --help"] {
        let help = scene.world.run(command.split(' ')).succeeds().out();
        assert!(!help.to_lowercase().contains("clip"), "{command}");
    }
}

fn files(folder: &std::path::Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path.display().to_string());
        }
    }
}
