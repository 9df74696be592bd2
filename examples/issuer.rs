//! Runs the local token issuer of the tests, for people and shell scripts:
//!
//! ```text
//! cargo run --example issuer -- [--https [--ca-file FILE]] [--address 127.0.0.1:PORT] [--stay]
//! ```
//!
//! Standard input names who may log in, up to a blank line or its end: `id:secret` lines, lines
//! without a colon, which are Canvas access tokens, and JSON objects for all the rest (`Known`). Then
//! one JSON line `{"ca_file":…,"hosts":[…],"url":…}` is printed, and the issuer serves until its input
//! ends; with `--stay`, until it is killed.

#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a program for people and shell tests, with a test double in it"
)]

#[path = "../tests/issuer/mod.rs"]
mod issuer;

use std::io::{self, BufRead, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::{env, fs, thread};

use issuer::{Fault, HOSTS, Issuer, Service};
use serde::Deserialize;

type Failure = Box<dyn std::error::Error>;

/// What the command line asks for.
#[derive(Default)]
struct Wishes {
    https: bool,
    address: Option<SocketAddr>,
    ca_file: Option<PathBuf>,
    stay: bool,
}

/// A line that is an object: `{"badge_user":{"email":…,"password":…}}`, say.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Known {
    BadgeUser {
        email: String,
        password: String,
    },
    /// A public key (PEM), by which this client or issuer of assertions is known.
    Key {
        client_id: String,
        public_pem: String,
    },
    PublicClient {
        client_id: String,
    },
    GithubApp {
        app_id: String,
        installation: u64,
        public_pem: String,
    },
    RefreshToken {
        service: String,
        client_id: String,
        refresh_token: String,
    },
    /// What is to be had at this path: metadata of an issuer.
    Document {
        path: String,
        body: serde_json::Value,
    },
    /// Seconds between the polls of a device, and how many of them are answered with "pending".
    Devices {
        interval: u64,
        polls: usize,
    },
}

fn main() -> ExitCode {
    match wishes(env::args().skip(1)).and_then(|wishes| run(&wishes)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("issuer: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn wishes(mut arguments: impl Iterator<Item = String>) -> Result<Wishes, Failure> {
    let mut wishes = Wishes::default();
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
        match argument.as_str() {
            "--https" => wishes.https = true,
            "--stay" => wishes.stay = true,
            "--address" => wishes.address = Some(value()?.parse()?),
            "--ca-file" => wishes.ca_file = Some(value()?.into()),
            _ => return Err("an unknown option".into()),
        }
    }
    if wishes.ca_file.is_some() && !wishes.https {
        return Err("--ca-file needs --https".into());
    }
    if wishes.address.is_some_and(|address| !address.ip().is_loopback()) {
        return Err("--address must be a loopback address".into());
    }
    Ok(wishes)
}

fn run(wishes: &Wishes) -> Result<(), Failure> {
    let issuer = match (wishes.https, wishes.address) {
        (false, None) => Issuer::http(),
        (false, Some(address)) => Issuer::http_at(address),
        (true, None) => Issuer::https(),
        (true, Some(address)) => Issuer::https_at(address),
    };
    let mut input = io::stdin().lock();
    accept(&issuer, &mut input)?;
    if let Some(ca_file) = &wishes.ca_file {
        fs::write(ca_file, issuer.ca_pem())?;
    }
    let announcement = serde_json::json!({
        "url": issuer.url(), "hosts": HOSTS, "ca_file": wishes.ca_file,
    });
    let mut output = io::stdout().lock();
    writeln!(output, "{announcement}")?;
    output.flush()?;

    io::copy(&mut input, &mut io::sink())?;
    if wishes.stay {
        loop {
            thread::park();
        }
    }
    Ok(())
}

fn accept(issuer: &Issuer, input: &mut impl BufRead) -> Result<(), Failure> {
    loop {
        let mut line = Vec::new();
        input.read_until(b'\n', &mut line)?;
        let line = line.strip_suffix(b"\n").unwrap_or(&line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            return Ok(());
        }
        if line.starts_with(b"{") {
            know(issuer, serde_json::from_slice(line)?)?;
            continue;
        }
        match line.iter().position(|byte| *byte == b':') {
            Some(colon) => issuer.accept_pair(str::from_utf8(&line[..colon])?, &line[colon + 1..]),
            None => issuer.accept_canvas_token(str::from_utf8(line)?),
        }
    }
}

fn know(issuer: &Issuer, known: Known) -> Result<(), Failure> {
    match known {
        Known::BadgeUser { email, password } => {
            issuer.accept_badge_user(&email, password.as_bytes());
        }
        Known::Key { client_id, public_pem } => issuer.accept_key(&client_id, &public_pem),
        Known::PublicClient { client_id } => issuer.accept_public_client(&client_id),
        Known::GithubApp { app_id, installation, public_pem } => {
            issuer.accept_github_app(&app_id, installation, &public_pem);
        }
        Known::RefreshToken { service, client_id, refresh_token } => {
            issuer.accept_refresh_token(named(&service)?, &client_id, &refresh_token);
        }
        Known::Document { path, body } => issuer.document(&path, Fault::Json(body.to_string())),
        Known::Devices { interval, polls } => {
            issuer.device_interval(interval);
            issuer.approve_devices_after(Some(polls));
        }
    }
    Ok(())
}

fn named(service: &str) -> Result<Service, Failure> {
    match service {
        "canvas" => Ok(Service::Canvas),
        "badges" => Ok(Service::Badges),
        "studio" => Ok(Service::Studio),
        "oauth" => Ok(Service::OAuth),
        _ => Err("a refresh token of an unknown service".into()),
    }
}
