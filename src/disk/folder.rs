//! A folder held open, so that what was judged is what is used.
//!
//! A path may mean another place at each look. So a folder is opened once, the descriptor is judged
//! together with the folders that are really above it, and all else is done relative to it.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd};
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rustix::fs::{
    AtFlags, CWD, Dir, FileType, Mode, OFlags, Stat, chmodat, fchmod, fstat, linkat, mkdirat,
    openat, readlinkat, renameat, statat, unlinkat,
};
use rustix::io::Errno;

use super::spot::Spot;
use super::{Error, failed, way};

const PRIVATE_FILE: Mode = Mode::RUSR.union(Mode::WUSR);

/// How often a folder that comes and goes is looked for again.
const LOOKS: usize = 8;

/// An open folder. All folders above it can be trusted.
pub(super) struct Folder {
    opened: File,
    /// What the descriptor is.
    found: Stat,
    path: PathBuf,
}

/// Opens a file for reading, through links where they and their targets can be trusted. The file
/// itself is not judged.
pub(super) fn open_to_read(spot: &Spot<'_>) -> Result<File, Error> {
    let mut at = spot.clone();
    for _ in 0..way::MOST_LINKS {
        let (folder, name) = Folder::above(&at, "look at")?;
        match folder.open_existing(name) {
            Err(Errno::LOOP) => at = at.with(at.folder().path.join(folder.target(name)?)),
            opened => return opened.map_err(|e| failed("open", &spot.shown())(e.into())),
        }
    }
    Err(failed("find", &spot.shown())(Errno::LOOP.into()))
}

/// Whether a folder, or a link to one, is there. It is not judged.
pub(super) fn is_dir(spot: &Spot<'_>) -> bool {
    let from = spot.base.map_or(CWD, AsFd::as_fd);
    let found = statat(from, &*spot.path, AtFlags::empty());
    found.is_ok_and(|it| FileType::from_raw_mode(it.st_mode) == FileType::Directory)
}

