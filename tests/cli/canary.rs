//! How a secret is found wherever it went: as it is, and in the forms that it passes through.

use std::path::Path;
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::world::{Call, World};

pub fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// strace, which writes to `log` which bytes went where. Of a program that is not dumpable, only root
/// sees them: for anybody else, what is looked for would never be found.
pub fn strace(world: &World, calls: &str, log: &Path) -> Call {
    assert!(rustix::process::geteuid().is_root(), "this test needs to be run by root");
    let options = ["-f", "-yy", "-v", "-s", "300000", "-e", calls, "-o"];
    world.program("strace").args(options).args([log]).args([env!("CARGO_BIN_EXE_mintage")])
}

/// Parts of a text that no other text has, in every form in which it could be written.
pub struct Needles(Vec<String>);

impl Needles {
    /// `core` is random, of letters and digits only, and at least 32 characters: so it stays what it
    /// is in JSON, in a form body and in percent-encoding. Part of it is a hit.
    pub fn of(core: &str) -> Self {
        assert!(core.len() >= 32 && core.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        let mut all = Vec::new();
        for part in [&core[..12], &core[10..22], &core[core.len() - 12..]] {
            all.push(part.to_owned());
            all.push(part.bytes().map(hex).collect());
            all.push(part.chars().rev().collect());
            // Base64 of any text around it, whatever comes before it.
            for lead in ["", "x", "xx"] {
                let whole = base64(format!("{lead}{part}").as_bytes());
                all.push(whole[(lead.len() * 8).div_ceil(6)..14].to_owned());
            }
        }
        Self(all)
    }

    /// The form that is found in `bytes`.
    pub fn hit(&self, bytes: &[u8]) -> Option<&str> {
        let text = String::from_utf8_lossy(bytes);
        self.0.iter().map(String::as_str).find(|needle| text.contains(needle))
    }

    /// The files below `folder` that were written since `start` and have it in them.
    pub fn files(&self, folder: &Path, start: SystemTime, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            // Others come and go meanwhile.
            let Ok(meta) = entry.path().symlink_metadata() else { continue };
            if meta.is_dir() {
                self.files(&entry.path(), start, found);
            } else if meta.is_file() && meta.modified().is_ok_and(|at| at >= start) {
                let bytes = std::fs::read(entry.path()).unwrap_or_default();
                if meta.len() < 64 << 20 && self.hit(&bytes).is_some() {
                    found.push(entry.path().display().to_string());
                }
            }
        }
    }
}

fn hex(byte: u8) -> String {
    format!("{byte:02x}")
}

#[test]
fn a_needle_is_found_in_every_form() {
    let core = "0123456789abcdefghijklmnopqrstuv";
    let needles = Needles::of(core);
    for lead in ["", "a", "ab", "abc", "id:"] {
        let pair = format!("{lead}{core}/+=");
        assert!(needles.hit(base64(pair.as_bytes()).as_bytes()).is_some(), "{lead}");
        assert!(needles.hit(pair.as_bytes()).is_some());
    }
    assert!(needles.hit(b"0123456789 abcdefghij klmnopqr stuv").is_none());
}
