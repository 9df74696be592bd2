//! What this program runs in a process of its own. Not for people; not in help.

use crate::cli::{Failure, style};
use crate::disk;
use crate::identity::{Error, Keychain, Source as _, Task};
use crate::prompt::Nobody;
use crate::seal::VaultId;

/// Stretches one passphrase: a task on standard input, its answer on standard output.
pub fn stretch() -> Result<u8, Failure> {
    let input = disk::read_stdin(Task::CAP)?.unwrap_or_default();
    let broken = || Failure::Usage("this command is for mintage itself".to_owned());
    let task = Task::parse(&input).ok_or_else(broken)?;
    style::write(task.run().expose())?;
    Ok(0)
}

/// Reads the opening key of the vault named on standard input from the keychain, and writes its
/// public half: the proof that another process finds what was saved.
pub fn keychain_read() -> Result<u8, Failure> {
    let input = disk::read_stdin(64)?.unwrap_or_default();
    let id = std::str::from_utf8(&input).unwrap_or_default();
    let id: VaultId = id.parse().map_err(|error| Failure::Identity(Error::Key(error)))?;
    let key = Keychain::of(&id).load(&Nobody)?;
    style::write(key.recipient().to_string().as_bytes())?;
    Ok(0)
}
