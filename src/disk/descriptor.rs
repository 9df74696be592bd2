//! Reads what another program hands over on a file descriptor.

use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;

use zeroize::Zeroizing;

use super::{Error, failed};

/// Reads descriptor `number` to its end. It must be a pipe or a file open for reading (a socket
/// cannot be opened this way). Windows hands on none but the standard ones: there only 0 is read.
///
/// # Errors
/// - [`Error::NotFound`]: no such descriptor.
/// - [`Error::Untrusted`]: on Windows, any but 0.
/// - [`Error::TooLarge`]: more than `cap` bytes.
/// - [`Error::Io`].
pub fn read_descriptor(number: u32, cap: usize) -> Result<Zeroizing<Vec<u8>>, Error> {
    let path = PathBuf::from(format!("/dev/fd/{number}"));
    if cfg!(windows) && number != 0 {
        // There it would be the name of a file, in a folder of the drive that anybody may make.
        let why = "Windows hands on no descriptor but 0, the standard input";
        return Err(Error::Untrusted { path, why, mend: None });
    }
    let read = if cfg!(windows) {
        read_to_cap(std::io::stdin().lock(), cap)
    } else {
        read_to_cap(File::open(&path).map_err(failed("open", &path))?, cap)
    };
    read.map_err(failed("read", &path))?.ok_or(Error::TooLarge { path, cap: cap as u64 })
}

/// Reads standard input to its end. `None` where it has more than `cap` bytes.
///
/// # Errors
/// [`Error::Io`].
pub fn read_stdin(cap: usize) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
    let path = PathBuf::from("standard input");
    read_to_cap(std::io::stdin().lock(), cap).map_err(failed("read", &path))
}

fn read_to_cap(
    source: impl std::io::Read,
    cap: usize,
) -> std::io::Result<Option<Zeroizing<Vec<u8>>>> {
    // Of full size from the start: growing would leave copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(cap + 1));
    source.take(cap as u64 + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() <= cap).then_some(bytes))
}
