//! Key files: where the recovery key goes, and what may stand there before.

use std::path::{Path, PathBuf};

use crate::cli::Failure;
use crate::cli::parts::{self, Parts};
use crate::cli::style::Style;
use crate::disk;
use crate::identity::{IdentityFile, Source as _};
use crate::model::VaultName;
use crate::prompt::{self, Nobody};
use crate::seal::OpeningKey;

/// Where to write it.
///
/// # Errors
/// As [`check_room`]; [`Failure::Prompt`] where it is not given and nobody can be asked.
pub fn choose(
    given: Option<PathBuf>,
    name: &VaultName,
    begun: Option<&str>,
    parts: &Parts,
) -> Result<PathBuf, Failure> {
    let path = match given {
        Some(path) => path,
        None => ask(name, parts)?,
    };
    let path = parts::absolute(&path)?;
    check_room(&path, begun)?;
    Ok(path)
}

/// Whether a key file may be written at `path`: its folder is safe, and no other file is there but,
/// perhaps, a key of the vault `begun`, which an interrupted run left behind.
///
/// # Errors
/// [`Failure::Disk`].
pub fn check_room(path: &Path, begun: Option<&str>) -> Result<(), Failure> {
    disk::check_place(path)?;
    if path.symlink_metadata().is_ok() && !is_leftover(path, begun) {
        return Err(disk::Error::Exists(path.to_owned()).into());
    }
    Ok(())
}

/// Puts a leftover aside. It is kept, under another name: it costs nothing.
///
/// # Errors
/// [`Failure::Disk`].
pub fn make_room(path: &Path, begun: Option<&str>, style: Style) -> Result<(), Failure> {
    if path.symlink_metadata().is_ok() && is_leftover(path, begun) {
        let aside = disk::set_aside(path)?;
        style.say(format_args!("what an interrupted run left is now `{}`", aside.display()));
    }
    Ok(())
}

fn is_leftover(path: &Path, begun: Option<&str>) -> bool {
    begun.is_some_and(|id| holds_key_of(path, id))
}

/// Whether the file at `path` holds a key of the vault `id`.
pub fn holds_key_of(path: &Path, id: &str) -> bool {
    let held = IdentityFile::new(path.to_owned()).load(&Nobody);
    held.is_ok_and(|key| key.vault().as_str() == id)
}

fn ask(name: &VaultName, parts: &Parts) -> Result<PathBuf, Failure> {
    if !parts.prompt.is_attended() {
        parts.style.hint("say where the recovery key goes: `--recovery-file FILE`");
        return Err(prompt::Error::NobodyThere.into());
    }
    let default = usual_place(name, parts);
    let question = format!("File for the recovery key [{}]: ", default.display());
    let answer = parts.prompt.line(&question)?;
    Ok(if answer.is_empty() { default } else { PathBuf::from(answer) })
}

/// Where it goes unless another file is named.
pub fn usual_place(name: &VaultName, parts: &Parts) -> PathBuf {
    parts.paths.home().join(format!("mintage-recovery-{name}.txt"))
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
