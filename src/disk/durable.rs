//! The write sequence: temp file, write, fsync, rename, fsync of the folder.
//!
//! At every instant the old or the new content is there, whole; when a call returns `Ok`, the new
//! one survives a power cut (on Windows mostly: see `Folder::sync`). A failed fsync is reported and
//! never tried again: the kernel marks the pages clean, so a second one would lie.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use super::folder::{self, Folder};
use super::spot::Spot;
use super::{Error, failed};

/// Temp files begin with this; whatever a crash leaves of them is ciphertext.
const TEMP_PREFIX: &str = ".mintage-tmp-";

/// Puts `bytes` in place of whatever is at `spot`, with mode 0600 (on Windows: with the access list
/// that `temp` hands down). The temp file is made in `temp`, a folder on the same file system that
/// belongs to the caller alone while it holds its lock: leftovers of earlier crashes found there
/// are removed first.
///
/// # Errors
/// - [`Error::Untrusted`]: others can change one of the two folders, or what is above it.
/// - [`Error::Io`]: a step failed; then the old content stands (or, if the last fsync failed, it is
///   not known which of the two survives a power cut).
pub fn replace<'a>(
    spot: impl Into<Spot<'a>>,
    bytes: &[u8],
    temp: impl Into<Spot<'a>>,
) -> Result<(), Error> {
    let spot = spot.into();
    let temp = Folder::open(&temp.into(), "create")?;
    let (folder, name) = Folder::above(&spot, "replace")?;
    sweep(&temp);
    let temp_name = write_temp(&temp, bytes)?;
    temp.rename(&temp_name, &folder, name).map_err(|source| {
        let _leftover_is_swept_later = temp.remove(&temp_name);
        failed("replace", &spot.shown())(source)
    })?;
    folder.sync()
}

/// Like [`replace`], for a file that must not exist yet; it may hold a key in the clear. Where the
/// system has nameless files (Linux), a crash leaves nothing behind.
///
/// # Errors
/// [`Error::Exists`], and as [`replace`].
pub fn create_new(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let spot = path.into();
    let (folder, name) = Folder::above(&spot, "create")?;
    if folder.has(name) {
        return Err(Error::Exists(path.to_owned()));
    }
    #[cfg(target_os = "linux")]
    if let Some(done) = nameless::create(&folder, name, bytes) {
        return done.and_then(|()| folder.sync());
    }
    let temp_name = write_temp(&folder, bytes)?;
    let linked = link_new(&folder, &temp_name, name);
    let _gone_already_if_renamed = folder.remove(&temp_name);
    linked?;
    folder.sync()
}

/// Removes a file and makes the removal durable.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Untrusted`], [`Error::Io`].
pub fn remove<'a>(spot: impl Into<Spot<'a>>) -> Result<(), Error> {
    let spot = spot.into();
    let (folder, name) = Folder::above(&spot, "remove")?;
    folder.remove(name).map_err(failed("remove", &spot.shown()))?;
    folder.sync()
}

/// Begins a log in place of the one that is there. Nothing in it is kept over a power cut.
///
/// # Errors
/// [`Error::Untrusted`], [`Error::Io`].
pub fn start_log(path: &Path) -> Result<File, Error> {
    let spot = path.into();
    let (folder, name) = Folder::above(&spot, "create")?;
    let _none_before = folder.remove(name);
    folder.create(name).map_err(failed("create", path))
}

