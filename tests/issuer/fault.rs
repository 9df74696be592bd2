//! The ways a token endpoint can misbehave.

use std::fmt;
use std::io::{self, Write};
use std::mem;
use std::time::Duration;

use serde_json::Value;

use super::bomb;
use super::hold::Hold;
use super::http::Reply;
use super::server::{Conn, End, Gate};

/// What a token request gets in place of, or around, the reply it has earned.
#[derive(Clone)]
pub enum Fault {
    /// The earned reply.
    None,
    /// This reply verbatim. Only a missing `Content-Length` and `Connection` are added.
    Status { status: u16, headers: Vec<(String, String)>, body: Vec<u8> },
    /// 200 and `application/json` with this body verbatim.
    Json(String),
    /// The earned reply with these fields set, or removed where `None`.
    ReplaceFields(Vec<(&'static str, Option<Value>)>),
    /// An empty reply with this status and `Location`.
    Redirect { code: u16, to: String },
    /// Nothing at all, until the client hangs up.
    Silent,
    /// The earned reply, its head at one byte a second.
    DripHeaders,
    /// The earned reply, its body at one byte a second.
    DripBody,
    /// A token reply of this many bytes (at least 70), its end marked by `Content-Length` or by
    /// the end of the connection.
    Huge { bytes: u64, content_length: bool },
    /// A chunked reply that begins like a token reply and never ends.
    EndlessChunks,
    /// A gzip file of 1 MB that nobody asked for and that unpacks to 1 GiB of spaces.
    GzipBomb,
    /// A reset once the request is read.
    ResetBeforeHeaders,
    /// The head of the earned reply, then a reset.
    ResetAfterHeaders,
    /// The head and half the body of the earned reply, then a reset.
    ResetMidBody,
    /// The earned reply and an orderly end, under a `Content-Length` 100 too large.
    ShortBody,
    /// The whole earned reply under half its `Content-Length`.
    LongBody,
    /// The earned reply after this long.
    Delay(Duration),
    /// The earned reply, its last byte once it is released.
    Hold(Hold),
}

/// Names the misbehaviour; what it sends may hold tokens.
impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Status { .. } => "Status",
            Self::Json(_) => "Json",
            Self::ReplaceFields(_) => "ReplaceFields",
            Self::Redirect { .. } => "Redirect",
            Self::Silent => "Silent",
            Self::DripHeaders => "DripHeaders",
            Self::DripBody => "DripBody",
            Self::Huge { .. } => "Huge",
            Self::EndlessChunks => "EndlessChunks",
            Self::GzipBomb => "GzipBomb",
            Self::ResetBeforeHeaders => "ResetBeforeHeaders",
            Self::ResetAfterHeaders => "ResetAfterHeaders",
            Self::ResetMidBody => "ResetMidBody",
            Self::ShortBody => "ShortBody",
            Self::LongBody => "LongBody",
            Self::Delay(_) => "Delay",
            Self::Hold(_) => "Hold",
        })
    }
}

/// Time for a client to take in what was sent before a reset follows it.
const BEFORE_RESET: Duration = Duration::from_millis(100);

const OPENING: &[u8] = br#"{"access_token":""#;
const CLOSING: &[u8] = br#"","expires_in":3599,"scope":"","token_type":"bearer"}"#;

