//! The opening key wrapped by a passphrase: which bytes count, which are refused.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use age::secrecy::SecretString;

use crate::terminal;
use crate::world::{Ran, World};

const MINTAGE: &str = env!("CARGO_BIN_EXE_mintage");
const PASSPHRASE: &str = "correct  horse\tbattery";

/// `plain`, as stock `age -p` would write it with this work factor.
fn wrapped(plain: &[u8], passphrase: &str, work: u8) -> Vec<u8> {
    let mut recipient = age::scrypt::Recipient::new(SecretString::from(passphrase.to_owned()));
    recipient.set_work_factor(work);
    let recipients = std::iter::once(&recipient as &dyn age::Recipient);
    let encryptor = age::Encryptor::with_recipients(recipients).expect("one recipient");
    let mut sealed = Vec::new();
    let mut writer = encryptor.wrap_output(&mut sealed).expect("written");
    writer.write_all(plain).expect("written");
    writer.finish().expect("written");
    sealed
}

/// A vault whose opening key is wrapped cheaply.
pub struct Wrapped {
    pub world: World,
    plain: Vec<u8>,
    file: PathBuf,
}

impl Wrapped {
    pub fn by(passphrase: &str) -> Self {
        let world = World::with_vault();
        let settings = world.config().join("settings.toml");
        let text = fs::read_to_string(&settings).expect("settings");
        let own = |line: &&str| line.starts_with("identity_file = ");
        let line = text.lines().find(own).expect("a key file");
        let key = PathBuf::from(line.split('"').nth(1).expect("a path"));
        let text = text.replace(line, "").replace("key = \"file\"", "key = \"passphrase\"");
        fs::write(&settings, text).expect("written");
        let plain = fs::read(&key).expect("a key");
        let file = key.with_extension("age");
        fs::rename(&key, &file).expect("moved");
        let wrapped_world = Self { world, plain, file };
        wrapped_world.keep(&wrapped(&wrapped_world.plain, passphrase, 10));
        wrapped_world
    }

    /// Puts these bytes in the place of the wrapped key; its mode stays.
    fn keep(&self, bytes: &[u8]) {
        fs::write(&self.file, bytes).expect("written");
    }

    fn open_with(&self, bytes: &[u8]) -> Ran {
        self.world.mintage(["list", "--passphrase-fd", "0"]).stdin(bytes).run()
    }
}

fn init_with(world: &World, bytes: &[u8]) -> Ran {
    let init = ["init", "--passphrase-fd", "0", "--recovery-file", "r.txt"];
    world.mintage(init).stdin(bytes).run()
}

// K07
#[test]
fn one_final_line_end_is_dropped_and_every_other_byte_counts() {
    let vault = Wrapped::by(PASSPHRASE);
    for (bytes, code) in [
        (PASSPHRASE.to_owned(), 0),
        (format!("{PASSPHRASE}\n"), 0),
        (format!("{PASSPHRASE}\r\n"), 0),
        (format!("{PASSPHRASE}\n\n"), 5),
        (format!("{PASSPHRASE}\r\n\r\n"), 5),
        (format!("{PASSPHRASE}\r"), 5),
        (format!("{PASSPHRASE} \n"), 5),
        (format!(" {PASSPHRASE}"), 5),
        (format!("\n{PASSPHRASE}"), 5),
        (format!("\0{PASSPHRASE}"), 5),
        (PASSPHRASE.replace("  ", " "), 5),
        (PASSPHRASE.to_uppercase(), 5),
        (String::new(), 5),
    ] {
        let ran = vault.open_with(bytes.as_bytes());
        assert_eq!(ran.code, code, "{bytes:?}: {}", ran.err());
        ran.hides(PASSPHRASE);
    }
    let edges = Wrapped::by("  at both edges \t");
    edges.open_with(b"  at both edges \t\n").succeeds();
    edges.open_with(b"at both edges").exits(5);
    let unicode = Wrapped::by("p\u{e4}ssw\u{f6}rter \u{1f511}");
    unicode.open_with("p\u{e4}ssw\u{f6}rter \u{1f511}\n".as_bytes()).succeeds();
}

