//! The machine: its memory protection, clock, certificates, folders and keychain.

use jiff::Timestamp;

use super::Finding;
use crate::cli::commands::keeping;
use crate::cli::parts::Parts;
use crate::cli::{Failure, report};
use crate::config::KeySource;
use crate::disk;
use crate::harden;
use crate::http;
use crate::identity::{Keychain, KeychainState, Source as _};
use crate::seal::{OpeningKey, VaultId};

/// No clock that is right has ever shown less to this program: when this was written.
const WRITTEN: &str = "2026-11-01T00:00:00Z";

/// Looks at all of it but the keychain.
pub(super) fn look(parts: &Parts) -> Vec<Finding> {
    let mut found = vec![memory(), core(parts), clock(parts), roots()];
    found.extend(folders(parts));
    found
}

fn memory() -> Finding {
    if harden::is_undumpable() {
        Finding::ok("memory", "not readable by other processes of yours, and wiped when freed")
    } else {
        let said = "wiped when freed, but other processes of yours may read it: this system has no \
                    way to refuse";
        Finding::warn("memory", said, None)
    }
}

fn core(parts: &Parts) -> Finding {
    if parts.before.is_core_refused() {
        Finding::ok("core dumps", "off")
    } else {
        Finding::warn("core dumps", "could not be switched off", Some("ulimit -c 0"))
    }
}

fn clock(parts: &Parts) -> Finding {
    let (now, written) = (parts.clock().wall(), WRITTEN.parse::<Timestamp>());
    if written.is_ok_and(|written| now < written) {
        Finding::fail(
            "clock",
            format!("it shows {now}, which is past"),
            Some("sudo timedatectl set-ntp true"),
        )
    } else {
        Finding::ok("clock", "plausible")
    }
}

fn roots() -> Finding {
    match http::count_roots() {
        Some(0) => Finding::fail(
            "certificates",
            "no certificate bundle in any known place",
            Some("sudo apt-get install ca-certificates"),
        ),
        Some(count) => Finding::ok("certificates", format!("{count} roots of the system")),
        None => Finding::ok("certificates", "those of the system are asked"),
    }
}

/// Our folders: others must not be able to write in them.
fn folders(parts: &Parts) -> Vec<Finding> {
    let paths = &parts.paths;
    let found = [("config folder", paths.config()), ("state folder", paths.state())];
    let there = found.into_iter().filter(|(_, path)| path.exists());
    there
        .map(|(what, path)| match disk::check_dir(path) {
            Ok(()) => Finding::ok(what, "private"),
            Err(error) => Finding::of(what, &error.into()),
        })
        .collect()
}

/// Writes an entry of its own, has another process read it, and takes it away.
pub(super) fn keychain(used: Option<&KeySource>, parts: &Parts) -> Finding {
    const WHAT: &str = "keychain";
    let Ok(id) = VaultId::random() else { return Finding::fail(WHAT, "no random bytes", None) };
    let entry = Keychain::of(&id);
    let state = match entry.state() {
        Ok(KeychainState::Locked) if !parts.prompt.is_attended() => {
            return Finding::warn(WHAT, "locked, and nobody can be asked: not checked", None);
        }
        Ok(_) => round_trip(&entry, &OpeningKey::generate(id, None), parts),
        Err(error) => Err(error.into()),
    };
    let said = |failure: &Failure| report::sentence(failure);
    match (state, used) {
        (Ok(()), _) => Finding::ok(WHAT, "keeps an entry, and another process finds it"),
        (Err(failure), Some(KeySource::Keychain)) => Finding::of(WHAT, &failure),
        (Err(failure), Some(_)) => {
            Finding::ok(WHAT, format!("{}; this vault does not need it", said(&failure)))
        }
        (Err(failure), None) => {
            Finding::warn(WHAT, said(&failure), Some("mintage init --key passphrase"))
        }
    }
}

fn round_trip(entry: &Keychain, key: &OpeningKey, parts: &Parts) -> Result<(), Failure> {
    entry.save(key, parts.prompt.as_ref())?;
    let found = keeping::read_back(key);
    let removed = entry.remove(parts.prompt.as_ref());
    found.and(removed.map_err(Failure::from))
}
