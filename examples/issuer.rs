//! Runs the local token issuer of the tests, for people and shell scripts:
//!
//! ```text
//! cargo run --example issuer -- [--https [--ca-file FILE]] [--address 127.0.0.1:PORT] [--stay]
//! ```
//!
//! Standard input names who may log in, up to a blank line or its end: `id:secret` lines, and
//! lines without a colon, which are Canvas access tokens. Then one JSON line
//! `{"ca_file":…,"url":…}` is printed, and the issuer serves until its input ends; with `--stay`,
//! until it is killed.

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

use issuer::Issuer;

type Failure = Box<dyn std::error::Error>;

/// What the command line asks for.
#[derive(Default)]
struct Wishes {
    https: bool,
    address: Option<SocketAddr>,
    ca_file: Option<PathBuf>,
    stay: bool,
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
    let announcement = serde_json::json!({"url": issuer.url(), "ca_file": wishes.ca_file});
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
        match line.iter().position(|byte| *byte == b':') {
            Some(colon) => issuer.accept_pair(str::from_utf8(&line[..colon])?, &line[colon + 1..]),
            None => issuer.accept_canvas_token(str::from_utf8(line)?),
        }
    }
}
