//! Whether a path can be trusted: who owns it, and who else could have changed what it names.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::folder::{self, Folder};
use super::spot::Spot;
use super::{Error, failed};

/// Reads a file that only its owner may read or write.
///
/// The path and every folder above it must belong to us or to root, and no folder above may be
/// writable by others (a sticky one such as `/tmp` may). Symbolic links are followed only where
/// these rules hold for the link and for its target. The length is checked before anything is read.
/// On Windows the one rule is that it lies in the user's profile folder (see below).
///
/// # Errors
/// - [`Error::NotFound`]: nothing is there.
/// - [`Error::Untrusted`]: one of the rules is broken; the path that breaks it is named.
/// - [`Error::TooLarge`]: more than `cap` bytes.
/// - [`Error::Io`]: the system refused.
pub fn read_private<'a>(spot: impl Into<Spot<'a>>, cap: u64) -> Result<Zeroizing<Vec<u8>>, Error> {
    let spot = spot.into();
    let path = &spot.shown();
    // Opened once and judged by the open file, so that a path swapped in between changes nothing.
    let mut file = folder::open_to_read(&spot)?;
    let found = file.metadata().map_err(failed("look at", path))?;
    if !found.is_file() {
        return Err(untrusted(path, "it is not a regular file", None));
    }
    judge::owner(path, &found)?;
    judge::private(path, &found, "600")?;
    read_capped(&mut file, path, found.len(), cap)
}

/// Checks that a file put at `path` would be safe there: its folder (the nearest one that exists)
/// and those above it can be trusted.
///
/// # Errors
/// As [`read_private`].
pub fn check_place(path: &Path) -> Result<(), Error> {
    let folder = path.ancestors().skip(1).find(|folder| folder.exists());
    folder.map_or(Ok(()), |folder| Folder::open(&folder.into(), "look at").map(drop))
}

/// Reads a regular file that need not be private, such as one the user was mailed, and tells whether
/// it is.
///
/// # Errors
/// As [`read_private`], but for [`Error::Untrusted`] only where it is not a regular file.
pub fn read_any(path: &Path, cap: u64) -> Result<(Zeroizing<Vec<u8>>, bool), Error> {
    let mut file = open_without_waiting(path)?;
    let found = file.metadata().map_err(failed("look at", path))?;
    if !found.is_file() {
        return Err(untrusted(path, "it is not a regular file", None));
    }
    let is_private = judge::private(path, &found, "600").is_ok();
    Ok((read_capped(&mut file, path, found.len(), cap)?, is_private))
}

fn read_capped(
    file: &mut File,
    path: &Path,
    length: u64,
    cap: u64,
) -> Result<Zeroizing<Vec<u8>>, Error> {
    let too_large = || Error::TooLarge { path: path.to_owned(), cap };
    if length > cap {
        return Err(too_large());
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(length).unwrap_or(0) + 1));
    // One byte above the cap: a file that grew meanwhile is seen, and not read for ever.
    file.take(cap + 1).read_to_end(&mut bytes).map_err(failed("read", path))?;
    if bytes.len() as u64 > cap { Err(too_large()) } else { Ok(bytes) }
}

/// Checks that a folder belongs to us, that nobody else may enter it, and that the folders above it
/// can be trusted (see [`read_private`]).
///
/// # Errors
/// As [`read_private`].
pub fn check_dir(path: &Path) -> Result<(), Error> {
    own_folder(path).map(drop)
}

/// The same, and gives the folder that was judged.
pub(super) fn own_folder(path: &Path) -> Result<Folder, Error> {
    let folder = Folder::below_trusted(&path.into(), "look at").map_err(|error| match error {
        Error::Io { source, .. } if source.kind() == ErrorKind::NotADirectory => {
            untrusted(path, "it is not a folder", None)
        }
        other => other,
    })?;
    let found = folder.about().map_err(failed("look at", path))?;
    judge::owner(path, &found)?;
    judge::private(path, &found, "700")?;
    Ok(folder)
}

/// What is in a folder that can be trusted (see [`read_private`]); nothing where there is none.
///
/// # Errors
/// As [`read_private`].
pub fn names<'a>(spot: impl Into<Spot<'a>>) -> Result<Vec<String>, Error> {
    let spot = spot.into();
    let names = match Folder::open(&spot, "list") {
        Ok(folder) => folder.names().map_err(failed("list", &spot.shown()))?,
        Err(Error::NotFound(_)) => Vec::new(),
        Err(Error::Io { source, .. }) if source.kind() == ErrorKind::NotADirectory => Vec::new(),
        Err(error) => return Err(error),
    };
    Ok(names.into_iter().map(|name| name.to_string_lossy().into_owned()).collect())
}