/// Answers one token request. `earned` makes the reply the request deserves; it is called only
/// for faults that use some of that reply.
pub fn play(
    fault: Fault,
    conn: &mut Conn,
    gate: &Gate,
    earned: impl FnOnce() -> Reply,
) -> io::Result<End> {
    match fault {
        Fault::None => earned().send(conn)?,
        Fault::Status { status, headers, body } => Reply { status, headers, body }.send(conn)?,
        Fault::Json(body) => ok_json(body).send(conn)?,
        Fault::ReplaceFields(fields) => with_fields(earned(), fields).send(conn)?,
        Fault::Redirect { code, to } => {
            let headers = vec![("Location".to_owned(), to)];
            Reply { status: code, headers, body: Vec::new() }.send(conn)?;
        }
        Fault::Silent => conn.wait_for_hang_up()?,
        Fault::DripHeaders => {
            let reply = earned();
            drip(conn, gate, &reply.head(Some(length(&reply.body))))?;
            send(conn, &reply.body)?;
        }
        Fault::DripBody => {
            let reply = earned();
            send(conn, &reply.head(Some(length(&reply.body))))?;
            drip(conn, gate, &reply.body)?;
        }
        Fault::Huge { bytes, content_length } => huge(conn, bytes, content_length)?,
        Fault::EndlessChunks => endless_chunks(conn)?,
        Fault::GzipBomb => ok_json(bomb::gzip()).with("Content-Encoding", "gzip").send(conn)?,
        Fault::ResetBeforeHeaders => return Ok(End::Reset),
        Fault::ResetAfterHeaders => return reset_within(conn, gate, &earned(), |_| 0),
        Fault::ResetMidBody => return reset_within(conn, gate, &earned(), |whole| whole / 2),
        Fault::ShortBody => misdeclared(conn, &earned(), |whole| whole + 100)?,
        Fault::LongBody => misdeclared(conn, &earned(), |whole| whole / 2)?,
        Fault::Delay(wait) => {
            gate.pause(wait)?;
            earned().send(conn)?;
        }
        Fault::Hold(hold) => {
            let reply = earned();
            send(conn, &reply.head(Some(length(&reply.body))))?;
            let (rest, last) = reply.body.split_at(reply.body.len().saturating_sub(1));
            send(conn, rest)?;
            hold.wait(gate)?;
            send(conn, last)?;
        }
    }
    Ok(End::Polite)
}

fn ok_json(body: impl Into<Vec<u8>>) -> Reply {
    Reply::of_type(200, "application/json", body)
}

fn with_fields(mut reply: Reply, fields: Vec<(&'static str, Option<Value>)>) -> Reply {
    if let Ok(Value::Object(mut object)) = serde_json::from_slice(&mem::take(&mut reply.body)) {
        for (name, value) in fields {
            match value {
                Some(value) => drop(object.insert(name.to_owned(), value)),
                None => drop(object.remove(name)),
            }
        }
        reply.body = Value::Object(object).to_string().into_bytes();
    }
    reply
}

fn send(conn: &mut Conn, bytes: &[u8]) -> io::Result<()> {
    conn.write_all(bytes)?;
    conn.flush()
}

fn drip(conn: &mut Conn, gate: &Gate, bytes: &[u8]) -> io::Result<()> {
    for byte in bytes {
        send(conn, &[*byte])?;
        gate.pause(Duration::from_secs(1))?;
    }
    Ok(())
}

fn huge(conn: &mut Conn, bytes: u64, content_length: bool) -> io::Result<()> {
    let frame = length(OPENING) + length(CLOSING);
    let total = bytes.max(frame);
    send(conn, &ok_json([]).head(content_length.then_some(total)))?;
    send(conn, OPENING)?;
    io::copy(&mut io::Read::take(io::repeat(b'A'), total - frame), conn)?;
    send(conn, CLOSING)
}

fn endless_chunks(conn: &mut Conn) -> io::Result<()> {
    let reply = ok_json([]).with("Transfer-Encoding", "chunked");
    send(conn, &reply.head(None))?;
    let mut data = OPENING.to_vec();
    loop {
        data.resize(16 << 10, b'A');
        let mut chunk = format!("{:x}\r\n", data.len()).into_bytes();
        chunk.append(&mut data);
        chunk.extend_from_slice(b"\r\n");
        send(conn, &chunk)?;
    }
}

fn reset_within(
    conn: &mut Conn,
    gate: &Gate,
    reply: &Reply,
    sent: impl FnOnce(usize) -> usize,
) -> io::Result<End> {
    let mut bytes = reply.head(Some(length(&reply.body)));
    bytes.extend_from_slice(&reply.body[..sent(reply.body.len())]);
    send(conn, &bytes)?;
    gate.pause(BEFORE_RESET)?;
    Ok(End::Reset)
}

fn misdeclared(
    conn: &mut Conn,
    reply: &Reply,
    declared: impl FnOnce(u64) -> u64,
) -> io::Result<()> {
    let mut bytes = reply.head(Some(declared(length(&reply.body))));
    bytes.extend_from_slice(&reply.body);
    send(conn, &bytes)
}

fn length(bytes: &[u8]) -> u64 {
    bytes.len() as u64
}
