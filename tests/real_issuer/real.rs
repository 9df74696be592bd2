//! A real OAuth 2 server for one test: the certified npm package `oidc-provider`, in a process of
//! its own, with TLS and a CA of its own. It ends with the value.
//!
//! A client of each kind is declared as `server/provider.js` says at its top, in JSON:
//!
//! ```text
//! secret (basic)       json!({ "client_id": id, "client_secret": secret })
//! secret (post)        … "token_endpoint_auth_method": "client_secret_post"
//! private_key_jwt      json!({ "client_id": id, "token_endpoint_auth_method": "private_key_jwt",
//!                              "public_keys": [pem] })
//! tls_client_auth      json!({ "client_id": id, "token_endpoint_auth_method": "tls_client_auth",
//!                              "tls_client_auth_san_dns": "client.example" }), with
//!                      issuer.authority().client("client.example") and mtls_url()
//! code, refresh        json!({ "client_id": id, "token_endpoint_auth_method": "none",
//!                              "grant_types": ["authorization_code", "refresh_token"],
//!                              "redirect_uris": ["http://127.0.0.1/callback"] })
//! device               … "grant_types": ["urn:ietf:params:oauth:grant-type:device_code"]
//! ```
//!
//! Where a person would open a browser, a test calls [`RealIssuer::browse`] with what mintage asks
//! to be opened: the authorization URL, or `verification_uri_complete` of the device flow. It logs
//! in, says yes (or no), and follows the redirect to mintage's own listener.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Mutex;

use serde_json::{Value, json};

use crate::authority::Authority;

/// A running server.
pub struct RealIssuer {
    process: Child,
    pipes: Mutex<Pipes>,
    authority: Authority,
    /// What it said when it was ready.
    places: Value,
}

struct Pipes {
    commands: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl RealIssuer {
    /// With these clients, an array. Ready when it returns.
    pub fn start(clients: &Value) -> Self {
        Self::start_with(&json!({ "clients": clients }))
    }

    /// With `clients` and whatever else the top of `server/server.js` has: `life`, `interval`.
    pub fn start_with(options: &Value) -> Self {
        let authority = Authority::new();
        let server = authority.server();
        let mut options = options.clone();
        options["key"] = server.key.into();
        options["cert"] = server.cert.into();
        options["ca"] = authority.pem().into();
        let mut process = spawn();
        let pipes = Mutex::new(Pipes {
            commands: process.stdin.take().expect("a pipe"),
            answers: BufReader::new(process.stdout.take().expect("a pipe")),
        });
        let mut issuer = Self { process, pipes, authority, places: Value::Null };
        issuer.places = issuer.ask(&options);
        issuer
    }

    /// The issuer's URL, without a trailing slash.
    pub fn url(&self) -> String {
        self.place("issuer")
    }

    /// The same server where it asks for a client's certificate.
    pub fn mtls_url(&self) -> String {
        self.place("mtls")
    }

    fn place(&self, name: &str) -> String {
        self.places[name].as_str().expect("a URL").to_owned()
    }

    /// Who vouches for the server, and for clients that show a certificate.
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// Every request so far, in the order of their ends: method, path, client, grant, scope,
    /// resource, names of the parameters, basic, certificate, status, error.
    pub fn requests(&self) -> Vec<Value> {
        let mut answer = self.ask(&json!({ "do": "requests" }));
        serde_json::from_value(answer["requests"].take()).expect("a list")
    }

    /// The requests to the token endpoint, whatever came of them.
    pub fn logins(&self) -> Vec<Value> {
        let mut requests = self.requests();
        requests.retain(|request| request["path"] == "/token");
        requests
    }

    /// Whether the server takes this opaque token for good. Of a JWT it keeps nothing.
    pub fn is_live(&self, token: &str) -> bool {
        self.ask(&json!({ "do": "is_live", "token": token }))["live"] == true
    }

    /// Forgets this token, as if somebody else had taken it back.
    pub fn take_back(&self, token: &str) {
        self.ask(&json!({ "do": "take_back", "token": token }));
    }

    /// A first refresh token for `client`, as if a person had just been through the code flow.
    pub fn refresh_token(&self, client: &str, scope: &str) -> String {
        let answer = self.ask(&json!({ "do": "grant", "client": client, "scope": scope }));
        answer["refresh_token"].as_str().expect("a token").to_owned()
    }

    /// A person's browser goes to `url`, and the person says yes to everything, or `refuse`s.
    /// Where it ended: url, status, body, visited.
    pub fn browse(&self, url: &str, refuse: bool) -> Value {
        self.ask(&json!({ "do": "browse", "url": url, "refuse": refuse }))
    }

    fn ask(&self, command: &Value) -> Value {
        let mut pipes = self.pipes.lock().expect("no test failed here");
        writeln!(pipes.commands, "{command}").expect("the server runs");
        let mut line = String::new();
        pipes.answers.read_line(&mut line).expect("readable");
        let answer: Value = serde_json::from_str(&line).expect("the server answers");
        assert!(answer["failed"].is_null(), "the server failed: {}", answer["failed"]);
        answer
    }
}

impl Drop for RealIssuer {
    fn drop(&mut self) {
        // It may have ended by itself, and a test may be failing right now.
        let _ended = self.process.kill();
        let _status = self.process.wait();
    }
}

fn spawn() -> Child {
    // Cargo's folder for tests' files lies in the target folder, as what the script installs does.
    let packages = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).with_file_name("test-node");
    assert!(packages.join("node_modules").is_dir(), "run scripts/install-test-tools first");
    let server = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/real_issuer/server/server.js");
    let mut command = Command::new("node");
    command.arg(server).arg(packages).stdin(Stdio::piped()).stdout(Stdio::piped());
    command.spawn().expect("node starts")
}
