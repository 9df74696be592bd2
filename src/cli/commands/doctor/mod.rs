//! `mintage doctor`: what is wrong or weak on this machine, each with the command that mends it.

mod agent;
mod machine;
mod opened;

use serde_json::{Value, json};

use crate::cli::parts::Parts;
use crate::cli::{Failure, report, style};
use crate::config;

/// Options of `doctor`: none of its own.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// What a check found.
struct Finding {
    state: State,
    what: &'static str,
    said: String,
    mend: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Ok,
    Warn,
    Fail,
}

/// Runs the command. A row a check: `ok`, `warn` or `fail`, what was checked, what was found, and
/// the command that mends it. Fails where one of the checks does.
pub fn run(_: &Args, parts: &Parts) -> Result<u8, Failure> {
    let mut found = machine::look(parts);
    found.extend(agent::look(parts));
    match parts.registered() {
        Ok((name, registered)) => {
            found.push(machine::keychain(Some(&registered.key), parts));
            found.extend(opened::look(&name, &registered, parts));
        }
        Err(Failure::Config(config::Error::NoVault)) => {
            found.push(machine::keychain(None, parts));
            found.push(Finding::warn("vault", "there is none yet", Some("mintage init")));
        }
        Err(failure) => found.push(Finding::of("settings", &failure)),
    }
    show(&found, parts)?;
    let failed = found.iter().filter(|finding| finding.state == State::Fail).count();
    if failed == 0 { Ok(0) } else { Err(Failure::Unwell(failed)) }
}

fn show(found: &[Finding], parts: &Parts) -> Result<(), Failure> {
    if parts.style.json {
        let checks: Vec<Value> = found
            .iter()
            .map(|Finding { state, what, said, mend }| {
                json!({ "state": state.word(), "check": what, "said": said, "mend": mend })
            })
            .collect();
        return style::write_json(json!({ "checks": checks }));
    }
    let row = |Finding { state, what, said, mend }: &Finding| {
        let said = match mend {
            Some(mend) => format!("{said}; mend it: {mend}"),
            None => said.clone(),
        };
        vec![state.word().to_owned(), (*what).to_owned(), said]
    };
    style::write_rows(&found.iter().map(row).collect::<Vec<_>>())
}

impl State {
    fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

impl Finding {
    fn ok(what: &'static str, said: impl Into<String>) -> Self {
        Self { state: State::Ok, what, said: said.into(), mend: None }
    }

    fn warn(what: &'static str, said: impl Into<String>, mend: Option<&str>) -> Self {
        Self { state: State::Warn, what, said: said.into(), mend: mend.map(str::to_owned) }
    }

    fn fail(what: &'static str, said: impl Into<String>, mend: Option<&str>) -> Self {
        Self { state: State::Fail, what, said: said.into(), mend: mend.map(str::to_owned) }
    }

    /// A failure of ours. Of its hints, the first command is what mends it; words are said.
    fn of(what: &'static str, failure: &Failure) -> Self {
        let (commands, words): (Vec<_>, Vec<_>) =
            report::hints(failure).into_iter().partition(|hint| is_command(hint));
        let said = [report::sentence(failure)].into_iter().chain(words).collect::<Vec<_>>();
        let (said, mend) = (said.join("; "), commands.into_iter().next());
        Self { state: State::Fail, what, said, mend }
    }
}

/// Whether a hint is to be pasted as it is.
fn is_command(hint: &str) -> bool {
    ["mintage ", "chmod ", "sudo "].iter().any(|start| hint.starts_with(start))
}
