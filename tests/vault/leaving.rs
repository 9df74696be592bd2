//! What the sealed files show and hide, and that stock tools open them.

use std::collections::HashSet;
use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use ed25519_dalek::{Signature, VerifyingKey};
use hmac::{Hmac, Mac as _};
use sha2::{Digest as _, Sha256};

use crate::scene::{NOWHERE, Part, Scene, hex, payload_at, snapshot};
use crate::stock::Stock;

// V15
#[test]
fn the_vault_shows_no_name_id_host_or_date() {
    let scene = Scene::new();
    let telling =
        ["telling-name", "telling-label", "telling-tag", "telling.example", "telling-aud"];
    scene
        .world
        .mintage(["add", telling[0], "--stdin", "--label", telling[1], "--tag", telling[2]])
        .args(["--token-url", "https://telling.example/token", "--audience", telling[4]])
        .stdin(scene.canary.pair())
        .run()
        .succeeds();
    let shown = scene.world.run(["show", telling[0], "--json"]).succeeds().json();
    let date = shown["added_at"].as_str().expect("a date")[..10].to_owned();
    let id = scene.canary.id.as_str();
    let secrets = [id, &scene.canary.secret, "127.0.0.1", "prod", "instructure", "secret"];
    for (folder, dates) in [(scene.world.vault(), true), (scene.world.state(), false)] {
        for path in snapshot(&folder).keys().filter(|path| path.is_file()) {
            let text = String::from_utf8_lossy(&fs::read(path).expect("readable")).into_owned();
            let about = format!("{} {text}", path.display());
            for word in telling.iter().chain(&secrets) {
                assert!(!about.contains(word), "`{word}` in {}", path.display());
            }
            // A pin states when its object was saved, as does that file's own time stamp.
            assert!(!dates || !about.contains(&date), "a date in {}", path.display());
        }
    }
}

// V15
#[test]
fn a_payload_is_padded_and_looks_like_noise() {
    let scene = Scene::new();
    for length in [8, 20, 40, 60] {
        let pair = format!("{}:{}", scene.canary.id, "s".repeat(length));
        let name = format!("p{length:02}");
        scene
            .world
            .mintage(["add", &name, "--stdin", "--base-url", NOWHERE])
            .stdin(pair)
            .run()
            .succeeds();
    }
    let mut lengths = HashSet::new();
    for path in scene.world.records() {
        let sealed = fs::read(path).expect("readable");
        let payload = &sealed[payload_at(&sealed)..];
        // A nonce of 16 bytes before, a tag of 16 behind.
        assert_eq!((payload.len() - 32) % 512, 0);
        lengths.insert(payload.len());
        let kinds: HashSet<u8> = payload.iter().copied().collect();
        assert!(kinds.len() > 220, "{} of 256 byte values in {}", kinds.len(), payload.len());
    }
    assert_eq!(lengths.len(), 1, "secrets of 8 to 60 bytes look alike");
}

// V16
#[test]
fn the_same_content_sealed_twice_shares_nothing() {
    let scene = Scene::new();
    let first = scene.read(Part::Record);
    scene.world.run(["remove", "prod", "--yes"]).succeeds();
    scene.add("prod").succeeds();
    let second = scene.read(Part::Record);
    let blocks = |sealed: &[u8]| -> HashSet<Vec<u8>> {
        let start = sealed.iter().position(|byte| *byte == b'\n').expect("a line") + 1;
        sealed[start..].windows(16).map(<[u8]>::to_vec).collect()
    };
    assert!(blocks(&first).is_disjoint(&blocks(&second)));
}

