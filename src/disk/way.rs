//! The way to a folder: its links are followed one by one, and all that is passed is judged.

use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, FileType, Mode, Stat, readlinkat, statat};
use rustix::io::Errno;

use super::spot::Spot;
use super::trust::untrusted;
use super::{Error, failed};

/// As many links on one way as the kernel follows.
pub(super) const MOST_LINKS: usize = 40;

/// Follows a path to the folder it leads to, without links. Every link and every folder passed must
/// be trusted, also those that are not above the end. What [`Error::NotFound`] names is the first
/// part that is not there.
pub(super) fn resolve(spot: &Spot<'_>, action: &'static str) -> Result<PathBuf, Error> {
    let refused = |error: Errno| failed(action, &spot.shown())(error.into());
    let from = spot.base.map_or(CWD, |base| base.as_fd());
    let mut way = Way { from, real: PathBuf::new(), rest: parts(&spot.path), links: 0 };
    while let Some(part) = way.rest.pop() {
        let next = way.next(&part);
        let found = match statat(from, &next, AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) => return Err(Error::NotFound(next)),
            found => found.map_err(refused)?,
        };
        if FileType::from_raw_mode(found.st_mode) == FileType::Symlink {
            judge_link(&found, &spot.with(next.clone()).shown())?;
            way.follow(&next, part).map_err(refused)?;
            continue;
        }
        // The last is the caller's to judge, once it is open.
        if !way.rest.is_empty() {
            judge_parent(&found, || spot.with(next.clone()).shown())?;
        }
        way.real = next;
    }
    Ok(way.real)
}

struct Way<'a> {
    from: BorrowedFd<'a>,
    /// The part behind us, without links.
    real: PathBuf,
    /// The part before us, the first at the end.
    rest: Vec<OsString>,
    links: usize,
}

impl Way<'_> {
    fn next(&self, part: &OsStr) -> PathBuf {
        match self.real.parent() {
            // Without links behind us, `..` is the parent by name.
            Some(parent) if part == ".." && self.real.file_name().is_some() => {
                Path::new(".").join(parent)
            }
            _ => self.real.join(part),
        }
    }

    fn follow(&mut self, link: &Path, part: OsString) -> Result<(), Errno> {
        self.links += 1;
        if self.links > MOST_LINKS {
            return Err(Errno::LOOP);
        }
        match readlinkat(self.from, link, Vec::new()) {
            Ok(target) => {
                self.rest.extend(parts(Path::new(&OsString::from_vec(target.into_bytes()))));
            }
            // A link no more: look again.
            Err(Errno::INVAL) => self.rest.push(part),
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

fn parts(path: &Path) -> Vec<OsString> {
    path.components().rev().map(|part| part.as_os_str().to_owned()).collect()
}

fn is_trusted(found: &Stat) -> bool {
    found.st_uid == 0 || found.st_uid == rustix::process::geteuid().as_raw()
}

/// A folder on the way may be root's, and may be open to all if it is sticky.
pub(super) fn judge_parent(found: &Stat, path: impl FnOnce() -> PathBuf) -> Result<(), Error> {
    if !is_trusted(found) {
        return Err(untrusted(&path(), "it belongs to another user", None));
    }
    let mode = Mode::from_raw_mode(found.st_mode);
    if mode.intersects(Mode::WGRP | Mode::WOTH) && !mode.contains(Mode::SVTX) {
        let path = path();
        let mend = format!("chmod go-w '{}'", path.display());
        return Err(untrusted(&path, "others can change what is in it", Some(mend)));
    }
    Ok(())
}

/// A link on the way must have been laid by us or by root.
pub(super) fn judge_link(found: &Stat, path: &Path) -> Result<(), Error> {
    if is_trusted(found) {
        return Ok(());
    }
    Err(untrusted(path, "it is a link laid by another user", None))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    fn resolved(path: &Path) -> Result<PathBuf, Error> {
        resolve(&path.into(), "look at")
    }

    #[test]
    fn a_way_leads_where_the_kernel_says() {
        let folder = tempfile::tempdir().expect("a folder");
        let top = fs::canonicalize(folder.path()).expect("there");
        for name in ["here", "there", "there/deep", "there/deep/est"] {
            fs::DirBuilder::new().create(top.join(name)).expect("made");
        }
        symlink("../there/deep", top.join("here/link")).expect("linked");
        symlink(top.join("here/link/est"), top.join("far")).expect("linked");
        symlink("..", top.join("there/deep/est/back")).expect("linked");
        for way in [
            "here",
            "here/../here/./",
            "here/link",
            "here/link/..",
            "far",
            "far/..",
            "far/back/../deep",
        ] {
            let way = top.join(way);
            let real = fs::canonicalize(&way).expect("there");
            assert_eq!(resolved(&way).expect("trusted"), real, "{}", way.display());
        }
    }

    #[test]
    fn a_ring_of_links_comes_to_an_end() {
        let folder = tempfile::tempdir().expect("a folder");
        symlink("two", folder.path().join("one")).expect("linked");
        symlink("one", folder.path().join("two")).expect("linked");
        assert!(matches!(resolved(&folder.path().join("one")), Err(Error::Io { .. })));
    }

    #[test]
    fn what_is_missing_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let top = fs::canonicalize(folder.path()).expect("there");
        let Err(Error::NotFound(missing)) = resolved(&top.join("not/there")) else {
            panic!("found");
        };
        assert_eq!(missing, top.join("not"));
    }
}
