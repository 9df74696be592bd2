//! `mintage vault`: which vaults this device knows, and what it believes of them.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use serde_json::json;

use crate::cli::holder::told;
use crate::cli::parts::{self, Parts};
use crate::cli::{Failure, report, style};
use crate::config::{KeySource, Registered};
use crate::disk::{self, Lock};
use crate::identity::{IdentityFile, Source as _};
use crate::limits;
use crate::model::VaultName;
use crate::seal::{self, Fingerprint, OpeningKey};
use crate::vault::{self, Listing, Pins};

/// Options of `vault`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the registered vaults
    List,
    /// Register a vault that exists, with a key file that opens it: a recovery key, say
    Add(Add),
    /// Forget a registration; the vault and its keys stay where they are
    Forget(Forget),
    /// Believe the vault as it is now: after a restore that you made yourself
    Accept(Accept),
}

#[derive(Debug, clap::Args)]
struct Add {
    /// The vault's folder
    place: PathBuf,
    /// The key file: a recovery key, say
    #[arg(long, value_name = "FILE", required_unless_present = "key")]
    identity_file: Option<PathBuf>,
    /// Where this device keeps its own key to it, which it lost the registration of
    #[arg(long, value_name = "WHERE", conflicts_with = "identity_file")]
    key: Option<Kept>,
    /// The name to register it under
    #[arg(long, default_value = "default")]
    name: VaultName,
    /// The vault's fingerprint, where the key file does not state it
    #[arg(long)]
    fingerprint: Option<String>,
}

/// Where a key can be that is found by the vault's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kept {
    /// The keychain of the operating system
    Keychain,
    /// The config folder, wrapped by a passphrase
    Passphrase,
}

#[derive(Debug, clap::Args)]
struct Forget {
    /// The name it is registered under
    name: VaultName,
}

