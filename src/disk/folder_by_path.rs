//! A folder by its path, for systems without operations relative to an open one.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::spot::Spot;
use super::trust::{check_parents, judge_parent};
use super::{Error, failed};

/// The path of a folder.
pub(super) struct Folder {
    path: PathBuf,
}

/// Opens the file at `path` for reading. The file itself is not judged.
pub(super) fn open_to_read(spot: &Spot<'_>) -> Result<File, Error> {
    let path = spot.shown();
    check_parents(&path)?;
    File::open(&path).map_err(failed("open", &path))
}

/// Whether a folder, or a link to one, is there. It is not judged.
pub(super) fn is_dir(spot: &Spot<'_>) -> bool {
    spot.shown().is_dir()
}

impl Folder {
    /// The folder that holds `path`, and the name in it.
    pub(super) fn above<'a>(
        spot: &'a Spot<'_>,
        action: &'static str,
    ) -> Result<(Self, &'a OsStr), Error> {
        match spot.path.file_name() {
            Some(name) => Ok((Self { path: spot.folder().shown() }, name)),
            None => Err(failed(action, &spot.shown())(io::ErrorKind::IsADirectory.into())),
        }
    }

    /// The folder at `path`, which others cannot change.
    pub(super) fn open(spot: &Spot<'_>, action: &'static str) -> Result<Self, Error> {
        let folder = Self::below_trusted(spot, action)?;
        let found = folder.about().map_err(failed(action, &folder.path))?;
        judge_parent(&folder.path, &found)?;
        Ok(folder)
    }

    /// The folder at `path`; it is left to the caller to judge it.
    pub(super) fn below_trusted(spot: &Spot<'_>, action: &'static str) -> Result<Self, Error> {
        let folder = Self { path: spot.shown() };
        check_parents(&folder.path)?;
        let is_dir = folder.about().map_err(failed(action, &folder.path))?.is_dir();
        let refused = || failed(action, &spot.shown())(io::ErrorKind::NotADirectory.into());
        if is_dir { Ok(folder) } else { Err(refused()) }
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn about(&self) -> io::Result<fs::Metadata> {
        fs::metadata(&self.path)
    }

    /// Makes a file.
    pub(super) fn create(&self, name: &OsStr) -> io::Result<File> {
        File::options().write(true).create_new(true).open(self.path.join(name))
    }

    /// Opens a file to lock it, made where it is not there.
    pub(super) fn open_lock(&self, name: &OsStr) -> io::Result<File> {
        let mut how = File::options();
        how.read(true).write(true).create(true).truncate(false).open(self.path.join(name))
    }

    /// Makes a folder.
    pub(super) fn make_dir(&self, name: &OsStr) -> io::Result<()> {
        fs::create_dir(self.path.join(name))
    }

    /// Whether anything has this name.
    pub(super) fn has(&self, name: &OsStr) -> bool {
        self.path.join(name).symlink_metadata().is_ok()
    }

    /// Whether a folder, or a link to one, has this name.
    pub(super) fn has_dir(&self, name: &OsStr) -> bool {
        self.path.join(name).is_dir()
    }

    /// Replaces what is there.
    pub(super) fn rename(&self, name: &OsStr, to: &Self, new: &OsStr) -> io::Result<()> {
        fs::rename(self.path.join(name), to.path.join(new))
    }

    /// A second name in this folder; never replaces what is there.
    pub(super) fn link(&self, name: &OsStr, new: &OsStr) -> io::Result<()> {
        fs::hard_link(self.path.join(name), self.path.join(new))
    }

    pub(super) fn remove(&self, name: &OsStr) -> io::Result<()> {
        fs::remove_file(self.path.join(name))
    }

    /// Removes an empty folder.
    pub(super) fn remove_dir(&self, name: &OsStr) -> io::Result<()> {
        fs::remove_dir(self.path.join(name))
    }

    /// Removes a folder with all that is in it.
    pub(super) fn remove_tree(&self, name: &OsStr) -> io::Result<()> {
        fs::remove_dir_all(self.path.join(name))
    }

    /// What is in it.
    pub(super) fn names(&self) -> io::Result<Vec<OsString>> {
        fs::read_dir(&self.path)?.map(|entry| Ok(entry?.file_name())).collect()
    }

    /// When something below it was last written, and a word for how it is now.
    pub(super) fn stamp(&self, below: &str) -> Option<(Timestamp, String)> {
        let found = fs::symlink_metadata(self.path.join(below)).ok()?;
        let changed = Timestamp::try_from(found.modified().ok()?).ok()?;
        Some((changed, format!("{}.{}", changed.as_nanosecond(), found.len())))
    }

    /// Windows has no fsync of a folder. Its file system journals names, so a power cut leaves the old
    /// or the new, whole; but the last change may be lost in it even after `Ok`.
    #[expect(
        clippy::unused_self,
        clippy::unnecessary_wraps,
        reason = "elsewhere it does something"
    )]
    pub(super) fn sync(&self) -> Result<(), Error> {
        Ok(())
    }
}
