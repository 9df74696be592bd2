//! Where an opening key is kept: put there so that another process finds it, and taken away again.

use std::fs;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::recovery;
use crate::cli::Failure;
use crate::cli::parts::Parts;
use crate::config::KeySource;
use crate::disk;
use crate::handover;
use crate::identity::{self, Keychain};
use crate::seal::{OpeningKey, VaultId};
use crate::secret::Outgoing;

/// Keeps `key` in `source`. Nothing relies on it there before another process has found it again.
///
/// # Errors
/// [`Failure::Identity`], [`Failure::NotReadBack`].
pub fn keep(key: &OpeningKey, source: &KeySource, parts: &Parts) -> Result<(), Failure> {
    if *source != KeySource::Keychain {
        disk::make_private_dir(&parts.paths.identities())?;
    }
    parts.source(key.vault(), source).save(key, parts.prompt.as_ref())?;
    if *source == KeySource::Keychain {
        read_back(key).inspect_err(|_| {
            // What nobody finds again must not be taken for a copy by the next run.
            let _there_is_nothing_then = Keychain::of(key.vault()).remove(parts.prompt.as_ref());
        })?;
    }
    Ok(())
}

/// Has another process read the keychain's entry.
///
/// # Errors
/// [`Failure::NotReadBack`] where it finds none, or another.
pub fn read_back(key: &OpeningKey) -> Result<(), Failure> {
    let id = key.vault().as_str().as_bytes().to_vec();
    let input = Outgoing::new(Zeroizing::new(id));
    let found =
        handover::ask_own(&["internal-keychain-read"], &input).map_err(|_| Failure::NotReadBack)?;
    if found.expose() == key.recipient().to_string().as_bytes() {
        Ok(())
    } else {
        Err(Failure::NotReadBack)
    }
}

/// Keeps `key` in `source`, where an interrupted run may have left it already.
///
/// # Errors
/// As [`keep`]; [`identity::Error::Exists`] where another key is kept there.
pub fn keep_again(key: &OpeningKey, source: &KeySource, parts: &Parts) -> Result<(), Failure> {
    match keep(key, source, parts) {
        Err(Failure::Identity(
            error @ (identity::Error::Exists { .. } | identity::Error::File(_)),
        )) => {
            let there = parts.source(key.vault(), source).load(parts.prompt.as_ref());
            match there {
                Ok(there) if there.verify_key() == key.verify_key() => match source {
                    KeySource::Keychain => read_back(key),
                    KeySource::File(_) | KeySource::Passphrase => Ok(()),
                },
                _ => Err(error.into()),
            }
        }
        done => done,
    }
}

/// Where keys of the vault `id` are kept now. It may be registered more than once, with a key each.
///
/// # Errors
/// [`Failure::Config`].
pub fn in_use(id: &VaultId, parts: &Parts) -> Result<Vec<KeySource>, Failure> {
    let settings = parts.settings()?;
    let of_it = settings.vaults().filter(|(_, registered)| registered.id == id.as_str());
    Ok(of_it.map(|(_, registered)| registered.key.clone()).collect())
}

/// The files of ours that hold a key of the vault `id`, perhaps, and that no registration names. A
/// file that the user chose is the user's: it may be the recovery key.
///
/// # Errors
/// [`Failure::Config`].
pub fn stale_files(id: &VaultId, parts: &Parts) -> Result<Vec<PathBuf>, Failure> {
    let in_use = in_use(id, parts)?;
    let wrapped = parts.wrapped_key(id);
    let is_used = |path: &PathBuf| {
        in_use.iter().any(|source| match source {
            KeySource::File(file) => is_same_place(file, path),
            KeySource::Passphrase => *path == wrapped,
            KeySource::Keychain => false,
        })
    };
    let ours = [parts.own_key_file(id), wrapped.clone()];
    Ok(ours.into_iter().filter(|path| path.exists() && !is_used(path)).collect())
}

/// Takes `key` away from the files of ours that are not in use.
///
/// # Errors
/// [`Failure::Config`], [`Failure::Disk`].
pub fn drop_files(key: &OpeningKey, parts: &Parts) -> Result<(), Failure> {
    // What an interrupted change of the passphrase left.
    disk::remove_dir(&parts.paths.identities().join("tmp"))?;
    let wrapped = parts.wrapped_key(key.vault());
    for stale in stale_files(key.vault(), parts)? {
        if stale == wrapped {
            remove(&stale)?;
        } else {
            recovery::discard(key, &stale);
        }
    }
    Ok(())
}

/// Whether two paths name the same file, however they are spelt. A file that is not there yet is
/// named by its folder and its name.
pub fn is_same_place(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| {
        let folder = path.parent().and_then(|folder| fs::canonicalize(folder).ok());
        let there = || Some(folder.as_deref()?.join(path.file_name()?));
        fs::canonicalize(path).ok().or_else(there)
    };
    one == other || real(one).is_some_and(|one| real(other) == Some(one))
}

/// Removes a file, where it is there.
///
/// # Errors
/// [`Failure::Disk`].
pub fn remove(path: &Path) -> Result<(), Failure> {
    match disk::remove(path) {
        Ok(()) | Err(disk::Error::NotFound(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
