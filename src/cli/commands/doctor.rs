//! `mintage doctor`: what is wrong or weak on this machine, each with the command that mends it.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::keeping;
use crate::cli::parts::Parts;
use crate::cli::{Failure, report, style};
use crate::config::{self, KeySource, Registered};
use crate::disk;
use crate::harden;
use crate::http;
use crate::identity::{self, Keychain, KeychainState, Source as _};
use crate::model::VaultName;
use crate::seal::{OpeningKey, VaultId};
use crate::vault::{Listing, OpenVault};

/// A secret that ends within so many days is worth a word.
const SOON: i32 = 30;
/// No clock that is right has ever shown less to this program: when this was written.
const WRITTEN: &str = "2026-11-01T00:00:00Z";

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
    let mut found = vec![memory(), core(parts), clock(parts), roots()];
    found.extend(folders(parts));
    match parts.registered() {
        Ok((name, registered)) => {
            found.push(keychain(Some(&registered.key), parts));
            found.extend(vault(&name, &registered, parts));
        }
        Err(Failure::Config(config::Error::NoVault)) => {
            found.push(keychain(None, parts));
            found.push(warn("vault", "there is none yet", Some("mintage init")));
        }
        Err(failure) => found.push(failed("settings", &failure)),
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

fn ok(what: &'static str, said: impl Into<String>) -> Finding {
    Finding { state: State::Ok, what, said: said.into(), mend: None }
}

fn warn(what: &'static str, said: impl Into<String>, mend: Option<&str>) -> Finding {
    Finding { state: State::Warn, what, said: said.into(), mend: mend.map(str::to_owned) }
}

fn fail(what: &'static str, said: impl Into<String>, mend: Option<&str>) -> Finding {
    Finding { state: State::Fail, what, said: said.into(), mend: mend.map(str::to_owned) }
}

/// A failure of ours, with the first of its hints.
fn failed(what: &'static str, failure: &Failure) -> Finding {
    let mend = report::hints(failure).into_iter().next();
    Finding { state: State::Fail, what, said: report::sentence(failure), mend }
}

fn memory() -> Finding {
    if harden::is_undumpable() {
        ok("memory", "not readable by other processes of yours, and wiped when freed")
    } else {
        let said = "wiped when freed, but other processes of yours may read it: this system has no \
                    way to refuse";
        warn("memory", said, None)
    }
}

fn core(parts: &Parts) -> Finding {
    if parts.before.is_core_refused() {
        ok("core dumps", "off")
    } else {
        warn("core dumps", "could not be switched off", Some("ulimit -c 0"))
    }
}

fn clock(parts: &Parts) -> Finding {
    let (now, written) = (parts.clock().wall(), WRITTEN.parse::<Timestamp>());
    if written.is_ok_and(|written| now < written) {
        fail(
            "clock",
            format!("it shows {now}, which is past"),
            Some("sudo timedatectl set-ntp true"),
        )
    } else {
        ok("clock", "plausible")
    }
}

fn roots() -> Finding {
    match http::count_roots() {
        Some(0) => fail(
            "certificates",
            "no certificate bundle in any known place",
            Some("sudo apt-get install ca-certificates"),
        ),
        Some(count) => ok("certificates", format!("{count} roots of the system")),
        None => ok("certificates", "those of the system are asked"),
    }
}

/// Our folders: others must not be able to write in them.
fn folders(parts: &Parts) -> Vec<Finding> {
    let paths = &parts.paths;
    let found = [("config folder", paths.config()), ("state folder", paths.state())];
    let there = found.into_iter().filter(|(_, path)| path.exists());
    there
        .map(|(what, path)| match disk::check_dir(path) {
            Ok(()) => ok(what, "private"),
            Err(error) => failed(what, &error.into()),
        })
        .collect()
}

/// Writes an entry of its own, has another process read it, and takes it away.
fn keychain(used: Option<&KeySource>, parts: &Parts) -> Finding {
    const WHAT: &str = "keychain";
    let is_needed = used.is_none_or(|used| *used == KeySource::Keychain);
    let Ok(id) = VaultId::random() else { return fail(WHAT, "no random bytes", None) };
    let entry = Keychain::of(&id);
    let state = match entry.state() {
        Ok(KeychainState::Locked) if !parts.prompt.is_attended() => {
            return warn(WHAT, "locked, and nobody can be asked: not checked", None);
        }
        Ok(_) => round_trip(&entry, &OpeningKey::generate(id, None), parts),
        Err(error) => Err(error.into()),
    };
    match state {
        Ok(()) => ok(WHAT, "keeps an entry, and another process finds it"),
        Err(failure) if is_needed => failed(WHAT, &failure),
        Err(failure) => {
            ok(WHAT, format!("{}; this vault does not need it", report::sentence(&failure)))
        }
    }
}

fn round_trip(entry: &Keychain, key: &OpeningKey, parts: &Parts) -> Result<(), Failure> {
    entry.save(key, parts.prompt.as_ref())?;
    let found = keeping::read_back(key);
    let removed = entry.remove(parts.prompt.as_ref());
    found.and(removed.map_err(Failure::from))
}

fn vault(name: &VaultName, registered: &Registered, parts: &Parts) -> Vec<Finding> {
    let mut found = vec![key_copies(registered, parts), recovery_file(name, parts)];
    let opened = match parts.open_vault() {
        Ok(opened) => opened,
        Err(
            failure @ (Failure::Identity(identity::Error::Locked | identity::Error::Prompt(_))
            | Failure::Prompt(_)),
        ) => {
            let said = format!("not checked: {}", report::sentence(&failure));
            found.push(warn("vault", said, Some("mintage doctor, at a terminal")));
            return found;
        }
        Err(failure) => {
            found.push(failed("vault", &failure));
            return found;
        }
    };
    found.push(if opened.has_recovery_key() {
        ok("recovery key", "the vault has one")
    } else {
        fail("recovery key", "none opens this vault", None)
    });
    found.extend(records(&opened, parts));
    for warning in opened.take_warnings() {
        found.push(warn("vault", report::sentence(&warning), None));
    }
    found
}

/// A key that an interrupted move left behind opens the vault as well.
fn key_copies(registered: &Registered, parts: &Parts) -> Finding {
    const WHAT: &str = "opening key";
    let place = registered.key.as_str();
    let Ok(id) = registered.id.parse::<VaultId>() else {
        return fail(WHAT, "the vault id in the settings is not well-formed", None);
    };
    let (wrapped, own) = (parts.wrapped_key(&id), parts.own_key_file(&id));
    let stale = (registered.key != KeySource::Passphrase && wrapped.exists())
        || (registered.key != KeySource::File(own.clone()) && own.exists());
    if stale {
        let mend = format!("mintage passphrase --to {place}");
        return warn(WHAT, format!("in the {place}, and an old copy elsewhere"), Some(&mend));
    }
    ok(WHAT, format!("from the {place}"))
}

fn recovery_file(name: &VaultName, parts: &Parts) -> Finding {
    const WHAT: &str = "recovery file";
    let usual = super::recovery::usual_place(name, parts);
    if usual.exists() {
        let said = format!("`{}` opens the vault: print it or move it away", usual.display());
        return warn(
            WHAT,
            said,
            Some(&format!("rm '{}', once it is kept elsewhere", usual.display())),
        );
    }
    ok(WHAT, "not in its usual place on this disk")
}

fn records(vault: &OpenVault<'_>, parts: &Parts) -> Vec<Finding> {
    let Listing { profiles, broken } = match vault.list() {
        Ok(listing) => listing,
        Err(error) => return vec![failed("records", &error.into())],
    };
    let mut found: Vec<Finding> =
        broken.into_iter().map(|(_, error)| failed("records", &error.into())).collect();
    if found.is_empty() {
        found.push(ok("records", format!("{} profiles, all in order", profiles.len())));
    }
    let today = parts.today();
    for summary in &profiles {
        let name = &summary.name;
        let mend = format!("mintage edit {name} --secret-stdin --secret-expires DATE");
        match summary.days_left(today) {
            Some(..0) => {
                found.push(fail("secret", format!("that of `{name}` has ended"), Some(&mend)));
            }
            Some(days @ 0..=SOON) => {
                let said = format!("that of `{name}` ends in {days} days");
                found.push(warn("secret", said, Some(&mend)));
            }
            _ => {}
        }
    }
    let latest = profiles.iter().map(|summary| summary.changed_at).max();
    let slack = SignedDuration::from_mins(5);
    if let Some(latest) = latest
        && latest > parts.clock().wall().saturating_add(slack).unwrap_or(Timestamp::MAX)
    {
        let said =
            format!("a profile was changed at {latest}, which the clock says is still to come");
        found.push(fail("clock", said, Some("sudo timedatectl set-ntp true")));
    }
    found
}
