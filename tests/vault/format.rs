//! Sealed forms that are not ours, or not ours any more: refused, whoever made them.

use std::fs;
use std::path::Path;

use crate::scene::{Part, Scene, payload_at};
use crate::stock::{Stock, sheet};

// V09
#[test]
fn a_stanza_that_means_nothing_is_accepted_and_a_passphrase_beside_is_not() {
    let scene = Scene::new();
    let record = scene.read(Part::Record);
    assert!(header(&record).contains("-grease"), "age writes one itself");
    for vector in ["scrypt_and_x25519", "scrypt_double"] {
        for part in Part::SEALED {
            let whole = scene.read(part);
            scene.write(part, &vector_file(vector));
            scene.refuses_all(part, 6);
            scene.write(part, &whole);
        }
    }
    scene.is_well();
}

fn vector_file(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/testkit/testdata").join(name);
    let vector = fs::read(path).expect("a vector");
    let start = vector.windows(2).position(|two| two == b"\n\n").expect("a blank line") + 2;
    vector[start..].to_vec()
}

fn header(sealed: &[u8]) -> String {
    String::from_utf8_lossy(&sealed[..payload_at(sealed)]).into_owned()
}

// V10
#[test]
fn armour_and_changed_line_ends_are_told_as_a_text_conversion() {
    let scene = Scene::new();
    let stock = Stock::open(&scene);
    let armour = |part| {
        let armoured = stock.seal_to(&stock.recipients(part), &stock.plain(part), &["-a"]);
        assert!(armoured.starts_with(b"-----BEGIN AGE ENCRYPTED FILE-----"));
        armoured
    };
    let altered = [
        (Part::Descriptor, crlf(&scene.read(Part::Descriptor))),
        (Part::Key, crlf(&scene.read(Part::Key))),
        (Part::Members, crlf(&scene.read(Part::Members))),
        (Part::Record, crlf(&scene.read(Part::Record))),
        (Part::Key, armour(Part::Key)),
        (Part::Members, armour(Part::Members)),
        (Part::Record, armour(Part::Record)),
    ];
    for (part, bytes) in altered {
        let whole = scene.read(part);
        scene.write(part, &bytes);
        for ran in scene.refuses_all(part, 6) {
            ran.says("altered by a text conversion").says("hint: restore it from a backup");
        }
        scene.write(part, &whole);
    }
    // A pin has no line end that could be changed.
    assert!(!scene.read(Part::Pin).contains(&b'\n'));
    scene.is_well();
}

fn crlf(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().fold(Vec::new(), |mut all, byte| {
        all.extend_from_slice(if *byte == b'\n' { b"\r\n" } else { std::slice::from_ref(byte) });
        all
    })
}

// V12
#[test]
fn a_later_format_is_refused_with_the_advice_to_upgrade() {
    let scene = Scene::new();
    let stock = Stock::open(&scene);
    let later = |text: &str| text.replacen("\"draft-3\"", "\"v99\"", 1);
    let body = later(stock.plain(Part::Record).lines().next().expect("a line"));
    let descriptor = String::from_utf8(scene.read(Part::Descriptor)).expect("text");
    let parts = [
        (Part::Descriptor, later(&descriptor).into_bytes()),
        (Part::Key, stock.seal(Part::Key, &relaid(&later(&stock.plain(Part::Key))))),
        (Part::Members, stock.seal(Part::Members, &relaid(&later(&stock.plain(Part::Members))))),
        (Part::Record, stock.seal(Part::Record, &stock.record(&body))),
    ];
    for (part, bytes) in parts {
        let whole = scene.read(part);
        scene.write(part, &bytes);
        for ran in scene.refuses_all(part, 6) {
            ran.says("does not know").says("hint: upgrade mintage");
        }
        scene.write(part, &whole);
    }
    let whole = scene.read(Part::Pin);
    scene.write(Part::Pin, later(&String::from_utf8_lossy(&whole)).as_bytes());
    scene.refuses_all(Part::Pin, 6);
}

/// The same two lines with the padding that goes with them.
fn relaid(plain: &str) -> String {
    let mut lines = plain.lines();
    sheet(lines.next().expect("a body"), lines.next().expect("a check"))
}

// V13
#[test]
fn a_name_that_is_there_twice_is_refused_even_from_a_member() {
    let scene = Scene::new();
    let stock = Stock::open(&scene);
    let record = stock.plain(Part::Record);
    let body = record.lines().next().expect("a line");
    let twice = |text: &str, name: &str, first: &str| {
        let found = format!("\"{name}\":");
        assert!(text.contains(&found), "{name}");
        text.replacen(&found, &format!("{found}{first},{found}"), 1)
    };
    for (name, first) in [
        ("v", "\"draft-3\""),
        ("version", "1"),
        ("profile", "null"),
        ("name", "\"other\""),
        ("client_secret", "\"x\""),
        ("endpoint", "\"https://evil.example/\""),
    ] {
        let plain = stock.record(&twice(body, name, first));
        let sealed = stock.seal(Part::Record, &plain);
        is_refused_as_damaged(&scene, Part::Record, &sealed);
    }
    let check = stock.record(body).replacen("{\"mac\":", "{\"mac\":\"\",\"mac\":", 1);
    is_refused_as_damaged(&scene, Part::Record, &stock.seal(Part::Record, &relaid(&check)));
    for (part, name, first) in [
        (Part::Key, "sequence", "1"),
        (Part::Key, "mac_key", "\"\""),
        (Part::Key, "signed_by", "\"\""),
        (Part::Members, "members", "[]"),
        (Part::Members, "recipient", "\"\""),
    ] {
        let plain = relaid(&twice(&stock.plain(part), name, first));
        is_refused_as_damaged(&scene, part, &stock.seal(part, &plain));
    }
    for (part, name, first) in [(Part::Descriptor, "id", "\"0\""), (Part::Pin, "version", "9")] {
        let text = String::from_utf8(scene.read(part)).expect("text");
        is_refused(&scene, part, twice(&text, name, first).as_bytes());
    }
}

#[track_caller]
fn is_refused_as_damaged(scene: &Scene, part: Part, bytes: &[u8]) {
    for ran in is_refused(scene, part, bytes) {
        ran.says("is damaged");
    }
}

#[track_caller]
fn is_refused(scene: &Scene, part: Part, bytes: &[u8]) -> Vec<crate::world::Ran> {
    let whole = scene.read(part);
    scene.write(part, bytes);
    let refused = scene.refuses_all(part, 6);
    scene.write(part, &whole);
    refused
}
