//! What the themes share: a vault, an issuer, and another one to which nothing may go by mistake.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;

use crate::issuer::{Issuer, Seen};
use crate::world::{Call, Ran, World};

/// Where the double mints for any OAuth client.
pub const OAUTH_TOKEN: &str = "/oauth/token";

/// A vault without profiles, and two issuers that `ca.pem` vouches for.
pub struct Scene {
    pub world: World,
    pub issuer: Issuer,
    pub elsewhere: Issuer,
}

impl Scene {
    pub fn new() -> Self {
        let (issuer, elsewhere) = (Issuer::https(), Issuer::https());
        let scene = Self { world: World::with_vault(), issuer, elsewhere };
        scene.write("ca.pem", format!("{}{}", scene.issuer.ca_pem(), scene.elsewhere.ca_pem()));
        scene
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.world.path(name);
        std::fs::write(&path, bytes).expect("written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("set");
        path
    }

    /// `mintage add NAME` with this preset, not yet running; nothing says where it is.
    pub fn adding(&self, name: &str, preset: &str, options: &[&str]) -> Call {
        let add = ["add", name, "--preset", preset, "--ca-file", "ca.pem"];
        self.world.mintage(add).args(options)
    }

    /// The same at the base URL of the issuer.
    pub fn adding_here(&self, name: &str, preset: &str, options: &[&str]) -> Call {
        let url = self.issuer.url();
        self.adding(name, preset, &["--base-url", &url]).args(options)
    }

    /// The same at its ordinary token endpoint.
    pub fn adding_oauth(&self, name: &str, preset: &str, options: &[&str]) -> Call {
        let url = self.token_url();
        self.adding(name, preset, &["--token-url", &url]).args(options)
    }

    pub fn token_url(&self) -> String {
        format!("{}{OAUTH_TOKEN}", self.issuer.url())
    }

    /// A token of this profile.
    #[track_caller]
    pub fn token(&self, name: &str) -> String {
        self.world.run(["token", name]).succeeds().out().trim_end().to_owned()
    }

    /// The same with all that is said of it.
    #[track_caller]
    pub fn lease(&self, name: &str) -> Value {
        self.world.run(["token", name, "--json"]).succeeds().json()
    }

    #[track_caller]
    pub fn show(&self, name: &str) -> Value {
        self.world.run(["show", name, "--json"]).succeeds().json()
    }

    /// `mintage` with these arguments, which may use the agent.
    pub fn with_agent(&self, words: &[&str]) -> Ran {
        use std::os::unix::fs::PermissionsExt as _;
        let runtime = self.world.path("run");
        if !runtime.exists() {
            std::fs::create_dir(&runtime).expect("made");
            let private = std::fs::Permissions::from_mode(0o700);
            std::fs::set_permissions(&runtime, private).expect("set");
        }
        let mut call = self.world.mintage(words);
        call.command.env_remove("MINTAGE_NO_AGENT");
        call.env("XDG_RUNTIME_DIR", runtime).run()
    }

    /// The last request that the issuer saw.
    #[track_caller]
    pub fn last(&self) -> Seen {
        self.issuer.requests().pop().expect("a request")
    }

    /// The form of it, by name; every name is there once.
    #[track_caller]
    pub fn form(&self) -> BTreeMap<String, String> {
        let fields = self.last().form();
        let form: BTreeMap<_, _> = fields.iter().cloned().collect();
        assert_eq!(form.len(), fields.len(), "a name is there twice");
        form
    }

    /// Every file below the home folder that has this in it as it is.
    pub fn files_with(&self, secret: &str) -> Vec<PathBuf> {
        let (mut folders, mut found) = (vec![self.world.home().to_owned()], Vec::new());
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).expect("a folder") {
                let path = entry.expect("readable").path();
                if path.is_dir() {
                    folders.push(path);
                } else if has(&std::fs::read(&path).unwrap_or_default(), secret) {
                    found.push(path);
                }
            }
        }
        found
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        if self.world.path("run").exists() {
            // Sooner than it would notice that its folder is gone.
            self.with_agent(&["agent", "stop"]);
        }
    }
}

/// Whether these bytes have this text in them.
pub fn has(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|part| part == text.as_bytes())
}

/// A word that no other test has, and that is found wherever it leaks to.
pub fn canary() -> String {
    let mut random = [0_u8; 18];
    getrandom::fill(&mut random).expect("random bytes");
    format!("canary-{}", random.map(|byte| format!("{byte:02x}")).concat())
}

/// Seconds since 1970.
pub fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

/// A text in JSON.
#[track_caller]
pub fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().expect("a text")
}
