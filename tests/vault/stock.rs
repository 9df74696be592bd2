//! Stock `age` and the published format, without mintage's own code: what a user can do who leaves,
//! and what a meddler can do who knows only the public half.

use std::fs;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use serde_json::Value;
use sha2::Sha256;

use crate::scene::{Part, Scene, write};

/// The keys of a vault, got out of it with the recovery key and stock tools.
pub struct Stock<'a> {
    scene: &'a Scene,
    pub keys: Value,
}

impl<'a> Stock<'a> {
    pub fn open(scene: &'a Scene) -> Self {
        let world = &scene.world;
        let key = scene.path(Part::Key);
        let opened = world
            .program("sh")
            .args(["-c", "age -d -i recovery.txt \"$0\" | head -n 1 | jq -c ."])
            .args([key])
            .run()
            .succeeds();
        let stock = Self { scene, keys: opened.json() };
        let identity = stock.keys["epochs"][0]["identity"].as_str().expect("an identity");
        write(&stock.epoch_file(), format!("{identity}\n").as_bytes());
        stock
    }

    /// The opened sheet of a part: body, check line, padding.
    pub fn plain(&self, part: Part) -> String {
        let identity = match part {
            Part::Key => self.scene.world.path("recovery.txt"),
            _ => self.epoch_file(),
        };
        self.plain_of(&self.scene.path(part), &identity)
    }

    pub fn plain_of(&self, sealed: &PathBuf, identity: &PathBuf) -> String {
        let age = self.scene.world.program("age").args(["-d", "-i"]).args([identity, sealed]);
        age.run().succeeds().out()
    }

    pub fn body(&self, part: Part) -> Value {
        let plain = self.plain(part);
        serde_json::from_str(plain.lines().next().expect("a line")).expect("JSON")
    }

    /// Seals a plain text as `part` is: `key.age` to its members, the others to the epoch.
    pub fn seal(&self, part: Part, plain: &str) -> Vec<u8> {
        self.seal_to(&self.recipients(part), plain, &[])
    }

    pub fn seal_to(&self, recipients: &[String], plain: &str, options: &[&str]) -> Vec<u8> {
        let mut arguments: Vec<&str> = options.to_vec();
        for recipient in recipients {
            arguments.extend(["-r", recipient]);
        }
        let age = self.scene.world.program("age").args(arguments).stdin(plain);
        age.run().succeeds().stdout
    }

    pub fn recipients(&self, part: Part) -> Vec<String> {
        if part != Part::Key {
            let public =
                self.scene.world.program("age-keygen").args(["-y"]).args([self.epoch_file()]);
            return vec![public.run().succeeds().out().trim().to_owned()];
        }
        let members = self.body(Part::Members);
        let members = members["members"].as_array().expect("a list");
        members.iter().map(|it| it["recipient"].as_str().expect("text").to_owned()).collect()
    }

    /// A sheet as only a member can make it: with the record MAC of the published format.
    pub fn record(&self, body: &str) -> String {
        sheet(body, &format!(r#"{{"mac":"{}"}}"#, self.mac(body)))
    }

    pub fn mac(&self, body: &str) -> String {
        let key = self.keys["epochs"][0]["mac_key"].as_str().expect("text");
        let key = STANDARD.decode(key).expect("base64");
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("a key");
        mac.update(
            format!("mintage draft-3 record\n{}\n{body}", self.scene.record_key()).as_bytes(),
        );
        STANDARD.encode(mac.finalize().into_bytes())
    }

    pub fn epoch_file(&self) -> PathBuf {
        self.scene.world.path("epoch.txt")
    }
}

/// Body line, check line, and padding up to a multiple of 512.
pub fn sheet(body: &str, check: &str) -> String {
    let mut text = format!("{body}\n{check}\n");
    text.push_str(&" ".repeat(text.len().next_multiple_of(512) - text.len()));
    text
}

/// A new age identity in a file of its own.
pub fn keygen(scene: &Scene, name: &str) -> PathBuf {
    let file = scene.world.path(name);
    scene.world.program("age-keygen").args(["-o"]).args([&file]).run().succeeds();
    assert!(fs::read_to_string(&file).expect("readable").contains("AGE-SECRET-KEY-1"));
    file
}