/// Gives a file another name, the first free one of `FILE.old`, `FILE.old-1` and so on, and gives
/// that back. Nothing that is there is ever replaced.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Untrusted`], [`Error::Io`]; [`Error::Exists`] where a hundred are
/// there.
pub fn set_aside(path: &Path) -> Result<PathBuf, Error> {
    let spot = path.into();
    let (folder, name) = Folder::above(&spot, "create")?;
    for number in 0..100 {
        let mut old = name.to_owned();
        old.push(if number == 0 { ".old".to_owned() } else { format!(".old-{number}") });
        match link_new(&folder, name, &old) {
            Ok(()) => {
                let _gone_already_if_renamed = folder.remove(name);
                return folder.sync().map(|()| path.with_file_name(old));
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
/// [`Error::NotFound`], [`Error::Untrusted`], [`Error::Io`].
pub fn rename(from: &Path, to: &Path) -> Result<(), Error> {
    let (old_spot, spot) = (from.into(), to.into());
    let (old_folder, old) = Folder::above(&old_spot, "rename")?;
    let (folder, new) = Folder::above(&spot, "rename")?;
    old_folder.rename(old, &folder, new).map_err(failed("rename", from))?;
    folder.sync()
}

/// Removes a folder with all that is in it; one that is not there is no error.
///
/// # Errors
/// [`Error::Untrusted`], [`Error::Io`].
pub fn remove_dir(path: &Path) -> Result<(), Error> {
    let spot = path.into();
    let removed = Folder::above(&spot, "remove")
        .and_then(|(folder, name)| folder.remove_tree(name).map_err(failed("remove", path)));
    match removed {
        Err(Error::NotFound(_)) => Ok(()),
        done => done,
    }
}

/// Removes those files of a folder that `is_ours` knows by their names, durably, and then the folder
/// itself (unless it is a root's own) if nothing else is in it. One that is not there is no error.
///
/// # Errors
/// [`Error::Untrusted`], [`Error::Io`].
pub fn clear_dir<'a>(
    spot: impl Into<Spot<'a>>,
    is_ours: impl Fn(&str) -> bool,
) -> Result<(), Error> {
    let spot = spot.into();
    let folder = match Folder::open(&spot, "remove") {
        Err(Error::NotFound(_)) => return Ok(()),
        opened => opened?,
    };
    let refused = |source| failed("remove", &spot.shown())(source);
    for name in folder.names().map_err(refused)? {
        if name.to_str().is_some_and(&is_ours) {
            folder.remove(&name).map_err(refused)?;
        }
    }
    folder.sync()?;
    if spot.path.file_name().is_some() { remove_empty_dir(spot) } else { Ok(()) }
}

/// Removes a folder if nothing is in it; one that is not there is no error, and what is in it stays.
///
/// # Errors
/// [`Error::Untrusted`], [`Error::Io`].
pub fn remove_empty_dir<'a>(spot: impl Into<Spot<'a>>) -> Result<(), Error> {
    let spot = spot.into();
    let (folder, name) = match Folder::above(&spot, "remove") {
        Err(Error::NotFound(_)) => return Ok(()),
        opened => opened?,
    };
    match folder.remove_dir(name) {
        Ok(()) => folder.sync(),
        // Somebody else's files are in it, or it was gone before.
        Err(_) => Ok(()),
    }
}

/// Makes a folder (and those above it) that only we may enter; one that exists is left as it is.
/// The mode does not depend on the umask.
///
/// # Errors
/// [`Error::Untrusted`], [`Error::Io`].
pub fn make_private_dir<'a>(spot: impl Into<Spot<'a>>) -> Result<(), Error> {
    let spot = spot.into();
    // What is done in it judges it again.
    if folder::is_dir(&spot) {
        return Ok(());
    }
    if let Some(parent) = spot.parent() {
        make_private_dir(parent)?;
    }
    let (folder, name) = Folder::above(&spot, "create")?;
    match folder.make_dir(name) {
        // Another process made it in between.
        Err(error) if error.kind() == ErrorKind::AlreadyExists && folder.has_dir(name) => Ok(()),
        Err(error) => Err(failed("create", &spot.shown())(error)),
        Ok(()) => folder.sync(),
    }
}

fn write_temp(folder: &Folder, bytes: &[u8]) -> Result<OsString, Error> {
    let mut random = [0_u8; 8];
    getrandom::fill(&mut random)
        .map_err(|source| failed("name a file in", folder.path())(std::io::Error::other(source)))?;
    let name = OsString::from(format!("{TEMP_PREFIX}{:016x}", u64::from_ne_bytes(random)));
    let written = fill_temp(folder, &name, bytes);
    if written.is_err() {
        let _leftover_is_swept_later = folder.remove(&name);
    }
    written.map(|()| name)
}

fn fill_temp(folder: &Folder, name: &OsStr, bytes: &[u8]) -> Result<(), Error> {
    let path = folder.path().join(name);
    let mut file = folder.create(name).map_err(failed("create", &path))?;
    file.write_all(bytes).map_err(failed("write", &path))?;
    file.sync_all().map_err(failed("make durable", &path))
}

fn sweep(folder: &Folder) {
    for name in folder.names().unwrap_or_default() {
        if name.to_string_lossy().starts_with(TEMP_PREFIX) {
            let _another_sweep_will = folder.remove(&name);
        }
    }
}

/// A hard link never replaces what is there; where the file system has none, a rename after a look.
fn link_new(folder: &Folder, temp: &OsStr, name: &OsStr) -> Result<(), Error> {
    let path = folder.path().join(name);
    match folder.link(temp, name) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(Error::Exists(path)),
        Err(_) if folder.has(name) => Err(Error::Exists(path)),
        Err(_) => folder.rename(temp, folder, name).map_err(failed("create", &path)),
    }
}

/// A file without a name, given one only when its content is durable.
#[cfg(target_os = "linux")]
mod nameless {
    use std::ffi::OsStr;
    use std::fs::File;
    use std::io::Write as _;
    use std::os::fd::AsRawFd as _;
    use std::path::Path;

    use rustix::fs::{AtFlags, CWD, Mode, OFlags, fchmod, linkat, openat};

    use super::super::folder::Folder;
    use super::super::{Error, failed};

    /// `None` where the file system has no nameless files.
    pub(super) fn create(folder: &Folder, name: &OsStr, bytes: &[u8]) -> Option<Result<(), Error>> {
        let path = folder.path().join(name);
        let private = Mode::RUSR | Mode::WUSR;
        let flags = OFlags::WRONLY | OFlags::TMPFILE | OFlags::CLOEXEC;
        let file = File::from(openat(folder, ".", flags, private).ok()?);
        if let Err(error) = fill(&file, bytes, private, &path) {
            return Some(Err(error));
        }
        let nameless = format!("/proc/self/fd/{}", file.as_raw_fd());
        match linkat(CWD, nameless, folder, name, AtFlags::SYMLINK_FOLLOW) {
            // No /proc to name it by.
            Err(rustix::io::Errno::NOENT) => None,
            named => Some(named.map_err(|e| failed("create", &path)(e.into()))),
        }
    }

    fn fill(mut file: &File, bytes: &[u8], mode: Mode, path: &Path) -> Result<(), Error> {
        fchmod(file, mode).map_err(|e| failed("set the mode of", path)(e.into()))?;
        file.write_all(bytes).map_err(failed("write", path))?;
        file.sync_all().map_err(failed("make durable", path))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

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
