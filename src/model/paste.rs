//! Recognises the forms in which people are handed a client id and secret.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::{ClientId, Invalid};

/// What a paste held. The secret is in bytes exactly as given.
pub struct Pasted {
    /// The client id, where the paste had one.
    pub client_id: Option<ClientId>,
    /// The client secret.
    pub secret: Zeroizing<Vec<u8>>,
    /// Names that show which service the pair is for (`DAP_CLIENT_ID` and the like).
    pub is_dap: bool,
}

/// Why a paste holds no credential. Never quotes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PastedError {
    /// Nothing was given.
    #[error("nothing was given")]
    Empty,
    /// Several lines, of no known form.
    #[error(
        "not recognised: give `id:secret`, `.env` lines, a JSON object or base64 of `id:secret`"
    )]
    Unknown,
    /// An id and secret were found, but one is not well-formed.
    #[error("the client id in it is not well-formed")]
    ClientId,
    /// The same name twice.
    #[error("it names the client id or the secret more than once")]
    Twice,
}

impl Pasted {
    /// Reads a pair in any of these forms, tried in this order: a JSON object, `.env` lines (with
    /// `export`, `set` or `$env:`), `id:secret`, base64 of `id:secret`. One final line end is
    /// dropped first.
    ///
    /// # Errors
    /// [`PastedError`] where none fits.
    pub fn pair(bytes: &[u8]) -> Result<Self, PastedError> {
        let bytes = without_final_newline(bytes);
        if bytes.is_empty() {
            return Err(PastedError::Empty);
        }
        if bytes.trim_ascii_start().starts_with(b"{") {
            return from_json(bytes);
        }
        if let Some(found) = from_env_lines(bytes) {
            return found;
        }
        if bytes.contains(&b'\n') {
            return Err(PastedError::Unknown);
        }
        from_colon(bytes).or_else(|| from_base64(bytes)).ok_or(PastedError::Unknown)?
    }

    /// Reads what was typed where only a secret was asked for: a pair in any form for exactly the
    /// id already given, or the secret alone in the JSON or `.env` form; else the bytes themselves
    /// are the secret.
    ///
    /// # Errors
    /// [`PastedError`] where it is empty, or looks like a pair but is none.
    pub fn secret(bytes: &[u8], client_id: Option<&ClientId>) -> Result<Self, PastedError> {
        match Self::pair(bytes) {
            Ok(pair) if pair.client_id.is_none() || client_id.is_none() => Ok(pair),
            Ok(pair) if pair.client_id.as_ref() == client_id => Ok(pair),
            Err(PastedError::Empty) => Err(PastedError::Empty),
            Ok(_) | Err(_) => Ok(Self::plain(bytes)),
        }
    }

    /// Reads what was typed where a client id was asked for: the id itself, or its `.env` line.
    ///
    /// # Errors
    /// [`Invalid::ClientId`].
    pub fn id(bytes: &[u8]) -> Result<ClientId, Invalid> {
        let line = assignment(bytes).filter(|(name, _)| ID_NAMES.contains(&name.as_str()));
        let id = line.map_or_else(|| bytes.trim_ascii().to_vec(), |(_, value)| value.to_vec());
        parse_id(&id).ok_or(Invalid::ClientId)
    }

    /// The bytes are the secret, whatever they look like; one final line end is dropped.
    #[must_use]
    pub fn plain(bytes: &[u8]) -> Self {
        let secret = Zeroizing::new(without_final_newline(bytes).to_vec());
        Self { client_id: None, secret, is_dap: false }
    }
}

/// `bytes` without one final LF or CRLF. Everything else, spaces included, is kept.
#[must_use]
pub fn without_final_newline(bytes: &[u8]) -> &[u8] {
    match bytes.strip_suffix(b"\n") {
        Some(line) => line.strip_suffix(b"\r").unwrap_or(line),
        None => bytes,
    }
}

/// The names used in the wild for the two halves (and what the vendor's page calls them).
const ID_NAMES: [&str; 6] =
    ["DAP_CLIENT_ID", "CLIENT_ID", "CLIENTID", "OAUTH_CLIENT_ID", "CD2_CLIENT_ID", "CD2CLIENTID"];
