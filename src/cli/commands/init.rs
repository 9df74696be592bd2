//! `mintage init`: makes a vault, its opening key and its recovery key.

use std::path::PathBuf;

use clap::ValueEnum;
use serde_json::json;

use super::founding::{self, Before, Plan};
use super::recovery;
use crate::cli::parts::{self, Parts};
use crate::cli::{Failure, style};
use crate::config::{KeySource, Registered};
use crate::disk::{self, Lock};
use crate::identity::{self, Keychain, KeychainState};
use crate::limits;
use crate::model::VaultName;
use crate::seal::{OpeningKey, VaultId};
use crate::vault;

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

/// Runs the command.
pub fn run(args: Args, parts: &Parts) -> Result<u8, Failure> {
    let Made { name, registered, key: _ } = make(args, parts)?;
    if parts.style.json {
        let Registered { path, id, fingerprint, key, .. } = &registered;
        style::write_json(json!({
            "vault": name.as_str(), "path": path, "id": id, "fingerprint": fingerprint,
            "key": key.as_str(),
        }))?;
    }
    Ok(0)
}

/// A vault that was just made, with its opening key at hand.
pub struct Made {
    /// Its name.
    pub name: VaultName,
    /// How it is registered.
    pub registered: Registered,
    /// Its opening key, so that whoever goes on need not ask for it again.
    pub key: OpeningKey,
}

/// Makes the vault that is meant.
///
/// # Errors
/// [`Failure`].
pub fn make(args: Args, parts: &Parts) -> Result<Made, Failure> {
    let (name, path) = place(parts)?;
    // Refused later, it would leave keys behind: whether a vault was made could not be told.
    disk::check_place(&path)?;
    let config = parts.paths.config();
    disk::make_private_dir(config)?;
    // Two at once would take each other's beginnings for leftovers.
    let _one_at_a_time = Lock::take(&config.join("init.lock"), limits::VAULT_LOCK, parts.clock())?;
    let before = match Before::find(parts, &name, &path)? {
        Before::Born(registered) => {
            args.fit(&registered)?;
            let (registered, key) = founding::finish(&name, registered, parts)?;
            return Ok(Made { name, registered, key });
        }
        before => before,
    };
    let id = VaultId::random().map_err(vault::Error::from)?;
    let key = choose_key(&args, parts, &id)?;
    if let KeySource::File(file) = &key {
        recovery::check_room(file, before.begun_id())?;
    }
    let recovery_file = recovery::choose(args.recovery_file, &name, before.begun_id(), parts)?;
    let mut plan = Plan::new(name, &id, (path, key, recovery_file), before);
    plan.carry_out(parts)?;
    tell(&plan, parts);
    Ok(Made { name: plan.name, registered: plan.registered, key: plan.device })
}

impl Args {
    /// An interrupted run is finished as it was begun, or not at all.
    fn fit(&self, begun: &Registered) -> Result<(), Failure> {
        let key_fits = match (self.key, &begun.key) {
            (None, _)
            | (Some(KeyChoice::Keychain), KeySource::Keychain)
            | (Some(KeyChoice::Passphrase), KeySource::Passphrase)
            | (Some(KeyChoice::File), KeySource::File(_)) => true,
            (Some(_), _) => false,
        };
        let file_fits = match (&self.identity_file, &begun.key) {
            (None, _) => true,
            (Some(file), KeySource::File(known)) => parts::absolute(file)? == *known,
            (Some(_), _) => false,
        };
        let recovery_fits = match &self.recovery_file {
            None => true,
            Some(file) => recovery::holds_key_of(&parts::absolute(file)?, &begun.id),
        };
        if key_fits && file_fits && recovery_fits {
            return Ok(());
        }
        Err(Failure::Usage(
            "an interrupted `init` made this vault with other options: run `mintage init` without \
             any to finish it"
                .to_owned(),
        ))
    }
}

fn tell(plan: &Plan, parts: &Parts) {
    let Registered { path, fingerprint, key, .. } = &plan.registered;
    let kept = match key {
        KeySource::Keychain => "in the keychain".to_owned(),
        KeySource::Passphrase => "in the config folder, wrapped by your passphrase".to_owned(),
        KeySource::File(file) => format!("in `{}`", file.display()),
    };
    parts.style.say(format_args!("vault `{}` made at `{}`", plan.name, path.display()));
    parts.style.say(format_args!("opening key: {kept}"));
    parts.style.say(format_args!("recovery key: in `{}`", plan.recovery_file.display()));
    parts.style.say(format_args!("fingerprint: {fingerprint}"));
    parts.style.hint(
        "print the recovery file or keep it on another device, then delete it here: it opens the \
         vault",
    );
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

fn choose_key(args: &Args, parts: &Parts, id: &VaultId) -> Result<KeySource, Failure> {
    if args.identity_file.is_some() && args.key != Some(KeyChoice::File) {
        return Err(Failure::Usage("`--identity-file` goes with `--key file`".to_owned()));
    }
    match args.key {
        Some(KeyChoice::Keychain) => Ok(KeySource::Keychain),
        Some(KeyChoice::Passphrase) => Ok(KeySource::Passphrase),
        Some(KeyChoice::File) => {
            let file = args.identity_file.clone().unwrap_or_else(|| parts.own_key_file(id));
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
