//! The runtime folder: the agent's socket, its locks, and the mark that says `locked`.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::disk;

/// The private folder in which the agent and its clients meet.
#[derive(Debug, Clone)]
pub struct Runtime {
    folder: PathBuf,
}

impl Runtime {
    /// At `folder`. Nothing is created yet.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The folder itself.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The socket.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.folder.join("agent.sock")
    }

    /// Which file the socket is; `None` where there is none.
    #[cfg(unix)]
    #[must_use]
    pub fn socket_id(&self) -> Option<(u64, u64)> {
        use std::os::unix::fs::MetadataExt as _;
        let found = std::fs::symlink_metadata(self.socket()).ok()?;
        Some((found.dev(), found.ino()))
    }

    /// Held by the agent as long as it lives.
    #[must_use]
    pub fn agent_lock(&self) -> PathBuf {
        self.folder.join("agent.lock")
    }

    /// Held by a client while it starts the agent.
    #[must_use]
    pub fn start_lock(&self) -> PathBuf {
        self.folder.join("start.lock")
    }

    /// What the agent noticed.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.folder.join("agent.log")
    }

    /// Makes the folder where it is not there, and judges it: it must belong to us, and nobody else
    /// may enter it.
    ///
    /// # Errors
    /// As [`disk::make_private_dir`] and [`disk::check_dir`].
    pub fn prepare(&self) -> Result<(), disk::Error> {
        disk::make_private_dir(&self.folder)?;
        disk::check_dir(&self.folder)
    }

    fn mark(&self) -> PathBuf {
        self.folder.join("locked")
    }

    /// Whether somebody locked everything and nobody unlocked it since. What cannot be looked at
    /// counts as locked.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        let found = std::fs::symlink_metadata(self.mark());
        found.err().is_none_or(|error| error.kind() != ErrorKind::NotFound)
    }

    /// Locks everything, for every process that opens vaults, until [`Runtime::unlock`].
    ///
    /// # Errors
    /// The mark cannot be made: then nothing but what runs now is locked.
    pub fn lock(&self) -> Result<(), disk::Error> {
        self.prepare()?;
        match disk::create_new(&self.mark(), b"") {
            Err(disk::Error::Exists(_)) => Ok(()),
            done => done,
        }
    }

    /// Ends it.
    ///
    /// # Errors
    /// [`disk::Error`].
    pub fn unlock(&self) -> Result<(), disk::Error> {
        match disk::remove(&self.mark()) {
            Err(disk::Error::NotFound(_)) => Ok(()),
            done => done,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_holds_until_it_is_ended() {
        let folder = tempfile::tempdir().expect("a folder");
        let runtime = Runtime::new(folder.path().join("mintage"));
        assert!(!runtime.is_locked());
        runtime.unlock().expect("nothing to do");
        for _ in 0..2 {
            runtime.lock().expect("locked");
            assert!(runtime.is_locked());
        }
        runtime.unlock().expect("unlocked");
        assert!(!runtime.is_locked());
    }
}
