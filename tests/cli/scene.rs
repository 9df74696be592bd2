//! A world to look for leaks in: a profile with a canary for its secret, and eyes on all that the
//! program writes.

use std::path::Path;
use std::time::SystemTime;

use crate::canary::{Needles, strace};
use crate::issuer::Issuer;
use crate::world::{Ran, World};

/// Loud, for whoever listens to these.
const LOUD: [(&str, &str); 5] = [
    ("RUST_LOG", "trace"),
    ("RUST_BACKTRACE", "full"),
    ("SSLKEYLOGFILE", "keys.log"),
    ("NODE_DEBUG", "1"),
    ("DEBUG", "*"),
];

/// Every level of output.
pub const LEVELS: [&[&str]; 4] = [&["-q"], &[], &["-v"], &["-vv"]];

pub struct Scene {
    pub world: World,
    pub issuer: Issuer,
    pub id: String,
    pub secret: String,
    needles: Needles,
    start: SystemTime,
}

/// What the program may do with the token.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Token {
    /// Nothing.
    Hidden,
    /// Write it to standard output.
    Written,
    /// Put it into the environment of the program that it becomes.
    HandedOver,
}

impl Scene {
    pub fn new(issuer: Issuer) -> Self {
        let start = SystemTime::now();
        let core = random();
        // With what each encoding turns into something else.
        let (id, secret) =
            (format!("us-east-1#{}", &random()[..16]), format!("S/{core}+%&=\"\\ \u{e9}"));
        let world = World::with_vault();
        issuer.accept_pair(&id, secret.as_bytes());
        std::fs::write(world.path("ca.pem"), issuer.ca_pem()).expect("written");
        let scene = Self { world, issuer, id, secret, needles: Needles::of(&core), start };
        scene.add("prod", &[]);
        scene
    }

    pub fn pair(&self) -> String {
        format!("{}:{}", self.id, self.secret)
    }

    /// Adds a profile with the canary.
    pub fn add(&self, name: &str, options: &[&str]) {
        let url = self.issuer.url();
        let add = ["add", name, "--base-url", &url, "--ca-file", "ca.pem", "--stdin"];
        self.world.mintage(add).args(options).stdin(self.pair()).run().succeeds();
    }

    /// Runs a command at every level of output, and once more under strace; nothing of the secret
    /// may be anywhere. What it exits with is given back.
    #[track_caller]
    pub fn leaks_nothing(&self, words: &[&str], stdin: &str, token: Token) -> Ran {
        for level in LEVELS {
            let mut call = self.world.mintage(level).args(words).stdin(stdin);
            for (name, value) in LOUD {
                call = call.env(name, value);
            }
            self.judge(&call.run(), words, token);
        }
        self.traced(words, stdin, token)
    }

    /// The same where the secret was typed among the words: then its own start shows it, and no more
    /// than that may.
    #[track_caller]
    pub fn leaks_in_words_only(&self, words: &[&str]) -> Ran {
        let mut last = None;
        for level in LEVELS {
            // Before the words: what stands behind `--` is the child's.
            let mut call = self.world.mintage(level).args(words).stdin("x:y");
            for (name, value) in LOUD {
                call = call.env(name, value);
            }
            let ran = call.run();
            self.judge(&ran, words, Token::Hidden);
            last = Some(ran);
        }
        last.expect("one at least")
    }

    fn traced(&self, words: &[&str], stdin: &str, token: Token) -> Ran {
        let folder = tempfile::tempdir().expect("a folder");
        let log = folder.path().join("log");
        let calls = "trace=execve,execveat,write,writev,pwrite64,pwritev,sendto,sendmsg,sendmmsg";
        let mut call = strace(&self.world, calls, &log).args(["-vv"]).args(words).stdin(stdin);
        for (name, value) in LOUD {
            call = call.env(name, value);
        }
        let ran = call.run();
        self.judge(&ran, words, token);
        let log = std::fs::read_to_string(&log).expect("strace wrote it");
        assert!(log.contains("execve(") && log.contains("+++ exited"), "strace saw nothing");
        for line in log.lines() {
            let hit = self.needles.hit(line.as_bytes());
            assert!(hit.is_none(), "{words:?}: {} in a call: {line}", hit.unwrap_or_default());
            let allowed = match token {
                Token::Hidden => false,
                Token::Written => line.contains(" write(1<"),
                Token::HandedOver => line.contains(" execve("),
            };
            let has_token = self.tokens().iter().any(|part| line.contains(part));
            assert!(allowed || !has_token, "{words:?}: the token in a call: {line}");
        }
        ran
    }

    #[track_caller]
    fn judge(&self, ran: &Ran, words: &[&str], token: Token) {
        for (place, bytes) in [("stdout", &ran.stdout), ("stderr", &ran.stderr)] {
            let hit = self.needles.hit(bytes);
            let text = String::from_utf8_lossy(bytes);
            assert!(hit.is_none(), "{words:?}: {} on {place}: {text}", hit.unwrap_or_default());
            let allowed = token == Token::Written && place == "stdout";
            let has_token = self.tokens().iter().any(|part| text.contains(part));
            assert!(allowed || !has_token, "{words:?}: the token on {place}: {text}");
        }
    }

    /// The random ends of the tokens issued so far.
    fn tokens(&self) -> Vec<String> {
        let tokens = self.issuer.tokens();
        tokens.iter().map(|token| token[token.len() - 16..].to_owned()).collect()
    }

    /// The secret and the tokens are in no file that was written since the start, and there is no
    /// key log.
    pub fn left_nothing_on_disk(&self) {
        let mut found = Vec::new();
        let places = [self.world.home(), Path::new("/tmp"), Path::new("/var/tmp")];
        let memory = [Path::new("/dev/shm"), Path::new("/run")];
        for place in places.into_iter().chain(memory) {
            self.needles.files(place, self.start, &mut found);
        }
        for token in self.tokens() {
            let needle = Needles::of(&token.replace(['-', '_'], "A").repeat(2));
            needle.files(self.world.home(), self.start, &mut found);
        }
        assert_eq!(found, Vec::<String>::new());
        assert!(!self.world.path("keys.log").exists(), "the TLS keys were logged");
    }

    /// Processes that have the secret in their arguments or environment, as root sees them.
    pub fn processes(&self, of_token: bool) -> Vec<String> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir("/proc").expect("a folder").flatten() {
            for file in ["cmdline", "environ"] {
                let path = entry.path().join(file);
                let Ok(bytes) = std::fs::read(&path) else { continue };
                let text = String::from_utf8_lossy(&bytes);
                let token = of_token && self.tokens().iter().any(|part| text.contains(part));
                if token || self.needles.hit(&bytes).is_some() {
                    found.push(path.display().to_string());
                }
            }
        }
        found
    }
}

pub fn random() -> String {
    let mut random = [0_u8; 16];
    getrandom::fill(&mut random).expect("random bytes");
    random.map(|byte| format!("{byte:02x}")).concat()
}
