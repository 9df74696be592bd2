//! Private files: checked before they are read, written so that a crash leaves the old or the new.
//!
//! The only place that creates files. It knows nothing of vaults, settings or keys.

mod descriptor;
mod durable;
#[cfg(unix)]
mod folder;
#[cfg(not(unix))]
#[path = "folder_by_path.rs"]
mod folder;
mod lock;
mod spot;
mod trust;
#[cfg(unix)]
mod way;

use std::io;
use std::path::{Path, PathBuf};

pub use descriptor::{read_descriptor, read_stdin};
pub use durable::{
    clear_dir, create_new, make_private_dir, remove, remove_dir, remove_empty_dir, rename, replace,
    set_aside, start_log,
};
pub use lock::Lock;
pub use spot::{Root, Spot};
pub use trust::{check_dir, check_place, names, read_any, read_private};

/// What went wrong with a file, by what the caller can do next.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file or folder is not there.
    #[error("`{}` does not exist", .0.display())]
    NotFound(PathBuf),
    /// It exists already and may not be replaced.
    #[error("`{}` exists already", .0.display())]
    Exists(PathBuf),
    /// Somebody else could have written or could read it.
    #[error("`{}` is not safe to use: {why}", .path.display())]
    Untrusted {
        /// The file or folder with the fault, which may be a parent of the one asked for.
        path: PathBuf,
        /// What is wrong with it.
        why: &'static str,
        /// The command that mends it, where one can.
        mend: Option<String>,
    },
    /// It is larger than the cap for its kind.
    #[error("`{}` is larger than {cap} bytes", .path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The cap in bytes.
        cap: u64,
    },
    /// Another process holds the lock.
    #[error("`{}` is held by another process{}", .path.display(), holder_text(*.holder))]
    Locked {
        /// The lock file.
        path: PathBuf,
        /// The process that took it, where it left its number.
        holder: Option<u32>,
    },
    /// The file system cannot lock; writing without a lock could lose a change.
    #[error("the file system of `{}` has no working locks", .path.display())]
    NoLocks {
        /// The lock file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The system refused.
    #[error("cannot {action} `{}`", .path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Error {
    /// Whether the failure means that something was not saved (rather than not read).
    #[must_use]
    pub fn is_about_saving(&self) -> bool {
        const READING: [&str; 5] = ["read", "open", "look at", "find", "list"];
        match self {
            Self::Exists(_) | Self::Locked { .. } | Self::NoLocks { .. } => true,
            Self::NotFound(_) | Self::Untrusted { .. } | Self::TooLarge { .. } => false,
            Self::Io { action, .. } => !READING.contains(action),
        }
    }
}

fn holder_text(holder: Option<u32>) -> String {
    holder.map(|pid| format!(" (process {pid})")).unwrap_or_default()
}

/// Turns a system error on `path` into ours.
fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |source| match source.kind() {
        io::ErrorKind::NotFound => Error::NotFound(path),
        io::ErrorKind::AlreadyExists => Error::Exists(path),
        _ => Error::Io { action, path, source },
    }
}
