//! What other grants bring into the agent: a private key that signs, a refresh token and the one that
//! takes its place.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::agent::{SHIPPED, is_kept_from_cores, names, nothing_is_left};
use super::issuer::{Service, SigningKey};
use super::needle::Needle;
use super::scene::{Kind, ORDINARY, Scene};
use super::world::Canary;

/// A scene with a profile of each, and a token minted for both.
fn minted(kind: Kind) -> Scene {
    let mut scene = Scene::new(kind);
    let key = SigningKey::rsa();
    scene.issuer.accept_key("signer", key.public_pem());
    let first = Canary::new().secret;
    scene.issuer.accept_public_client("renewer");
    scene.issuer.accept_refresh_token(Service::OAuth, "renewer", &first);
    let (home, url) = (scene.home().to_owned(), format!("{}/oauth/token", scene.issuer.url()));
    let file = |name: &str, text: &str| std::fs::write(home.join(name), text).expect("written");
    file("key.pem", key.private_pem());
    file("refresh.txt", &first);
    let add = |more: &[&str]| {
        let usual = ["add", "--token-url", &url, "--ca-file", "ca.pem"];
        scene.run(usual.iter().chain(more));
    };
    add(&["signing", "--client-id", "signer", "--key-file", "key.pem"]);
    add(&[
        "renewing",
        "--preset",
        "oauth2-refresh",
        "--client-id",
        "renewer",
        "--refresh-token-file",
        "refresh.txt",
    ]);
    scene.run(["token", "signing"]);
    scene.run(["token", "renewing"]);
    let last = scene.issuer.current_refresh_token(Service::OAuth).expect("it rotates");
    assert_ne!(last, first);
    // Behind its head, which all keys of a kind have in common.
    let secret = der(key.private_pem()).split_off(96);
    scene.more = vec![
        Needle::new("private key", secret),
        Needle::new("refresh token", &first),
        Needle::new("refresh token", &last),
    ];
    scene
}

fn der(pem: &str) -> Vec<u8> {
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    STANDARD.decode(body).expect("PEM")
}

// M03, M04
#[test]
fn an_idle_agent_holds_no_private_key_and_no_refresh_token() {
    for kind in SHIPPED {
        let scene = minted(kind);
        let look = scene.look();
        is_kept_from_cores(kind, &look);
        let found = names(&look.in_process);
        let is_left = |name: &&str| ["private key", "refresh token"].contains(name);
        assert!(!found.iter().any(is_left), "{kind:?}: {found:?}");
    }
}

#[test]
fn nothing_of_a_private_key_or_a_refresh_token_is_left_after_lock() {
    for kind in SHIPPED {
        let scene = minted(kind);
        scene.run(["lock"]);
        nothing_is_left(&scene);
    }
}

/// The control. (A key is in types of ours and of libraries that wipe it, too.)
#[test]
fn an_agent_in_ordinary_memory_leaves_the_refresh_token() {
    let scene = minted(ORDINARY);
    let look = scene.look();
    let found = names(&look.in_process);
    assert!(found.contains(&"refresh token"), "{found:?}");
}