/// Checks every folder above `path`, as it is written and again with all links resolved.
#[cfg(not(unix))]
pub(super) fn check_parents(path: &Path) -> Result<(), Error> {
    judge::links(path)?;
    let real = std::fs::canonicalize(path).map_err(failed("find", path))?;
    for parent in path.ancestors().skip(1).chain(real.ancestors().skip(1)) {
        if parent.as_os_str().is_empty() {
            continue;
        }
        let found = std::fs::metadata(parent).map_err(failed("look at", parent))?;
        judge::parent(parent, &found)?;
    }
    Ok(())
}

/// Judges a folder in which a file is to be.
#[cfg(not(unix))]
pub(super) fn judge_parent(path: &Path, found: &std::fs::Metadata) -> Result<(), Error> {
    judge::parent(path, found)
}

pub(super) fn untrusted(path: &Path, why: &'static str, mend: Option<String>) -> Error {
    Error::Untrusted { path: PathBuf::from(path), why, mend }
}

/// Opens for reading; a named pipe planted in a file's place must not hang us.
fn open_without_waiting(path: &Path) -> Result<File, Error> {
    #[cfg(unix)]
    {
        use rustix::fs::{Mode, OFlags, open};
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
        let file = open(path, flags, Mode::empty()).map_err(std::io::Error::from);
        file.map(File::from).map_err(failed("open", path))
    }
    #[cfg(not(unix))]
    File::open(path).map_err(failed("open", path))
}

#[cfg(unix)]
mod judge {
    use std::fs::Metadata;
    use std::os::unix::fs::MetadataExt as _;
    use std::path::Path;

    use super::super::Error;
    use super::untrusted;

    /// The thing itself must be ours: not even root's, which we could not have written.
    pub(super) fn owner(path: &Path, found: &Metadata) -> Result<(), Error> {
        if found.uid() == rustix::process::geteuid().as_raw() {
            return Ok(());
        }
        Err(untrusted(path, "it belongs to another user", None))
    }

    pub(super) fn private(path: &Path, found: &Metadata, mode: &str) -> Result<(), Error> {
        const OTHERS: u32 = 0o077;
        if found.mode() & OTHERS == 0 {
            return Ok(());
        }
        let mend = format!("chmod {mode} '{}'", path.display());
        Err(untrusted(path, "others can read or change it", Some(mend)))
    }
}

/// Windows has no modes: there the access list of the profile folder keeps other users out. The
/// system sets it, and all that is made below inherits it. Lists are not read, which would take
/// system calls of our own; so a file counts as private where it lies in the profile, and nowhere
/// else: a folder made on a drive, a stick or a share mostly lets others in. What the user opened
/// by hand, or moved there with a list of its own, is not noticed.
#[cfg(not(unix))]
mod judge {
    use std::fs::{self, Metadata};
    use std::path::Path;

    use directories::BaseDirs;

    use super::super::{Error, failed};
    use super::untrusted;

    /// In our profile it is ours.
    pub(super) fn owner(_: &Path, _: &Metadata) -> Result<(), Error> {
        Ok(())
    }

    pub(super) fn private(path: &Path, _: &Metadata, _: &str) -> Result<(), Error> {
        in_profile(path)
    }

    /// Those above the profile are the system's.
    pub(super) fn parent(_: &Path, _: &Metadata) -> Result<(), Error> {
        Ok(())
    }

    /// Nobody else can lay a link in the profile; one of our own must not lead out of it.
    pub(super) fn links(path: &Path) -> Result<(), Error> {
        in_profile(path)
    }

    fn in_profile(path: &Path) -> Result<(), Error> {
        let real = fs::canonicalize(path).map_err(failed("find", path))?;
        let folders = BaseDirs::new();
        let ours = folders.iter().flat_map(|found| [found.home_dir(), found.data_local_dir()]);
        // Both with links resolved and in the system's own spelling.
        if ours.flat_map(fs::canonicalize).any(|folder| real.starts_with(folder)) {
            return Ok(());
        }
        Err(untrusted(path, "outside the profile folder, others may be let in", None))
    }
}
