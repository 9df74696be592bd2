//! A user whose commands use the agent. It ends by itself when its folder goes with the world.

use std::ffi::OsStr;
use std::path::PathBuf;

use serde_json::Value;

use crate::issuer::Issuer;
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
