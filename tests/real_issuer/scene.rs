//! What the themes share: a real issuer that knows some clients, and a user with a vault.

use std::ffi::OsStr;

use serde_json::{Value, json};

use crate::pty::Desk;
use crate::real::RealIssuer;
use crate::world::{Call, Canary, Ran, World};

/// A user whose commands may use the agent, and the issuer, which `ca.pem` vouches for.
pub struct Scene {
    pub world: World,
    pub issuer: RealIssuer,
    pub canary: Canary,
}

impl Scene {
    /// The issuer knows the canary's pair, in the header or in the body.
    pub fn new() -> Self {
        Self::with(&json!({}))
    }

    /// The issuer knows the canary's pair, with these further metadata of the client.
    pub fn with(metadata: &Value) -> Self {
        Self::of(Canary::new(), metadata)
    }

    /// The issuer knows this pair.
    pub fn of(canary: Canary, metadata: &Value) -> Self {
        let mut client = metadata.clone();
        client["client_secret"] = canary.secret.clone().into();
        Self::start(canary, client, json!({}))
    }

    /// The issuer knows the canary's id, and no secret of it.
    pub fn without_secret(metadata: &Value) -> Self {
        Self::start(Canary::new(), metadata.clone(), json!({}))
    }

    /// The issuer knows the canary's id with these metadata, and is started with `options`.
    pub fn start(canary: Canary, mut client: Value, mut options: Value) -> Self {
        use std::os::unix::fs::PermissionsExt as _;
        client["client_id"] = canary.id.clone().into();
        options["clients"] = json!([client]);
        let (world, issuer) = (World::with_vault(), RealIssuer::start_with(&options));
        let runtime = world.path("run");
        std::fs::create_dir(&runtime).expect("made");
        let private = std::fs::Permissions::from_mode(0o700);
        std::fs::set_permissions(runtime, private).expect("set");
        let scene = Self { world, issuer, canary };
        scene.write("ca.pem", &scene.issuer.authority().pem());
        scene
    }

    /// A file that nobody else may read.
    pub fn write(&self, name: &str, text: &str) {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.world.path(name);
        std::fs::write(&path, text).expect("written");
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).expect("set");
    }

    /// `mintage` with these arguments, without an agent.
    pub fn run<I: IntoIterator<Item = A>, A: AsRef<OsStr>>(&self, arguments: I) -> Ran {
        self.world.run(arguments).hides(&self.canary.secret)
    }

    /// `mintage` with these arguments, which may use the agent.
    pub fn with_agent<I: IntoIterator<Item = A>, A: AsRef<OsStr>>(&self, arguments: I) -> Ran {
        let mut call = self.world.mintage(arguments);
        call.command.env_remove("MINTAGE_NO_AGENT");
        call.env("XDG_RUNTIME_DIR", self.world.path("run")).run().hides(&self.canary.secret)
    }

    /// `mintage add prod` at the issuer, not yet running; the pair comes on stdin.
    pub fn adding(&self, options: &[&str]) -> Call {
        let url = self.issuer.url();
        let add = ["add", "prod", "--ca-file", "ca.pem", "--issuer", &url];
        let add = self.world.mintage(add).args(["--client-id", &self.canary.id, "--secret-stdin"]);
        add.args(options).stdin(self.canary.secret.clone())
    }

    /// `mintage add prod` at the issuer for the canary's id, not yet running; what proves it is in
    /// `options`.
    pub fn adding_id(&self, options: &[&str]) -> Call {
        let url = self.issuer.url();
        let add = ["add", "prod", "--ca-file", "ca.pem", "--issuer", &url];
        self.world.mintage(add).args(["--client-id", &self.canary.id]).args(options)
    }

    /// The same at a terminal.
    pub fn adding_at_a_desk(&self, options: &[&str]) -> Desk {
        let url = self.issuer.url();
        let add = ["add", "prod", "--ca-file", "ca.pem", "--issuer", &url];
        let desk = Desk::mintage(&self.world, add).args(["--client-id", &self.canary.id]);
        desk.args(options.iter().copied())
    }

    /// Adds the profile `prod`.
    #[track_caller]
    pub fn add(&self, options: &[&str]) {
        self.adding(options).run().succeeds().hides(&self.canary.secret);
    }

    /// A token of `prod`, by the agent.
    #[track_caller]
    pub fn token(&self) -> String {
        self.with_agent(["token", "prod"]).succeeds().out().trim_end().to_owned()
    }

    /// A new token of `prod`, which the server takes for good; without an agent.
    #[track_caller]
    pub fn live_token(&self) -> String {
        let token = self.run(["token", "prod", "--fresh"]).succeeds().out().trim_end().to_owned();
        assert!(self.issuer.is_live(&token));
        token
    }

    /// The one request to the token endpoint.
    #[track_caller]
    pub fn only_login(&self) -> Value {
        let mut logins = self.issuer.logins();
        assert_eq!(logins.len(), 1, "{logins:?}");
        logins.remove(0)
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        // Sooner than it would notice that its folder is gone.
        self.with_agent(["agent", "stop"]);
    }
}
