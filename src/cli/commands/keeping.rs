//! Where an opening key is kept: put there so that another process finds it, and taken away again.

use zeroize::Zeroizing;

use super::recovery;
use crate::cli::Failure;
use crate::cli::parts::Parts;
use crate::config::KeySource;
use crate::disk;
use crate::handover;
use crate::identity;
use crate::seal::OpeningKey;
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
    if *source == KeySource::Keychain { read_back(key) } else { Ok(()) }
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
            let is_same = there.is_ok_and(|there| there.verify_key() == key.verify_key());
            if is_same { Ok(()) } else { Err(error.into()) }
        }
        done => done,
    }
}

/// Takes `key` away from the files of ours but `stays`. A file that the user chose is the user's: it
/// may be the recovery key.
///
/// # Errors
/// [`Failure::Disk`].
pub fn drop_files(key: &OpeningKey, stays: &KeySource, parts: &Parts) -> Result<(), Failure> {
    let own = parts.own_key_file(key.vault());
    if *stays != KeySource::File(own.clone()) {
        recovery::discard(key, &own);
    }
    if *stays == KeySource::Passphrase { Ok(()) } else { remove(&parts.wrapped_key(key.vault())) }
}

/// Removes a file, where it is there.
///
/// # Errors
/// [`Failure::Disk`].
pub fn remove(path: &std::path::Path) -> Result<(), Failure> {
    match disk::remove(path) {
        Ok(()) | Err(disk::Error::NotFound(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
