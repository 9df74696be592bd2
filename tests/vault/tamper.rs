//! Whoever changes a byte, without the key: refused, and left as it was.

use mintage::model::ProfileName;
use mintage::seal::{Members, Record, RecordPath, VaultKeys};

use crate::scene::{Part, Scene};

/// Every part through the code that opens it, without a process around it.
struct Reader {
    scene: Scene,
    key: mintage::seal::OpeningKey,
    keys: VaultKeys,
    path: RecordPath,
}

impl Reader {
    fn new() -> Self {
        let scene = Scene::new();
        let key = scene.key();
        let opened = VaultKeys::open(&scene.read(Part::Key), &key).expect("opens");
        let name: ProfileName = "prod".parse().expect("a name");
        let keys = {
            let members = Self::members(&scene.read(Part::Members), opened.unverified(), &key);
            opened.verify(&members.expect("opens")).expect("signed")
        };
        let path = keys.record_path(&name);
        Self { scene, key, keys, path }
    }

    fn members(
        bytes: &[u8],
        keys: &VaultKeys,
        key: &mintage::seal::OpeningKey,
    ) -> Result<Members, mintage::seal::Error> {
        Members::open(bytes, keys, key.fingerprint().expect("known"))
    }

    fn accepts(&self, part: Part, bytes: &[u8]) -> bool {
        match part {
            Part::Descriptor => mintage::vault::Descriptor::parse(bytes)
                .is_ok_and(|it| it.id().is_ok_and(|id| id == *self.keys.vault())),
            Part::Key => VaultKeys::open(bytes, &self.key).is_ok_and(|opened| {
                let members = self.scene.read(Part::Members);
                let members = Self::members(&members, opened.unverified(), &self.key);
                opened.verify(&members.expect("untouched")).is_ok()
            }),
            Part::Members => Self::members(bytes, &self.keys, &self.key).is_ok(),
            Part::Record => Record::open(bytes, &self.keys, &self.path).is_ok(),
            Part::Pin => self.key.pin_key().read(self.path.as_str(), bytes).is_ok(),
        }
    }
}

/// The exit codes of an altered part. A change in its own stanza of `key.age` cannot be told from
/// another key.
fn codes(part: Part) -> &'static [i32] {
    if part == Part::Key { &[5, 6] } else { &[6] }
}

#[track_caller]
fn is_refused_by_the_program(scene: &Scene, part: Part, bytes: &[u8]) {
    scene.write(part, bytes);
    let code = scene.world.run(["show", "prod"]).code;
    assert!(codes(part).contains(&code), "exit code {code}");
    scene.refuses(scene.world.mintage(["show", "prod"]), code);
}

// V02
#[test]
fn a_part_cut_anywhere_is_refused() {
    let reader = Reader::new();
    for part in Part::ALL {
        let whole = reader.scene.read(part);
        assert!(reader.accepts(part, &whole), "{part:?}");
        for length in 0..whole.len() {
            assert!(!reader.accepts(part, &whole[..length]), "{part:?} cut to {length}");
        }
    }
}

// V02
#[test]
fn a_cut_part_answers_exit_6_and_is_left_as_it_was() {
    let scene = Scene::new();
    for part in Part::ALL {
        let whole = scene.read(part);
        for length in (0..whole.len()).step_by(97).chain([whole.len() - 1]) {
            scene.write(part, &whole[..length]);
            scene.refuses(scene.world.mintage(["show", "prod"]), 6);
        }
        scene.write(part, &whole[..whole.len() / 2]);
        scene.refuses_all(part, 6);
        scene.write(part, &whole);
    }
    scene.is_well();
}