const SECRET_NAMES: [&str; 7] = [
    "DAP_CLIENT_SECRET",
    "CLIENT_SECRET",
    "CLIENTSECRET",
    "OAUTH_CLIENT_SECRET",
    "CD2_CLIENT_SECRET",
    "CD2CLIENTSECRET",
    "SECRET",
];

#[derive(Deserialize)]
struct JsonPair {
    #[serde(alias = "clientId", alias = "ClientID", alias = "CLIENT_ID", alias = "DAP_CLIENT_ID")]
    client_id: Option<String>,
    #[serde(
        alias = "clientSecret",
        alias = "ClientSecret",
        alias = "CLIENT_SECRET",
        alias = "DAP_CLIENT_SECRET",
        alias = "secret",
        alias = "Secret"
    )]
    client_secret: Zeroizing<String>,
}

fn from_json(bytes: &[u8]) -> Result<Pasted, PastedError> {
    let pair: JsonPair = serde_json::from_slice(bytes).map_err(|_| PastedError::Unknown)?;
    let client_id =
        pair.client_id.map(|id| id.parse()).transpose().map_err(|_| PastedError::ClientId)?;
    let secret = Zeroizing::new(pair.client_secret.as_bytes().to_vec());
    let is_dap = bytes.windows(4).any(|window| window == b"DAP_");
    Ok(Pasted { client_id, secret, is_dap })
}

/// `None` where no line assigns one of the known names, so that another form may be tried.
fn from_env_lines(bytes: &[u8]) -> Option<Result<Pasted, PastedError>> {
    let mut client_id = None;
    let mut secret = None;
    let mut is_dap = false;
    for line in bytes.split(|byte| *byte == b'\n') {
        let Some((name, value)) = assignment(line) else { continue };
        let slot = if ID_NAMES.contains(&name.as_str()) {
            &mut client_id
        } else if SECRET_NAMES.contains(&name.as_str()) {
            &mut secret
        } else {
            continue;
        };
        if slot.replace(value).is_some() {
            return Some(Err(PastedError::Twice));
        }
        is_dap |= name.starts_with("DAP_") || name.starts_with("CD2");
    }
    let secret = secret?;
    let client_id = match client_id.map(|id| parse_id(&id)) {
        Some(None) => return Some(Err(PastedError::ClientId)),
        Some(id) => id,
        None => None,
    };
    Some(Ok(Pasted { client_id, secret, is_dap }))
}

/// `NAME=value` with the name in upper case, and the value without its quotes.
fn assignment(line: &[u8]) -> Option<(String, Zeroizing<Vec<u8>>)> {
    let line = line.trim_ascii();
    let line = [b"export ".as_slice(), b"set ", b"$env:"]
        .iter()
        .find_map(|prefix| line.strip_prefix(*prefix))
        .unwrap_or(line);
    let at = line.iter().position(|byte| *byte == b'=')?;
    let (name, value) = line.split_at(at);
    let name = std::str::from_utf8(name.trim_ascii()).ok()?.to_ascii_uppercase();
    let value = value.strip_prefix(b"=")?.trim_ascii();
    let unquoted = [b'"', b'\''].iter().find_map(|quote| {
        value.strip_prefix(&[*quote]).and_then(|rest| rest.strip_suffix(&[*quote]))
    });
    Some((name, Zeroizing::new(unquoted.unwrap_or(value).to_vec())))
}

fn from_colon(bytes: &[u8]) -> Option<Result<Pasted, PastedError>> {
    let at = bytes.iter().position(|byte| *byte == b':')?;
    let (id, rest) = bytes.split_at(at);
    let secret = Zeroizing::new(rest.strip_prefix(b":")?.to_vec());
    if secret.is_empty() {
        return Some(Err(PastedError::Unknown));
    }
    let client_id = parse_id(id);
    Some(if client_id.is_some() {
        Ok(Pasted { client_id, secret, is_dap: false })
    } else {
        Err(PastedError::ClientId)
    })
}

fn from_base64(bytes: &[u8]) -> Option<Result<Pasted, PastedError>> {
    let decoded = Zeroizing::new(STANDARD.decode(bytes.trim_ascii()).ok()?);
    from_colon(&decoded)
}

