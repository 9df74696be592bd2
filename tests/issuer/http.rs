//! HTTP/1.1, as little of it as an issuer needs: one request a connection, then one reply.

use std::fmt;
use std::io::{self, Read, Write};
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

const HEAD_CAP: usize = 64 << 10;
const BODY_CAP: usize = 1 << 20;
const FORM: &str = "application/x-www-form-urlencoded";

/// A request as it came in.
#[derive(Clone)]
pub struct Seen {
    pub method: String,
    /// Path and query.
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// When its head was complete.
    pub at: Instant,
}

impl Seen {
    /// The first header of this name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The path without its query.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// Id and secret of a Basic `Authorization`: split at the first colon, not form-decoded.
    pub fn basic(&self) -> Option<(Vec<u8>, Vec<u8>)> {
        let pair = STANDARD.decode(self.credentials("Basic")?).ok()?;
        let colon = pair.iter().position(|byte| *byte == b':')?;
        Some((pair[..colon].to_vec(), pair[colon + 1..].to_vec()))
    }

    /// The token of a Bearer `Authorization`.
    pub fn bearer(&self) -> Option<&str> {
        self.credentials("Bearer")
    }

    /// The body's form fields in order, decoded; bytes that are not UTF-8 are replaced.
    pub fn form(&self) -> Vec<(String, String)> {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        fields(&self.body).into_iter().map(|(key, value)| (text(key), text(value))).collect()
    }

    /// The first form field of this name, as bytes.
    pub fn form_field(&self, name: &str) -> Option<Vec<u8>> {
        first(fields(&self.body), name)
    }

    /// The first query field of this name; bytes that are not UTF-8 are replaced.
    pub fn query_field(&self, name: &str) -> Option<String> {
        let (_, query) = self.target.split_once('?')?;
        let value = first(fields(query.as_bytes()), name)?;
        Some(String::from_utf8_lossy(&value).into_owned())
    }

    /// Whether the body is declared to be a form.
    pub fn is_form(&self) -> bool {
        let declared = self.header("Content-Type").unwrap_or_default();
        declared.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(FORM)
    }

    fn credentials(&self, scheme: &str) -> Option<&str> {
        let (given, credentials) = self.header("Authorization")?.split_once(' ')?;
        given.eq_ignore_ascii_case(scheme).then(|| credentials.trim())
    }
}

fn fields(text: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let fields = text.split(|byte| *byte == b'&').filter(|field| !field.is_empty());
    fields
        .map(|field| {
            let mut halves = field.splitn(2, |byte| *byte == b'=');
            let mut next = || form_decoded(halves.next().unwrap_or_default());
            (next(), next())
        })
        .collect()
}

fn first(fields: Vec<(Vec<u8>, Vec<u8>)>, name: &str) -> Option<Vec<u8>> {
    fields.into_iter().find(|(key, _)| key == name.as_bytes()).map(|(_, value)| value)
}

/// Names what arrived; credentials may sit in the query, the header values and the body.
impl fmt::Debug for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Seen")
            .field("method", &self.method)
            .field("path", &self.path())
            .field("header_names", &names)
            .field("body_length", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// Undoes `application/x-www-form-urlencoded`; a stray `%` stands for itself.
pub fn form_decoded(text: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, after @ ..] = rest {
        let escaped = (*first == b'%').then(|| after.get(..2).and_then(hex_byte)).flatten();
        decoded.push(match (escaped, *first) {
            (None, b'+') => b' ',
            (Some(byte), _) | (None, byte) => byte,
        });
        rest = if escaped.is_some() { &after[2..] } else { after };
    }
    decoded
}

fn hex_byte(digits: &[u8]) -> Option<u8> {
    let value = |digit: u8| char::from(digit).to_digit(16);
    u8::try_from(value(digits[0])? * 16 + value(digits[1])?).ok()
}

