//! The age test vectors (C2SP/CCTV, `tests/testkit`) through the code that opens every sealed
//! object, with the vectors' own caps; the product's are tested apart.
//!
//! Ours is stricter than age on purpose: no armour, no stanza types but its own. So it accepts less,
//! and each vector with another outcome than age's is named here. (Of the seven on which crate `age`
//! itself deviates, five are of armour, and the two that it accepts have a stanza type unknown here.)

#![expect(clippy::expect_used, reason = "a test fails by panic wherever it stands")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use age::secrecy::SecretString;
use mintage::seal::{Caps, Error, digest, open};

/// Refused although age accepts them: stanzas of types that no object of ours has. Grease of ours
/// has a type that ends in `-grease`, as crate `age` writes it; that of the vector has not.
const STRICTER: [&str; 4] =
    ["stanza_empty_body", "stanza_empty_last_line", "stanza_valid_characters", "x25519_grease"];

/// Refused as damaged, where age says that no key fits: such types are unknown to us.
const OTHERWISE: [&str; 2] = ["scrypt_uppercase", "x25519_lowercase"];

struct Vector {
    name: String,
    expect: String,
    payload: Option<String>,
    identities: Vec<String>,
    passphrases: Vec<String>,
    is_armoured: bool,
    file: Vec<u8>,
}

impl Vector {
    fn all() -> Vec<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/testkit/testdata");
        let files =
            fs::read_dir(folder).expect("the vectors").map(|it| it.expect("readable").path());
        let mut vectors: Vec<Self> = files.map(|path| Self::read(&path)).collect();
        vectors.sort_by(|a, b| a.name.cmp(&b.name));
        vectors
    }

    fn read(path: &Path) -> Self {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let bytes = fs::read(path).expect("readable");
        let end = bytes.windows(2).position(|two| two == b"\n\n").expect("a blank line");
        let (head, rest) = bytes.split_at(end);
        let file = rest.get(2..).expect("the blank line").to_vec();
        let mut fields: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for line in std::str::from_utf8(head).expect("text").lines() {
            let (key, value) = line.split_once(": ").expect("a field");
            fields.entry(key).or_default().push(value.to_owned());
        }
        let mut take = |key: &str| fields.remove(key).unwrap_or_default();
        let is_compressed = take("compressed") == ["zlib"];
        let vector = Self {
            expect: take("expect").remove(0),
            payload: take("payload").pop(),
            identities: take("identity"),
            passphrases: take("passphrase"),
            is_armoured: take("armored") == ["yes"],
            file: if is_compressed { inflate(&file) } else { file },
            name,
        };
        let _for_people = (take("comment"), take("file key"));
        assert!(fields.is_empty(), "{}: unknown {:?}", vector.name, fields.keys());
        vector
    }

    fn open(&self) -> Result<String, Error> {
        let mut identities: Vec<Box<dyn age::Identity>> = Vec::new();
        for text in self.identities.iter().filter(|text| text.starts_with("AGE-SECRET-KEY-1")) {
            identities.push(Box::new(text.parse::<age::x25519::Identity>().expect("a key")));
        }
        for text in &self.passphrases {
            let mut identity = age::scrypt::Identity::new(SecretString::from(text.clone()));
            identity.set_max_work_factor(16);
            identities.push(Box::new(identity));
        }
        let caps = Caps { bytes: 1 << 26, header: 1 << 16, x25519: 200, scrypt: Some(1..=16) };
        let plain = open(&self.file, identities.iter().map(AsRef::as_ref), &caps, "it")?;
        Ok(digest(plain.expose()))
    }

    /// Hybrid (post-quantum) recipients are none that we have.
    fn is_hybrid(&self) -> bool {
        self.name.contains("hybrid")
    }
}

fn inflate(bytes: &[u8]) -> Vec<u8> {
    miniz_oxide::inflate::decompress_to_vec_zlib(bytes).expect("zlib")
}

/// Whether an outcome is what the vector demands, in our words.
fn is_exact(vector: &Vector, outcome: &Result<String, Error>) -> bool {
    match (vector.expect.as_str(), outcome) {
        ("success", Ok(payload)) => Some(payload) == vector.payload.as_ref(),
        ("no match", Err(error)) => {
            matches!(error, Error::WrongKey(_) | Error::WrongPassphrase)
        }
        // Nothing is released of a payload that fails later: less than the vectors allow.
        ("HMAC failure" | "payload failure", Err(error)) => matches!(error, Error::Damaged(_)),
        ("header failure", Err(error)) => {
            matches!(error, Error::Damaged(_) | Error::WorkFactor(_) | Error::TextConversion(_))
        }
        _ => false,
    }
}

// V01
#[test]
fn every_binary_vector_has_the_outcome_that_it_demands_but_for_those_named_here() {
    let mut strays = BTreeSet::new();
    let vectors = Vector::all();
    assert_eq!(vectors.len(), 143);
    for vector in vectors.iter().filter(|it| !it.is_armoured && !it.is_hybrid()) {
        let outcome = vector.open();
        if !is_exact(vector, &outcome) {
            eprintln!("{}: {} but {outcome:?}", vector.name, vector.expect);
            strays.insert(vector.name.as_str());
        }
    }
    let named: BTreeSet<&str> = STRICTER.into_iter().chain(OTHERWISE).collect();
    assert_eq!(strays, named);
}

// V01, V10
#[test]
fn every_armoured_vector_is_refused() {
    for vector in Vector::all().iter().filter(|it| it.is_armoured) {
        let told = vector.open().expect_err(&vector.name);
        let known = matches!(told, Error::TextConversion(_) | Error::Damaged(_));
        assert!(known, "{}: {told}", vector.name);
        if vector.file.starts_with(b"-----BEGIN AGE ENCRYPTED FILE-----") {
            assert_eq!(told, Error::TextConversion("it"), "{}", vector.name);
        }
    }
}

// V01
#[test]
fn every_hybrid_vector_is_refused() {
    for vector in Vector::all().iter().filter(|it| it.is_hybrid()) {
        let told = vector.open().expect_err(&vector.name);
        let known =
            matches!(told, Error::Damaged(_) | Error::WrongKey(_) | Error::TextConversion(_));
        assert!(known, "{}: {told}", vector.name);
    }
}