fn parse_id(bytes: &[u8]) -> Option<ClientId> {
    std::str::from_utf8(bytes).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(text: &str) -> Result<(Option<String>, Vec<u8>), PastedError> {
        Pasted::pair(text.as_bytes())
            .map(|found| (found.client_id.map(|id| id.to_string()), found.secret.to_vec()))
    }

    #[test]
    fn every_form_people_are_handed_is_recognised() {
        let expected = Ok((Some("us-east-1#0a1b".to_owned()), b"s3:c=r#t".to_vec()));
        for text in [
            "us-east-1#0a1b:s3:c=r#t",
            "us-east-1#0a1b:s3:c=r#t\n",
            "DAP_CLIENT_ID=us-east-1#0a1b\nDAP_CLIENT_SECRET=s3:c=r#t\n",
            "export DAP_CLIENT_ID=\"us-east-1#0a1b\"\r\nexport DAP_CLIENT_SECRET='s3:c=r#t'\r\n",
            "# from the portal\n$env:CLIENT_ID = \"us-east-1#0a1b\"\n$env:CLIENT_SECRET = \"s3:c=r#t\"",
            "set CD2ClientID=us-east-1#0a1b\nset CD2ClientSecret=s3:c=r#t\nDAP_API_URL=x",
            r#"{"client_id":"us-east-1#0a1b","client_secret":"s3:c=r#t"}"#,
            r#" {"clientId":"us-east-1#0a1b", "clientSecret":"s3:c=r#t", "more": [1]}"#,
            "dXMtZWFzdC0xIzBhMWI6czM6Yz1yI3Q=",
        ] {
            assert_eq!(pair(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_pair_is_refused() {
        assert_eq!(pair(""), Err(PastedError::Empty));
        assert_eq!(pair("\n"), Err(PastedError::Empty));
        assert_eq!(pair("just-one-word!"), Err(PastedError::Unknown));
        assert_eq!(pair("a\nb:c"), Err(PastedError::Unknown));
        assert_eq!(pair("id:"), Err(PastedError::Unknown));
        assert_eq!(pair("a b:secret"), Err(PastedError::ClientId));
        assert_eq!(pair("{\"client_id\":\"a\"}"), Err(PastedError::Unknown));
        let twice = "CLIENT_ID=a\nCLIENT_SECRET=b\nCLIENT_SECRET=c";
        assert_eq!(pair(twice), Err(PastedError::Twice));
        let twice = r#"{"client_id":"a","client_secret":"b","secret":"c"}"#;
        assert_eq!(pair(twice), Err(PastedError::Unknown));
    }

    #[test]
    fn at_the_secret_prompt_only_a_pair_with_the_same_id_is_taken_apart() {
        let id: ClientId = "us-east-1#0a1b".parse().expect("an id");
        let secret = |text: &str| {
            Pasted::secret(text.as_bytes(), Some(&id)).map(|found| found.secret.to_vec())
        };
        assert_eq!(secret("us-east-1#0a1b:x"), Ok(b"x".to_vec()));
        assert_eq!(secret("has:a:colon"), Ok(b"has:a:colon".to_vec()));
        assert_eq!(secret("plain"), Ok(b"plain".to_vec()));
        assert_eq!(secret("CLIENT_SECRET='x'"), Ok(b"x".to_vec()));
        assert_eq!(secret(""), Err(PastedError::Empty));
    }

    #[test]
    fn a_client_id_may_come_with_its_name() {
        let id = |text: &str| Pasted::id(text.as_bytes()).map(|id| id.to_string());
        assert_eq!(id(" us-east-1#0a1b "), Ok("us-east-1#0a1b".to_owned()));
        assert_eq!(id("export DAP_CLIENT_ID=\"us-east-1#0a1b\""), Ok("us-east-1#0a1b".to_owned()));
        assert_eq!(id("a=b"), Ok("a=b".to_owned()));
        assert_eq!(id(""), Err(Invalid::ClientId));
    }

    // N07, K07
    #[test]
    fn exactly_one_final_line_end_is_dropped() {
        for (given, kept) in [
            (&b"a\n"[..], &b"a"[..]),
            (b"a\r\n", b"a"),
            (b"a\n\n", b"a\n"),
            (b" a \t", b" a \t"),
            (b"a\r", b"a\r"),
            (b"\n", b""),
            (b"\x80\xff\0", b"\x80\xff\0"),
        ] {
            assert_eq!(without_final_newline(given), kept);
        }
    }
}
