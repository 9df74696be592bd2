//! Which parts of a credential are asked for, and how they get in: by prompt, pipe, file or
//! descriptor; never by an argument.

use std::path::PathBuf;

use clap::Args;

use super::Failure;
use super::input::{file, plain, stdin};
use super::parts::Parts;
use crate::disk;
use crate::grant::key::{self, Imported};
use crate::grant::{Ask, Preset};
use crate::limits;
use crate::model::{AuthStyle, ClientId, Credential, Endpoint, Invalid, Part, Pasted, PastedError};
use crate::secret::RefreshToken;

/// Where the parts of a credential come from.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Credential (asked for at the terminal unless given)")]
pub struct CredentialArgs {
    /// The client id
    #[arg(long, value_name = "ID")]
    pub client_id: Option<ClientId>,
    /// Read id and secret from standard input: id:secret, .env lines, JSON or base64
    #[arg(long, groups = ["secret", "input"])]
    stdin: bool,
    /// Read the secret alone from standard input; one final line end is dropped
    #[arg(long, groups = ["secret", "input"])]
    secret_stdin: bool,
    /// Read the secret from this file; one final line end is dropped
    #[arg(long, group = "secret", value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// Read the secret from this file descriptor; one final line end is dropped
    #[arg(long, group = "secret", value_name = "N")]
    secret_fd: Option<u32>,
    /// Take the private key from this file: PEM, a JWK, or Google's JSON file
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Take the client certificate and its key from this file (PEM)
    #[arg(long, value_name = "FILE")]
    cert_file: Option<PathBuf>,
    /// Read a refresh token from standard input
    #[arg(long, groups = ["refresh", "input"])]
    refresh_token_stdin: bool,
    /// Read a refresh token from this file
    #[arg(long, group = "refresh", value_name = "FILE")]
    refresh_token_file: Option<PathBuf>,
    /// Read a refresh token from this file descriptor
    #[arg(long, group = "refresh", value_name = "N")]
    refresh_token_fd: Option<u32>,
    /// What private key is made here. Only `add` has an option for it: a profile that there is has
    /// `mintage key new`.
    #[arg(skip)]
    new_key: Option<key::Kind>,
}

/// A credential, and what its form says beside.
#[derive(Default)]
pub struct Given {
    /// The credential.
    pub credential: Credential,
    /// It came under a name of the Data Access Platform.
    pub is_dap: bool,
    /// The id of the private key.
    pub kid: Option<String>,
    /// How the private key signs.
    pub alg: Option<String>,
    /// Where the private key is good.
    pub token_endpoint: Option<Endpoint>,
    /// The secret parts that were given now.
    pub replaced: Vec<Part>,
}

/// What of a pair is to be had, and what it is called.
struct Wanted {
    id: Option<&'static str>,
    /// Without an id the secret is this.
    or: Option<&'static str>,
    secret: Option<&'static str>,
}

impl CredentialArgs {
    /// Whether anything of it was given.
    pub fn is_given(&self) -> bool {
        self.client_id.is_some() || self.gives_something_secret()
    }

    /// Whether a part that is secret is given, or to be read.
    pub fn gives_something_secret(&self) -> bool {
        self.has_secret()
            || self.key_file.is_some()
            || self.cert_file.is_some()
            || self.has_refresh()
    }

    /// Takes the private key from this file.
    pub fn set_key_file(&mut self, path: &str) {
        self.key_file = Some(path.into());
    }

    /// Makes a private key.
    pub fn make_key(&mut self) {
        self.new_key = Some(key::Kind::Rsa);
    }

    /// Whether the client id was given as an option.
    pub fn has_client_id(&self) -> bool {
        self.client_id.is_some()
    }

    fn has_secret(&self) -> bool {
        self.stdin || self.secret_stdin || self.secret_file.is_some() || self.secret_fd.is_some()
    }

    fn has_refresh(&self) -> bool {
        self.refresh_token_stdin
            || self.refresh_token_file.is_some()
            || self.refresh_token_fd.is_some()
    }

    /// Gets what `preset` needs, less what another profile (`has_source`) or another style makes
    /// needless.
    ///
    /// # Errors
    /// [`Failure::Pasted`], [`Failure::Invalid`], [`Failure::Prompt`], [`Failure::Disk`],
    /// [`Failure::Usage`].
    pub fn get(
        &self,
        preset: &Preset,
        style: Option<AuthStyle>,
        has_source: bool,
        parts: &Parts,
    ) -> Result<Given, Failure> {
        let mut given = self.filed(parts)?;
        if preset.asks.contains(&Ask::Key) && self.key_file.is_none() && self.new_key.is_none() {
            let missing = "missing: `--key-file FILE`, the private key; or `--new-key`";
            return Err(Failure::Usage(missing.to_owned()));
        }
        let wanted = self.wanted(preset, style, has_source);
        match (wanted.id, wanted.secret) {
            (Some(_), Some(_)) => self.pair(&wanted, &mut given, parts)?,
            (None, Some(word)) => {
                let pasted = self.secret(word, parts)?;
                given.credential.secret = Some(Credential::secret_of(pasted.secret)?);
            }
            (Some(word), None) => {
                let imported = given.credential.client_id.take();
                let known = self.client_id.clone().or(imported);
                given.credential.client_id = Some(match known {
                    Some(id) => id,
                    None => parts.prompt.line(&format!("{word}: "))?.parse()?,
                });
            }
            (None, None) => {
                let imported = given.credential.client_id.take();
                given.credential.client_id = self.client_id.clone().or(imported);
            }
        }
        given.credential.refresh = self.refresh(parts)?;
        Ok(given)
    }

