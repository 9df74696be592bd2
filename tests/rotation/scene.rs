//! A vault with a login whose refresh token changes with every use, at an issuer that ends the login
//! where an old one comes back.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Child;

use crate::issuer::{Fault, Hold, Issuer, Service};
use crate::world::{Call, Canary, Ran, World};

/// Where the double refreshes.
pub const TOKEN: &str = "/oauth/token";

/// A world with the profile `prod`, its issuer, and another issuer to which nothing may go by mistake.
pub struct Scene {
    pub world: World,
    pub issuer: Issuer,
    pub elsewhere: Issuer,
    pub canary: Canary,
}

impl Scene {
    pub fn new() -> Self {
        let scene = Self::empty();
        scene.add("prod");
        scene
    }

    /// Without a profile.
    pub fn empty() -> Self {
        let (issuer, elsewhere, canary) = (Issuer::https(), Issuer::https(), Canary::new());
        for issuer in [&issuer, &elsewhere] {
            issuer.accept_pair(&canary.id, canary.secret.as_bytes());
        }
        let scene = Self { world: World::with_vault(), issuer, elsewhere, canary };
        scene.write("ca.pem", &format!("{}{}", scene.issuer.ca_pem(), scene.elsewhere.ca_pem()));
        let runtime = scene.world.path("run");
        fs::create_dir(&runtime).expect("made");
        set_mode(&runtime, 0o700);
        scene
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.world.path(name);
        fs::write(&path, text).expect("written");
        set_mode(&path, 0o600);
        path
    }

    /// A refresh token that the issuer has just given to somebody, in the file `refresh`.
    pub fn log_in(&self) -> String {
        let refresh = Canary::new().secret;
        self.issuer.accept_refresh_token(Service::OAuth, &self.canary.id, &refresh);
        self.write("refresh", &refresh);
        refresh
    }

    /// Adds a profile of a login of its own.
    pub fn add(&self, name: &str) {
        self.log_in();
        self.adding(name).run().succeeds().hides(&self.canary.secret);
    }

    /// The same for the refresh token in the file `refresh`, not yet running.
    pub fn adding(&self, name: &str) -> Call {
        let url = format!("{}{TOKEN}", self.issuer.url());
        let add = ["add", name, "--preset", "oauth2-refresh", "--token-url", &url];
        let from = ["--stdin", "--refresh-token-file", "refresh", "--ca-file", "ca.pem"];
        self.world.mintage(add).args(from).stdin(self.canary.pair())
    }

    pub fn run(&self, words: &[&str]) -> Ran {
        self.world.run(words).hides(&self.canary.secret).hides("panicked")
    }

    /// A token of `prod`.
    #[track_caller]
    pub fn token(&self) -> String {
        self.run(&["token", "prod"]).succeeds().out().trim_end().to_owned()
    }

    /// Another token of `prod`: a refresh in any case.
    #[track_caller]
    pub fn refresh(&self) -> String {
        self.run(&["token", "prod", "--fresh"]).succeeds().out().trim_end().to_owned()
    }

    /// How often a refresh token was sent.
    pub fn refreshes(&self) -> usize {
        self.issuer.asked_for(TOKEN, "refresh_token")
    }

    /// How often one was sent that was dead already.
    pub fn reuses(&self) -> usize {
        self.issuer.refresh_reuses(Service::OAuth)
    }

    /// The login lives: another refresh works, and none was ever used twice.
    #[track_caller]
    pub fn is_well(&self) {
        self.refresh();
        assert_eq!(self.reuses(), 0, "a refresh token was used twice");
    }

    /// Every reply of the issuer from now on is held back before its last byte.
    pub fn hold(&self) -> Hold {
        let hold = Hold::new();
        self.issuer.fault_once(Fault::Hold(hold.clone()));
        hold
    }

    /// The files of all slots.
    pub fn slots(&self) -> Vec<PathBuf> {
        let mut files = below(&self.world.vault().join("tokens"));
        files.sort();
        files
    }

    /// The only slot.
    #[track_caller]
    pub fn slot(&self) -> PathBuf {
        let mut slots = self.slots();
        assert_eq!(slots.len(), 1, "{slots:?}");
        slots.remove(0)
    }

    /// `mintage` with these arguments, which may use the agent.
    pub fn by_agent<I: IntoIterator<Item = A>, A: AsRef<OsStr>>(&self, arguments: I) -> Call {
        let mut call = self.world.mintage(arguments);
        call.command.env_remove("MINTAGE_NO_AGENT");
        call.env("XDG_RUNTIME_DIR", self.world.path("run"))
    }

    /// A token of `prod` from the agent.
    #[track_caller]
    pub fn agents_token(&self) -> String {
        self.by_agent(["token", "prod"]).run().succeeds().out().trim_end().to_owned()
    }

    /// Another device with the same vault: a home of its own, and the recovery key.
    pub fn second_device(&self, vault: &Path) -> World {
        let world = World::new();
        fs::copy(self.world.path("recovery.txt"), world.path("paper.txt")).expect("copied");
        let add = ["vault", "add", vault.to_str().expect("text"), "--identity-file", "paper.txt"];
        world.run(add).succeeds();
        world
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        if self.world.path("run/mintage").exists() {
            self.by_agent(["agent", "stop"]).run();
        }
    }
}

pub fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("set");
}

/// All files below a folder.
pub fn below(folder: &Path) -> Vec<PathBuf> {
    let (mut folders, mut found) = (vec![folder.to_owned()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.expect("readable").path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found
}

/// `cp -a` of what lies in a folder.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("made");
    let all = format!("{}/.", from.display());
    let copied = std::process::Command::new("cp").args(["-a", &all]).arg(to).status();
    assert!(copied.expect("started").success());
}

/// A program that is stopped in the middle, and does not outlive its test.
pub struct Started(pub Child);

impl Started {
    /// Starts it; what it writes is of no interest.
    pub fn of(mut call: Call) -> Self {
        use std::process::Stdio;
        call.command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Self(call.command.spawn().expect("started"))
    }

    /// Kills it: `setsid` has become the program itself, as it leads no group.
    pub fn kill(&mut self) {
        self.0.kill().expect("killed");
        self.0.wait().expect("ended");
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        let _ended_already = self.0.kill();
        let _reaped_already = self.0.wait();
    }
}
