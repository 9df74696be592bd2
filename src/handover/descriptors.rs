//! What a child inherits: descriptors 0, 1 and 2, and nothing else.

#![expect(unsafe_code, reason = "a descriptor known by its number alone must be borrowed raw")]

use std::os::fd::{BorrowedFd, OwnedFd};

use rustix::io::{FdFlags, fcntl_setfd};

/// Marks every descriptor above 2 to be closed when the next program is executed: one that was left
/// open by our caller may lead to a passphrase or secret.
///
/// # Errors
/// The system does not list the descriptors.
pub fn close_others_on_exec() -> std::io::Result<()> {
    let listed: Vec<i32> = std::fs::read_dir("/dev/fd")?
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|number| *number > 2)
        .collect();
    for number in listed {
        // SAFETY: the borrow ends with this statement and nothing is read, written or closed
        // through it. A number that was closed since it was listed (the listing's own is) makes
        // `fcntl` answer EBADF, which is ignored. A look-up of a name that was given up may still
        // run on another thread: what it opens, it opens with this flag set.
        let descriptor = unsafe { BorrowedFd::borrow_raw(number) };
        let _closed_since = fcntl_setfd(descriptor, FdFlags::CLOEXEC);
    }
    Ok(())
}

/// A copy of the descriptor that a supervisor opened for this process; closed in children.
///
/// # Errors
/// It is not open.
pub fn inherited(number: u32) -> std::io::Result<OwnedFd> {
    let number = i32::try_from(number).map_err(|_| std::io::ErrorKind::InvalidInput)?;
    // SAFETY: the borrow ends with this statement; a number that is not open makes `fcntl` answer
    // EBADF. The original stays open as long as the process, so nothing can take its number.
    let copy = rustix::io::fcntl_dupfd_cloexec(unsafe { BorrowedFd::borrow_raw(number) }, 3)?;
    Ok(copy)
}
