//! The vault: its keys and their copies, its records, and the dates of the secrets in it.

use jiff::{SignedDuration, Timestamp};

use super::Finding;
use crate::cli::commands::{keeping, recovery};
use crate::cli::parts::Parts;
use crate::cli::{Failure, report, style};
use crate::config::{KeySource, Registered};
use crate::identity;
use crate::model::VaultName;
use crate::seal::VaultId;
use crate::vault::{Listing, OpenVault};

/// A secret that ends within so many days is worth a word.
const SOON: i32 = 30;

/// Opens it, where that needs nobody who is not there, and looks at all of it.
pub(super) fn look(name: &VaultName, registered: &Registered, parts: &Parts) -> Vec<Finding> {
    let mut found = vec![key_copies(registered, parts), recovery_file(name, parts)];
    let opened = match parts.open_vault() {
        Ok(opened) => opened,
        Err(
            failure @ (Failure::Locked { .. }
            | Failure::Identity(identity::Error::Locked | identity::Error::Prompt(_))
            | Failure::Prompt(_)),
        ) => {
            let said = format!("not checked, at a terminal it is: {}", report::sentence(&failure));
            found.push(Finding::warn("vault", said, Some("mintage doctor")));
            return found;
        }
        Err(failure) => {
            found.push(Finding::of("vault", &failure));
            return found;
        }
    };
    found.push(if opened.has_recovery_key() {
        Finding::ok("recovery key", "the vault has one")
    } else {
        Finding::fail("recovery key", "none opens this vault", None)
    });
    if opened.is_open_by_recovery_key() {
        let said = "this device opens the vault with the recovery key, which should lie in a safe";
        found.push(Finding::warn("opening key", said, None));
    }
    found.extend(records(&opened, parts));
    for warning in opened.take_warnings() {
        found.push(Finding::warn("vault", report::sentence(&warning), None));
    }
    found
}

/// A key that an interrupted move left behind opens the vault as well.
fn key_copies(registered: &Registered, parts: &Parts) -> Finding {
    const WHAT: &str = "opening key";
    let place = registered.key.as_str();
    let Ok(id) = registered.id.parse::<VaultId>() else {
        return Finding::fail(WHAT, "the vault id in the settings is not well-formed", None);
    };
    match keeping::stale_files(&id, parts) {
        Ok(stale) if stale.is_empty() => Finding::ok(WHAT, format!("from the {place}")),
        Ok(_) => {
            let mend = match &registered.key {
                KeySource::File(file) => {
                    format!("mintage passphrase --to file --identity-file '{}'", file.display())
                }
                _ => format!("mintage passphrase --to {place}"),
            };
            let said = format!("in the {place}, and an old copy elsewhere");
            Finding::warn(WHAT, said, Some(&mend))
        }
        Err(failure) => Finding::of(WHAT, &failure),
    }
}

fn recovery_file(name: &VaultName, parts: &Parts) -> Finding {
    const WHAT: &str = "recovery file";
    let usual = recovery::usual_place(name, parts);
    if usual.exists() {
        let file = usual.display();
        let said =
            format!("`{file}` opens the vault: print it or copy it elsewhere, then delete it");
        return Finding::warn(WHAT, said, Some(&format!("rm '{file}'")));
    }
    Finding::ok(WHAT, "not in its usual place on this disk")
}

fn records(vault: &OpenVault<'_>, parts: &Parts) -> Vec<Finding> {
    let Listing { profiles, broken } = match vault.list_afresh() {
        Ok(listing) => listing,
        Err(error) => return vec![Finding::of("records", &error.into())],
    };
    let mut found: Vec<Finding> =
        broken.into_iter().map(|(_, error)| Finding::of("records", &error.into())).collect();
    if found.is_empty() {
        found.push(Finding::ok(
            "records",
            format!("{}, all in order", style::profiles(profiles.len())),
        ));
    }
    let today = parts.today();
    for summary in &profiles {
        let name = &summary.name;
        let mend = format!("mintage edit {name}");
        match summary.days_left(today) {
            Some(..0) => {
                found.push(Finding::fail(
                    "secret",
                    format!("that of `{name}` has ended"),
                    Some(&mend),
                ));
            }
            Some(days @ 0..=SOON) => {
                let said = format!("that of `{name}` ends {}", when(days));
                found.push(Finding::warn("secret", said, Some(&mend)));
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
        found.push(Finding::fail("clock", said, Some("sudo timedatectl set-ntp true")));
    }
    found
}

fn when(days: i32) -> String {
    match days {
        0 => "today".to_owned(),
        1 => "in 1 day".to_owned(),
        days => format!("in {days} days"),
    }
}
