//! A user whose commands use the agent. It ends by itself when its folder goes with the world.

use std::ffi::OsStr;
use std::path::PathBuf;

use serde_json::Value;

use crate::issuer::Issuer;
use crate::pty::Desk;
use crate::world::{Call, Canary, Ran, World};

/// A world with a runtime folder, a profile `prod`, and an issuer.
pub struct Scene {
    pub world: World,
    pub issuer: Issuer,
    pub canary: Canary,
}

impl Scene {
    pub fn new() -> Self {
        let (issuer, canary) = (Issuer::https(), Canary::new());
        let world = World::with_profile(&issuer, &canary);
        let scene = Self { world, issuer, canary };
        let runtime = scene.world.path("run");
        std::fs::create_dir(&runtime).expect("made");
        set_private(&runtime);
        scene
    }

    /// `mintage` with these arguments, which may use the agent.
    pub fn mintage<I: IntoIterator<Item = A>, A: AsRef<OsStr>>(&self, arguments: I) -> Call {
        let mut call = self.world.mintage(arguments);
        call.command.env_remove("MINTAGE_NO_AGENT");
        call.env("XDG_RUNTIME_DIR", self.world.path("run"))
    }

    pub fn run<I: IntoIterator<Item = A>, A: AsRef<OsStr>>(&self, arguments: I) -> Ran {
        self.mintage(arguments).run()
    }

    /// The agent's folder.
    pub fn folder(&self) -> PathBuf {
        self.world.path("run/mintage")
    }

    /// What the agent says of itself.
    pub fn agent(&self) -> Value {
        let ran = self.run(["agent", "status", "--json"]).succeeds();
        serde_json::from_slice(&ran.stdout).expect("JSON")
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        // Sooner than it would notice that its folder is gone.
        self.run(["agent", "stop"]);
    }
}

fn set_private(folder: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::Permissions::from_mode(0o700);
    std::fs::set_permissions(folder, mode).expect("private");
}

/// What opens the vault of [`Scene::behind_passphrase`].
pub const PASSPHRASE: &str = "correct horse battery";

/// Locks, passphrases, terminals.
impl Scene {
    /// With an opening key that is wrapped by [`PASSPHRASE`], cheaply.
    pub fn behind_passphrase() -> Self {
        let scene = Self::new();
        let settings = scene.world.config().join("settings.toml");
        let text = std::fs::read_to_string(&settings).expect("settings");
        let line = text.lines().find(|line| line.starts_with("identity_file = "));
        let line = line.expect("a key file");
        let key = PathBuf::from(line.split('"').nth(1).expect("a path"));
        let text = text.replace(line, "").replace("key = \"file\"", "key = \"passphrase\"");
        std::fs::write(&settings, text).expect("written");
        let wrapped = wrapped(&std::fs::read(&key).expect("a key"));
        // Its mode stays.
        std::fs::write(&key, wrapped).expect("written");
        std::fs::rename(&key, key.with_extension("age")).expect("moved");
        scene
    }

    /// Adds these lines to the settings' table `[agent]`.
    pub fn set(&self, lines: &str) {
        use std::io::Write as _;
        let settings = self.world.config().join("settings.toml");
        let mut file = std::fs::File::options().append(true).open(settings).expect("settings");
        write!(file, "\n[agent]\n{lines}\n").expect("written");
    }

    /// A token of `prod`.
    #[track_caller]
    pub fn token(&self) -> String {
        self.run(["token", "prod"]).succeeds().out()
    }

    /// Opens the vault of [`Scene::behind_passphrase`].
    #[track_caller]
    pub fn open(&self) {
        self.mintage(["unlock", "--passphrase-fd", "0"]).stdin(PASSPHRASE).run().succeeds();
    }

    /// Whether the agent holds the vault open.
    pub fn is_open(&self) -> bool {
        self.run(["unlocked"]).code == 0
    }

    /// The agent's process.
    pub fn agent_pid(&self) -> rustix::process::Pid {
        let pid = self.agent()["pid"].as_i64().expect("a number");
        rustix::process::Pid::from_raw(pid.try_into().expect("small")).expect("a process")
    }

    pub fn signal_agent(&self, signal: rustix::process::Signal) {
        rustix::process::kill_process(self.agent_pid(), signal).expect("signalled");
    }

    /// `mintage` with these arguments at a terminal of its own, with the agent.
    pub fn at_terminal<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Desk {
        let runtime = self.world.path("run");
        let desk = Desk::mintage(&self.world, arguments).env("MINTAGE_NO_AGENT", "0");
        desk.env("XDG_RUNTIME_DIR", runtime.to_str().expect("UTF-8"))
    }

    /// How many processes talk with the agent.
    pub fn conversations(&self) -> usize {
        let socket = self.folder().join("agent.sock");
        let socket = socket.to_str().expect("UTF-8");
        let all = std::fs::read_to_string("/proc/net/unix").expect("readable");
        // `03`: connected; the socket that listens is `01`.
        all.lines().filter(|line| line.ends_with(socket) && line.contains(" 03 ")).count()
    }
}

fn wrapped(key: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut recipient = age::scrypt::Recipient::new(PASSPHRASE.to_owned().into());
    recipient.set_work_factor(10);
    let recipients = std::iter::once(&recipient as &dyn age::Recipient);
    let encryptor = age::Encryptor::with_recipients(recipients).expect("one recipient");
    let mut sealed = Vec::new();
    let mut writer = encryptor.wrap_output(&mut sealed).expect("written");
    writer.write_all(key).expect("written");
    writer.finish().expect("written");
    sealed
}
