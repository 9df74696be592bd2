//! `mintage init`: makes a vault, its opening key and its recovery key.
//!
//! The order makes an interrupted run harmless: the vault is registered first and born last, and
//! until it is born the next `init` starts over.

use std::path::PathBuf;

use clap::ValueEnum;
use serde_json::json;

use super::recovery;
use crate::cli::parts::{self, Parts};
use crate::cli::{Failure, style};
use crate::config::{KeySource, Registered};
use crate::handover;
use crate::identity::{self, Keychain, KeychainState};
use crate::model::VaultName;
use crate::seal::{OpeningKey, VaultId};
use crate::secret::Outgoing;
use crate::store::DirStore;
use crate::vault::{self, Founding};
use zeroize::Zeroizing;

/// Options of `init`.
#[derive(Debug, Default, clap::Args)]
pub struct Args {
    /// Where the opening key is kept [default: the keychain, where one answers]
    #[arg(long, value_name = "WHERE")]
    key: Option<KeyChoice>,
    /// The file for `--key file` [default: in the config folder]
    #[arg(long, value_name = "FILE")]
    identity_file: Option<PathBuf>,
    /// Where to write the recovery key [default: asked for]
    #[arg(long, value_name = "FILE")]
    recovery_file: Option<PathBuf>,
}

/// Where an opening key can be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum KeyChoice {
    /// The keychain of the operating system
    Keychain,
    /// A file wrapped by a passphrase
    Passphrase,
    /// A private file
    File,
}

/// Makes the vault that is meant and gives back how it is registered, and its opening key, so that
/// whoever goes on need not ask for it again.
pub fn make(args: Args, parts: &Parts) -> Result<(Registered, OpeningKey), Failure> {
    let plan = Plan::new(args, parts)?;
    plan.carry_out(parts)?;
    Ok((plan.registered, plan.device))
}

/// Runs the command.
pub fn run(args: Args, parts: &Parts) -> Result<u8, Failure> {
    let plan = Plan::new(args, parts)?;
    plan.carry_out(parts)?;
    if parts.style.json {
        let Registered { path, id, fingerprint, key } = &plan.registered;
        style::write_json(json!({
            "vault": plan.name.as_str(),
            "path": path,
            "id": id,
            "fingerprint": fingerprint,
            "key": key.as_str(),
            "recovery_file": plan.recovery_file,
        }))?;
    }
    Ok(0)
}

/// Everything that is decided before anything is written.
struct Plan {
    name: VaultName,
    registered: Registered,
    device: OpeningKey,
    recovery: OpeningKey,
    recovery_file: PathBuf,
}

impl Plan {
    fn new(args: Args, parts: &Parts) -> Result<Self, Failure> {
        let (name, path) = place(parts)?;
        let unborn = unborn(parts, &name, &path)?;
        let id = VaultId::random().map_err(vault::Error::from)?;
        let key = choose_key(&args, parts, &id)?;
        let recovery_file = recovery::choose(args.recovery_file, &name, unborn.as_ref(), parts)?;
        let device = OpeningKey::generate(id.clone(), None);
        let fingerprint = device.founding_fingerprint();
        let device = device.with_fingerprint(fingerprint.clone());
        let recovery = OpeningKey::generate(id.clone(), Some(fingerprint.clone()));
        let (id, fingerprint) = (id.to_string(), fingerprint.to_string());
        let registered = Registered { path, id, fingerprint, key };
        Ok(Self { name, registered, device, recovery, recovery_file })
    }

    fn carry_out(&self, parts: &Parts) -> Result<(), Failure> {
        parts.change_settings(|settings| {
            settings.replace(self.name.clone(), self.registered.clone());
            Ok(())
        })?;
        let made = self.make(parts);
        if made.is_err() {
            self.undo(parts);
        }
        made?;
        self.tell(parts);
        Ok(())
    }

    fn make(&self, parts: &Parts) -> Result<(), Failure> {
        recovery::save(&self.recovery, &self.recovery_file)?;
        self.keep_device_key(parts)?;
        let place = &self.registered.path;
        let store = DirStore::create(place.clone(), parts.clock()).map_err(vault::Error::from)?;
        let founding = Founding {
            device: &self.device,
            recovery: &self.recovery,
            label: "first device",
            at: parts.clock().wall(),
        };
        vault::found(&store, &founding, &place.display().to_string())?;
        let vault = parts.open(store, &self.registered, &self.device)?;
        parts.say_warnings(&vault);
        Ok(())
    }

    /// Nothing relies on the key before another process has found it again.
    fn keep_device_key(&self, parts: &Parts) -> Result<(), Failure> {
        let source = parts.source(self.device.vault(), &self.registered.key);
        if let KeySource::Passphrase | KeySource::File(_) = self.registered.key {
            crate::disk::make_private_dir(&parts.paths.identities())?;
        }
        source.save(&self.device, parts.prompt.as_ref())?;
        if self.registered.key == KeySource::Keychain {
            let id = self.device.vault().as_str().as_bytes().to_vec();
            let input = Outgoing::new(Zeroizing::new(id));
            let found = handover::ask_own(&["internal-keychain-read"], &input)
                .map_err(|source| Failure::Child(handover::Error::Io(source)))?;
            if found.expose() != self.device.recipient().to_string().as_bytes() {
                return Err(Failure::NotReadBack);
            }
        }
        Ok(())
    }

