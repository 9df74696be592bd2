//! One request to the issuer, and what comes back.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;
use url::form_urlencoded::Serializer;

use crate::issuer::Issuer;

pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }

    /// A field of the JSON body, as text; empty if it is none.
    pub fn field(&self, name: &str) -> String {
        self.json()[name].as_str().unwrap_or_default().to_owned()
    }

    /// Status and `error`, which is what most refusals are told apart by.
    pub fn error(&self) -> (u16, String) {
        (self.status, self.field("error"))
    }
}

/// A form with these fields, without credentials in the header.
pub fn post(issuer: &Issuer, path: &str, form: &[(&str, &str)]) -> Answer {
    post_with(issuer, path, form, &[])
}

/// A form with these fields and headers.
pub fn post_with(
    issuer: &Issuer,
    path: &str,
    form: &[(&str, &str)],
    headers: &[(&str, &str)],
) -> Answer {
    let mut all = vec![("Content-Type", "application/x-www-form-urlencoded")];
    all.extend(headers);
    ask(issuer, &format!("POST {path}"), &all, &encoded(form))
}

/// A request without a body, with a bearer.
pub fn bearing(issuer: &Issuer, what: &str, bearer: &str) -> Answer {
    let value = format!("Bearer {bearer}");
    ask(issuer, what, &[("Authorization", &value), ("Accept", "application/json")], "")
}

/// Any request.
pub fn ask(issuer: &Issuer, what: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut stream = TcpStream::connect(("127.0.0.1", issuer.port())).expect("connected");
    let mut lines = vec![format!("{what} HTTP/1.1"), format!("Host: 127.0.0.1:{}", issuer.port())];
    lines.extend(headers.iter().map(|(name, value)| format!("{name}: {value}")));
    lines.push(format!("Content-Length: {}", body.len()));
    let request = format!("{}\r\n\r\n{body}", lines.join("\r\n"));
    stream.write_all(request.as_bytes()).expect("sent");
    let mut reply = String::new();
    stream.read_to_string(&mut reply).expect("text");
    let (head, body) = reply.split_once("\r\n\r\n").expect("a whole head");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    Answer { status: status.expect("a status"), head: head.to_owned(), body: body.to_owned() }
}

pub fn encoded(fields: &[(&str, &str)]) -> String {
    Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// A secret that no other test has.
pub fn canary() -> String {
    let mut random = [0_u8; 12];
    getrandom::fill(&mut random).expect("random bytes");
    format!("canary-{}", random.map(|byte| format!("{byte:02x}")).concat())
}

pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    i64::try_from(since.as_secs()).expect("a clock of this era")
}