    /// Gets what takes the place of parts of `existing`: another pair, another secret under the same
    /// id, the same secret under another id, another key. Where nothing is given, a pair is asked for.
    ///
    /// # Errors
    /// As [`CredentialArgs::get`].
    pub fn replace(&self, existing: Credential, parts: &Parts) -> Result<Given, Failure> {
        let mut given = self.filed(parts)?;
        let Credential { client_id, secret, key, certificate, refresh } = existing;
        let asks = !self.is_given();
        let mut new_id = self.client_id.clone().or(given.credential.client_id.take());
        if self.has_secret() || (asks && (secret.is_some() || client_id.is_some())) {
            let known = client_id.as_ref();
            let pasted = if asks && known.is_none() {
                self.secret("Secret", parts)?
            } else {
                self.paste(known, ("Client id", "Client secret"), parts)?
            };
            refuse_pair(&pasted, self.client_id.as_ref().or(known))?;
            new_id = self.agreed_id(pasted.client_id.clone())?;
            given.credential.secret = Some(Credential::secret_of(pasted.secret)?);
            given.replaced.push(Part::Secret);
        }
        let given_refresh = self.refresh(parts)?;
        if given_refresh.is_some() {
            given.replaced.push(Part::Refresh);
        }
        let new = &mut given.credential;
        new.client_id = new_id.or(client_id);
        new.secret = new.secret.take().or(secret);
        new.key = new.key.take().or(key);
        new.certificate = new.certificate.take().or(certificate);
        new.refresh = given_refresh.or(refresh);
        Ok(given)
    }

    fn wanted(&self, preset: &Preset, style: Option<AuthStyle>, has_source: bool) -> Wanted {
        let mut wanted = Wanted { id: None, or: None, secret: None };
        for ask in preset.asks {
            match ask {
                Ask::ClientId => wanted.id = Some("Client id"),
                Ask::ClientIdAs(word) => wanted.id = Some(word),
                Ask::ClientIdOr(other) => {
                    (wanted.id, wanted.or) = (Some("Client id"), Some(*other));
                }
                Ask::Secret(word) => wanted.secret = Some(word),
                Ask::SourceOr(word) if !has_source => wanted.secret = Some(word),
                _ => {}
            }
        }
        // A client in place of the person that the option is about: then the secret is the client's.
        let is_client = wanted.id.is_none() && self.client_id.is_some();
        if is_client && preset.asks.iter().any(|ask| matches!(ask, Ask::Option(..))) {
            wanted.secret = wanted.secret.and(Some("Client secret"));
        }
        let has_key = self.key_file.is_some() || self.new_key.is_some();
        let is_proved_otherwise = has_key || self.cert_file.is_some();
        let is_shown = style.map(|style| style.shows() == Some(Part::Secret));
        match is_shown {
            _ if self.has_secret() => {
                wanted.secret = wanted.secret.or(Some("Client secret"));
            }
            Some(true) => wanted.secret = wanted.secret.or(Some("Client secret")),
            Some(false) => wanted.secret = None,
            None if is_proved_otherwise => wanted.secret = None,
            None => {}
        }
        if self.client_id.is_none() && wanted.or.is_some() && self.has_secret() && !self.stdin {
            wanted.id = None;
        }
        if self.client_id.is_some() && wanted.secret.is_some() {
            // Not asked for by every preset, and never left out where it was given.
            wanted.id = wanted.id.or(Some("Client id"));
        }
        wanted
    }

    /// The parts that are in files of their own.
    fn filed(&self, parts: &Parts) -> Result<Given, Failure> {
        let mut given = Given::default();
        if let Some(path) = &self.key_file {
            let found = key::import(&file(parts, path, "--key-file")?)?;
            let Imported { key, kid, client_id, token_endpoint, alg } = found;
            given.credential.key = Some(key);
            given.credential.client_id = client_id.map(|id| id.parse()).transpose()?;
            (given.kid, given.alg, given.token_endpoint) = (kid, alg, token_endpoint);
            given.replaced.push(Part::Key);
        }
        if let Some(kind) = self.new_key {
            let made = key::generate(kind)?;
            // Canvas takes no public key without an id.
            given.kid = Some(key::thumbprint(&made)?);
            given.credential.key = Some(made);
        }
        if let Some(path) = &self.cert_file {
            let found = key::certificate(&file(parts, path, "--cert-file")?)?;
            given.credential.certificate = Some(found);
            given.replaced.push(Part::Certificate);
        }
        Ok(given)
    }

