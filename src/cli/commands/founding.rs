//! The making of a vault, step by step, so that an interruption at any of them is harmless.
//!
//! The vault is registered as unborn first. Then its keys are written, then the vault, `vault.json`
//! last; then it is registered as born. Until `vault.json` is there, everything can be undone or
//! begun again; from then on nothing is ever taken back, and the next `init` only finishes.

use std::path::{Path, PathBuf};

use super::{keeping, recovery};
use crate::cli::Failure;
use crate::cli::parts::Parts;
use crate::config::{self, KeySource, Registered};
use crate::disk;
use crate::identity::Keychain;
use crate::model::VaultName;
use crate::seal::{OpeningKey, VaultId};
use crate::store::DirStore;
use crate::vault::{self, Founding};

/// What an earlier `init` left under a name and in a place.
pub enum Before {
    /// Nothing.
    Nothing,
    /// A beginning, without a vault: it may be replaced.
    Begun(Registered),
    /// A vault that was not yet registered as born.
    Born(Registered),
}

impl Before {
    /// Looks.
    ///
    /// # Errors
    /// [`vault::Error::Occupied`], [`config::Error::VaultExists`]: somebody's vault, even if it
    /// cannot be reached now.
    pub fn find(parts: &Parts, name: &VaultName, path: &Path) -> Result<Self, Failure> {
        let settings = parts.settings()?;
        let known = settings.vaults().find(|(known, _)| *known == name).map(|(_, vault)| vault);
        // Another name for the same place or the same vault: in use, even if it cannot be reached.
        let taken = settings.vaults().find(|(other, vault)| {
            *other != name
                && (vault.path == path || known.is_some_and(|known| known.id == vault.id))
        });
        if let Some((other, _)) = taken {
            return Err(config::Error::VaultExists(other.clone()).into());
        }
        let born_here = is_born(path, parts)?;
        match known {
            Some(known) if !known.unborn => Err(config::Error::VaultExists(name.clone()).into()),
            Some(known) if known.path != path && is_born(&known.path, parts)? => {
                Err(config::Error::VaultExists(name.clone()).into())
            }
            Some(known) if known.path == path && born_here => Ok(Self::Born(known.clone())),
            _ if born_here => Err(vault::Error::Occupied(path.display().to_string()).into()),
            Some(known) => Ok(Self::Begun(known.clone())),
            None => Ok(Self::Nothing),
        }
    }

    /// The id of the vault that was begun and does not exist.
    pub fn begun_id(&self) -> Option<&str> {
        match self {
            Self::Begun(registered) => Some(&registered.id),
            Self::Nothing | Self::Born(_) => None,
        }
    }
}

fn is_born(path: &Path, parts: &Parts) -> Result<bool, Failure> {
    Ok(path.exists() && vault::is_born(&parts.store(path)?)?)
}

/// Everything that is decided before anything is written.
pub struct Plan {
    /// The vault's name.
    pub name: VaultName,
    /// How it is registered.
    pub registered: Registered,
    /// The file of its recovery key.
    pub recovery_file: PathBuf,
    /// Its opening key.
    pub device: OpeningKey,
    recovery: OpeningKey,
    before: Before,
}

impl Plan {
    /// A plan for a vault `id` at `path`.
    pub fn new(
        name: VaultName,
        id: &VaultId,
        (path, key, recovery_file): (PathBuf, KeySource, PathBuf),
        before: Before,
    ) -> Self {
        let device = OpeningKey::generate(id.clone(), None);
        let fingerprint = device.founding_fingerprint();
        let device = device.with_fingerprint(fingerprint.clone());
        let recovery = OpeningKey::generate(id.clone(), Some(fingerprint.clone()));
        let (id, fingerprint) = (id.to_string(), fingerprint.to_string());
        let registered = Registered {
            path,
            id,
            fingerprint,
            key,
            unborn: true,
            destroying: false,
            profile: None,
        };
        Self { name, registered, recovery_file, device, recovery, before }
    }

    /// Makes the vault.
    ///
    /// # Errors
    /// [`Failure`]; then nothing is left of it, unless it was about to be finished: that is said,
    /// and the next `init` does it.
    pub fn carry_out(&mut self, parts: &Parts) -> Result<(), Failure> {
        // Before the old id is forgotten: later these files would be nobody's.
        let begun = self.before.begun_id();
        recovery::make_room(&self.recovery_file, begun, parts.style)?;
        if let KeySource::File(file) = &self.registered.key {
            recovery::make_room(file, begun, parts.style)?;
        }
        register(&self.name, &self.registered, parts)?;
        if let Err(failure) = self.make(parts) {
            self.undo_if_unborn(parts);
            return Err(failure);
        }
        self.registered.unborn = false;
        register(&self.name, &self.registered, parts)?;
        let store = parts.store(&self.registered.path)?;
        parts.say_warnings(&parts.open(store, &self.registered, &self.device)?);
        Ok(())
    }

    fn make(&self, parts: &Parts) -> Result<(), Failure> {
        recovery::save(&self.recovery, &self.recovery_file)?;
        keeping::keep(&self.device, &self.registered.key, parts)?;
        let place = &self.registered.path;
        let store = DirStore::create(place, parts.clock()).map_err(vault::Error::from)?;
        let founding = Founding {
            device: &self.device,
            recovery: &self.recovery,
            label: "first device",
            at: parts.clock().wall(),
        };
        Ok(vault::found(&store, &founding, &place.display().to_string())?)
    }

    /// A failed run leaves nothing that a person would have to clean up; but once a vault may be
    /// there, its keys are all that opens it.
    fn undo_if_unborn(&self, parts: &Parts) {
        if is_born(&self.registered.path, parts).unwrap_or(true) {
            parts.style.warn("the vault may be there already: run the same command to finish it");
            return;
        }
        let _as_it_was = parts.change_settings(|settings| {
            match &self.before {
                Before::Begun(registered) => {
                    settings.replace(self.name.clone(), registered.clone());
                }
                Before::Nothing | Before::Born(_) => settings.forget(&self.name),
            }
            Ok(())
        });
        recovery::discard(&self.recovery, &self.recovery_file);
        match &self.registered.key {
            KeySource::Keychain => {
                let _harmless = Keychain::of(self.device.vault()).remove(parts.prompt.as_ref());
            }
            KeySource::Passphrase => {
                let _harmless = disk::remove(&parts.wrapped_key(self.device.vault()));
            }
            KeySource::File(path) => recovery::discard(&self.device, path),
        }
    }
}

/// Finishes what was interrupted between the last write and the registration.
///
/// # Errors
/// As for opening any vault.
pub fn finish(
    name: &VaultName,
    mut registered: Registered,
    parts: &Parts,
) -> Result<(Registered, OpeningKey), Failure> {
    registered.unborn = false;
    let id = registered.id.parse().map_err(vault::Error::from)?;
    let key = parts.source(&id, &registered.key).load(parts.prompt.as_ref())?;
    parts.say_warnings(&parts.open(parts.store(&registered.path)?, &registered, &key)?);
    register(name, &registered, parts)?;
    parts.style.say(format_args!("vault `{name}` was made before, and is finished now"));
    Ok((registered, key))
}

fn register(name: &VaultName, registered: &Registered, parts: &Parts) -> Result<(), Failure> {
    parts.change_settings(|settings| {
        settings.replace(name.clone(), registered.clone());
        Ok(())
    })
}
