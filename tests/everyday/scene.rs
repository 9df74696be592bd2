//! What the themes share: a vault, an issuer that accepts a pair, and a second issuer to which
//! nothing may go by mistake.

use std::collections::BTreeMap;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::issuer::{Fault, Issuer, Seen};
use crate::pty::Desk;
use crate::world::{Call, Canary, Ran, World};

pub const OAUTH: &str = "/.well-known/oauth-authorization-server";
pub const OPENID: &str = "/.well-known/openid-configuration";

/// A vault without profiles, an issuer that accepts the canary, another one that does as well; both
/// are trusted through `ca.pem`.
pub struct Scene {
    pub world: World,
    pub issuer: Issuer,
    pub elsewhere: Issuer,
    pub canary: Canary,
}

impl Scene {
    pub fn new() -> Self {
        Self::in_world(World::with_vault())
    }

    pub fn in_world(world: World) -> Self {
        let (issuer, elsewhere, canary) = (Issuer::https(), Issuer::https(), Canary::new());
        for issuer in [&issuer, &elsewhere] {
            issuer.accept_pair(&canary.id, canary.secret.as_bytes());
        }
        let scene = Self { world, issuer, elsewhere, canary };
        scene.write("ca.pem", format!("{}{}", scene.issuer.ca_pem(), scene.elsewhere.ca_pem()));
        scene
    }

    /// With the profile `prod` at the issuer.
    pub fn with(options: &[&str]) -> Self {
        let scene = Self::new();
        scene.add("prod", options);
        scene
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.world.path(name);
        std::fs::write(&path, bytes).expect("written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("set");
        path
    }

    /// Adds a profile at the issuer's Identity service.
    pub fn add(&self, name: &str, options: &[&str]) {
        self.adding(name).args(options).run().succeeds().hides(&self.canary.secret);
    }

    pub fn adding(&self, name: &str) -> Call {
        let url = self.issuer.url();
        let add = ["add", name, "--stdin", "--ca-file", "ca.pem", "--base-url", &url];
        self.world.mintage(add).stdin(self.canary.pair())
    }

    /// Adds a profile with options of its own that say where.
    pub fn adding_at(&self, name: &str, options: &[&str]) -> Call {
        let add = ["add", name, "--stdin", "--ca-file", "ca.pem"];
        self.world.mintage(add).args(options).stdin(self.canary.pair())
    }

    pub fn edit(&self, options: &[&str]) -> Call {
        self.world.mintage(["edit", "prod"]).args(options)
    }

    /// `edit prod` at a terminal.
    pub fn edit_at_a_desk(&self, options: &[&str]) -> Desk {
        Desk::mintage(&self.world, ["edit", "prod"].iter().chain(options).copied())
    }

    #[track_caller]
    pub fn run(&self, words: &[&str]) -> Ran {
        self.world.run(words).hides(&self.canary.secret)
    }

    #[track_caller]
    pub fn show(&self, name: &str) -> Value {
        self.run(&["show", name, "--json"]).succeeds().json()
    }

    /// With the secrets.
    #[track_caller]
    pub fn reveal(&self, name: &str) -> Value {
        self.world.run(["show", name, "--json", "--reveal"]).succeeds().json()
    }

    /// The secret that the vault holds for a profile.
    #[track_caller]
    pub fn secret_of(&self, name: &str) -> String {
        self.reveal(name)["client_secret"].as_str().expect("text").to_owned()
    }

    /// Every record as it lies on the disk.
    pub fn sealed(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let records = self.world.records().into_iter();
        records.map(|path| (path.clone(), std::fs::read(path).expect("readable"))).collect()
    }

    /// Names of the profiles, in the order of `list`.
    #[track_caller]
    pub fn listed(&self, options: &[&str]) -> Vec<String> {
        let ran = self.world.mintage(["list"]).args(options).run().succeeds();
        ran.out().lines().map(|line| line.split('\t').next().unwrap_or("").to_owned()).collect()
    }
}

/// Whether one of the requests carries this secret, in whichever way.
pub fn carries(requests: &[Seen], secret: &str) -> bool {
    let has = |bytes: &[u8]| bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
    requests.iter().any(|request| {
        let basic = request.header("Authorization").and_then(|it| it.split_once(' '));
        let basic = basic.and_then(|(_, pair)| STANDARD.decode(pair.trim()).ok());
        has(&request.body)
            || has(request.target.as_bytes())
            || request.headers.iter().any(|(_, value)| has(value.as_bytes()))
            || has(&basic.unwrap_or_default())
            || request.form().iter().any(|(_, value)| has(value.as_bytes()))
    })
}

/// Metadata of an issuer that names this token endpoint.
pub fn metadata(issuer: &str, token_endpoint: &str) -> Value {
    json!({
        "issuer": issuer,
        "token_endpoint": token_endpoint,
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
    })
}

/// Has an issuer publish metadata that name its own token endpoint.
pub fn publishes(issuer: &Issuer) {
    let metadata = metadata(&issuer.url(), &format!("{}/oauth/token", issuer.url()));
    issuer.document(OAUTH, Fault::Json(metadata.to_string()));
}