    fn refresh(&self, parts: &Parts) -> Result<Option<RefreshToken>, Failure> {
        let pasted = if self.refresh_token_stdin {
            plain(&stdin()?)?
        } else if let Some(path) = &self.refresh_token_file {
            plain(&file(parts, path, "--refresh-token-file")?)?
        } else if let Some(number) = self.refresh_token_fd {
            plain(&disk::read_descriptor(number, limits::PASTE)?)?
        } else {
            return Ok(None);
        };
        Ok(Some(refresh_of(&pasted)?))
    }

    fn pair(&self, wanted: &Wanted, given: &mut Given, parts: &Parts) -> Result<(), Failure> {
        let word = wanted.secret.unwrap_or("Client secret");
        if let Some(other) = wanted.or.filter(|_| !self.has_secret() && self.client_id.is_none()) {
            let id = parts.prompt.line(&format!("Client id (empty for {other}): "))?;
            let by_hand = id.trim().is_empty();
            if !by_hand {
                given.credential.client_id = Some(id.trim().parse()?);
            }
            let word = if by_hand { other } else { word };
            let pasted = Pasted::plain(&parts.prompt.secret(&question(word))?);
            given.credential.secret = Some(Credential::secret_of(pasted.secret)?);
            return Ok(());
        }
        let id_word = wanted.id.unwrap_or("Client id");
        let pasted = self.paste(None, (id_word, word), parts)?;
        refuse_pair(&pasted, self.client_id.as_ref())?;
        let id = self.agreed_id(pasted.client_id.clone())?.or(given.credential.client_id.take());
        given.credential.client_id = Some(match id {
            Some(id) => id,
            None => parts.prompt.line(&format!("{id_word}: "))?.parse()?,
        });
        given.credential.secret = Some(Credential::secret_of(pasted.secret)?);
        given.is_dap = pasted.is_dap;
        Ok(())
    }

    /// The secret alone; nothing is taken apart.
    fn secret(&self, word: &str, parts: &Parts) -> Result<Pasted, Failure> {
        if self.stdin {
            return plain(&stdin()?);
        }
        match self.piped(parts)? {
            Some(pasted) => Ok(pasted),
            None => plain(&parts.prompt.secret(&question(word))?),
        }
    }

    fn paste(
        &self,
        known: Option<&ClientId>,
        words: (&str, &str),
        parts: &Parts,
    ) -> Result<Pasted, Failure> {
        if self.stdin {
            return Ok(Pasted::pair(&stdin()?)?);
        }
        match self.piped(parts)? {
            Some(pasted) => Ok(pasted),
            None => self.ask(known, words, parts),
        }
    }

    fn piped(&self, parts: &Parts) -> Result<Option<Pasted>, Failure> {
        if self.secret_stdin {
            return plain(&stdin()?).map(Some);
        }
        if let Some(path) = &self.secret_file {
            return plain(&file(parts, path, "--secret-file")?).map(Some);
        }
        if let Some(number) = self.secret_fd {
            return plain(&disk::read_descriptor(number, limits::PASTE)?).map(Some);
        }
        Ok(None)
    }

    /// At the first question a whole pair may be pasted: then there is no second one. Where an id is
    /// `known`, an empty answer means that one. The words are those for the id and for the secret.
    fn ask(
        &self,
        known: Option<&ClientId>,
        (id_word, word): (&str, &str),
        parts: &Parts,
    ) -> Result<Pasted, Failure> {
        let id = if let Some(id) = &self.client_id {
            id.clone()
        } else {
            // Not echoed: people paste the pair, or the secret, here.
            let unchanged = if known.is_some() { " [unchanged]" } else { "" };
            let question = format!("{id_word} (or paste id and secret){unchanged}: ");
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
        let typed = parts.prompt.secret(&format!("{word}: "))?;
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

/// A refresh token from what was pasted.
///
/// # Errors
/// [`Failure::Invalid`].
pub fn refresh_of(pasted: &Pasted) -> Result<RefreshToken, Failure> {
    let text = std::str::from_utf8(&pasted.secret).map_err(|_| Invalid::Refresh)?;
    Ok(Credential::refresh_of(text.trim().to_owned().into())?)
}

/// What asks for `word`, which may stand as it does in a sentence: `a Canvas access token`.
fn question(word: &str) -> String {
    let bare = word.strip_prefix("an ").or_else(|| word.strip_prefix("a ")).unwrap_or(word);
    let mut letters = bare.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    let bare: String = first.into_iter().chain(letters).collect();
    format!("{bare}: ")
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
