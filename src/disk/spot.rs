//! Where a file is or shall be: at a path, perhaps one below a folder that is held open.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use super::Error;
use super::folder::Folder;
use super::trust::own_folder;
use crate::clock::Clock;
use crate::limits;

/// A private folder that is held open. What is below is found from there, wherever its path leads
/// meanwhile: all of it is of one folder.
pub struct Root(Folder);

/// A path, or a path below a [`Root`].
#[derive(Clone)]
pub struct Spot<'a> {
    pub(super) base: Option<&'a Folder>,
    pub(super) path: Cow<'a, Path>,
}

impl Root {
    /// Opens a folder that must belong to us and that nobody else may enter; the folders above it
    /// must be trusted (see [`super::read_private`]).
    ///
    /// # Errors
    /// As [`super::read_private`].
    pub fn open(path: &Path) -> Result<Self, Error> {
        own_folder(path).map(Self)
    }

    /// Where it was when it was opened.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Whether its path still leads to it.
    #[must_use]
    pub fn is_in_place(&self) -> bool {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt as _;
            let (held, there) = (self.0.about().ok(), std::fs::metadata(self.path()).ok());
            let which = |found: std::fs::Metadata| (found.dev(), found.ino());
            held.map(which) == there.map(which)
        }
        #[cfg(not(unix))]
        true
    }

    /// A word that is another one after every change of the file or folder below it: when it was last
    /// changed in any way, its size and which one it is. On Unix that time cannot be set to any
    /// other than now. `None` where nothing is there, or where it changed so lately that it may
    /// change again without a trace.
    #[must_use]
    pub fn stamp(&self, below: &str, clock: &dyn Clock) -> Option<String> {
        let (changed, word) = self.0.stamp(below)?;
        let settled = changed.checked_add(limits::SETTLED).is_ok_and(|it| it < clock.wall());
        settled.then_some(word)
    }

    /// What is below it under this relative path.
    #[must_use]
    pub fn at<'a>(&'a self, below: &'a str) -> Spot<'a> {
        Spot { base: Some(&self.0), path: Cow::Borrowed(Path::new(below)) }
    }
}

impl<'a, P: AsRef<Path> + ?Sized> From<&'a P> for Spot<'a> {
    fn from(path: &'a P) -> Self {
        Spot { base: None, path: Cow::Borrowed(path.as_ref()) }
    }
}

impl<'a> Spot<'a> {
    /// The whole path, as it is shown.
    pub(super) fn shown(&self) -> PathBuf {
        match self.base {
            Some(base) if &*self.path == Path::new(".") => base.path().to_owned(),
            Some(base) => base.path().join(&self.path),
            None => self.path.to_path_buf(),
        }
    }

    /// The folder above; `None` where that is the working folder or the root's own.
    pub(super) fn parent(&self) -> Option<Self> {
        let parent = self.path.parent().filter(|parent| !parent.as_os_str().is_empty())?;
        Some(self.with(parent.to_owned()))
    }

    /// The folder that holds it.
    pub(super) fn folder(&self) -> Self {
        self.parent().unwrap_or_else(|| self.with(PathBuf::from(".")))
    }

    /// Another path, from the same root.
    pub(super) fn with(&self, path: PathBuf) -> Spot<'a> {
        Spot { base: self.base, path: Cow::Owned(path) }
    }
}