// V03
#[test]
fn every_single_flipped_bit_is_refused() {
    let reader = Reader::new();
    for part in Part::ALL {
        let mut bytes = reader.scene.read(part);
        for bit in 0..bytes.len() * 8 {
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(
                !reader.accepts(part, &bytes) || is_idle(part, &bytes),
                "{part:?} bit {bit}: {}",
                String::from_utf8_lossy(&bytes)
            );
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
        assert!(reader.accepts(part, &bytes));
    }
}

/// The writers' generation in `vault.json` is for those without a key; the copy in `key.age`
/// decides, so another digit there changes nothing.
fn is_idle(part: Part, bytes: &[u8]) -> bool {
    part == Part::Descriptor
        && String::from_utf8_lossy(bytes)
            .rsplit_once(r#""oldest_writer":"#)
            .is_some_and(|(_, rest)| rest.len() == 3)
}

// V03
#[test]
fn flipped_bits_answer_exit_6_and_leave_the_file_alone() {
    let scene = Scene::new();
    for part in Part::ALL {
        let whole = scene.read(part);
        for n in 0..40 {
            let bit = n * (whole.len() * 8 / 40) + 3;
            let mut bytes = whole.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            is_refused_by_the_program(&scene, part, &bytes);
        }
        scene.write(part, &whole);
    }
    scene.is_well();
}

// V04
#[test]
fn garbage_behind_it_and_halves_of_two_are_refused() {
    let (scene, other) = (Scene::new(), Scene::new());
    for part in Part::ALL {
        let (a, b) = (scene.read(part), other.read(part));
        let (front, back) = (&a[..a.len() / 2], &b[b.len() / 2..]);
        for bytes in [
            [&a[..], b"garbage"].concat(),
            [&a[..], b"\n"].concat(),
            [&a[..], &b].concat(),
            [front, back].concat(),
        ] {
            scene.write(part, &bytes);
            scene.refuses_all(part, 6);
        }
        scene.write(part, &a);
    }
    scene.is_well();
}

// V05
#[test]
fn an_empty_part_is_no_new_vault() {
    let scene = Scene::new();
    for part in Part::ALL {
        let whole = scene.read(part);
        scene.write(part, b"");
        scene.refuses_all(part, 6);
        let init = scene.world.mintage(["init", "--key", "file", "--recovery-file", "again.txt"]);
        scene.refuses(init, 11);
        scene.write(part, &whole);
    }
    scene.is_well();
}

// V05
#[test]
fn a_missing_part_is_no_new_vault() {
    for part in [Part::Key, Part::Members, Part::Record] {
        let scene = Scene::new();
        std::fs::remove_file(scene.path(part)).expect("removed");
        let ran = scene.refuses(scene.world.mintage(["show", "prod"]), 6);
        assert!(!ran.err().contains("mintage init"), "{}", ran.err());
        scene.refuses(scene.adding("prod"), 6);
        if part != Part::Record {
            let init =
                scene.world.mintage(["init", "--key", "file", "--recovery-file", "again.txt"]);
            scene.refuses(init, 11);
        }
    }
}

// V05
#[test]
fn a_lost_vault_json_says_nothing_new_and_is_written_again() {
    let scene = Scene::new();
    let whole = scene.read(Part::Descriptor);
    std::fs::remove_file(scene.path(Part::Descriptor)).expect("removed");
    let init = scene.world.mintage(["init", "--key", "file", "--recovery-file", "again.txt"]);
    scene.refuses(init, 11);
    scene.is_well();
    assert_eq!(scene.read(Part::Descriptor), whole);
}

// V06
#[test]
fn another_key_answers_exit_5_and_not_damaged() {
    let scene = Scene::new();
    let own = std::fs::read_to_string(scene.key_file()).expect("readable");
    let stranger = std::fs::read_to_string(crate::stock::keygen(&scene, "stranger.txt"));
    let stranger = stranger.expect("readable");
    let secret = |text: &str| {
        let line = text.lines().find(|line| line.starts_with("AGE-SECRET-KEY-1"));
        line.expect("a key").to_owned()
    };
    let swapped = own.replace(&secret(&own), &secret(&stranger));
    crate::scene::write(&scene.key_file(), swapped.as_bytes());
    for ran in scene.refuses_all(Part::Key, 5) {
        assert!(!ran.err().contains("damaged"), "{}", ran.err());
        ran.says("the key does not open");
    }
    // The key of another vault altogether.
    let other = Scene::new();
    let foreign = std::fs::read(other.key_file()).expect("readable");
    crate::scene::write(&scene.key_file(), &foreign);
    scene.refuses_all(Part::Key, 5);
    crate::scene::write(&scene.key_file(), own.as_bytes());
    scene.is_well();
}

// V06
#[test]
fn a_wrong_passphrase_answers_exit_5_and_not_damaged() {
    let world = crate::world::World::new();
    let with = |passphrase: &str, command: &str| {
        let script = format!("\"$0\" --passphrase-fd 3 {command} 3<<'END'\n{passphrase}\nEND");
        world.program("sh").args(["-c", &script, env!("CARGO_BIN_EXE_mintage")]).run()
    };
    with("correct horse battery", "init --recovery-file recovery.txt").succeeds();
    let before = crate::scene::snapshot(world.home());
    let ran = with("incorrect horse battery", "list").exits(5).hides("horse");
    assert!(!ran.err().contains("damaged"));
    ran.says("passphrase is wrong");
    crate::scene::assert_same(&before, &crate::scene::snapshot(world.home()));
    with("correct horse battery", "list").succeeds();
}
