//! Hostile sizes: refused for less than a second and 64 MiB, before any parser or key derivation.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use mintage::limits;

use crate::scene::{Part, Scene, write};
use crate::world::{Call, World};

const INTRO: &str = "age-encryption.org/v1\n";

/// `mintage`, killed as soon as it has used a second of processor time or 64 MiB.
fn frugal(world: &World, arguments: &[&str]) -> Call {
    world
        .program("prlimit")
        .args(["--cpu=1", "--data=67108864", env!("CARGO_BIN_EXE_mintage")])
        .args(arguments)
}

/// An age file with `count` stanzas, each made by `stanza` from its number, and a payload of noise.
fn age_file(count: usize, stanza: impl Fn(usize) -> String) -> Vec<u8> {
    let mut file = String::with_capacity(count * 100 + 256);
    file.push_str(INTRO);
    (0..count).for_each(|n| file.push_str(&stanza(n)));
    let end = format!("--- {}\n", base64(7));
    [file.as_bytes(), end.as_bytes(), &[0x5a; 600]].concat()
}

fn x25519(n: usize) -> String {
    format!("-> X25519 {}\n{}\n", base64(n), base64(n + 1))
}

/// 32 bytes that depend on `n`, as age writes them.
fn base64(n: usize) -> String {
    let mut bytes = [0x11; 32];
    bytes[..8].copy_from_slice(&n.to_le_bytes());
    STANDARD_NO_PAD.encode(bytes)
}

#[track_caller]
fn is_refused_cheaply(scene: &Scene, part: Part, code: i32) {
    scene.refuses(frugal(&scene.world, &["show", "prod"]), code);
    scene.refuses(frugal(&scene.world, &["token", "prod"]), code);
    scene.refuses_all(part, code);
}

// V07
#[test]
fn a_work_factor_that_is_not_ours_is_refused_before_any_work() {
    let world = World::new();
    let script =
        |command: &str| format!("\"$0\" --passphrase-fd 3 {command} 3<<'END'\ncorrect horse\nEND");
    let program = env!("CARGO_BIN_EXE_mintage");
    let init = script("init --recovery-file recovery.txt");
    world.program("sh").args(["-c", &init, program]).run().succeeds();
    let folder = world.config().join("identities");
    let mut files = fs::read_dir(folder).expect("a folder").map(|it| it.expect("readable").path());
    let wrapped = files.find(|file| file.extension().is_some_and(|it| it == "age")).expect("one");
    let good = fs::read(&wrapped).expect("readable");
    let list = || {
        let limits = ["--cpu=1", "--data=67108864", "sh", "-c"];
        world.program("prlimit").args(limits).args([&script("list"), program])
    };
    for factor in ["23", "30", "63", "64", "0", "018", "9", "19", "+18", "0x12", "1e1", ""] {
        write(&wrapped, &with_factor(&good, factor));
        list().run().exits(12).says("work factor").hides("horse");
        assert_eq!(fs::read(&wrapped).expect("readable"), with_factor(&good, factor));
    }
    // The limits bite: the real work needs more than they allow.
    write(&wrapped, &good);
    assert_ne!(list().run().code, 0);
}

fn with_factor(file: &[u8], factor: &str) -> Vec<u8> {
    let end = file.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(1).expect("a line").0;
    let head = std::str::from_utf8(&file[..end]).expect("text");
    let head = head.strip_suffix("18").expect("the factor that is written");
    [head.as_bytes(), factor.as_bytes(), &file[end..]].concat()
}

// V08
#[test]
fn a_million_recipients_are_refused_before_the_parser_sees_them() {
    let scene = Scene::new();
    let file = age_file(1_000_000, x25519);
    for part in Part::SEALED {
        let whole = scene.read(part);
        scene.write(part, &file);
        is_refused_cheaply(&scene, part, 12);
        scene.write(part, &whole);
    }
    scene.is_well();
}

