//! `mintage destroy`: a vault with all that is in it, for good.

use serde_json::json;

use super::keeping;
use crate::cli::parts::Parts;
use crate::cli::{Failure, report, style};
use crate::config::{KeySource, Registered};
use crate::disk::{self, Lock};
use crate::identity::Keychain;
use crate::limits;
use crate::model::VaultName;
use crate::seal::VaultId;
use crate::store::Store as _;
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
    let config = parts.paths.config();
    let _one_at_a_time = Lock::take(&config.join("init.lock"), limits::VAULT_LOCK, parts.clock())?;
    let (name, registered) = parts.registered()?;
    if !args.yes {
        confirm(&name, &registered, parts)?;
    }
    match parts.store(&registered.path) {
        Ok(store) => store.destroy().map_err(vault::Error::from)?,
        Err(Failure::Vault(vault::Error::NotThere(_))) => {}
        Err(failure) => return Err(failure),
    }
    let id: VaultId = registered.id.parse().map_err(vault::Error::from)?;
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

fn confirm(name: &VaultName, registered: &Registered, parts: &Parts) -> Result<(), Failure> {
    let place = registered.path.display();
    let question = format!(
        "This destroys vault `{name}` at `{place}` with every secret in it. Type its name: "
    );
    let typed = parts.prompt.line(&question)?;
    if typed == name.as_str() { Ok(()) } else { Err(Failure::NotConfirmed) }
}

fn forget_key(id: &VaultId, key: &KeySource, parts: &Parts) -> Result<(), Failure> {
    keeping::remove(&parts.wrapped_key(id))?;
    keeping::remove(&parts.own_key_file(id))?;
    match key {
        KeySource::Keychain => {
            if let Err(error) = Keychain::of(id).remove(parts.prompt.as_ref()) {
                let why = report::sentence(&error);
                parts.style.warn(format_args!("its key stays in the keychain: {why}"));
            }
        }
        KeySource::File(_) | KeySource::Passphrase => {}
    }
    Ok(())
}
