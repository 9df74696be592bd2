//! A real gnome-keyring on a bus of its own, and a user who has it.

use std::io::Write as _;
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use self::bus::Bus;
use crate::world::{Call, Ran, World};

#[path = "../world/bus.rs"]
mod bus;

/// A bus, with or without a keychain on it. Both end when it is dropped.
pub struct Keyring {
    home: TempDir,
    bus: Bus,
    daemon: Option<Pid>,
}

impl Keyring {
    /// A bus on which no keychain answers.
    pub fn absent() -> Self {
        let home = tempfile::tempdir().expect("a folder");
        Self { home, bus: Bus::start(), daemon: None }
    }

    /// A bus with an open keychain.
    pub fn open() -> Self {
        let mut keyring = Self::absent();
        let mut daemon = keyring
            .command("gnome-keyring-daemon")
            .args(["--unlock", "--components=secrets"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("gnome-keyring-daemon starts");
        let mut stdin = daemon.stdin.take().expect("a pipe");
        stdin.write_all(b"throw-away").expect("written");
        drop(stdin);
        assert!(daemon.wait().expect("it goes into the background").success());
        keyring.wait_for("org.freedesktop.secrets");
        let pid = keyring.gdbus(&[
            "--dest",
            "org.freedesktop.DBus",
            "--object-path",
            "/org/freedesktop/DBus",
            "--method",
            "org.freedesktop.DBus.GetConnectionUnixProcessID",
            "org.freedesktop.secrets",
        ]);
        let digits = pid.trim().trim_start_matches("(uint32 ").trim_end_matches(",)");
        keyring.daemon = Pid::from_raw(digits.parse().expect("a process number"));
        keyring
    }

    pub fn address(&self) -> &str {
        self.bus.address()
    }

    /// Waits until somebody owns this name on the bus.
    pub fn wait_for(&self, name: &str) {
        let mut wait = self.command("gdbus");
        wait.args(["wait", "--session", "--timeout", "20", name]);
        assert!(wait.status().expect("gdbus runs").success(), "nobody owns {name}");
    }

    /// Locks the keychain.
    pub fn lock(&self) {
        self.gdbus(&[
            "--dest",
            "org.freedesktop.secrets",
            "--object-path",
            "/org/freedesktop/secrets",
            "--method",
            "org.freedesktop.Secret.Service.Lock",
            "[objectpath '/org/freedesktop/secrets/collection/login']",
        ]);
    }

    /// Stops the keychain's process: it holds its name and never answers.
    pub fn freeze(&self) {
        kill_process(self.daemon.expect("a keychain"), Signal::STOP).expect("stopped");
    }

    /// The secret in mintage's entry for this vault, as a stranger finds it.
    pub fn lookup(&self, vault: &str) -> Option<String> {
        let mut lookup = self.secret_tool(&["lookup", "service", "mintage", "username", vault]);
        let found = lookup.output().expect("secret-tool runs");
        let text = String::from_utf8(found.stdout).expect("text");
        found.status.success().then(|| text.trim_end().to_owned())
    }

    /// Empties the entry.
    pub fn clear(&self, vault: &str) {
        let mut clear = self.secret_tool(&["clear", "service", "mintage", "username", vault]);
        assert!(clear.status().expect("secret-tool runs").success());
        assert_eq!(self.lookup(vault), None);
    }

    /// Puts something else into the entry.
    pub fn store(&self, vault: &str, secret: &str) {
        let arguments = ["store", "--label=other", "service", "mintage", "username", vault];
        let mut store = self.secret_tool(&arguments);
        let mut child = store.stdin(Stdio::piped()).spawn().expect("secret-tool runs");
        let mut stdin = child.stdin.take().expect("a pipe");
        stdin.write_all(secret.as_bytes()).expect("written");
        drop(stdin);
        assert!(child.wait().expect("it ends").success());
        assert_eq!(self.lookup(vault).as_deref(), Some(secret));
    }

    /// How many entries of mintage's there are.
    pub fn entries(&self) -> usize {
        let mut search = self.secret_tool(&["search", "--all", "service", "mintage"]);
        let found = search.output().expect("secret-tool runs");
        String::from_utf8_lossy(&found.stdout).matches("attribute.service = mintage").count()
            + String::from_utf8_lossy(&found.stderr).matches("attribute.service = mintage").count()
    }

    fn secret_tool(&self, arguments: &[&str]) -> Command {
        let mut command = self.command("secret-tool");
        command.args(arguments).stdin(Stdio::null());
        command
    }

    fn gdbus(&self, arguments: &[&str]) -> String {
        let call = self.command("gdbus").args(["call", "--session"]).args(arguments).output();
        let output = call.expect("gdbus runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin");
        command.env("HOME", self.home.path()).env("XDG_RUNTIME_DIR", self.home.path());
        command.env("DBUS_SESSION_BUS_ADDRESS", self.address());
        command
    }
}

impl Drop for Keyring {
    fn drop(&mut self) {
        if let Some(daemon) = self.daemon {
            let _ended_already = kill_process(daemon, Signal::KILL);
        }
    }
}

/// A user on that bus.
pub struct Desk {
    pub world: World,
    pub keyring: Keyring,
}

impl Desk {
    /// With an open keychain, and nothing of mintage's yet.
    pub fn new() -> Self {
        Self { world: World::new(), keyring: Keyring::open() }
    }

    /// With a vault whose key is in the keychain.
    pub fn with_vault() -> Self {
        let desk = Self::new();
        desk.run(&["init", "--recovery-file", "recovery.txt"]).succeeds();
        desk
    }

    pub fn mintage(&self, arguments: &[&str]) -> Call {
        self.on_bus(self.world.mintage(arguments))
    }

    /// The same call, with a way to the bus.
    pub fn on_bus(&self, call: Call) -> Call {
        call.env("DBUS_SESSION_BUS_ADDRESS", self.keyring.address())
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        self.mintage(arguments).run()
    }

    /// The id of the vault that is used where none is named.
    pub fn vault_id(&self) -> String {
        let status = self.run(&["status", "--json"]).succeeds().json();
        status["vault"]["id"].as_str().expect("an id").to_owned()
    }
}
