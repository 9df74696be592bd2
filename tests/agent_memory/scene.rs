//! An agent in one kind of memory, and whoever uses it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::core::Core;
use super::issuer::{Fault, Hold, Issuer};
use super::needle::Needle;
use super::search::{Hit, Search};
use super::world::{Call, Canary, Ran, World};
use super::{LOCKED, PLAIN, SECRET, in_core, in_process, keys, process};

/// Longer than any machine takes.
pub const LIMIT: Duration = Duration::from_secs(20);

/// What the passphrase of a vault is here.
pub const PASSPHRASE: &str = "correct horse battery staple";

/// A program, and what leads it to a kind of memory.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// What the agent says of it.
    pub mode: &'static str,
    pub under: &'static [&'static str],
    pub is_shipped: bool,
}

/// The shipped program in the best memory that there is.
pub const IN_SECRET: Kind = Kind { mode: "secret", under: SECRET, is_shipped: true };
/// As on a kernel without `memfd_secret`.
pub const IN_LOCKED: Kind = Kind { mode: "locked", under: LOCKED, is_shipped: true };
/// As where nothing may be locked.
pub const IN_PLAIN: Kind = Kind { mode: "plain", under: PLAIN, is_shipped: true };
/// The control: neither wiped nor enclosed.
pub const ORDINARY: Kind = Kind { mode: "ordinary", under: &[], is_shipped: false };

impl Kind {
    fn program(self) -> PathBuf {
        if self.is_shipped {
            return env!("CARGO_BIN_EXE_mintage").into();
        }
        let own = std::env::current_exe().expect("known");
        let program = own.ancestors().nth(2).expect("a folder").join("examples/ordinary");
        assert!(program.exists(), "to be built first: cargo build --example ordinary");
        program
    }
}

/// A user with a vault, a profile `prod` that gives its secret out, and an agent.
pub struct Scene {
    pub issuer: Issuer,
    pub canary: Canary,
    pub kind: Kind,
    world: World,
    /// All keys of the vault, and its passphrase.
    keys: Vec<Needle>,
    /// What else is to be looked for.
    pub more: Vec<Needle>,
    agent: Child,
    /// The agent's own: what was started may only have led to it.
    pub id: u32,
    planted: String,
}

/// What is found where root looks.
pub struct Look {
    pub core: Core,
    pub in_core: Vec<Hit>,
    pub in_process: Vec<Hit>,
    /// Mappings that root is not let into.
    pub refused: usize,
}

impl Scene {
    /// With an opening key in a file.
    pub fn new(kind: Kind) -> Self {
        Self::with(kind, "127.0.0.1", "", &[])
    }

    /// At an issuer on this `host`, with more `settings`, and with more in the agent's environment.
    pub fn with(kind: Kind, host: &str, settings: &str, environment: &[(&str, &str)]) -> Self {
        let (issuer, canary) = (Issuer::https(), Canary::new());
        let world = world_at(&issuer, &canary, host);
        let file = world.config().join("settings.toml");
        let before = std::fs::read_to_string(&file).expect("readable");
        std::fs::write(&file, format!("{before}\n{settings}")).expect("written");
        let keys = keys::of(&world);
        Self::begin(world, issuer, canary, keys, kind, environment)
    }

    /// With an opening key that [`PASSPHRASE`] wraps.
    pub fn with_passphrase(kind: Kind) -> Self {
        let (issuer, canary) = (Issuer::https(), Canary::new());
        let world = world_at(&issuer, &canary, "127.0.0.1");
        let mut keys = keys::of(&world);
        keys.push(Needle::new("passphrase", PASSPHRASE));
        std::fs::write(world.path("phrase"), PASSPHRASE).expect("written");
        keys::wrap(&world, PASSPHRASE);
        let file = world.config().join("settings.toml");
        let settings = std::fs::read_to_string(&file).expect("readable");
        let lines = settings.lines().filter(|line| !line.starts_with("identity_file = "));
        let settings = lines.collect::<Vec<_>>().join("\n");
        let settings = settings.replace("key = \"file\"", "key = \"passphrase\"");
        std::fs::write(&file, settings).expect("written");
        Self::begin(world, issuer, canary, keys, kind, &[])
    }

    fn begin(
        world: World,
        issuer: Issuer,
        canary: Canary,
        keys: Vec<Needle>,
        kind: Kind,
        environment: &[(&str, &str)],
    ) -> Self {
        let planted = Canary::new().pair();
        let agent = start(kind, &world, &planted, environment);
        let mut scene =
            Self { issuer, canary, kind, world, keys, more: Vec::new(), agent, id: 0, planted };
        scene.is_ready();
        scene
    }

    fn is_ready(&mut self) {
        let socket = self.world.path("run/mintage/agent.sock");
        wait_until("the agent listens", || socket.exists());
        let status = self.status();
        assert_eq!(status["memory"]["mode"], self.kind.mode);
        self.id = status["pid"].as_u64().and_then(|id| id.try_into().ok()).expect("an id");
        // A tracer that led to it must let go: there can be one only.
        if self.id != self.agent.id() {
            self.agent.kill().expect("it runs");
            self.agent.wait().expect("it ends");
        }
    }

    /// `mintage` with these arguments, which may use the agent.
    pub fn mintage<I: IntoIterator<Item = A>, A: AsRef<OsStr>>(&self, arguments: I) -> Call {
        let mut call = self.world.mintage(arguments);
        call.command.env_remove("MINTAGE_NO_AGENT");
        call.env("XDG_RUNTIME_DIR", self.world.path("run"))
    }

    pub fn run<I: IntoIterator<Item = A>, A: AsRef<OsStr>>(&self, arguments: I) -> Ran {
        self.mintage(arguments).run().succeeds()
    }

