//! A lock between processes that the kernel takes back when its holder dies.

use std::fs::File;
use std::io::{Read as _, Seek as _, Write as _};
use std::time::Duration;

use super::folder::Folder;
use super::spot::Spot;
use super::{Error, failed};
use crate::clock::Clock;

/// How often a held lock is tried again.
const STEP: Duration = Duration::from_millis(5);

/// An exclusive lock on a file, held until dropped. The holder's process number is written into the
/// file, for the message that others show (on Windows a lock keeps them from reading it).
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock on the file at `spot` (made with mode 0600 if it is not there), waiting at most `patience`.
    ///
    /// # Errors
    /// - [`Error::Locked`]: another process held it all the while.
    /// - [`Error::NoLocks`]: the file system cannot lock. Never goes on without.
    /// - [`Error::Untrusted`]: others can change its folder.
    /// - [`Error::Io`]: the file cannot be opened.
    pub fn take<'a>(
        spot: impl Into<Spot<'a>>,
        patience: Duration,
        clock: &dyn Clock,
    ) -> Result<Self, Error> {
        let spot = spot.into();
        let path = spot.shown();
        let (folder, name) = Folder::above(&spot, "lock")?;
        let mut file = folder.open_lock(name).map_err(failed("lock", &path))?;
        let give_up = clock.steady() + patience;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(std::fs::TryLockError::WouldBlock) if clock.steady() < give_up => {
                    std::thread::sleep(STEP);
                }
                Err(std::fs::TryLockError::WouldBlock) => {
                    return Err(Error::Locked { path, holder: holder(&mut file) });
                }
                Err(std::fs::TryLockError::Error(source)) => {
                    return Err(Error::NoLocks { path, source });
                }
            }
        }
        let _only_a_courtesy = sign(&mut file);
        Ok(Self { _file: file })
    }
}

fn sign(file: &mut File) -> std::io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    write!(file, "{}", std::process::id())
}

fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(16).read_to_string(&mut text).ok()?;
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::System;

    // F07
    #[test]
    fn a_held_lock_names_its_holder_and_is_free_again_once_dropped() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("lock");
        let held = Lock::take(&path, Duration::ZERO, &System).expect("free");
        let refused = Lock::take(&path, Duration::from_millis(20), &System).err();
        let Some(Error::Locked { holder, .. }) = refused else { panic!("not refused") };
        assert_eq!(holder, Some(std::process::id()));
        drop(held);
        assert!(Lock::take(&path, Duration::ZERO, &System).is_ok());
    }
}
