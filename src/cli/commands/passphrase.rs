//! `mintage passphrase`: another passphrase, or another place for the opening key.
//!
//! The key is kept in its new place first, then the settings name that place, then it is taken away
//! from the old one: at every moment the settings name a place that has it.

use std::path::PathBuf;

use serde_json::json;

use super::init::KeyChoice;
use super::keeping;
use crate::cli::parts::{self, Parts};
use crate::cli::{Failure, report, style};
use crate::config::{KeySource, Registered};
use crate::disk::{self, Lock};
use crate::handover::ChildStretch;
use crate::identity::{Keychain, KeychainState, PassphraseFile, PassphraseFrom, Source as _};
use crate::limits;
use crate::model::VaultName;
use crate::prompt::Nobody;
use crate::seal::{OpeningKey, VaultId};
use crate::vault;

/// Options of `passphrase`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Keep the opening key there from now on [default: where it is, under a new passphrase]
    #[arg(long, value_name = "WHERE")]
    to: Option<KeyChoice>,
    /// The file for `--to file` [default: in the config folder]
    #[arg(long, value_name = "FILE")]
    identity_file: Option<PathBuf>,
    /// Read the new passphrase from this file descriptor
    #[arg(long, value_name = "N")]
    new_passphrase_fd: Option<u32>,
}

/// Runs the command.
pub fn run(args: &Args, parts: &Parts) -> Result<u8, Failure> {
    parts.registered()?;
    parts.refuse_if_locked()?;
    let lock = parts.paths.config().join("init.lock");
    let _one_at_a_time = Lock::take(&lock, limits::VAULT_LOCK, parts.clock())?;
    let (name, registered) = parts.registered()?;
    let id: VaultId = registered.id.parse().map_err(vault::Error::from)?;
    let target = args.target(&registered, &id, parts)?;
    leave_to_others(&name, &registered, &target, parts)?;
    let key = parts.source(&id, &registered.key).load(parts.prompt.as_ref())?;
    parts.refuse_if_locked()?;
    // A key that does not open the vault is not worth keeping anywhere.
    parts.say_warnings(&parts.open(parts.store(&registered.path)?, &registered, &key)?);
    if target == KeySource::Passphrase {
        args.wrap(&key, parts)?;
    } else if target != registered.key {
        keeping::keep_again(&key, &target, parts)?;
    }
    parts.change_settings(|settings| {
        if let Some(registered) = settings.vault_mut(&name) {
            registered.key = target.clone();
        }
        Ok(())
    })?;
    if parts.style.json {
        style::write_json(json!({ "vault": name.as_str(), "key": target.as_str() }))?;
    }
    parts.style.say(told(&target));
    clean_up(&key, &registered.key, &keeping::in_use(&id, parts)?, parts);
    Ok(0)
}

/// Another registration of the same vault may keep its own key where this one would go.
fn leave_to_others(
    name: &VaultName,
    registered: &Registered,
    target: &KeySource,
    parts: &Parts,
) -> Result<(), Failure> {
    let id = registered.id.parse().map_err(vault::Error::from)?;
    let is_taken = *target == KeySource::Passphrase
        && registered.key != *target
        && keeping::in_use(&id, parts)?.contains(target);
    match parts.settings()?.twin(name) {
        Some(twin) if is_taken => Err(Failure::InUse(twin.clone())),
        _ => Ok(()),
    }
}

fn told(kept: &KeySource) -> String {
    match kept {
        KeySource::Keychain => "the opening key is in the keychain now".to_owned(),
        KeySource::Passphrase => "the opening key is wrapped by the new passphrase now".to_owned(),
        KeySource::File(file) => format!("the opening key is in `{}` now", file.display()),
    }
}

/// What is left in the old place is said, and is harmless: the next run takes it away.
fn clean_up(key: &OpeningKey, old: &KeySource, in_use: &[KeySource], parts: &Parts) {
    let mut dropped = keeping::drop_files(key, parts);
    let keychain = Keychain::of(key.vault());
    if !in_use.contains(&KeySource::Keychain)
        && (*old == KeySource::Keychain || is_left_in(&keychain, key))
    {
        let entry = keychain.remove(parts.prompt.as_ref());
        dropped = dropped.and(entry.map_err(Failure::from));
    }
    if let Err(failure) = dropped {
        parts.style.warn(format_args!("the old copy stays: {}", report::sentence(&failure)));
    }
    if let KeySource::File(file) = old
        && !in_use.contains(old)
        && file.exists()
    {
        parts.style.hint(format_args!(
            "the key is still in `{}`, too: delete it there unless it is meant to stay",
            file.display()
        ));
    }
}

/// Whether an interrupted run left the key there. A keychain that was not the old place is only
/// looked at: it may not even answer, and must not prompt.
fn is_left_in(keychain: &Keychain, key: &OpeningKey) -> bool {
    matches!(keychain.state(), Ok(KeychainState::Open))
        && keychain.load(&Nobody).is_ok_and(|left| left.verify_key() == key.verify_key())
}

impl Args {
    fn target(
        &self,
        registered: &Registered,
        id: &VaultId,
        parts: &Parts,
    ) -> Result<KeySource, Failure> {
        let usage = |text: &str| Err(Failure::Usage(text.to_owned()));
        if self.identity_file.is_some() && self.to != Some(KeyChoice::File) {
            return usage("`--identity-file` goes with `--to file`");
        }
        let target = match (self.to, &registered.key) {
            (Some(KeyChoice::Keychain), _) => KeySource::Keychain,
            (Some(KeyChoice::Passphrase), _) | (None, KeySource::Passphrase) => {
                KeySource::Passphrase
            }
            (Some(KeyChoice::File), _) => {
                let file = self.identity_file.clone().unwrap_or_else(|| parts.own_key_file(id));
                let file = parts::absolute(&file)?;
                if keeping::is_same_place(&file, &parts.wrapped_key(id)) {
                    return usage("that file is where a key wrapped by a passphrase is kept");
                }
                KeySource::File(file)
            }
            (None, KeySource::Keychain | KeySource::File(_)) => {
                return usage("this vault has no passphrase; `--to passphrase` gives it one");
            }
        };
        if self.new_passphrase_fd.is_some() && target != KeySource::Passphrase {
            return usage("`--new-passphrase-fd` goes with a passphrase");
        }
        Ok(target)
    }

    /// The old wrapped form is replaced: no copy under the old passphrase stays on the disk.
    fn wrap(&self, key: &OpeningKey, parts: &Parts) -> Result<(), Failure> {
        let from =
            self.new_passphrase_fd.map_or(PassphraseFrom::Prompt, PassphraseFrom::Descriptor);
        let path = parts.wrapped_key(key.vault());
        let file = PassphraseFile { path, from, stretch: &ChildStretch, clock: parts.clock() };
        let temp = parts.paths.identities().join("tmp");
        disk::make_private_dir(&temp)?;
        Ok(file.replace(key, parts.prompt.as_ref(), &temp)?)
    }
}
