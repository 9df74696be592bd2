//! A reply from its file.

use std::fs;
use std::path::Path;
use std::time::Duration;

use mintage::http::Reply;
use mintage::model::Untrusted;
use mintage::secret::ReplyBody;
use zeroize::Zeroizing;

/// A reply, and what is to come of it.
pub struct Recorded {
    pub expects: String,
    pub hints: Vec<String>,
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl Recorded {
    /// Those of a preset, by name.
    pub fn of(folder: &Path, preset: &str) -> Vec<(String, Self)> {
        let folder = folder.join("replies").join(preset);
        let entries = fs::read_dir(&folder).expect("a folder for the preset");
        let mut found: Vec<(String, Self)> = entries
            .map(|entry| {
                let entry = entry.expect("readable");
                let name = entry.file_name().into_string().expect("UTF-8");
                (name, Self::parse(&fs::read_to_string(entry.path()).expect("readable")))
            })
            .collect();
        found.sort_by(|one, other| one.0.cmp(&other.0));
        found
    }

    fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
        let mut recorded = Self {
            expects: String::new(),
            hints: Vec::new(),
            status: 0,
            headers: Vec::new(),
            body: body.strip_suffix('\n').unwrap_or(body).to_owned(),
        };
        for line in head.lines() {
            if let Some(expects) = line.strip_prefix("> expects: ") {
                expects.clone_into(&mut recorded.expects);
            } else if let Some(hint) = line.strip_prefix("> hint: ") {
                recorded.hints.push(hint.to_owned());
            } else if let Some(status) = line.strip_prefix("HTTP/1.1 ") {
                recorded.status = status.parse().expect("a status");
            } else {
                let (name, value) = line.split_once(": ").expect("a header");
                recorded.headers.push((name.to_ascii_lowercase(), value.to_owned()));
            }
        }
        assert!(recorded.status != 0 && !recorded.expects.is_empty(), "not a reply: {head}");
        recorded
    }

    fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// As the HTTP client gives it.
    pub fn reply(&self) -> Reply {
        let media_type = self.header("content-type").unwrap_or_default();
        let challenge = self.header("www-authenticate");
        Reply {
            status: self.status,
            media_type: media_type.split(';').next().unwrap_or_default().trim().to_owned(),
            retry_after: self
                .header("retry-after")
                .map(|value| Duration::from_secs(value.parse().expect("seconds"))),
            challenge: challenge.and_then(|it| it.split(' ').next()).map(Untrusted::new),
            units_left: self
                .header("x-rate-limit-remaining")
                .map(|value| value.parse().expect("a number")),
            date: self
                .header("date")
                .and_then(|value| jiff::fmt::rfc2822::parse(value).ok())
                .map(|date| date.timestamp()),
            redirect_host: self.header("location").map(Untrusted::new),
            body: ReplyBody::new(Zeroizing::new(self.body.clone().into_bytes())),
        }
    }
}
