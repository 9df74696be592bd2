//! The two commands that run most, the short way: `mintage token NAME` on a pipe where the agent holds
//! the token, and `mintage status --prompt`. Whatever else is needed, or goes wrong, is left to the
//! long way, which finds it again and says it.

use std::ffi::OsString;

use zeroize::Zeroizing;

use super::Failure;
use super::args::Global;
use super::commands::status;
use super::report;
use super::style::{self, Style};
use crate::agent::{Asker, Link, Place, Reply, Request, Runtime, Wanted, token_if_held};
use crate::clock::System;
use crate::config::{Environment, Paths};
use crate::limits;
use crate::model::ProfileName;

/// The exit code where the short way did it all; `None` where the long way must.
pub fn run(arguments: &[OsString]) -> Option<u8> {
    match arguments {
        [_, command, name] if command == "token" => token(name.to_str()?.parse().ok()?),
        [_, command, option] if command == "status" && option == "--prompt" => prompt(),
        _ => None,
    }
}

fn token(profile: ProfileName) -> Option<u8> {
    let environment = Environment::read();
    if environment.no_agent || style::is_seen() {
        return None;
    }
    let paths = Paths::find().ok()?;
    let place = place(&paths, environment.vault.clone());
    // Whoever opens a vault must be ready to be asked for its key: the long way is.
    let (wanted, asker) = (Wanted::default(), Asker::Nobody);
    let request = Request::Lease { place, profile: Some(profile), wanted, asker };
    let runtime = Runtime::new(paths.runtime().to_owned());
    let leased = match token_if_held(&runtime, &request)? {
        Reply::Leased(leased) if !leased.needs_words(&System) => leased,
        // Asked again, it would say that nobody was asked again.
        Reply::Told(told) => {
            let style = Style::new(&Global::plain(), &environment);
            return Some(report::show(&Failure::Told(told), style));
        }
        _ => return None,
    };
    let mut line = Zeroizing::new(Vec::with_capacity(leased.token.len() + 1));
    line.extend_from_slice(leased.token.expose().as_bytes());
    line.push(b'\n');
    Some(written(&line))
}

fn prompt() -> Option<u8> {
    let runtime = Runtime::new(Paths::find().ok()?.runtime().to_owned());
    if runtime.is_locked() {
        return Some(written(b"locked\n"));
    }
    let Ok(mut link) = Link::open(&runtime) else { return Some(0) };
    match link.ask(&Request::Status, limits::AGENT_HELLO) {
        Ok(Reply::Status(text)) => {
            let agent = serde_json::from_str(&text).ok()?;
            Some(written(format!("{}\n", status::in_short(&agent)).as_bytes()))
        }
        _ => Some(0),
    }
}

fn written(line: &[u8]) -> u8 {
    match style::write(line) {
        Ok(()) => 0,
        Err(failure) => report::show(&failure, Style::plain()),
    }
}

/// The vault that is meant, as the agent is told.
pub fn place(paths: &Paths, vault: Option<String>) -> Place {
    Place { folders: folders(paths), vault }
}

/// Where settings and state are: with others, it is another user, as it were.
pub fn folders(paths: &Paths) -> Vec<u8> {
    use std::os::unix::ffi::OsStrExt as _;
    let [config, state] = [paths.config(), paths.state()].map(|it| it.as_os_str().as_bytes());
    [config, state].join(&0)
}