impl Folder {
    /// The folder that holds `spot`, which others cannot change, and the name in it. What fails is
    /// told as the failure of `action`.
    pub(super) fn above<'a>(
        spot: &'a Spot<'_>,
        action: &'static str,
    ) -> Result<(Self, &'a OsStr), Error> {
        let Some(name) = spot.path.file_name() else {
            return Err(failed(action, &spot.shown())(Errno::ISDIR.into()));
        };
        let folder = Self::open(&spot.folder(), action).map_err(|error| match error {
            Error::NotFound(_) => Error::NotFound(spot.shown()),
            Error::Io { source, .. } => Error::Io { action, path: spot.shown(), source },
            other => other,
        })?;
        Ok((folder, name))
    }

    /// The folder at `spot`, which others cannot change.
    pub(super) fn open(spot: &Spot<'_>, action: &'static str) -> Result<Self, Error> {
        let folder = Self::below_trusted(spot, action)?;
        way::judge_parent(&folder.found, || spot.shown())?;
        Ok(folder)
    }

    /// The folder at `spot`; it is left to the caller to judge it. One that another process is just
    /// making is looked for again.
    pub(super) fn below_trusted(spot: &Spot<'_>, action: &'static str) -> Result<Self, Error> {
        let mut found = Self::look_below_trusted(spot, action);
        for _ in 0..LOOKS {
            match found {
                Err(Error::Io { source, .. }) if source.kind() == io::ErrorKind::WouldBlock => {
                    found = Self::look_below_trusted(spot, action);
                }
                found => return found,
            }
        }
        found
    }

    fn look_below_trusted(spot: &Spot<'_>, action: &'static str) -> Result<Self, Error> {
        let refused = |error: Errno| failed(action, &spot.shown())(error.into());
        let real = way::resolve(spot, action).map_err(|error| match error {
            Error::NotFound(missing) => Self::judge_absence(spot, missing, action),
            other => other,
        })?;
        let from = spot.base.map_or(CWD, AsFd::as_fd);
        let opened = open_folder(from, &real).map_err(refused)?;
        let found = fstat(&opened).map_err(refused)?;
        let folder = Self { opened, found, path: spot.shown() };
        folder.judge_above(spot.base, action)?;
        Ok(folder)
    }

    /// Only what is missing in a folder that can be trusted is missing.
    fn judge_absence(spot: &Spot<'_>, missing: PathBuf, action: &'static str) -> Error {
        match Self::above(&spot.with(missing), action) {
            // It came in between.
            Ok((folder, name)) if folder.has(name) => {
                failed(action, &spot.shown())(Errno::AGAIN.into())
            }
            Ok(_) => Error::NotFound(spot.shown()),
            Err(error) => error,
        }
    }

    /// Where it was looked for.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn about(&self) -> io::Result<std::fs::Metadata> {
        self.opened.metadata()
    }

    /// Climbs from the descriptor, where no link and no rename can lead astray, to a folder that
    /// was judged when it was opened, or to the top.
    fn judge_above(&self, base: Option<&Self>, action: &'static str) -> Result<(), Error> {
        let mut below = self.found;
        let mut up = PathBuf::from("..");
        for level in 1.. {
            if base.is_some_and(|base| is_same(&base.found, &below)) {
                break;
            }
            let found = statat(self, &up, AtFlags::empty())
                .map_err(|error| failed(action, &self.path)(error.into()))?;
            // The top is its own parent.
            if is_same(&found, &below) {
                break;
            }
            way::judge_parent(&found, || self.place(level))?;
            below = found;
            up.push("..");
        }
        Ok(())
    }

    /// The path of the folder so many levels above, as the kernel knows it; only to be shown.
    fn place(&self, level: usize) -> PathBuf {
        let known = std::fs::read_link(format!("/proc/self/fd/{}", self.opened.as_raw_fd()));
        let real = known.unwrap_or_else(|_| self.path.clone());
        real.ancestors().nth(level).unwrap_or(&self.path).to_owned()
    }

    /// Opens a file to read it; a named pipe planted in its place must not hang us.
    fn open_existing(&self, name: &OsStr) -> Result<File, Errno> {
        let how = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY;
        self.open_here(name, how, Mode::empty())
    }

    /// What the link `name` says.
    fn target(&self, name: &OsStr) -> Result<PathBuf, Error> {
        let path = self.path.join(name);
        let refused = |error: Errno| failed("look at", &path)(error.into());
        let found = statat(self, name, AtFlags::SYMLINK_NOFOLLOW).map_err(refused)?;
        way::judge_link(&found, &path)?;
        match readlinkat(self, name, Vec::new()) {
            Ok(target) => Ok(PathBuf::from(OsString::from_vec(target.into_bytes()))),
            // A link no more: look again.
            Err(Errno::INVAL) => Ok(PathBuf::from(name)),
            Err(error) => Err(refused(error)),
        }
    }

    /// Makes a file, with mode 0600 under any umask.
    pub(super) fn create(&self, name: &OsStr) -> io::Result<File> {
        let how = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL;
        let file = self.open_here(name, how, PRIVATE_FILE)?;
        // A strict umask would leave us a file that we cannot open again.
        fchmod(&file, PRIVATE_FILE)?;
        Ok(file)
    }

    /// Opens a file to lock it, made with mode 0600 where it is not there.
    pub(super) fn open_lock(&self, name: &OsStr) -> io::Result<File> {
        let file = self.open_here(name, OFlags::RDWR | OFlags::CREATE, PRIVATE_FILE)?;
        let _ours_already_if_refused = fchmod(&file, PRIVATE_FILE);
        Ok(file)
    }

    fn open_here(&self, name: &OsStr, how: OFlags, mode: Mode) -> Result<File, Errno> {
        let how = how | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        openat(self, name, how, mode).map(File::from)
    }

    /// Makes a folder with mode 0700 under any umask.
    pub(super) fn make_dir(&self, name: &OsStr) -> io::Result<()> {
        mkdirat(self, name, Mode::RWXU)?;
        let made = statat(self, name, AtFlags::SYMLINK_NOFOLLOW)?;
        if Mode::from_raw_mode(made.st_mode) != Mode::RWXU {
            chmodat(self, name, Mode::RWXU, AtFlags::empty())?;
        }
        Ok(())
    }

    /// Whether anything has this name.
    pub(super) fn has(&self, name: &OsStr) -> bool {
        statat(self, name, AtFlags::SYMLINK_NOFOLLOW).is_ok()
    }

    /// Whether a folder, or a link to one, has this name.
    pub(super) fn has_dir(&self, name: &OsStr) -> bool {
        let found = statat(self, name, AtFlags::empty());
        found.is_ok_and(|it| FileType::from_raw_mode(it.st_mode) == FileType::Directory)
    }

    /// Replaces what is there.
    pub(super) fn rename(&self, name: &OsStr, to: &Self, new: &OsStr) -> io::Result<()> {
        Ok(renameat(self, name, to, new)?)
    }

    /// A second name in this folder; never replaces what is there.
    pub(super) fn link(&self, name: &OsStr, new: &OsStr) -> io::Result<()> {
        Ok(linkat(self, name, self, new, AtFlags::empty())?)
    }

    pub(super) fn remove(&self, name: &OsStr) -> io::Result<()> {
        Ok(unlinkat(self, name, AtFlags::empty())?)
    }

    /// Removes an empty folder.
    pub(super) fn remove_dir(&self, name: &OsStr) -> io::Result<()> {
        Ok(unlinkat(self, name, AtFlags::REMOVEDIR)?)
    }

    /// Removes a file, or a folder with all that is in it. Links are removed, not followed.
    pub(super) fn remove_tree(&self, name: &OsStr) -> io::Result<()> {
        let inner = self.open_here(name, OFlags::RDONLY | OFlags::DIRECTORY, Mode::empty());
        let inner = match inner {
            // Which of the two it is for a link depends on the system.
            Err(Errno::NOTDIR | Errno::LOOP) => return self.remove(name),
            opened => {
                let opened = opened?;
                Self { found: fstat(&opened)?, opened, path: self.path.join(name) }
            }
        };
        for entry in inner.names()? {
            inner.remove_tree(&entry)?;
        }
        self.remove_dir(name)
    }

    /// What is in it.
    pub(super) fn names(&self) -> io::Result<Vec<OsString>> {
        let mut names = Vec::new();
        let mut entries = Dir::new(self.opened.try_clone()?)?;
        // The place in the list is one for both descriptors.
        entries.rewind();
        for entry in entries {
            let name = OsString::from_vec(entry?.file_name().to_bytes().to_owned());
            if name != "." && name != ".." {
                names.push(name);
            }
        }
        Ok(names)
    }

    /// When something below it last changed, and a word for how it is now.
    pub(super) fn stamp(&self, below: &str) -> Option<(Timestamp, String)> {
        let found = statat(self, below, AtFlags::SYMLINK_NOFOLLOW).ok()?;
        let nanoseconds = i32::try_from(found.st_ctime_nsec).ok()?;
        let changed = Timestamp::new(found.st_ctime, nanoseconds).ok()?;
        let Stat { st_dev, st_ino, st_size, .. } = found;
        Some((changed, format!("{}.{st_size}.{st_dev}.{st_ino}", changed.as_nanosecond())))
    }

    /// Makes the names in it durable.
    pub(super) fn sync(&self) -> Result<(), Error> {
        self.opened.sync_all().map_err(failed("make durable", &self.path))
    }
}

impl AsFd for Folder {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.opened.as_fd()
    }
}

fn is_same(one: &Stat, other: &Stat) -> bool {
    (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino)
}

fn open_folder(from: BorrowedFd<'_>, path: &Path) -> Result<File, Errno> {
    let how = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let opened = openat(from, path, how, Mode::empty());
    // One that we may search and not list is good enough to read from.
    #[cfg(target_os = "linux")]
    let opened = match opened {
        Err(Errno::ACCESS) => openat(from, path, how | OFlags::PATH, Mode::empty()),
        other => other,
    };
    opened.map(File::from)
}
