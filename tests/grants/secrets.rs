//! Secrets of every kind: they are shown by nothing, lie plain in no file, and an issuer that repeats
//! one does not get it shown either.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use crate::issuer::{Fault, Service, SigningKey};
use crate::scene::{Scene, canary};
use crate::second;

/// Every way to have a profile shown or used, but `token` and `exec`.
const LOOKS: [&[&str]; 12] = [
    &["show", "app"],
    &["show", "app", "--json"],
    &["show", "app", "--reveal"],
    &["show", "app", "--reveal", "--json"],
    &["list"],
    &["list", "--json"],
    &["-v", "list"],
    &["-v", "token", "app"],
    &["inspect", "app"],
    &["inspect", "app", "--json"],
    &["check", "app", "--json"],
    &["doctor"],
];

/// What must be found nowhere: the text of a key without its line ends, or parts of it.
fn needles(key: &SigningKey) -> Vec<String> {
    let body: Vec<&str> = key.private_pem().lines().filter(|line| !line.starts_with('-')).collect();
    let jwk = second::jwk(key.private_pem());
    let d = jwk["d"].as_str().expect("a private key").to_owned();
    let line = body.iter().max_by_key(|line| line.len()).expect("a line");
    vec![(*line).to_owned(), body.concat(), d]
}

/// That none of these are shown by any look, nor lie in any file but those named.
#[track_caller]
fn hides_everywhere(scene: &Scene, needles: &[String], files: &[&str]) {
    for file in files {
        std::fs::remove_file(scene.world.path(file)).expect("removed");
    }
    for look in LOOKS {
        let ran = scene.world.run(look);
        for needle in needles {
            assert!(!ran.out().contains(needle), "{look:?} shows it");
            assert!(!ran.err().contains(needle), "{look:?} says it");
        }
    }
    for needle in needles {
        assert_eq!(scene.files_with(needle), [] as [PathBuf; 0]);
    }
}

#[test]
fn a_private_key_is_shown_by_nothing() {
    let (scene, key) = (Scene::new(), SigningKey::p256());
    scene.issuer.accept_key("app", key.public_pem());
    scene.write("key.pem", key.private_pem());
    let options = ["--client-id", "app", "--key-file", "key.pem"];
    scene.adding_oauth("app", "oauth2", &options).run().succeeds();
    scene.token("app");
    assert_eq!(scene.show("app")["private_key"], true);
    hides_everywhere(&scene, &needles(&key), &["key.pem"]);
}

#[test]
fn a_key_that_was_made_here_is_shown_by_nothing() {
    let scene = Scene::new();
    let pair = ["--client-id", "app", "--secret-stdin"];
    scene.adding_oauth("app", "oauth2", &pair).stdin(canary()).run().succeeds();
    let ran = scene.world.run(["key", "new", "app", "--type", "ed25519"]).succeeds();
    assert_eq!(ran.json().get("d"), None);
    ran.hides("PRIVATE");
    hides_everywhere(&scene, &["PRIVATE KEY".to_owned()], &[]);
}

#[test]
fn refresh_tokens_are_shown_by_nothing() {
    let (scene, first) = (Scene::new(), canary());
    scene.issuer.accept_public_client("app");
    scene.issuer.accept_refresh_token(Service::OAuth, "app", &first);
    let options = ["--client-id", "app", "--refresh-token-stdin"];
    scene.adding_oauth("app", "oauth2-refresh", &options).stdin(&*first).run().succeeds();
    scene.token("app");
    let next = scene.issuer.current_refresh_token(Service::OAuth).expect("one");
    assert_eq!(scene.show("app")["refresh_token"], true);
    hides_everywhere(&scene, &[first, next], &[]);
}

#[test]
fn an_access_token_that_is_kept_lies_plain_in_no_file() {
    let (scene, refresh) = (Scene::new(), canary());
    scene.issuer.accept_public_client("app");
    scene.issuer.accept_refresh_token(Service::OAuth, "app", &refresh);
    let options = ["--client-id", "app", "--refresh-token-stdin"];
    scene.adding_oauth("app", "oauth2-refresh", &options).stdin(refresh).run().succeeds();
    let token = scene.token("app");
    assert_eq!(scene.files_with(&token), [] as [PathBuf; 0]);
}