    pub fn status(&self) -> Value {
        self.run(["agent", "status", "--json"]).json()
    }

    /// Whether no vault is open, no token held and no mint under way.
    pub fn is_closed(&self) -> bool {
        let status = self.status();
        let is_empty = |name: &str| status[name].as_array().is_some_and(Vec::is_empty);
        is_empty("vaults") && is_empty("leases") && status["minting"] == 0
    }

    /// Opens the vault by the passphrase.
    pub fn unlock_by_passphrase(&self) {
        let mut call = self.world.program("bash");
        call.command.env_remove("MINTAGE_NO_AGENT");
        let typed = "exec \"$0\" unlock --passphrase-fd 3 3<phrase";
        let call = call.args(["-c", typed, env!("CARGO_BIN_EXE_mintage")]);
        call.env("XDG_RUNTIME_DIR", self.world.path("run")).run().succeeds();
    }

    /// Asks for all that an agent is asked for: a token that it mints and one that it has, the
    /// secret in a child's environment, what a token says.
    pub fn use_it(&self) {
        let token = self.run(["token", "prod"]).stdout;
        assert_eq!(self.run(["token", "prod"]).stdout, token);
        let shown = ["exec", "prod", "--env", "S=client_secret", "--", "printenv", "S"];
        assert_eq!(self.run(shown).out().trim_end(), self.canary.secret);
        self.run(["inspect", "prod"]);
        assert_eq!(self.issuer.logins(), 1);
    }

    /// Begins a mint, and does `work` when the agent has all of the reply but its last byte.
    pub fn in_the_middle<R>(&self, work: impl FnOnce() -> R) -> R {
        let hold = Hold::new();
        self.issuer.fault_once(Fault::Hold(hold.clone()));
        let mut client = self.mintage(["token", "prod", "--fresh"]);
        client.command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut client = client.command.spawn().expect("it starts");
        assert!(hold.is_sent_within(LIMIT), "no request came");
        let port = self.issuer.port();
        wait_until("the reply is read", || process::has_read_all_from(port, self.id));
        let done = work();
        hold.release();
        client.wait().expect("it ends");
        done
    }

    /// The profile's secret in its forms, every token so far, and all keys of the vault.
    pub fn needles(&self) -> Vec<Needle> {
        let mut needles = vec![
            Needle::new("secret", &self.canary.secret),
            Needle::new("Basic value", STANDARD.encode(self.canary.pair())),
        ];
        needles.extend(self.issuer.tokens().iter().map(|token| Needle::new("token", token)));
        needles.extend(self.keys.iter().chain(&self.more).cloned());
        needles
    }

    /// Has the system end it, as after a fault of its own.
    pub fn crash(&mut self, signal: Signal) -> ExitStatus {
        let agent = Pid::from_raw(self.id.cast_signed()).expect("an id");
        kill_process(agent, signal).expect("we are root");
        self.agent.wait().expect("it ends")
    }

    pub fn home(&self) -> &Path {
        self.world.home()
    }

    /// Lets root look, once the agent has nothing to do. First of all, that it finds the word that
    /// was planted in the agent.
    pub fn look(&self) -> Look {
        let (in_process, refused) = self.read();
        let core = Core::of(self.id, self.world.home());
        let in_core = self.searched(|search| in_core(search, &core));
        Look { core, in_core, in_process, refused }
    }

    /// The same without a core: what is read in the running process, and how many mappings refuse.
    pub fn read(&self) -> (Vec<Hit>, usize) {
        wait_until("it sleeps", || process::sleeps(self.id));
        let mut refused = 0;
        let hits = self.searched(|search| {
            let (hits, of_them) = in_process(search, self.id);
            refused = of_them;
            hits
        });
        (hits, refused)
    }

    fn searched(&self, look: impl FnOnce(&Search) -> Vec<Hit>) -> Vec<Hit> {
        let mut needles = self.needles();
        needles.push(Needle::new("planted", &self.planted));
        let hits = look(&Search::new(&needles));
        let (planted, others): (Vec<_>, _) =
            hits.into_iter().partition(|hit| hit.name == "planted");
        assert!(planted.iter().any(|hit| hit.is_whole), "what was planted is not found");
        others
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        self.mintage(["agent", "stop"]).run();
        let _ended_long_ago = self.agent.wait();
    }
}

/// A vault with a profile `prod` at this issuer, under this name for its machine.
fn world_at(issuer: &Issuer, canary: &Canary, host: &str) -> World {
    let world = World::with_vault();
    issuer.accept_pair(&canary.id, canary.secret.as_bytes());
    std::fs::write(world.path("ca.pem"), issuer.ca_pem()).expect("written");
    let url = format!("https://{host}:{}", issuer.port());
    let add = ["add", "prod", "--stdin", "--ca-file", "ca.pem", "--base-url", &url];
    world.mintage(add).stdin(canary.pair()).run().succeeds();
    world
}

fn start(kind: Kind, world: &World, planted: &str, environment: &[(&str, &str)]) -> Child {
    let run = world.path("run");
    std::fs::create_dir(&run).expect("made");
    private(&run);
    Command::new("env")
        .args(kind.under)
        .arg(kind.program())
        .args(["agent", "run"])
        .current_dir(world.home())
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("HOME", world.home())
        .env("XDG_RUNTIME_DIR", run)
        .env("PLANTED", planted)
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .expect("it starts")
}

pub fn private(folder: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::Permissions::from_mode(0o700);
    std::fs::set_permissions(folder, mode).expect("private");
}

/// Waits until it is so.
pub fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < LIMIT, "not in time: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
