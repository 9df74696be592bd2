//! The recovery key's file: where it goes, and when it may be replaced.

use std::path::{Path, PathBuf};

use crate::cli::Failure;
use crate::cli::parts::{self, Parts};
use crate::config::Registered;
use crate::disk;
use crate::identity::{IdentityFile, Source as _};
use crate::model::VaultName;
use crate::prompt::{self, Nobody};
use crate::seal::OpeningKey;

/// Where to write it. A file that is there is only replaced if it holds the recovery key of the
/// `unborn` vault that an interrupted run left behind.
///
/// # Errors
/// [`Failure::Disk`] where another file is there; [`Failure::Prompt`] where it is not given and
/// nobody can be asked.
pub fn choose(
    given: Option<PathBuf>,
    name: &VaultName,
    unborn: Option<&Registered>,
    parts: &Parts,
) -> Result<PathBuf, Failure> {
    let path = match given {
        Some(path) => path,
        None => ask(name, parts)?,
    };
    let path = parts::absolute(&path)?;
    if path.symlink_metadata().is_ok() {
        let left = IdentityFile::recovery(path.clone()).load(&Nobody).ok();
        let is_leftover =
            left.zip(unborn).is_some_and(|(key, unborn)| key.vault().as_str() == unborn.id);
        if !is_leftover {
            return Err(disk::Error::Exists(path).into());
        }
        disk::remove(&path)?;
    }
    Ok(path)
}

fn ask(name: &VaultName, parts: &Parts) -> Result<PathBuf, Failure> {
    if !parts.prompt.is_attended() {
        parts.style.hint("say where the recovery key goes: `--recovery-file FILE`");
        return Err(prompt::Error::NobodyThere.into());
    }
    let default = parts.paths.home().join(format!("mintage-recovery-{name}.txt"));
    let question = format!("File for the recovery key [{}]: ", default.display());
    let answer = parts.prompt.line(&question)?;
    Ok(if answer.is_empty() { default } else { PathBuf::from(answer) })
}

/// Writes the file, private and durable.
///
/// # Errors
/// [`Failure::Identity`].
pub fn save(key: &OpeningKey, path: &Path) -> Result<(), Failure> {
    Ok(IdentityFile::recovery(path.to_owned()).save(key, &Nobody)?)
}

/// Removes the file at `path` if it holds exactly `key`.
pub fn discard(key: &OpeningKey, path: &Path) {
    let held = IdentityFile::new(path.to_owned()).load(&Nobody);
    if held.is_ok_and(|held| held.verify_key() == key.verify_key()) {
        let _harmless_if_it_stays = disk::remove(path);
    }
}
