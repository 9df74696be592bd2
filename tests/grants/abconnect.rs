//! AB Connect: nobody is asked. What is given out is a query, signed here.

use std::collections::BTreeMap;

use crate::scene::{Scene, canary, has, now, text};
use crate::second;
use crate::world::{Call, Ran};

pub const PLACE: &str = "https://api.abconnect.instructure.com/rest/v4.1";

/// Adds the profile `ab` of the partner `acme`.
fn adding(scene: &Scene, key: &str, options: &[&str]) -> Call {
    let add = ["add", "ab", "--preset", "abconnect", "--client-id", "acme", "--secret-stdin"];
    scene.world.mintage(add).args(options).stdin(key)
}

pub fn with(key: &str, options: &[&str]) -> Scene {
    let scene = Scene::new();
    adding(&scene, key, options).run().succeeds().hides(key);
    scene
}

/// The parameters of a query as a server reads them.
fn parameters(query: &str) -> BTreeMap<String, String> {
    url::form_urlencoded::parse(query.trim_end().as_bytes()).into_owned().collect()
}

/// That this query is signed over these lines behind its end, by the second implementation's word.
#[track_caller]
pub fn is_signed(query: &str, key: &str, lines: &str) {
    let found = parameters(query);
    let message = format!("{}{lines}", found["auth.expires"]);
    assert_eq!(found["auth.signature"], second::hmac(key, &message), "{message:?}");
}

/// What `token` gives where the clock stands five minutes before `expires`.
fn at(scene: &Scene, expires: i64, words: &[&str]) -> Ran {
    let clock = jiff::Timestamp::from_second(expires - 300).expect("a time");
    let clock = clock.strftime("%Y-%m-%d %H:%M:%S").to_string();
    let call = scene.world.mintage(["token", "ab"]).args(words).env("TZ", "UTC");
    let call = call.env("LD_PRELOAD", faketime()).env("FAKETIME", clock);
    call.env("FAKETIME_DONT_FAKE_MONOTONIC", "1").run().succeeds()
}

fn faketime() -> std::path::PathBuf {
    let folders = std::fs::read_dir("/usr/lib").expect("a folder").flatten();
    let mut found = folders.map(|entry| entry.path().join("faketime/libfaketimeMT.so.1"));
    found.find(|path| path.exists()).expect("faketime is installed")
}

#[track_caller]
fn vector(key: &str, options: &[&str], expires: i64, signature: &str) {
    let scene = with(key, options);
    let found = parameters(&at(&scene, expires, &[]).out());
    assert_eq!(found["auth.expires"], expires.to_string());
    assert_eq!(found["auth.signature"], signature);
    assert_eq!(found["partner.id"], "acme");
}

#[test]
fn the_example_of_the_documentation_is_signed_so() {
    let signature = "Sdcfa9xgRAUzQnlLik5nKj1ntqdB85jFYyFCkNxwD/M=";
    vector("ajk84Hjk93h59skaAJ8732", &["--set", "method=GET"], 1_512_570_029, signature);
}

#[test]
fn a_query_bound_to_nothing_is_signed_as_published() {
    let signature = "G3qv6ZONHkM6pmYsYMMHf9zr/DbCvhCLRsyR4Xf8aaE=";
    vector("mock-partner-key", &[], 1_900_000_000, signature);
}

#[test]
fn a_query_of_a_user_is_signed_as_published() {
    let signature = "XiaMYW9dPNe5mR2FHPAuPQdq2ynJwTN8ju9Vt8dJG1M=";
    vector("mock-partner-key", &["--set", "user=u1"], 1_900_000_000, signature);
}

#[test]
fn a_query_of_a_method_is_signed_as_published() {
    let signature = "Wd3t3JC2ljx3VQ/UJEviMjT26Na2G1+Y+vDpfYNyivs=";
    vector("mock-partner-key", &["--set", "method=get"], 1_900_000_000, signature);
}

#[test]
fn a_query_of_a_method_and_a_resource_is_signed_as_published() {
    let signature = "ji9wXb0PziYtmQP3NwAcX9PWgjl1mI5iTBXTjnkhQm8=";
    let options = ["--set", "method=GET", "--set", "resource=/Standards"];
    vector("mock-partner-key", &options, 1_900_000_000, signature);
}

#[test]
fn a_url_is_signed_as_published_for_its_path() {
    let scene = with("mock-partner-key", &[]);
    let url = format!("{PLACE}/Standards");
    let out = at(&scene, 1_900_000_000, &["--url", &url]).out();
    let (before, query) = out.split_once('?').expect("a query");
    let signature = "ji9wXb0PziYtmQP3NwAcX9PWgjl1mI5iTBXTjnkhQm8=";
    assert_eq!((before, &*parameters(query)["auth.signature"]), (&*url, signature));
}

#[test]
fn a_key_that_looks_like_base64_is_used_as_it_is() {
    let key = format!("{}/+==", canary());
    let scene = with(&key, &[]);
    is_signed(&scene.token("ab"), &key, "");
}

