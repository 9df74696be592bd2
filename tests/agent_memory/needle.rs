//! The forms in which a secret may lie in memory.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// What is told from chance. No shorter piece is looked for.
pub const PIECE: usize = 16;

/// Something that must not be found, in every form it may have.
#[derive(Clone)]
pub struct Needle {
    pub name: String,
    pub forms: Vec<Form>,
}

/// One way to write a secret down.
#[derive(Clone)]
pub struct Form {
    pub how: &'static str,
    pub bytes: Vec<u8>,
}

impl Needle {
    /// # Panics
    /// The secret is shorter than a piece.
    pub fn new(name: &str, secret: impl AsRef<[u8]>) -> Self {
        let secret = secret.as_ref();
        assert!(secret.len() >= PIECE, "{name} is too short to be told from chance");
        let mut forms: Vec<Form> = Vec::new();
        for form in every_form(secret) {
            if forms.iter().all(|other| other.bytes != form.bytes) {
                forms.push(form);
            }
        }
        Self { name: name.to_owned(), forms }
    }
}

fn every_form(secret: &[u8]) -> Vec<Form> {
    let form = |how, bytes: Vec<u8>| Form { how, bytes };
    let hex = |digits: &[u8; 16]| -> Vec<u8> {
        let digit = |byte: u8, shift: u32| digits[usize::from((byte >> shift) & 15)];
        secret.iter().flat_map(|byte| [digit(*byte, 4), digit(*byte, 0)]).collect()
    };
    let mut forms = vec![
        form("raw", secret.to_vec()),
        form("hex", hex(b"0123456789abcdef")),
        form("upper hex", hex(b"0123456789ABCDEF")),
    ];
    // What comes before a secret shifts it by up to two bytes; what stands in one quantum with its
    // neighbours is not the secret's alone.
    for (shift, standard, url_safe) in [
        (0, "base64", "url-safe base64"),
        (1, "base64, shifted by 1", "url-safe base64, shifted by 1"),
        (2, "base64, shifted by 2", "url-safe base64, shifted by 2"),
    ] {
        let whole = &secret[shift..shift + (secret.len() - shift) / 3 * 3];
        forms.push(form(standard, STANDARD_NO_PAD.encode(whole).into_bytes()));
        forms.push(form(url_safe, URL_SAFE_NO_PAD.encode(whole).into_bytes()));
    }
    if let Ok(text) = std::str::from_utf8(secret) {
        let units = || text.encode_utf16();
        forms.push(form("UTF-16LE", units().flat_map(u16::to_le_bytes).collect()));
        forms.push(form("UTF-16BE", units().flat_map(u16::to_be_bytes).collect()));
        let encoded: String = url::form_urlencoded::byte_serialize(secret).collect();
        forms.push(form("form-encoded", encoded.into_bytes()));
    }
    forms
}

/// The 32 bytes in the data part of a bech32 word (BIP 173: five bits a character, six characters of
/// checksum at the end): an age identity as the curve takes it.
pub fn scalar(word: &str) -> Vec<u8> {
    const ALPHABET: &str = "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L";
    let mut bytes = Vec::new();
    let (mut bits, mut held) = (0_u32, 0);
    for character in word[..word.len() - 6].chars() {
        let value = ALPHABET.find(character).expect("a bech32 character");
        bits = (bits << 5) | u32::try_from(value).expect("below 32");
        held += 5;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from((bits >> held) & 0xFF).expect("a byte"));
        }
    }
    assert_eq!(bytes.len(), 32);
    bytes
}