    /// A failed run leaves nothing that a person would have to clean up.
    fn undo(&self, parts: &Parts) {
        let _still_unborn = parts.change_settings(|settings| {
            settings.forget(&self.name);
            Ok(())
        });
        recovery::discard(&self.recovery, &self.recovery_file);
        match &self.registered.key {
            KeySource::Keychain => {
                let _harmless = Keychain::of(self.device.vault()).remove(parts.prompt.as_ref());
            }
            KeySource::Passphrase => {
                let _harmless = crate::disk::remove(&parts.wrapped_key(self.device.vault()));
            }
            KeySource::File(path) => recovery::discard(&self.device, path),
        }
    }

    fn tell(&self, parts: &Parts) {
        let Registered { path, fingerprint, key, .. } = &self.registered;
        let kept = match key {
            KeySource::Keychain => "in the keychain".to_owned(),
            KeySource::Passphrase => "in the config folder, wrapped by your passphrase".to_owned(),
            KeySource::File(file) => format!("in `{}`", file.display()),
        };
        parts.style.say(format_args!("vault `{}` made at `{}`", self.name, path.display()));
        parts.style.say(format_args!("opening key: {kept}"));
        parts.style.say(format_args!("recovery key: in `{}`", self.recovery_file.display()));
        parts.style.say(format_args!("fingerprint: {fingerprint}"));
        parts.style.hint(
            "print the recovery file or keep it on another device, then delete it here: it opens \
             the vault",
        );
    }
}

/// The name and folder that are meant: `--vault` takes either.
fn place(parts: &Parts) -> Result<(VaultName, PathBuf), Failure> {
    let default = || "default".to_owned();
    let choice = parts.global.vault.clone().unwrap_or_else(default);
    let given = PathBuf::from(&choice);
    if given.components().count() > 1 {
        let path = parts::absolute(&given)?;
        let last = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        return Ok((last.parse()?, path));
    }
    let name: VaultName = choice.parse()?;
    let path = parts.paths.vault(&name);
    Ok((name, path))
}

/// What an interrupted run registered under this name, if anything.
fn unborn(
    parts: &Parts,
    name: &VaultName,
    path: &std::path::Path,
) -> Result<Option<Registered>, Failure> {
    let occupied = || vault::Error::Occupied(path.display().to_string());
    if path.exists() && vault::is_born(&parts.store(path)?).map_err(Failure::Vault)? {
        return Err(occupied().into());
    }
    let settings = parts.settings()?;
    let Some((_, known)) = settings.vaults().find(|(known, _)| *known == name) else {
        return Ok(None);
    };
    // One that lies elsewhere is somebody's vault, even if it cannot be reached now.
    if known.path == path {
        Ok(Some(known.clone()))
    } else {
        Err(crate::config::Error::VaultExists(name.clone()).into())
    }
}

fn choose_key(args: &Args, parts: &Parts, id: &VaultId) -> Result<KeySource, Failure> {
    if args.identity_file.is_some() && args.key != Some(KeyChoice::File) {
        return Err(Failure::Usage("`--identity-file` goes with `--key file`".to_owned()));
    }
    match args.key {
        Some(KeyChoice::Keychain) => Ok(KeySource::Keychain),
        Some(KeyChoice::Passphrase) => Ok(KeySource::Passphrase),
        Some(KeyChoice::File) => {
            let default = parts.paths.identities().join(format!("{id}.key"));
            let file = args.identity_file.clone().unwrap_or(default);
            Ok(KeySource::File(parts::absolute(&file)?))
        }
        None if parts.global.passphrase_fd.is_some() => Ok(KeySource::Passphrase),
        None => keychain_or_ask(parts, id),
    }
}

/// Never a silent step down: without a keychain the person decides, or nothing is made.
fn keychain_or_ask(parts: &Parts, id: &VaultId) -> Result<KeySource, Failure> {
    let error = match Keychain::of(id).state() {
        Ok(KeychainState::Open | KeychainState::Empty) => return Ok(KeySource::Keychain),
        Ok(KeychainState::Locked) if parts.prompt.is_attended() => {
            return Ok(KeySource::Keychain);
        }
        Ok(KeychainState::Locked) => identity::Error::Locked,
        Err(error) => error,
    };
    if !parts.prompt.is_attended() {
        return Err(error.into());
    }
    parts.prompt.tell(&crate::cli::report::sentence(&error));
    if parts.prompt.confirm("Protect the vault with a passphrase instead?")? {
        return Ok(KeySource::Passphrase);
    }
    Err(error.into())
}