#[test]
fn method_and_resource_are_signed_and_not_sent() {
    let key = canary();
    let scene =
        with(&key, &["--set", "method=post", "--set", "resource=Assets", "--set", "user=Zo\u{eb}"]);
    let query = scene.token("ab");
    is_signed(&query, &key, "\nZo\u{eb}\nPOST\nassets");
    let names: Vec<String> = parameters(&query).into_keys().collect();
    assert_eq!(names, ["auth.expires", "auth.signature", "partner.id", "user.id"]);
    assert_eq!(parameters(&query)["user.id"], "Zo\u{eb}");
}

#[test]
fn what_is_asked_for_takes_the_place_of_what_the_profile_is_bound_to() {
    let key = canary();
    let scene = with(&key, &["--set", "method=GET", "--set", "resource=standards"]);
    let ran = scene.world.run(["token", "ab", "--audience", "delete assets"]).succeeds();
    is_signed(&ran.out(), &key, "\n\nDELETE\nassets");
}

#[test]
fn a_resource_without_a_method_is_refused() {
    let scene = with(&canary(), &["--set", "resource=standards"]);
    scene.world.run(["token", "ab"]).exits(2).says("a method");
}

#[test]
fn a_url_keeps_its_own_query() {
    let key = canary();
    let scene = with(&key, &[]);
    let url = format!("{PLACE}/assets/A%20B/?limit=1");
    let ran = scene.world.run(["token", "ab", "--url", &url, "--method", "put"]).succeeds();
    let out = ran.out();
    let query = out.strip_prefix(&format!("{url}&")).expect("behind the query of the URL");
    is_signed(query, &key, "\n\nPUT\nassets/a%20b");
}

#[test]
fn a_url_that_is_not_below_the_endpoint_is_refused() {
    let scene = with(&canary(), &[]);
    for url in [
        "https://api.abconnect.instructure.com.evil.example/rest/v4.1/standards",
        "https://evil.example/rest/v4.1/standards",
        "https://api.abconnect.instructure.com:8443/rest/v4.1/standards",
        "https://api.abconnect.instructure.com/rest/v4.10/standards",
        "https://api.abconnect.instructure.com/rest/v4.1/../v5/standards",
        "https://api.abconnect.instructure.com/",
    ] {
        let ran = scene.world.run(["token", "ab", "--url", url]).exits(9).says(PLACE);
        assert_eq!(ran.out(), "", "{url}");
    }
}

#[test]
fn a_url_is_signed_for_no_other_kind_of_profile() {
    let scene = Scene::new();
    let add = scene.adding("key", "static", &["--secret-stdin"]).stdin(canary());
    add.run().succeeds();
    scene.world.run(["token", "key", "--url", "https://a.example/"]).exits(2).says("`--url`");
}

#[test]
fn it_is_no_header() {
    let scene = with(&canary(), &[]);
    for words in [&["--header"][..], &["--header", "X-Token"]] {
        let ran = scene.world.mintage(["token", "ab"]).args(words).run().exits(2);
        assert_eq!(ran.says("--url").out(), "");
    }
}

#[test]
fn it_is_good_for_five_minutes() {
    let scene = with(&canary(), &[]);
    let lease = scene.lease("ab");
    let expires: i64 = parameters(text(&lease, "token"))["auth.expires"].parse().expect("a number");
    assert!((now() + 295..=now() + 300).contains(&expires));
    assert_eq!(lease["token_type"], "query");
}

#[test]
fn it_is_good_for_as_long_as_is_set() {
    let scene = with(&canary(), &["--set", "life=3600"]);
    let lease = scene.lease("ab");
    let expires: i64 = parameters(text(&lease, "token"))["auth.expires"].parse().expect("a number");
    assert!((now() + 3595..=now() + 3600).contains(&expires));
    let expires_in = lease["expires_in"].as_i64().expect("a number");
    assert!((3590..=3600).contains(&expires_in));
}

#[test]
fn a_life_that_is_none_is_refused() {
    let scene = Scene::new();
    for life in ["0", "86401", "-1", "1h"] {
        let set = format!("life={life}");
        adding(&scene, &canary(), &["--set", &set]).run().exits(2).says("seconds");
    }
}

#[test]
fn it_has_no_scope() {
    let scene = with(&canary(), &[]);
    scene.world.run(["token", "ab", "--scope", "a"]).exits(2);
}

#[test]
fn nobody_is_asked_and_the_key_is_in_no_file() {
    let key = canary();
    let scene = Scene::new();
    let url = scene.issuer.url();
    adding(&scene, &key, &["--base-url", &url, "--ca-file", "ca.pem", "--verify"]).run().succeeds();
    let query = scene.token("ab");
    assert_eq!((scene.issuer.connections(), has(query.as_bytes(), &key)), (0, false));
    assert_eq!(scene.files_with(&key), [] as [std::path::PathBuf; 0]);
}
