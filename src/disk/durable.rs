//! The write sequence: temp file, write, fsync, rename, fsync of the folder.
//!
//! At every instant the old or the new content is there, whole; when a call returns `Ok`, the new
//! one survives a power cut (on Windows mostly: see `sync_dir`). A failed fsync is reported and
//! never tried again: the kernel marks the pages clean, so a second one would lie.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::{Error, failed};

/// Temp files begin with this; whatever a crash leaves of them is ciphertext.
const TEMP_PREFIX: &str = ".mintage-tmp-";

/// Puts `bytes` in place of whatever `path` holds, with mode 0600 (on Windows: with the access list
/// that `temp` hands down). The temp file is made in `temp`, a folder on the same file system that
/// belongs to the caller alone while it holds its lock: leftovers of earlier crashes found there
/// are removed first.
///
/// # Errors
/// [`Error::Io`] where any step failed; then the old content stands (or, if the last fsync failed,
/// it is not known which of the two survives a power cut).
pub fn replace(path: &Path, bytes: &[u8], temp: &Path) -> Result<(), Error> {
    sweep(temp);
    let temp_path = write_temp(temp, bytes)?;
    fs::rename(&temp_path, path).map_err(|source| {
        let _leftover_is_swept_later = fs::remove_file(&temp_path);
        failed("replace", path)(source)
    })?;
    sync_dir(path)
}

/// Like [`replace`], for a file that must not exist yet; it may hold a key in the clear. Where the
/// system has nameless files (Linux), a crash leaves nothing behind.
///
/// # Errors
/// [`Error::Exists`], and as [`replace`].
pub fn create_new(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    if path.symlink_metadata().is_ok() {
        return Err(Error::Exists(path.to_owned()));
    }
    #[cfg(target_os = "linux")]
    if let Some(done) = nameless::create(path, bytes) {
        return done.and_then(|()| sync_dir(path));
    }
    let temp_path = write_temp(folder_of(path), bytes)?;
    let linked = link_new(&temp_path, path);
    let _gone_already_if_renamed = fs::remove_file(&temp_path);
    linked?;
    sync_dir(path)
}

/// Removes a file and makes the removal durable.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Io`].
pub fn remove(path: &Path) -> Result<(), Error> {
    fs::remove_file(path).map_err(failed("remove", path))?;
    sync_dir(path)
}

/// Gives a file another name, the first free one of `FILE.old`, `FILE.old-1` and so on, and gives
/// that back. Nothing that is there is ever replaced.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Io`]; [`Error::Exists`] where a hundred are there.
pub fn set_aside(path: &Path) -> Result<PathBuf, Error> {
    for number in 0..100 {
        let mut old = path.as_os_str().to_owned();
        old.push(if number == 0 { ".old".to_owned() } else { format!(".old-{number}") });
        let old = PathBuf::from(old);
        match link_new(path, &old) {
            Ok(()) => {
                let _gone_already_if_renamed = fs::remove_file(path);
                return sync_dir(path).map(|()| old);
            }
            Err(Error::Exists(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Err(Error::Exists(path.to_owned()))
}

/// Renames a file or folder, durably.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Io`].
pub fn rename(from: &Path, to: &Path) -> Result<(), Error> {
    fs::rename(from, to).map_err(failed("rename", from))?;
    sync_dir(to)
}

/// Removes a folder with all that is in it; one that is not there is no error.
///
/// # Errors
/// [`Error::Io`].
pub fn remove_dir(path: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(failed("remove", path)(error))
        }
        _ => Ok(()),
    }
}

/// Makes a folder (and those above it) that only we may enter; one that exists is left as it is.
/// The mode does not depend on the umask.
///
/// # Errors
/// [`Error::Io`].
pub fn make_private_dir(path: &Path) -> Result<(), Error> {
    if path.is_dir() {
        return Ok(());
    }
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        make_private_dir(parent)?;
    }
    match make_dir(path) {
        // Another process made it in between.
        Err(Error::Exists(_)) if path.is_dir() => Ok(()),
        Err(error) => Err(error),
        Ok(()) => sync_dir(path),
    }
}

fn write_temp(folder: &Path, bytes: &[u8]) -> Result<PathBuf, Error> {
    let mut random = [0_u8; 8];
    getrandom::fill(&mut random)
        .map_err(|source| failed("name a file in", folder)(std::io::Error::other(source)))?;
    let path = folder.join(format!("{TEMP_PREFIX}{:016x}", u64::from_ne_bytes(random)));
    let written = fill_temp(&path, bytes);
    if written.is_err() {
        let _leftover_is_swept_later = fs::remove_file(&path);
    }
    written.map(|()| path)
}

fn fill_temp(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let mut file = open_new(path)?;
    file.write_all(bytes).map_err(failed("write", path))?;
    file.sync_all().map_err(failed("make durable", path))
}

fn sweep(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().starts_with(TEMP_PREFIX) {
            let _another_sweep_will = fs::remove_file(entry.path());
        }
    }
}