#[test]
fn the_key_of_a_certificate_is_shown_by_nothing() {
    let scene = Scene::new();
    let made = scene.issuer.client_certificate();
    let pem = format!("{}{}", made.pem, made.key_pem);
    scene.write("client.pem", &pem);
    let options = ["--client-id", "app", "--cert-file", "client.pem"];
    scene.adding_oauth("app", "oauth2", &options).run().succeeds();
    assert_eq!(
        (&scene.show("app")["certificate"], &scene.show("app")["auth"]),
        (&json!(true), &json!("tls"))
    );
    let body: Vec<&str> = made.key_pem.lines().filter(|line| !line.starts_with('-')).collect();
    hides_everywhere(&scene, &[body.concat(), body[0].to_owned()], &["client.pem"]);
}

#[test]
fn a_shared_secret_is_revealed_only_where_that_is_asked_for() {
    let (scene, secret) = (Scene::new(), canary());
    let pair = ["--client-id", "app", "--secret-stdin", "--auth", "client-secret-jwt"];
    scene.adding_oauth("app", "oauth2", &pair).stdin(&*secret).run().succeeds();
    for look in LOOKS.iter().filter(|look| !look.contains(&"--reveal")) {
        scene.world.run(*look).hides(&secret);
    }
    let shown = scene.world.run(["show", "app", "--reveal", "--json"]).succeeds().json();
    assert_eq!(shown["client_secret"], secret);
    assert_eq!(scene.files_with(&secret), [] as [PathBuf; 0]);
}

#[test]
fn no_secret_is_taken_as_an_argument() {
    let scene = Scene::new();
    for option in ["--refresh-token", "--key", "--secret", "--client-secret", "--password"] {
        let secret = canary();
        let words = ["--client-id", "app", option, &secret];
        let ran = scene.adding_oauth("app", "oauth2", &words).run();
        assert_ne!(ran.code, 0, "{option}");
        ran.hides(&secret);
    }
}

#[test]
fn a_child_gets_neither_key_nor_refresh_token() {
    let (scene, refresh, key) = (Scene::new(), canary(), SigningKey::ed25519());
    scene.issuer.accept_key("app", key.public_pem());
    scene.issuer.accept_refresh_token(Service::OAuth, "app", &refresh);
    scene.write("key.pem", key.private_pem());
    let options = ["--client-id", "app", "--key-file", "key.pem", "--refresh-token-stdin"];
    scene.adding_oauth("app", "oauth2-refresh", &options).stdin(&*refresh).run().succeeds();
    let ran = scene.world.run(["exec", "app", "--", "env"]).succeeds();
    for needle in needles(&key).iter().chain([&refresh]) {
        assert!(!ran.out().contains(needle.as_str()));
    }
    for field in ["refresh_token", "private_key", "key"] {
        let variable = format!("X={field}");
        let exec = ["exec", "app", "--env", &variable, "--", "env"];
        let ran = scene.world.run(exec);
        assert_ne!(ran.code, 0, "{field}");
        ran.hides(&refresh);
    }
}

/// What an issuer says that repeats this, in each of the places where its words are shown.
fn echoes(secret: &str) -> Vec<(Fault, i32)> {
    let headers = || vec![("Content-Type".to_owned(), "application/json".to_owned())];
    let said = |error: &str, text: String| {
        let body = json!({ "error": error, "error_description": text }).to_string().into_bytes();
        Fault::Status { status: 400, headers: headers(), body }
    };
    let token = json!({ "access_token": "of-a-test-0123456789", "token_type": "Bearer",
        "expires_in": 3600, "scope": format!("read {secret}") });
    vec![
        (said("invalid_grant", format!("unknown: {secret}")), 7),
        (said("invalid_request", format!("unknown: {}", &secret[4..])), 10),
        (said(secret, String::new()), 10),
        (Fault::Json(token.to_string()), 10),
    ]
}

#[test]
fn a_refresh_token_that_is_repeated_is_not_shown() {
    let (scene, refresh) = (Scene::new(), canary());
    scene.issuer.accept_public_client("app");
    let options = ["--client-id", "app", "--refresh-token-stdin"];
    scene.adding_oauth("app", "oauth2-refresh", &options).stdin(&*refresh).run().succeeds();
    for (answer, code) in echoes(&refresh) {
        scene.issuer.fault(answer);
        let ran = scene.world.run(["-v", "token", "app", "--json", "--fresh"]).exits(code);
        ran.hides(&refresh[4..]);
    }
}

