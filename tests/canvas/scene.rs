//! What the themes share: a Canvas that knows a developer key, a person who has logged in there, and a
//! user with a vault who may use the agent or not.

use std::cell::Cell;
use std::path::PathBuf;

use serde_json::Value;

use crate::issuer::{Issuer, Service};
use crate::world::{Call, Canary, Ran, World};

pub const OAUTH: &str = "/login/oauth2/token";
pub const MINT: &str = "/api/v1/inst_access_tokens";
pub const JWTS: &str = "/api/v1/jwts";
pub const JWTS_REFRESH: &str = "/api/v1/jwts/refresh";

/// A Canvas, and a user with a vault without profiles. The refresh token and the token made by hand
/// are good there.
pub struct Scene {
    pub device: Device,
    pub issuer: Issuer,
    pub login: Login,
}

/// What a person and their developer key have of Canvas; made new for each test.
pub struct Login {
    pub pair: Canary,
    pub refresh: String,
    pub by_hand: String,
}

/// A user's machine.
pub struct Device {
    pub world: World,
    has_agent: Cell<bool>,
}

impl Scene {
    pub fn new() -> Self {
        let issuer = Issuer::https();
        let (pair, refresh, by_hand) = (Canary::new(), canary(), canary());
        issuer.accept_pair(&pair.id, pair.secret.as_bytes());
        issuer.accept_refresh_token(Service::Canvas, &pair.id, &refresh);
        issuer.accept_canvas_token(&by_hand);
        let device = Device::new(&issuer);
        Self { device, issuer, login: Login { pair, refresh, by_hand } }
    }

    /// With the profile `canvas`, whose person has logged in.
    pub fn with_login() -> Self {
        let scene = Self::new();
        scene.device.add_login(&scene);
        scene
    }

    /// With the profile `canvas`, and `insta` that is minted from it.
    pub fn with_chain() -> Self {
        let scene = Self::with_login();
        scene.add("insta", "canvas-instaccess", &["--from", "canvas"]);
        scene
    }

    /// With the profile `insta` of the token made by hand.
    pub fn with_insta() -> Self {
        let scene = Self::new();
        scene.add_secret("insta", "canvas-instaccess", &scene.login.by_hand);
        scene
    }

    /// `mintage add` at this Canvas, not yet running.
    pub fn adding(&self, name: &str, preset: &str, options: &[&str]) -> Call {
        self.device.adding(&self.issuer, name, preset, options)
    }

    #[track_caller]
    pub fn add(&self, name: &str, preset: &str, options: &[&str]) {
        self.adding(name, preset, options).run().succeeds();
    }

    /// Adds a profile of a secret alone.
    #[track_caller]
    pub fn add_secret(&self, name: &str, preset: &str, secret: &str) {
        self.adding(name, preset, &["--secret-stdin"]).stdin(secret).run().succeeds().hides(secret);
    }

    /// Without an agent; nothing that the person has of Canvas is shown.
    #[track_caller]
    pub fn run(&self, words: &[&str]) -> Ran {
        self.hidden(self.device.world.run(words))
    }

    /// The same with the agent.
    #[track_caller]
    pub fn by_agent(&self, words: &[&str]) -> Ran {
        self.hidden(self.device.by_agent(words).run())
    }

    #[track_caller]
    fn hidden(&self, ran: Ran) -> Ran {
        ran.hides(&self.login.pair.secret).hides(&self.login.refresh)
    }

    /// A token, without an agent.
    #[track_caller]
    pub fn token(&self, name: &str) -> String {
        line(&self.run(&["token", name]).succeeds())
    }

    /// The same by the agent.
    #[track_caller]
    pub fn token_by_agent(&self, name: &str) -> String {
        line(&self.by_agent(&["token", name]).succeeds())
    }

    /// How many refreshes and how many `InstAccess` mints were asked for.
    pub fn asked(&self) -> (usize, usize) {
        (self.issuer.asked_for(OAUTH, "refresh_token"), self.issuer.asked(MINT))
    }

    /// Whether Canvas knows the bearer of this token.
    pub fn is_good(&self, token: &str) -> bool {
        let (header, url) = (format!("Authorization: Bearer {token}"), self.issuer.url());
        let user = format!("{url}/api/v1/users/self");
        let curl = ["-s", "-o", "answer", "-w", "%{http_code}", "--cacert", "ca.pem", "-H"];
        let call = self.device.world.program("curl").args(curl).args([&header, &user]);
        call.run().succeeds().out() == "200"
    }
}

impl Device {
    pub fn new(issuer: &Issuer) -> Self {
        let device = Self { world: World::with_vault(), has_agent: Cell::new(false) };
        device.write("ca.pem", issuer.ca_pem());
        device
    }

    pub fn adding(&self, issuer: &Issuer, name: &str, preset: &str, options: &[&str]) -> Call {
        let url = issuer.url();
        let add = ["add", name, "--preset", preset, "--base-url", &url, "--ca-file", "ca.pem"];
        self.world.mintage(add).args(options)
    }

    /// Adds the profile `canvas` of the person's login.
    #[track_caller]
    pub fn add_login(&self, scene: &Scene) {
        let Login { pair, refresh, .. } = &scene.login;
        self.write("refresh", refresh);
        let options = ["--stdin", "--refresh-token-file", "refresh"];
        let call = self.adding(&scene.issuer, "canvas", "canvas", &options).stdin(pair.pair());
        call.run().succeeds().hides(refresh).hides(&pair.secret);
    }

    /// `mintage` with the agent, not yet running.
    pub fn by_agent(&self, words: &[&str]) -> Call {
        let runtime = self.world.path("run");
        if !self.has_agent.replace(true) {
            std::fs::create_dir(&runtime).expect("made");
            set_mode(&runtime, 0o700);
        }
        let mut call = self.world.mintage(words);
        call.command.env_remove("MINTAGE_NO_AGENT");
        call.env("XDG_RUNTIME_DIR", runtime)
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.world.path(name);
        std::fs::write(&path, bytes).expect("written");
        set_mode(&path, 0o600);
        path
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        if self.has_agent.get() {
            // Sooner than it would notice that its folder is gone.
            self.by_agent(&["agent", "stop"]).run();
        }
    }
}

fn set_mode(path: &std::path::Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("set");
}

/// Like a token of Canvas: a shard, and what no other test has.
pub fn canary() -> String {
    format!("7~{}", Canary::new().secret.trim_start_matches("canary-"))
}

/// What stands on the one line of standard output.
#[track_caller]
pub fn line(ran: &Ran) -> String {
    let out = ran.out();
    assert_eq!(out.lines().count(), 1, "{out}");
    out.trim_end().to_owned()
}

/// So many calls at the same time, made beforehand.
pub fn at_once(calls: Vec<Call>) -> Vec<Ran> {
    std::thread::scope(|scope| {
        let running: Vec<_> = calls.into_iter().map(|call| scope.spawn(|| call.run())).collect();
        running.into_iter().map(|it| it.join().expect("it ended")).collect()
    })
}

/// A number in a JSON object.
#[track_caller]
pub fn number(value: &Value, name: &str) -> i64 {
    value[name].as_i64().expect("a number")
}

/// The same call by a wall clock that is so far off; the steady one stays true.
pub fn at_time(offset: &str, call: Call) -> Call {
    let folders = std::fs::read_dir("/usr/lib").expect("readable").flatten();
    let mut found = folders.map(|entry| entry.path().join("faketime/libfaketime.so.1"));
    let library = found.find(|path| path.exists()).expect("faketime is installed");
    let call = call.env("LD_PRELOAD", library).env("FAKETIME", offset);
    call.env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
}