#[cfg(unix)]
fn open_new(path: &Path) -> Result<File, Error> {
    use rustix::fs::{Mode, OFlags, fchmod, open};
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let private = Mode::RUSR | Mode::WUSR;
    let file = open(path, flags, private).map_err(|e| failed("create", path)(e.into()))?;
    // A strict umask would leave us a file that we cannot open again.
    fchmod(&file, private).map_err(|e| failed("set the mode of", path)(e.into()))?;
    Ok(File::from(file))
}

#[cfg(not(unix))]
fn open_new(path: &Path) -> Result<File, Error> {
    File::options().write(true).create_new(true).open(path).map_err(failed("create", path))
}

#[cfg(unix)]
fn make_dir(path: &Path) -> Result<(), Error> {
    use rustix::fs::{Mode, chmod, mkdir};
    mkdir(path, Mode::RWXU).map_err(|e| failed("create", path)(e.into()))?;
    chmod(path, Mode::RWXU).map_err(|e| failed("set the mode of", path)(e.into()))
}

#[cfg(not(unix))]
fn make_dir(path: &Path) -> Result<(), Error> {
    fs::create_dir(path).map_err(failed("create", path))
}

/// A hard link never replaces what is there; where the file system has none, a rename after a look.
fn link_new(temp: &Path, path: &Path) -> Result<(), Error> {
    match fs::hard_link(temp, path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            Err(Error::Exists(path.to_owned()))
        }
        Err(_) if path.symlink_metadata().is_ok() => Err(Error::Exists(path.to_owned())),
        Err(_) => fs::rename(temp, path).map_err(failed("create", path)),
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// A file without a name, given one only when its content is durable.
#[cfg(target_os = "linux")]
mod nameless {
    use std::fs::File;
    use std::io::Write as _;
    use std::os::fd::AsRawFd as _;
    use std::path::Path;

    use rustix::fs::{AtFlags, CWD, Mode, OFlags, fchmod, linkat, open};

    use super::super::{Error, failed};
    use super::folder_of;

    /// `None` where the file system has no nameless files.
    pub(super) fn create(path: &Path, bytes: &[u8]) -> Option<Result<(), Error>> {
        let private = Mode::RUSR | Mode::WUSR;
        let flags = OFlags::WRONLY | OFlags::TMPFILE | OFlags::CLOEXEC;
        let file = File::from(open(folder_of(path), flags, private).ok()?);
        if let Err(error) = fill(&file, bytes, private, path) {
            return Some(Err(error));
        }
        match name(&file, path) {
            // No /proc to name it by.
            Err(Error::NotFound(_)) => None,
            named => Some(named),
        }
    }

    fn fill(mut file: &File, bytes: &[u8], mode: Mode, path: &Path) -> Result<(), Error> {
        fchmod(file, mode).map_err(|e| failed("set the mode of", path)(e.into()))?;
        file.write_all(bytes).map_err(failed("write", path))?;
        file.sync_all().map_err(failed("make durable", path))
    }

    fn name(file: &File, path: &Path) -> Result<(), Error> {
        let nameless = format!("/proc/self/fd/{}", file.as_raw_fd());
        linkat(CWD, nameless, CWD, path, AtFlags::SYMLINK_FOLLOW)
            .map_err(|e| failed("create", path)(e.into()))
    }
}

#[cfg(unix)]
fn sync_dir(path: &Path) -> Result<(), Error> {
    let folder = folder_of(path);
    let opened = File::open(folder).map_err(failed("make durable", folder))?;
    opened.sync_all().map_err(failed("make durable", folder))
}

/// Windows has no fsync of a folder. Its file system journals names, so a power cut leaves the old
/// or the new, whole; but the last change may be lost in it even after `Ok`.
#[cfg(not(unix))]
fn sync_dir(_: &Path) -> Result<(), Error> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replace_sweeps_what_a_crash_left() {
        let folder = tempfile::tempdir().expect("a folder");
        let leftover = folder.path().join(".mintage-tmp-0123");
        fs::write(&leftover, b"half").expect("a file");
        let target = folder.path().join("record");
        replace(&target, b"one", folder.path()).expect("saved");
        replace(&target, b"two", folder.path()).expect("saved");
        assert_eq!(fs::read(&target).expect("readable"), b"two");
        assert!(!leftover.exists());
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
    }

    #[test]
    fn create_new_never_replaces() {
        let folder = tempfile::tempdir().expect("a folder");
        let target = folder.path().join("key");
        create_new(&target, b"one").expect("saved");
        assert!(matches!(create_new(&target, b"two"), Err(Error::Exists(_))));
        assert_eq!(fs::read(&target).expect("readable"), b"one");
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
    }

    // F16
    #[cfg(unix)]
    #[test]
    fn a_planted_link_is_not_followed() {
        let folder = tempfile::tempdir().expect("a folder");
        let victim = folder.path().join("victim");
        fs::write(&victim, b"untouched").expect("a file");
        let target = folder.path().join("key");
        std::os::unix::fs::symlink(&victim, &target).expect("a link");
        assert!(matches!(create_new(&target, b"new"), Err(Error::Exists(_))));
        replace(&target, b"new", folder.path()).expect("the link itself is replaced");
        assert_eq!(fs::read(&victim).expect("readable"), b"untouched");
    }
}
