//! How a credential gets in: by prompt, pipe, file or descriptor; never by an argument.

use std::path::{Path, PathBuf};

use clap::Args;
use zeroize::Zeroizing;

use super::Failure;
use super::parts::Parts;
use crate::disk;
use crate::limits;
use crate::model::{ClientId, Credential, FieldName, Invalid, Pasted, PastedError, Profile};
use crate::secret::FieldSecret;

/// Where the client id and secret come from.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Credential (asked for at the terminal unless given)")]
pub struct CredentialArgs {
    /// The client id
    #[arg(long, value_name = "ID")]
    pub client_id: Option<ClientId>,
    /// Read id and secret from standard input: id:secret, .env lines, JSON or base64
    #[arg(long, group = "secret")]
    stdin: bool,
    /// Read the secret alone from standard input; one final line end is dropped
    #[arg(long, group = "secret")]
    secret_stdin: bool,
    /// Read the secret from this file; one final line end is dropped
    #[arg(long, group = "secret", value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// Read the secret from this file descriptor; one final line end is dropped
    #[arg(long, group = "secret", value_name = "N")]
    secret_fd: Option<u32>,
}

/// A further secret of the profile.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Further secret (asked for at the terminal unless given)")]
pub struct FieldArgs {
    /// Keep a further secret under this name: `database_url`, say
    #[arg(long, value_name = "NAME")]
    field: Option<FieldName>,
    /// Read it from standard input; one final line end is dropped
    #[arg(long, requires = "field", group = "field_value", conflicts_with_all = ["stdin", "secret_stdin"])]
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
    /// As [`CredentialArgs::get`].
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

/// A credential, and what its form says about the service it is for.
pub struct Given {
    /// Client id and secret.
    pub credential: Credential,
    /// It came under a name of the Data Access Platform.
    pub is_dap: bool,
}

impl CredentialArgs {
    /// Whether anything of it was given.
    pub fn is_given(&self) -> bool {
        self.client_id.is_some() || self.has_secret()
    }

    /// Whether a secret is given, or to be read.
    pub fn has_secret(&self) -> bool {
        self.stdin || self.secret_stdin || self.secret_file.is_some() || self.secret_fd.is_some()
    }

    /// Gets what takes the place of `existing`: another pair, another secret under the same id, or
    /// the same secret under another id.
    ///
    /// # Errors
    /// As [`CredentialArgs::get`].
    pub fn replace(&self, existing: Credential, parts: &Parts) -> Result<Credential, Failure> {
        if let (Some(id), false) = (&self.client_id, self.has_secret()) {
            return Ok(existing.with_client_id(id.clone()));
        }
        let pasted = self.paste(Some(existing.client_id()), parts)?;
        refuse_pair(&pasted, self.client_id.as_ref().or(Some(existing.client_id())))?;
        let given = self.agreed_id(pasted.client_id.clone())?;
        let client_id = given.unwrap_or_else(|| existing.client_id().clone());
        Ok(Credential::new(client_id, pasted.secret)?)
    }

    /// Gets it.
    ///
    /// # Errors
    /// [`Failure::Pasted`], [`Failure::Invalid`], [`Failure::Prompt`], [`Failure::Disk`],
    /// [`Failure::Usage`].
    pub fn get(&self, parts: &Parts) -> Result<Given, Failure> {
        let pasted = self.paste(None, parts)?;
        refuse_pair(&pasted, self.client_id.as_ref())?;
        let client_id = self.agreed_id(pasted.client_id.clone())?;
        let client_id = match client_id {
            Some(id) => id,
            None => parts.prompt.line("Client id: ")?.parse()?,
        };
        let credential = Credential::new(client_id, pasted.secret)?;
        Ok(Given { credential, is_dap: pasted.is_dap })
    }

    fn paste(&self, known: Option<&ClientId>, parts: &Parts) -> Result<Pasted, Failure> {
        if self.stdin {
            let pasted = Pasted::pair(&stdin()?)?;
            return Ok(pasted);
        }
        if self.secret_stdin {
            return plain(&stdin()?);
        }
        if let Some(path) = &self.secret_file {
            return plain(&file(parts, path, "--secret-file")?);
        }
        if let Some(number) = self.secret_fd {
            return plain(&disk::read_descriptor(number, limits::PASTE)?);
        }
        self.ask(known, parts)
    }

    /// At the first question a whole pair may be pasted: then there is no second one. Where an id is
    /// `known`, an empty answer means that one.
    fn ask(&self, known: Option<&ClientId>, parts: &Parts) -> Result<Pasted, Failure> {
        let id = if let Some(id) = &self.client_id {
            id.clone()
        } else {
            // Not echoed: people paste the pair, or the secret, here.
            let unchanged = if known.is_some() { " [unchanged]" } else { "" };
            let question = format!("Client id (or paste id and secret){unchanged}: ");
            let typed = parts.prompt.secret(&question)?;
            match (Pasted::pair(&typed), known) {
                (Ok(pasted), _) => return Ok(pasted),
                (Err(PastedError::Empty), Some(_)) => {}
                (Err(PastedError::Empty | PastedError::Unknown), _) if may_be_id(&typed) => {}
                (Err(error), _) => return Err(error.into()),
            }
            match known {
                Some(known) if typed.is_empty() => known.clone(),
                _ => Pasted::id(&typed)?,
            }
        };
        let typed = parts.prompt.secret("Client secret: ")?;
        let pasted = Pasted::secret(&typed, Some(&id))?;
        Ok(Pasted { client_id: Some(id), ..pasted })
    }

    fn agreed_id(&self, pasted: Option<ClientId>) -> Result<Option<ClientId>, Failure> {
        match (&self.client_id, pasted) {
            (Some(given), Some(pasted)) if *given != pasted => Err(Failure::Usage(
                "the client id in what was given is not that of `--client-id`".to_owned(),
            )),
            (Some(given), _) => Ok(Some(given.clone())),
            (None, pasted) => Ok(pasted),
        }
    }
}

/// Where the secret alone is read, nothing is taken apart: but a pair there is a mistake.
fn refuse_pair(pasted: &Pasted, id: Option<&ClientId>) -> Result<(), Failure> {
    let Some(id) = id.filter(|_| pasted.client_id.is_none()) else { return Ok(()) };
    let after_id = pasted.secret.strip_prefix(id.as_str().as_bytes());
    if after_id.is_some_and(|rest| rest.starts_with(b":")) {
        return Err(Failure::Usage(
            "the secret begins with the client id and a colon: give the pair by `--stdin`"
                .to_owned(),
        ));
    }
    Ok(())
}

/// Not lines or a JSON object of an unknown form: an id is shown freely, and those hold a secret.
fn may_be_id(typed: &[u8]) -> bool {
    !typed.contains(&b'\n') && !typed.trim_ascii_start().starts_with(b"{")
}

fn plain(bytes: &[u8]) -> Result<Pasted, Failure> {
    let pasted = Pasted::plain(bytes);
    if pasted.secret.is_empty() {
        return Err(PastedError::Empty.into());
    }
    Ok(pasted)
}

fn stdin() -> Result<Zeroizing<Vec<u8>>, Failure> {
    disk::read_stdin(limits::PASTE)?.ok_or(Failure::Invalid(Invalid::Secret))
}

/// A file of the user's own: others may be able to read it, which is said.
fn file(parts: &Parts, path: &Path, option: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
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
