//! A user's machine for one test: a home folder of its own, and the built program in it.

use std::ffi::{OsStr, OsString};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::issuer::Issuer;

/// A home folder, empty at first. Nothing of the caller's environment reaches the program.
pub struct World {
    home: TempDir,
}

/// The id and secret that [`World::with_profile`] uses, made new for each test.
pub struct Canary {
    pub id: String,
    pub secret: String,
}

impl Canary {
    /// A pair that no other test has, and that is found wherever it leaks to.
    pub fn new() -> Self {
        let mut random = [0_u8; 24];
        getrandom::fill(&mut random).expect("random bytes");
        let hex = random.map(|byte| format!("{byte:02x}")).concat();
        let (id, secret) = hex.split_at(16);
        Self { id: format!("us-east-1#{id}"), secret: format!("canary-{secret}") }
    }

    pub fn pair(&self) -> String {
        format!("{}:{}", self.id, self.secret)
    }
}

impl World {
    pub fn new() -> Self {
        Self { home: tempfile::tempdir().expect("a folder") }
    }

    /// With a vault whose opening key is in a file.
    pub fn with_vault() -> Self {
        let world = Self::new();
        world.run(["init", "--key", "file", "--recovery-file", "recovery.txt"]).succeeds();
        world
    }

    /// With a vault and a profile `prod` at `issuer`, which accepts it.
    pub fn with_profile(issuer: &Issuer, canary: &Canary) -> Self {
        let world = Self::with_vault();
        issuer.accept_pair(&canary.id, canary.secret.as_bytes());
        world.add("prod", issuer, canary);
        world
    }

    /// Adds a profile at `issuer`, trusting its CA.
    pub fn add(&self, name: &str, issuer: &Issuer, canary: &Canary) {
        let mut arguments = vec!["add", name, "--stdin", "--base-url"];
        let (url, ca) = (issuer.url(), self.path("ca.pem"));
        arguments.push(&url);
        let ca_text = ca.to_str().expect("UTF-8").to_owned();
        if !issuer.ca_pem().is_empty() {
            std::fs::write(&ca, issuer.ca_pem()).expect("written");
            arguments.extend(["--ca-file", &ca_text]);
        }
        self.mintage(arguments).stdin(canary.pair()).run().succeeds();
    }

    pub fn home(&self) -> &Path {
        self.home.path()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.home().join(name)
    }

    pub fn vault(&self) -> PathBuf {
        self.path(".local/share/mintage/vaults/default")
    }

    pub fn state(&self) -> PathBuf {
        self.path(".local/state/mintage")
    }

    pub fn config(&self) -> PathBuf {
        self.path(".config/mintage")
    }

    /// The files of all records.
    pub fn records(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        for shard in std::fs::read_dir(self.vault().join("profiles")).into_iter().flatten() {
            for file in std::fs::read_dir(shard.expect("readable").path()).expect("a folder") {
                files.push(file.expect("readable").path());
            }
        }
        files.sort();
        files
    }

    /// `mintage` with these arguments, not yet running: no terminal, stdin empty.
    pub fn mintage<I: IntoIterator<Item = A>, A: AsRef<OsStr>>(&self, arguments: I) -> Call {
        self.program(env!("CARGO_BIN_EXE_mintage")).args(arguments)
    }

    /// Any program, in this world's environment.
    pub fn program(&self, program: impl AsRef<OsStr>) -> Call {
        // `setsid -w`: without a controlling terminal, whoever runs the tests.
        let mut command = Command::new("setsid");
        command.arg("-w").arg(program).env_clear().current_dir(self.home());
        command.env("HOME", self.home()).env("PATH", "/usr/local/bin:/usr/bin:/bin");
        // The agent's own tests take this away again.
        command.env("MINTAGE_NO_AGENT", "1");
        Call { command, stdin: Vec::new() }
    }

    /// Runs `mintage` with these arguments.
    pub fn run<I: IntoIterator<Item = A>, A: AsRef<OsStr>>(&self, arguments: I) -> Ran {
        self.mintage(arguments).run()
    }
}

/// A program about to run.
pub struct Call {
    pub command: Command,
    stdin: Vec<u8>,
}

impl Call {
    pub fn args<I: IntoIterator<Item = A>, A: AsRef<OsStr>>(mut self, arguments: I) -> Self {
        self.command.args(arguments);
        self
    }

    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = bytes.into();
        self
    }

    pub fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.command.env(name, value.into());
        self
    }

    pub fn run(mut self) -> Ran {
        use std::os::unix::process::ExitStatusExt as _;
        self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().expect("the program starts");
        let mut pipe = child.stdin.take().expect("a pipe");
        let stdin = std::mem::take(&mut self.stdin);
        // In a thread: a program that does not read must not stop the test.
        let writer = std::thread::spawn(move || drop(pipe.write_all(&stdin)));
        let Output { status, stdout, stderr } = child.wait_with_output().expect("it ends");
        writer.join().expect("written");
        let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0));
        Ran { code, stdout, stderr }
    }
}

/// What a program left behind.
pub struct Ran {
    pub code: i32,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

impl Ran {
    pub fn out(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    pub fn err(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }

    #[track_caller]
    pub fn succeeds(self) -> Self {
        self.exits(0)
    }

    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout: {}\nstderr: {}", self.out(), self.err());
        self
    }

    /// Standard error has this in it.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(self.err().contains(text), "not said: {text}\nstderr: {}", self.err());
        self
    }

    /// Nothing it wrote has this in it.
    #[track_caller]
    pub fn hides(self, secret: &str) -> Self {
        assert!(!self.out().contains(secret), "on stdout");
        assert!(!self.err().contains(secret), "on stderr");
        self
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.stdout).expect("JSON on stdout")
    }
}

/// Waits for what must come soon.
#[track_caller]
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < Duration::from_secs(30), "it does not come: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// So many calls at the same time.
pub fn at_once(count: usize, call: impl Fn(usize) -> Call + Sync) -> Vec<Ran> {
    std::thread::scope(|scope| {
        let call = &call;
        let running: Vec<_> = (0..count).map(|n| scope.spawn(move || call(n).run())).collect();
        running.into_iter().map(|it| it.join().expect("it ended")).collect()
    })
}
