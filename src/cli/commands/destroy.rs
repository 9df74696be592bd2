//! `mintage destroy`: a vault with all that is in it, for good.

use serde_json::json;

use super::keeping;
use crate::cli::parts::Parts;
use crate::cli::{Failure, style};
use crate::config::{KeySource, Registered};
use crate::disk::{self, Lock};
use crate::identity::Keychain;
use crate::limits;
use crate::model::VaultName;
use crate::seal::{self, VaultId};
use crate::store::{DirStore, Store as _};
use crate::vault;

/// Options of `destroy`.
#[derive(Debug, clap::Args)]
#[command(after_help = "An interrupted run is finished by another one.")]
pub struct Args {
    /// Do not ask; the vault must be named by `--vault`
    #[arg(long)]
    yes: bool,
}

/// Runs the command. Its keys go first, so that nothing that an interruption leaves can be opened;
/// its registration goes last, so that another run can go on.
pub fn run(args: &Args, parts: &Parts) -> Result<u8, Failure> {
    if args.yes && parts.global.vault.is_none() {
        return Err(Failure::Usage("`--yes` goes with `--vault NAME`".to_owned()));
    }
    let (name, _) = parts.registered()?;
    let lock = parts.paths.config().join("init.lock");
    let _one_at_a_time = Lock::take(&lock, limits::VAULT_LOCK, parts.clock())?;
    let (_, registered) = parts.registered()?;
    let id: VaultId = registered.id.parse().map_err(vault::Error::from)?;
    let store = find(&name, &registered, &id, parts)?;
    if !args.yes {
        confirm(&name, &registered, parts)?;
    }
    mark(&name, parts)?;
    if let Some(store) = store {
        store.destroy().map_err(vault::Error::from)?;
    }
    disk::remove_dir(&parts.paths.state().join("pins").join(id.as_str()))?;
    forget_key(&id, &registered.key, parts)?;
    parts.change_settings(|settings| {
        settings.forget(&name);
        Ok(())
    })?;
    if registered.path.exists() {
        let place = registered.path.display();
        parts.style.warn(format_args!("`{place}` is still there: files of others are in it"));
    }
    if parts.style.json {
        style::write_json(json!({ "vault": name.as_str(), "destroyed": true }))?;
    }
    parts.style.say(format_args!("vault `{name}` destroyed"));
    parts.style.hint(
        "the issuers still accept its secrets: revoke them there; backups still open \
         with the recovery key",
    );
    if let KeySource::File(file) = &registered.key
        && file.exists()
    {
        let file = file.display();
        parts.style.hint(format_args!("its key is still in `{file}`: delete it there"));
    }
    Ok(0)
}

/// The store of exactly the vault that is registered; `None` where an earlier run removed it.
fn find<'a>(
    name: &VaultName,
    registered: &Registered,
    id: &VaultId,
    parts: &'a Parts,
) -> Result<Option<DirStore<'a>>, Failure> {
    if let Some(twin) = parts.settings()?.twin(name) {
        return Err(Failure::InUse(twin.clone()));
    }
    let store = match parts.store(&registered.path) {
        Ok(store) => store,
        // Not there may mean not mounted: its keys must not be thrown away for that.
        Err(Failure::Vault(vault::Error::NotThere(_))) if registered.destroying => return Ok(None),
        Err(failure) => return Err(failure),
    };
    match vault::identify(&store)? {
        Some(there) if there != *id => {
            Err(vault::Error::from(seal::Error::Misplaced("vault.json")).into())
        }
        None if !registered.destroying && vault::is_born(&store)? => {
            Err(vault::Error::from(seal::Error::Damaged("vault.json")).into())
        }
        _ => Ok(Some(store)),
    }
}

/// From here on, what is missing was removed on purpose.
fn mark(name: &VaultName, parts: &Parts) -> Result<(), Failure> {
    parts.change_settings(|settings| {
        if let Some(registered) = settings.vault_mut(name) {
            registered.destroying = true;
        }
        Ok(())
    })
}

fn confirm(name: &VaultName, registered: &Registered, parts: &Parts) -> Result<(), Failure> {
    let place = registered.path.display();
    let question = format!(
        "This destroys vault `{name}` at `{place}` with every secret in it. Type its name: "
    );
    let typed = parts.prompt.line(&question)?;
    if typed == name.as_str() { Ok(()) } else { Err(Failure::NotConfirmed) }
}

/// A keychain that cannot be asked now is asked by the next run: no other command could.
fn forget_key(id: &VaultId, key: &KeySource, parts: &Parts) -> Result<(), Failure> {
    if *key == KeySource::Keychain {
        Keychain::of(id).remove(parts.prompt.as_ref())?;
    }
    keeping::remove(&parts.wrapped_key(id))?;
    keeping::remove(&parts.own_key_file(id))
}
