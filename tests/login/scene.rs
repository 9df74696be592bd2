//! What the themes share: a vault, an issuer that sends people to a browser or shows them a code, and
//! a person at a terminal.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::json;
use url::Url;

use crate::browser;
use crate::issuer::{Fault, Issuer};
use crate::pty::{Desk, Session};
use crate::world::{Canary, Ran, World};

pub const TOKEN: &str = "/oauth/token";

/// The issuer knows the canary's id alone, and says in its metadata where a person logs in.
pub struct Scene {
    pub world: World,
    pub issuer: Issuer,
    pub canary: Canary,
}

impl Scene {
    pub fn new() -> Self {
        let (world, issuer, canary) = (World::with_vault(), Issuer::https(), Canary::new());
        issuer.accept_public_client(&canary.id);
        issuer.device_interval(1);
        publishes(&issuer);
        std::fs::write(world.path("ca.pem"), issuer.ca_pem()).expect("written");
        // What a first command leaves behind is none of a login's.
        world.run(["list"]).succeeds();
        Self { world, issuer, canary }
    }

    /// `add prod` at a terminal, for a login with a browser.
    pub fn adding(&self, options: &[&str]) -> Desk {
        self.adding_as("oauth2-refresh", options)
    }

    /// `add prod` at a terminal, at this issuer.
    pub fn adding_as(&self, preset: &str, options: &[&str]) -> Desk {
        let url = self.issuer.url();
        let desk = Desk::mintage(&self.world, ["add", "prod", "--preset", preset]);
        let desk = desk.args(["--issuer", &url, "--ca-file", "ca.pem"]);
        desk.args(["--client-id", &self.canary.id]).args(options.iter().copied())
    }

    /// Saves `prod`, for which nobody has logged in.
    pub fn waiting() -> Self {
        let scene = Self::new();
        let url = scene.issuer.url();
        let add = ["add", "prod", "--preset", "oauth2-refresh", "--no-login", "--issuer", &url];
        let add = scene.world.mintage(add).args(["--ca-file", "ca.pem"]);
        add.args(["--client-id", &scene.canary.id]).run().succeeds();
        scene
    }

    /// Logs in for `prod` by `session`, which asks for that.
    #[track_caller]
    pub fn logs_in(&self, mut session: Session) {
        let back = self.sent_back(&mut session);
        assert_eq!(browser::visit(&back).status, 200);
        session.ends().exits(0).leaves_the_terminal_alone();
    }

    /// Where the browser is sent back to by the issuer, once the person was sent there.
    #[track_caller]
    pub fn sent_back(&self, session: &mut Session) -> Url {
        browser::sent_to(&self.world, &page(session))
    }

    /// A new token of `prod`.
    #[track_caller]
    pub fn fresh(&self) -> String {
        self.world.run(["token", "prod", "--fresh"]).succeeds().out().trim_end().to_owned()
    }

    /// `mintage token prod`.
    pub fn token(&self) -> Ran {
        self.world.run(["token", "prod"])
    }

    /// Everything that lies in the home folder.
    pub fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        files(self.world.home())
    }

    /// What the last request for a token had in a field.
    #[track_caller]
    pub fn sent(&self, field: &str) -> String {
        let requests = self.issuer.requests();
        let last = requests.iter().rfind(|seen| seen.form_field(field).is_some());
        let value = last.and_then(|seen| seen.form_field(field)).expect("sent");
        String::from_utf8(value).expect("text")
    }
}

/// Has an issuer say in its metadata where a person logs in.
pub fn publishes(issuer: &Issuer) {
    let url = issuer.url();
    let metadata = json!({
        "issuer": url,
        "token_endpoint": format!("{url}{TOKEN}"),
        "authorization_endpoint": format!("{url}/oauth/authorize"),
        "device_authorization_endpoint": format!("{url}/oauth/device_authorization"),
        "token_endpoint_auth_methods_supported": ["none"],
    });
    let place = "/.well-known/oauth-authorization-server";
    issuer.document(place, Fault::Json(metadata.to_string()));
}

/// Every file below `folder` with its content.
pub fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            found.append(&mut files(&path));
        } else {
            found.insert(path.clone(), std::fs::read(&path).expect("readable"));
        }
    }
    found
}

/// The page that a person is sent to, once it is shown.
#[track_caller]
pub fn page(session: &mut Session) -> String {
    session.sees("\n  http").sees("\n");
    let shown = session.shown();
    let mut lines = shown.lines().filter(|line| line.starts_with("  http"));
    lines.next_back().expect("a page").trim().to_owned()
}

/// The page once mintage waits for the browser.
#[track_caller]
pub fn page_waited_for(session: &mut Session) -> Url {
    let page = page(session);
    session.sees("Waiting");
    Url::parse(&page).expect("a URL")
}

/// A part of what a page is asked with.
#[track_caller]
pub fn asked(page: &Url, name: &str) -> String {
    let found = page.query_pairs().find(|(known, _)| known == name);
    found.expect("it is asked with that").1.into_owned()
}