// V08
#[test]
fn stanzas_above_the_cap_are_refused_before_the_parser_sees_them() {
    let scene = Scene::new();
    for (part, stanzas, code) in [
        // Above the cap of the header; above that of stanzas.
        (Part::Key, 1000, 12),
        (Part::Key, 600, 12),
        (Part::Members, 1000, 12),
        (Part::Members, 5, 6),
        (Part::Record, 1000, 12),
        (Part::Record, 5, 6),
        // As many as are allowed cost little, too.
        (Part::Key, limits::KEY_STANZAS, 5),
        (Part::Record, limits::RECORD_STANZAS, 6),
    ] {
        let whole = scene.read(part);
        scene.write(part, &age_file(stanzas, x25519));
        is_refused_cheaply(&scene, part, code);
        scene.write(part, &whole);
    }
}

// V08
#[test]
fn a_header_full_of_stanzas_that_mean_nothing_costs_little() {
    let scene = Scene::new();
    for part in Part::SEALED {
        let whole = scene.read(part);
        for header in [limits::AGE_HEADER - 100, limits::AGE_HEADER + 100] {
            scene.write(part, &age_file(header / 13, |_| "-> a-grease\n\n".to_owned()));
            let ran = frugal(&scene.world, &["show", "prod"]).run();
            assert!([6, 12].contains(&ran.code), "{part:?}: {} {}", ran.code, ran.err());
        }
        scene.write(part, &whole);
    }
}

// V08
#[test]
fn a_stanza_with_thousands_of_lines_costs_little() {
    let scene = Scene::new();
    let lines = format!("{}\n", "A".repeat(64)).repeat(3500);
    for part in Part::SEALED {
        let whole = scene.read(part);
        scene.write(part, &age_file(1, |n| format!("-> X25519 {}\n{lines}AA\n", base64(n))));
        is_refused_cheaply(&scene, part, 12);
        scene.write(part, &whole);
    }
}

// V14
#[test]
fn more_profiles_than_the_documented_maximum_are_refused_on_add_and_on_open() {
    let scene = Scene::new();
    let folder = scene.world.vault().join("profiles");
    // One is there already.
    generate(&folder, limits::PROFILES - 1);
    scene.refuses(scene.adding("one-more"), 12).says("100000 profiles");
    scene.world.run(["show", "prod"]).succeeds();
    write(&folder.join("00").join(file_name("00", limits::PROFILES)), b"");
    scene.world.run(["list"]).exits(12).says("100000 profiles").hides(&scene.canary.secret);
}

fn generate(folder: &Path, count: usize) {
    for n in 0..count {
        let shard = format!("{:02x}", n % 256);
        let shard_folder = folder.join(&shard);
        if n < 256 {
            fs::create_dir_all(&shard_folder).expect("made");
        }
        fs::File::create(shard_folder.join(file_name(&shard, n))).expect("made");
    }
}

fn file_name(shard: &str, n: usize) -> String {
    format!("{shard}{n:062x}.age")
}

// V17
#[test]
fn a_file_of_ten_gigabytes_is_refused_by_its_length() {
    let scene = Scene::new();
    for part in Part::ALL {
        let whole = scene.read(part);
        let file = fs::File::options().write(true).open(scene.path(part)).expect("opened");
        file.set_len(10 << 30).expect("a file system with holes");
        is_refused_cheaply(&scene, part, 12);
        scene.write(part, &whole);
    }
    scene.is_well();
}

// V17
#[test]
fn a_part_just_above_the_cap_is_refused_and_just_below_it_is_read() {
    let scene = Scene::new();
    let cap = usize::try_from(limits::SEALED_OBJECT).expect("small");
    for part in [Part::Descriptor, Part::Key, Part::Members, Part::Record] {
        let mut bytes = scene.read(part);
        let whole = bytes.clone();
        bytes.resize(cap + 1, b' ');
        scene.write(part, &bytes);
        scene.refuses_all(part, 12);
        scene.write(part, &bytes[..cap]);
        scene.refuses_all(part, 6);
        scene.write(part, &whole);
    }
}