#[derive(Debug, clap::Args)]
struct Accept {
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

/// Runs the command.
pub fn run(args: Args, parts: &Parts) -> Result<u8, Failure> {
    match args.action {
        Action::List => list(parts),
        Action::Add(args) => add(args, parts),
        Action::Forget(args) => forget(&args, parts),
        Action::Accept(args) => accept(&args, parts),
    }
}

fn list(parts: &Parts) -> Result<u8, Failure> {
    let settings = parts.settings()?;
    if parts.style.json {
        let vaults: Vec<_> = settings
            .vaults()
            .map(|(name, vault)| {
                let Registered { path, id, fingerprint, key, unborn, destroying, profile: _ } =
                    vault;
                json!({
                    "vault": name.as_str(), "default": settings.is_default(name), "path": path,
                    "id": id, "fingerprint": fingerprint, "key": key.as_str(), "unfinished": unborn,
                    "destroying": destroying,
                })
            })
            .collect();
        style::write_json(json!({ "vaults": vaults }))?;
        return Ok(0);
    }
    let rows: Vec<Vec<String>> = settings
        .vaults()
        .map(|(name, vault)| {
            let place = vault.path.display().to_string();
            let state = match vault {
                Registered { destroying: true, .. } => "half destroyed",
                Registered { unborn: true, .. } => "unfinished",
                vault => vault.key.as_str(),
            };
            vec![name.to_string(), place, state.to_owned(), vault.fingerprint.clone()]
        })
        .collect();
    style::write_rows(&rows)?;
    Ok(0)
}

fn add(args: Add, parts: &Parts) -> Result<u8, Failure> {
    let Add { place, identity_file, key, name, fingerprint } = args;
    let path = parts::absolute(&place)?;
    let key_source = match (identity_file, key) {
        (Some(file), _) => KeySource::File(parts::absolute(&file)?),
        (None, Some(Kept::Keychain)) => KeySource::Keychain,
        (None, _) => KeySource::Passphrase,
    };
    // Which vault it is says the key; where the key is, only the vault can say.
    let id = match &key_source {
        KeySource::File(_) => None,
        KeySource::Keychain | KeySource::Passphrase => {
            let there = vault::identify(&parts.store(&path)?)?;
            Some(there.ok_or(vault::Error::from(seal::Error::Damaged("vault.json")))?)
        }
    };
    let key = match (&key_source, &id) {
        (KeySource::File(file), _) => {
            IdentityFile::new(file.clone()).load(parts.prompt.as_ref())?
        }
        (source, Some(id)) => parts.source(id, source).load(parts.prompt.as_ref())?,
        (_, None) => return Err(Failure::Usage("missing: `--identity-file`".to_owned())),
    };
    let given = fingerprint.map(|text| text.parse::<Fingerprint>());
    let given = given.transpose().map_err(vault::Error::from)?;
    let fingerprint = match (given, key.fingerprint()) {
        (Some(given), Some(known)) if given != *known => {
            return Err(vault::Error::from(seal::Error::Forged("the key file")).into());
        }
        (Some(given), _) => given,
        (None, Some(known)) => known.clone(),
        (None, None) => return Err(Failure::Usage("missing: `--fingerprint`".to_owned())),
    };
    let (id, fingerprint) = (key.vault().to_string(), fingerprint.to_string());
    let registered = Registered {
        path,
        id,
        fingerprint,
        key: key_source,
        unborn: false,
        destroying: false,
        profile: None,
    };
    // Only a vault that opens is registered.
    let opened = parts.open(parts.store(&registered.path)?, &registered, &key);
    let vault = opened.map_err(|failure| match failure {
        // Which vault it should be is known from the key alone: it is for another one.
        Failure::Vault(vault::Error::Sealed(seal::Error::Misplaced(_))) => {
            vault::Error::from(seal::Error::WrongKey("this vault")).into()
        }
        other => other,
    })?;
    parts.say_warnings(&vault);
    parts.change_settings(|settings| Ok(settings.register(name.clone(), registered)?))?;
    if parts.style.json {
        style::write_json(json!({ "vault": name.as_str(), "registered": true }))?;
    }
    parts.style.say(format_args!("vault `{name}` registered"));
    Ok(0)
}

fn forget(args: &Forget, parts: &Parts) -> Result<u8, Failure> {
    let name = &args.name;
    parts.settings()?.choose(Some(name.as_str()))?;
    parts.change_settings(|settings| {
        settings.forget(name);
        Ok(())
    })?;
    if parts.style.json {
        style::write_json(json!({ "vault": name.as_str(), "registered": false }))?;
    }
    parts.style.say(format_args!("vault `{name}` is not registered any more"));
    Ok(0)
}

/// What is believed from now on is gathered first, apart; what was known before is only forgotten
/// when all of it is in order.
fn accept(args: &Accept, parts: &Parts) -> Result<u8, Failure> {
    let (name, registered) = parts.registered()?;
    parts.refuse_if_locked()?;
    let lock = parts.paths.config().join("init.lock");
    let _one_at_a_time = Lock::take(&lock, limits::VAULT_LOCK, parts.clock())?;
    let id = registered.id.parse().map_err(vault::Error::from)?;
    let key = parts.source(&id, &registered.key).load(parts.prompt.as_ref())?;
    parts.refuse_if_locked()?;
    say_differences(&registered, &key, parts);
    let folder = parts.pin_folder(&key).with_extension("accepting");
    disk::remove_dir(&folder)?;
    let pins = || Pins::new(folder.clone(), key.pin_key(), parts.clock());
    let vault = parts.open_with(parts.store(&registered.path)?, &registered, &key, pins())?;
    let Listing { profiles, broken } = vault.list()?;
    let broken: Vec<_> = broken.iter().map(|(path, error)| (path.clone(), told(error))).collect();
    super::tell_broken(&broken, parts)?;
    let question = format!("Believe vault `{name}` as it is now, whatever was known of it before?");
    if !args.yes && !parts.prompt.confirm(&question)? {
        return Err(Failure::NotConfirmed);
    }
    pins().replace(&parts.pins(&key))?;
    if parts.style.json {
        style::write_json(json!({
            "vault": name.as_str(), "accepted": true, "profiles": profiles.len(),
        }))?;
    }
    let profiles = style::profiles(profiles.len());
    parts.style.say(format_args!("vault `{name}` accepted with {profiles}"));
    Ok(0)
}

/// How the vault differs from what is known.
fn say_differences(registered: &Registered, key: &OpeningKey, parts: &Parts) {
    let opened = parts.store(&registered.path).and_then(|store| parts.open(store, registered, key));
    match opened {
        Err(failure) => parts.style.warn(report::sentence(&failure)),
        Ok(vault) => {
            for (_, error) in vault.list_afresh().unwrap_or_default().broken {
                parts.style.warn(report::sentence(&error));
            }
        }
    }
}