// K07
#[test]
fn what_init_takes_is_what_opens_in_any_line_end() {
    let world = World::new();
    init_with(&world, format!(" {PASSPHRASE} \r\n").as_bytes()).succeeds();
    let list = |bytes: String| world.mintage(["list", "--passphrase-fd", "0"]).stdin(bytes).run();
    list(format!(" {PASSPHRASE} ")).succeeds();
    list(format!("{PASSPHRASE}\n")).exits(5);
}

// K07
#[test]
fn any_descriptor_will_do_and_one_that_is_not_there_is_an_error() {
    let vault = Wrapped::by(PASSPHRASE);
    fs::write(vault.world.path("pass"), format!("{PASSPHRASE}\n")).expect("written");
    let command = "exec \"$0\" list --passphrase-fd 9 9<pass";
    vault.world.program("sh").args(["-c", command, MINTAGE]).run().succeeds();
    let ran = vault.world.run(["list", "--passphrase-fd", "9"]);
    assert!(![0, 5].contains(&ran.code), "{}", ran.err());
    vault.world.run(["list", "--passphrase-fd", "-1"]).exits(2);
}

#[test]
fn a_passphrase_that_nobody_can_be_asked_for_answers_exit_4() {
    let vault = Wrapped::by(PASSPHRASE);
    vault.world.run(["list"]).exits(4).says("--passphrase-fd");
}

// V06
#[test]
fn a_wrong_passphrase_is_no_damage() {
    let vault = Wrapped::by(PASSPHRASE);
    let before = fs::read(&vault.file).expect("there");
    vault.open_with(b"another passphrase").exits(5).says("passphrase");
    assert_eq!(fs::read(&vault.file).expect("there"), before);
    let mut damaged = before.clone();
    *damaged.last_mut().expect("bytes") ^= 1;
    vault.keep(&damaged);
    vault.open_with(PASSPHRASE.as_bytes()).exits(6);
}

// K06
#[test]
fn a_passphrase_that_is_too_short_or_too_long_makes_no_vault() {
    let world = World::new();
    let long = "x".repeat(1025);
    for (bytes, code, why) in [
        ("", 9, "is empty"),
        ("\n", 9, "is empty"),
        ("123456789\n", 9, "fewer than 10 characters"),
        ("\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\n", 9, "fewer than 10 characters"),
        (&long, 9, "more than 1024 bytes"),
    ] {
        init_with(&world, bytes.as_bytes()).exits(code).says(why);
    }
    init_with(&world, &[0xff; 12]).exits(9).says("not UTF-8");
    init_with(&world, &[b'x'; 5000]).exits(12);
    assert!(!world.vault().exists() && !world.path("r.txt").exists());
    world.run(["list"]).exits(3);
}

// K06
#[test]
fn two_entries_that_differ_make_no_vault() {
    let world = World::new();
    let line =
        terminal::line(&[MINTAGE, "init", "--key", "passphrase", "--recovery-file", "r.txt"]);
    let (first, again) = ("New passphrase: ", "The same again: ");
    let differ = [(first, PASSPHRASE), (again, "correct horse batteri")];
    let talked = terminal::talk(world.program("script"), &line, &differ);
    talked.exits(9).shows("the two passphrases differ").hides(PASSPHRASE);
    let talked = terminal::talk(world.program("script"), &line, &[(first, "")]);
    talked.exits(9).shows("is empty");
    assert!(!world.vault().exists() && !world.path("r.txt").exists());

    let same = [(first, "typed at a terminal"), (again, "typed at a terminal")];
    let talked = terminal::talk(world.program("script"), &line, &same);
    talked.exits(0).hides("typed at a terminal");
    let list = terminal::line(&[MINTAGE, "list"]);
    let answer = [("Passphrase: ", "typed at a terminal")];
    terminal::talk(world.program("script"), &list, &answer).exits(0).hides("typed at a terminal");
}