// V18
#[test]
fn stock_age_and_jq_open_every_record_with_the_recovery_key() {
    let scene = Scene::new();
    for name in ["acme/one", "acme/two"] {
        scene.add(name).succeeds();
    }
    let binary = [b"odd:".as_slice(), &[0xff, 0x80, 0x01], b"-end"].concat();
    scene
        .world
        .mintage(["add", "odd", "--stdin", "--base-url", NOWHERE])
        .stdin(binary)
        .run()
        .succeeds();
    // The commands of `docs/vault-format.md`.
    let script = "age -d -i ~/recovery.txt key.age | head -n 1 | jq -r '.epochs[].identity' > ~/epochs.txt
        for record in profiles/*/*.age; do
            age -d -i ~/epochs.txt \"$record\" | head -n 1 |
                jq -r '.profile | \"\\(.name) \\(.credential.client_id) \\(.credential.client_secret // .credential.client_secret_base64)\"'
        done";
    let mut sh = scene.world.program("sh").args(["-ec", script]);
    sh.command.current_dir(scene.world.vault());
    let opened = sh.run().succeeds().out();
    let mut lines: Vec<&str> = opened.lines().collect();
    lines.sort_unstable();
    let (id, secret) = (&scene.canary.id, &scene.canary.secret);
    let odd = STANDARD.encode([&[0xff, 0x80, 0x01][..], b"-end"].concat());
    let expected = [
        format!("acme/one {id} {secret}"),
        format!("acme/two {id} {secret}"),
        format!("odd odd {odd}"),
        format!("prod {id} {secret}"),
    ];
    assert_eq!(lines, expected);
}

// V18
#[test]
fn what_stock_age_seals_again_opens_where_nothing_else_was_known() {
    let scene = Scene::new();
    let stock = Stock::open(&scene);
    for part in Part::SEALED {
        let whole = scene.read(part);
        scene.write(part, &stock.seal(part, &stock.plain(part)));
        // Other bytes of the same version: the documented reason to refuse.
        for ran in scene.refuses_all(part, 6) {
            ran.says("does not follow the version last known").says("mintage vault accept");
        }
        scene.write(part, &whole);
    }
    for part in Part::SEALED {
        scene.write(part, &stock.seal(part, &stock.plain(part)));
    }
    scene.world.run(["vault", "accept", "--yes"]).succeeds();
    scene.is_well();
}

// V18
#[test]
fn macs_signatures_names_and_fingerprint_are_as_published() {
    let scene = Scene::new();
    let stock = Stock::open(&scene);
    let plain = stock.plain(Part::Record);
    assert_eq!(plain, stock.record(plain.lines().next().expect("a line")));
    let key = STANDARD.decode(stock.keys["name_key"].as_str().expect("text")).expect("base64");
    let mut name = Hmac::<Sha256>::new_from_slice(&key).expect("a key");
    name.update(b"mintage draft-3 profile name\n\nprod");
    let name = hex(&name.finalize().into_bytes());
    assert_eq!(scene.record_key(), format!("profiles/{}/{name}.age", &name[..2]));
    let mut signers = Vec::new();
    for (part, object) in [(Part::Key, "key.age"), (Part::Members, "members.age")] {
        let plain = stock.plain(part);
        let (body, check) = plain.split_once('\n').expect("two lines");
        let check: serde_json::Value =
            serde_json::from_str(check.lines().next().expect("a line")).expect("JSON");
        let signer = check["signed_by"].as_str().expect("text").to_owned();
        let bytes = |text: &str| STANDARD.decode(text).expect("base64");
        let public = VerifyingKey::try_from(bytes(&signer).as_slice()).expect("a key");
        let signature = bytes(check["signature"].as_str().expect("text"));
        let signature = Signature::from_slice(&signature).expect("64 bytes");
        let message = format!("mintage draft-3 {object}\n{body}");
        public.verify_strict(message.as_bytes(), &signature).expect("signed");
        signers.push(signer);
    }
    let vault = stock.keys["vault"].as_str().expect("text");
    let founder = format!("mintage draft-3 fingerprint\n{vault}\n{}\n", signers[1]);
    let fingerprint = format!("SHA256:{}", STANDARD_NO_PAD.encode(Sha256::digest(founder)));
    scene.world.run(["vault", "list"]).succeeds();
    let listed = scene.world.run(["vault", "list", "--json"]).succeeds().json();
    assert_eq!(listed["vaults"][0]["fingerprint"], fingerprint.as_str());
}
