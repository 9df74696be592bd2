//! The token endpoint of `scripts/bench-agent`: fast, slow on demand, and it counts.
//!
//! ```text
//! cargo run --release --example bench_issuer -- CA_FILE
//! ```
//! Prints its URL and serves until its input ends. Every line of the input gets one of the output:
//! `delay MS` has token requests wait from now on, `life S` sets what tokens live from now on,
//! `count` tells how many were asked for so far.
//!
//! Whoever asks gets a token of 1,060 characters, never the same twice. The metadata are what
//! `oidc-agent` wants to see.

#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a program for scripts/bench-agent, with parts of a test double in it"
)]
#![allow(dead_code, reason = "it uses a part of what it includes")]

#[path = "../tests/issuer/certificate.rs"]
mod certificate;
#[path = "../tests/issuer/http.rs"]
mod http;
#[path = "../tests/issuer/server.rs"]
mod server;

use std::io::{self, BufRead as _, Write as _};
use std::net::Ipv4Addr;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use std::{env, fs};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use certificate::{Cert, Identity};
use http::{Received, Reply, Seen};
use server::{Conn, End, Gate, Server};

const TOKEN_BYTES: usize = 795;

#[derive(Default)]
struct Desk {
    delay_ms: AtomicU64,
    life: AtomicU64,
    count: AtomicU64,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("bench_issuer: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn std::error::Error>> {
    let ca_file = env::args_os().nth(1).ok_or("usage: bench_issuer CA_FILE")?;
    let identity = Identity::fresh(Cert::Good);
    fs::write(ca_file, &identity.ca_pem)?;
    let desk = Arc::new(Desk { life: 3600.into(), ..Desk::default() });
    let behind = Arc::clone(&desk);
    let address = (Ipv4Addr::LOCALHOST, 0).into();
    let server =
        Server::start(address, Some(identity.tls), move |conn, gate| serve(conn, gate, &behind));
    say(&format!("https://{}", server.address()))?;
    for line in io::stdin().lock().lines() {
        match line?.split_once(' ') {
            Some(("delay", ms)) => {
                desk.delay_ms.store(ms.parse()?, Ordering::SeqCst);
                say("ok")?;
            }
            Some(("life", seconds)) => {
                desk.life.store(seconds.parse()?, Ordering::SeqCst);
                say("ok")?;
            }
            _ => say(&desk.count.load(Ordering::SeqCst).to_string())?,
        }
    }
    Ok(())
}

fn say(line: &str) -> io::Result<()> {
    let mut output = io::stdout().lock();
    writeln!(output, "{line}")?;
    output.flush()
}

fn serve(conn: &mut Conn, gate: &Gate, desk: &Desk) -> io::Result<End> {
    let reply = match http::receive(conn)? {
        Received::Refused(reply) => reply,
        Received::Whole(request) => match (request.method.as_str(), request.path()) {
            ("POST", "/token") => {
                desk.count.fetch_add(1, Ordering::SeqCst);
                gate.pause(Duration::from_millis(desk.delay_ms.load(Ordering::SeqCst)))?;
                token(desk.life.load(Ordering::SeqCst))
            }
            ("GET", "/.well-known/openid-configuration") => metadata(&request),
            _ => Reply::error(404, "not found"),
        },
    };
    reply.send(conn)?;
    Ok(End::Polite)
}

fn token(life: u64) -> Reply {
    let mut bytes = [0; TOKEN_BYTES];
    getrandom::fill(&mut bytes).expect("the system's random source");
    let token = URL_SAFE_NO_PAD.encode(bytes);
    let body = json!({"access_token": token, "expires_in": life, "token_type": "Bearer"});
    Reply::json(200, &body).with("Cache-Control", "no-store")
}

fn metadata(request: &Seen) -> Reply {
    let base = format!("https://{}", request.header("Host").unwrap_or_default());
    let at = |path: &str| format!("{base}/{path}");
    let body = json!({
        "issuer": base,
        "authorization_endpoint": at("authorize"),
        "token_endpoint": at("token"),
        "userinfo_endpoint": at("userinfo"),
        "jwks_uri": at("jwks"),
        "scopes_supported": ["openid", "offline_access"],
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
    });
    Reply::json(200, &body)
}