#[test]
fn stock_age_opens_what_init_wrapped() {
    let world = World::new();
    init_with(&world, PASSPHRASE.as_bytes()).succeeds();
    let folder = world.config().join("identities");
    let mut files = fs::read_dir(&folder).expect("a folder").map(|it| it.expect("readable").path());
    let file = files.find(|path| path.extension().is_some_and(|it| it == "age")).expect("a key");
    let header = fs::read(&file).expect("there");
    let header = String::from_utf8_lossy(&header[..100]).into_owned();
    let stanza = header.lines().nth(1).expect("a stanza").to_owned();
    assert!(stanza.starts_with("-> scrypt ") && stanza.ends_with(" 18"), "{stanza}");
    let line = terminal::line(&["age", "-d", file.to_str().expect("UTF-8")]);
    let answer = [("Enter passphrase", PASSPHRASE)];
    let talked = terminal::talk(world.program("script"), &line, &answer);
    talked.exits(0).shows("AGE-SECRET-KEY-1");
}

// V07
#[test]
fn work_outside_10_to_18_is_refused_before_it_is_done() {
    let vault = Wrapped::by(PASSPHRASE);
    for work in [1, 5, 9] {
        vault.keep(&wrapped(&vault.plain, PASSPHRASE, work));
        vault.open_with(PASSPHRASE.as_bytes()).exits(12);
    }
    let good = wrapped(&vault.plain, PASSPHRASE, 10);
    let end = good.windows(4).position(|part| part == b" 10\n").expect("the work factor");
    for work in ["19", "23", "30", "63", "64", "0", "018", "+18", "-1", "4294967306", "", "x"] {
        let edited = [&good[..=end], work.as_bytes(), &good[end + 3..]].concat();
        vault.keep(&edited);
        let start = Instant::now();
        let call = vault.world.program("prlimit").args(["--data=64000000", MINTAGE, "list"]);
        let ran = call.args(["--passphrase-fd", "0"]).stdin(PASSPHRASE).run();
        assert_eq!(ran.code, 12, "{work:?}: {}", ran.err());
        assert!(start.elapsed() < Duration::from_secs(2), "{work:?}: {:?}", start.elapsed());
    }
    vault.keep(&good);
    vault.open_with(PASSPHRASE.as_bytes()).succeeds();
}

#[test]
fn a_wrapped_key_of_another_form_is_refused() {
    let vault = Wrapped::by(PASSPHRASE);
    let good = fs::read(&vault.file).expect("there");
    let identity = age::x25519::Identity::generate();
    let for_a_key = age::encrypt(&identity.to_public(), &vault.plain).expect("sealed");
    let other = World::with_vault();
    let stranger = fs::read(other.path("recovery.txt")).expect("there");
    let crlf = String::from_utf8_lossy(&good).replace('\n', "\r\n").into_bytes();
    for (name, bytes, code) in [
        ("nothing", Vec::new(), 6),
        ("the key itself", vault.plain.clone(), 6),
        ("sealed to a key", for_a_key, 6),
        ("line ends converted", crlf, 6),
        ("no key in it", wrapped(b"canary", PASSPHRASE, 10), 6),
        ("another vault's key", wrapped(&stranger, PASSPHRASE, 10), 5),
        ("cut", good[..good.len() - 20].to_vec(), 6),
    ] {
        vault.keep(&bytes);
        let ran = vault.open_with(PASSPHRASE.as_bytes()).hides("canary").hides("AGE-SECRET");
        assert_eq!(ran.code, code, "{name}: {}", ran.err());
        assert_eq!(fs::read(&vault.file).expect("there"), bytes, "{name}");
    }
    fs::remove_file(&vault.file).expect("removed");
    vault.open_with(PASSPHRASE.as_bytes()).exits(5);
}

#[test]
fn a_wrapped_key_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let vault = Wrapped::by(PASSPHRASE);
    fs::set_permissions(&vault.file, fs::Permissions::from_mode(0o640)).expect("changed");
    vault.open_with(PASSPHRASE.as_bytes()).exits(9).says("hint: chmod 600 '");
}
