//! `application/x-www-form-urlencoded` bodies.

use url::form_urlencoded::byte_serialize;
use zeroize::Zeroizing;

use crate::secret::Outgoing;

/// A form body under construction. Of generous size from the start: growing leaves copies behind.
pub(in crate::grant) struct Form(Zeroizing<Vec<u8>>);

impl Form {
    pub(in crate::grant) fn new() -> Self {
        Self(Zeroizing::new(Vec::with_capacity(8192)))
    }

    /// A form that asks for a token in this way (RFC 6749 §4).
    pub(in crate::grant) fn of_grant(grant_type: &str) -> Self {
        let mut form = Self::new();
        form.add("grant_type", grant_type.as_bytes());
        form
    }

    pub(in crate::grant) fn add(&mut self, name: &str, value: &[u8]) {
        if !self.0.is_empty() {
            self.0.push(b'&');
        }
        self.0.extend_from_slice(&encoded(name.as_bytes()));
        self.0.push(b'=');
        self.0.extend_from_slice(&encoded(value));
    }

    /// Adds what there is.
    pub(in crate::grant) fn add_if(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.add(name, value.as_bytes());
        }
    }

    pub(in crate::grant) fn finish(self) -> Outgoing {
        Outgoing::new(self.0)
    }
}

/// One name or value, encoded.
pub(super) fn encoded(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut text = Zeroizing::new(Vec::with_capacity(bytes.len() * 3));
    for part in byte_serialize(bytes) {
        text.extend_from_slice(part.as_bytes());
    }
    text
}
