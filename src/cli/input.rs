//! How a secret gets in: by pipe, file or descriptor; never by an argument.

use std::path::{Path, PathBuf};

use clap::Args;
use zeroize::Zeroizing;

use super::Failure;
use super::parts::Parts;
use crate::disk;
use crate::limits;
use crate::model::{FieldName, Invalid, Pasted, PastedError, Profile};
use crate::secret::FieldSecret;

/// A further secret of the profile.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Further secret (asked for at the terminal unless given)")]
pub struct FieldArgs {
    /// Keep a further secret under this name: `database_url`, say
    #[arg(long, value_name = "NAME")]
    field: Option<FieldName>,
    /// Read it from standard input; one final line end is dropped
    #[arg(long, requires = "field", groups = ["field_value", "input"])]
    field_stdin: bool,
    /// Read it from this file; one final line end is dropped
    #[arg(long, requires = "field", group = "field_value", value_name = "FILE")]
    field_file: Option<PathBuf>,
    /// Read it from this file descriptor; one final line end is dropped
    #[arg(long, requires = "field", group = "field_value", value_name = "N")]
    field_fd: Option<u32>,
}

impl FieldArgs {
    /// Whether one is to be set.
    pub fn is_given(&self) -> bool {
        self.field.is_some()
    }

    /// Gets it.
    ///
    /// # Errors
    /// [`Failure::Pasted`], [`Failure::Invalid`], [`Failure::Prompt`], [`Failure::Disk`],
    /// [`Failure::Usage`].
    pub fn get(&self, parts: &Parts) -> Result<Option<(FieldName, FieldSecret)>, Failure> {
        let Some(name) = &self.field else { return Ok(None) };
        let pasted = if self.field_stdin {
            plain(&stdin()?)?
        } else if let Some(path) = &self.field_file {
            plain(&file(parts, path, "--field-file")?)?
        } else if let Some(number) = self.field_fd {
            plain(&disk::read_descriptor(number, limits::PASTE)?)?
        } else {
            plain(&parts.prompt.secret(&format!("Value of `{name}`: "))?)?
        };
        Ok(Some((name.clone(), Profile::field(pasted.secret)?)))
    }
}

/// What was read is the secret, whatever it looks like.
///
/// # Errors
/// [`Failure::Pasted`] where it is nothing.
pub fn plain(bytes: &[u8]) -> Result<Pasted, Failure> {
    let pasted = Pasted::plain(bytes);
    if pasted.secret.is_empty() {
        return Err(PastedError::Empty.into());
    }
    Ok(pasted)
}

/// All of standard input.
///
/// # Errors
/// [`Failure::Disk`], [`Failure::Invalid`].
pub fn stdin() -> Result<Zeroizing<Vec<u8>>, Failure> {
    disk::read_stdin(limits::PASTE)?.ok_or(Failure::Invalid(Invalid::Secret))
}

/// A file of the user's own: others may be able to read it, which is said.
///
/// # Errors
/// [`Failure::Usage`], [`Failure::Disk`].
pub fn file(parts: &Parts, path: &Path, option: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let (bytes, is_private) =
        disk::read_any(path, limits::PASTE as u64).map_err(|error| unnamed(error, option))?;
    if !is_private {
        parts.style.warn(format_args!("others can read `{}`", path.display()));
    }
    parts.style.hint(format_args!("the secret is still in `{}`: delete it there", path.display()));
    Ok(bytes)
}

/// Who gives the secret itself in place of a file shall not find it in a message.
fn unnamed(error: disk::Error, option: &str) -> Failure {
    let why = match error {
        disk::Error::NotFound(_) => "no such file".to_owned(),
        disk::Error::Io { source, .. } => source.to_string(),
        named => return named.into(),
    };
    Failure::Usage(format!("`{option}`: {why} (not repeated: it may be the secret)"))
}