/// What a client sent: a whole request, or something to turn down.
pub enum Received {
    Whole(Seen),
    Refused(Reply),
}

/// Reads one request. The body is as long as `Content-Length` says, and at most 1 MiB.
pub fn receive(conn: &mut impl Read) -> io::Result<Received> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        if bytes.len() > HEAD_CAP {
            return Ok(Received::Refused(Reply::error(431, "header too large")));
        }
        read_more(conn, &mut bytes)?;
    };
    let body = bytes.split_off(head_end);
    let Some(mut seen) = parse_head(&bytes) else {
        return Ok(Received::Refused(Reply::error(400, "bad request")));
    };
    if seen.header("Transfer-Encoding").is_some() {
        return Ok(Received::Refused(Reply::error(411, "length required")));
    }
    let Ok(length) = seen.header("Content-Length").unwrap_or("0").parse::<usize>() else {
        return Ok(Received::Refused(Reply::error(400, "bad content length")));
    };
    if length > BODY_CAP {
        return Ok(Received::Refused(Reply::error(413, "body too large")));
    }
    seen.body = body;
    while seen.body.len() < length {
        read_more(conn, &mut seen.body)?;
    }
    seen.body.truncate(length);
    Ok(Received::Whole(seen))
}

fn read_more(conn: &mut impl Read, bytes: &mut Vec<u8>) -> io::Result<()> {
    let mut chunk = [0; 4096];
    let count = conn.read(&mut chunk)?;
    bytes.extend_from_slice(&chunk[..count]);
    if count == 0 { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
}

fn parse_head(head: &[u8]) -> Option<Seen> {
    let head = String::from_utf8_lossy(head);
    let mut lines = head.trim_end().split("\r\n");
    let mut request = lines.next()?.split(' ');
    let (method, target) = (request.next()?.to_owned(), request.next()?.to_owned());
    let headers = lines
        .map(|line| line.split_once(':').map(|(k, v)| (k.to_owned(), v.trim().to_owned())))
        .collect::<Option<_>>()?;
    Some(Seen { method, target, headers, body: Vec::new(), at: Instant::now() })
}

/// A reply. `Content-Length` and `Connection: close` are added on the way out.
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    /// A JSON reply.
    pub fn json(status: u16, value: &Value) -> Self {
        Self::of_type(status, "application/json", value.to_string())
    }

    /// `{"error": …}` with this status.
    pub fn error(status: u16, error: &str) -> Self {
        Self::json(status, &json!({ "error": error }))
    }

    /// A reply of any media type.
    pub fn of_type(status: u16, media_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![("Content-Type".to_owned(), media_type.to_owned())];
        Self { status, headers, body: body.into() }
    }

    /// The same with one more header.
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Status line and headers. `length` becomes the `Content-Length` unless the headers already
    /// delimit the body; without either, the end of the connection does.
    pub fn head(&self, length: Option<u64>) -> Vec<u8> {
        let mut lines = vec![format!("HTTP/1.1 {} {}", self.status, reason(self.status))];
        lines.extend(self.headers.iter().map(|(name, value)| format!("{name}: {value}")));
        let has = |wanted: &str| self.headers.iter().any(|(k, _)| k.eq_ignore_ascii_case(wanted));
        if let Some(length) = length
            && !has("Content-Length")
            && !has("Transfer-Encoding")
        {
            lines.push(format!("Content-Length: {length}"));
        }
        if !has("Connection") {
            lines.push("Connection: close".to_owned());
        }
        (lines.join("\r\n") + "\r\n\r\n").into_bytes()
    }

    /// Sends the whole reply.
    pub fn send(&self, conn: &mut impl Write) -> io::Result<()> {
        let mut bytes = self.head(Some(self.body.len() as u64));
        bytes.extend_from_slice(&self.body);
        conn.write_all(&bytes)?;
        conn.flush()
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        422 => "Unprocessable Entity",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        _ => "Status",
    }
}