#[test]
fn a_refresh_token_that_came_last_and_is_repeated_is_not_shown() {
    let (scene, refresh) = (Scene::new(), canary());
    scene.issuer.accept_public_client("app");
    scene.issuer.accept_refresh_token(Service::OAuth, "app", &refresh);
    let options = ["--client-id", "app", "--refresh-token-stdin"];
    scene.adding_oauth("app", "oauth2-refresh", &options).stdin(&*refresh).run().succeeds();
    scene.token("app");
    let next = scene.issuer.current_refresh_token(Service::OAuth).expect("one");
    for (answer, code) in echoes(&next) {
        scene.issuer.fault(answer);
        let ran = scene.world.run(["-v", "token", "app", "--fresh"]).exits(code);
        ran.hides(&next[4..]);
    }
}

#[test]
fn the_token_of_a_source_that_is_repeated_is_not_shown() {
    let (scene, source, secret) = (Scene::new(), canary(), canary());
    scene.adding("source", "static", &["--secret-stdin"]).stdin(&*source).run().succeeds();
    let options = ["--from", "source", "--client-id", "app", "--secret-stdin"];
    scene.adding_oauth("app", "token-exchange", &options).stdin(&*secret).run().succeeds();
    for (answer, code) in echoes(&source).into_iter().chain(echoes(&secret)) {
        scene.issuer.fault(answer);
        let ran = scene.world.run(["-v", "token", "app"]).exits(code);
        ran.hides(&source[4..]).hides(&secret[4..]);
    }
}

/// An issuer on this machine that repeats the field `name` of whatever it is sent.
fn repeats(name: &'static str) -> (String, std::thread::JoinHandle<String>) {
    use std::io::{Read as _, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/token", listener.local_addr().expect("its address"));
    let answers = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        let mut request = Vec::new();
        let field = format!("{name}=");
        let found = loop {
            let mut bytes = [0; 4096];
            let count = stream.read(&mut bytes).expect("readable");
            request.extend_from_slice(&bytes[..count]);
            let text = String::from_utf8_lossy(&request).into_owned();
            let length = text.lines().find_map(|line| {
                line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse::<usize>().ok()
            });
            if let Some((_, body)) = text.split_once("\r\n\r\n")
                && length == Some(body.len())
            {
                let pairs = url::form_urlencoded::parse(body.as_bytes()).into_owned();
                let mut values = pairs.filter(|(known, _)| format!("{known}=") == field);
                break values.next().expect("the field").1;
            }
        };
        let body =
            json!({ "error": "invalid_grant", "error_description": format!("bad: {found}") });
        let body = body.to_string();
        let head = format!(
            "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n",
            body.len()
        );
        stream.write_all(format!("{head}{body}").as_bytes()).expect("written");
        found
    });
    (url, answers)
}

/// That an assertion which the issuer repeats is not shown: it is as good as a secret until it ends.
#[track_caller]
fn an_assertion_is_hidden(preset: &str, field: &'static str) {
    let (scene, key) = (Scene::new(), SigningKey::rsa());
    let (url, answers) = repeats(field);
    scene.write("key.pem", key.private_pem());
    let add = ["add", "app", "--preset", preset, "--client-id", "app", "--key-file", "key.pem"];
    scene.world.mintage(add).args(["--token-url", &url]).run().succeeds();
    let ran = scene.world.run(["-v", "token", "app"]).exits(7);
    let assertion = answers.join().expect("it answers");
    let (signed, signature) = assertion.rsplit_once('.').expect("a JWT");
    let (_, claims) = signed.split_once('.').expect("a JWT");
    assert!(URL_SAFE_NO_PAD.decode(claims).is_ok());
    ran.hides(&signature[..16]).hides(&claims[..40]);
}

#[test]
fn an_assertion_that_is_repeated_is_not_shown() {
    an_assertion_is_hidden("jwt-bearer", "assertion");
}

#[test]
fn an_assertion_of_a_client_that_is_repeated_is_not_shown() {
    an_assertion_is_hidden("oauth2", "client_assertion");
}
