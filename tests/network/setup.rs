//! What the themes share: a user with one profile at an issuer that misbehaves.

use std::time::{Duration, Instant};

use crate::issuer::{Fault, Issuer};
use crate::world::{Canary, Ran, World};

/// A profile `prod` whose issuer accepts it.
pub struct Scene {
    pub issuer: Issuer,
    pub canary: Canary,
    pub world: World,
}

impl Scene {
    /// At the Identity service, over TLS.
    pub fn instructure() -> Self {
        let (issuer, canary) = (Issuer::https(), Canary::new());
        let world = World::with_profile(&issuer, &canary);
        Self { issuer, canary, world }
    }

    /// At an ordinary token endpoint, over TLS, with these further options of `add`.
    pub fn oauth2(options: &[&str]) -> Self {
        let (issuer, canary) = (Issuer::https(), Canary::new());
        let world = World::with_vault();
        issuer.accept_pair(&canary.id, canary.secret.as_bytes());
        let (ca, url) = (world.path("ca.pem"), format!("{}/oauth/token", issuer.url()));
        std::fs::write(&ca, issuer.ca_pem()).expect("written");
        let ca = ca.to_str().expect("UTF-8");
        let call = world.mintage(["add", "prod", "--stdin", "--token-url", &url, "--ca-file", ca]);
        call.args(options).stdin(canary.pair()).run().succeeds();
        Self { issuer, canary, world }
    }

    /// Asks for a token.
    pub fn token(&self) -> Ran {
        self.world.run(["token", "prod"])
    }

    /// Asks for a token with `fault` in the way of the next login; the secret never shows.
    pub fn token_despite(&self, fault: Fault) -> Ran {
        self.issuer.fault_once(fault);
        self.token().hides(&self.canary.secret)
    }

    /// The life of the token that this reply brings, as `token --json` tells it.
    pub fn life_by(&self, fault: Fault) -> u64 {
        self.issuer.fault_once(fault);
        let ran = self.world.run(["token", "prod", "--json"]).succeeds();
        ran.json()["expires_in"].as_u64().expect("a number")
    }
}

/// 200 with this body, as JSON.
pub fn json(body: &str) -> Fault {
    Fault::Json(body.to_owned())
}

/// A reply verbatim.
pub fn reply(status: u16, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Fault {
    let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Fault::Status { status, headers: headers.iter().map(own).collect(), body: body.into() }
}

/// What `run` brings, and how long it took.
pub fn timed<T>(run: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let brought = run();
    (brought, start.elapsed())
}
