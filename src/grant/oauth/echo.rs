//! Whether an issuer's words repeat what it was sent.

use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::client;
use super::form::encoded;
use crate::model::{AuthStyle, Credential, Untrusted};
use crate::secret::{AccessToken, ClientSecret, Outgoing, RefreshToken};

/// The secrets of one exchange that an issuer sees.
#[derive(Clone, Copy)]
pub(in crate::grant) struct Sent<'a> {
    credential: &'a Credential,
    refresh: Option<&'a RefreshToken>,
    source: Option<&'a AccessToken>,
}

impl<'a> Sent<'a> {
    /// Those of a credential.
    pub(in crate::grant) fn of(credential: &'a Credential) -> Self {
        Self { credential, refresh: credential.refresh.as_ref(), source: None }
    }

    /// With this refresh token in place of the credential's own.
    pub(in crate::grant) fn with_refresh(self, refresh: Option<&'a RefreshToken>) -> Self {
        Self { refresh: refresh.or(self.refresh), ..self }
    }

    /// With the token of another profile.
    pub(in crate::grant) fn with_source(self, source: Option<&'a AccessToken>) -> Self {
        Self { source, ..self }
    }

    /// The issuer's words, unless they repeat one of them.
    pub(super) fn shown(&self, text: &str) -> Untrusted {
        if self.is_repeated_by(text) { Untrusted::withheld() } else { Untrusted::new(text) }
    }

    /// Whether `text` has part of a secret in it, as it is or in a form that it was sent in: however
    /// the issuer cut, escaped or joined that.
    pub(in crate::grant) fn is_repeated_by(&self, text: &str) -> bool {
        let text = text.as_bytes();
        let secrets = [
            self.credential.secret.as_ref().map(ClientSecret::expose),
            self.refresh.map(|token| token.expose().as_bytes()),
            self.source.map(|token| token.expose().as_bytes()),
        ];
        let headers = [AuthStyle::Basic, AuthStyle::BasicRaw]
            .into_iter()
            .filter_map(|style| client::basic(style, self.credential));
        secrets.into_iter().flatten().any(|secret| repeats(text, secret))
            || headers.into_iter().any(|form| {
                let form = form.expose();
                shares_a_run(text, form.strip_prefix(b"Basic ").unwrap_or(form))
            })
    }

    /// The same of a word that is shown freely: a short secret can be an ordinary word of it.
    pub(super) fn is_repeated_by_words(&self, text: &str) -> bool {
        let long = self.credential.secret.as_ref().is_none_or(|secret| secret.len() >= 8);
        long && self.is_repeated_by(text)
    }
}

fn repeats(text: &[u8], secret: &[u8]) -> bool {
    // What stands before it shifts base64: three ways to begin are all.
    let mut shifted = ["", "x", "xx"].into_iter().map(|lead| {
        let whole = Zeroizing::new([lead.as_bytes(), secret].concat());
        Outgoing::new(Zeroizing::new(STANDARD.encode(whole.as_slice()).into_bytes()))
    });
    shares_a_run(text, secret)
        || shares_a_run(text, &encoded(secret))
        || shifted.any(|form| shares_a_run(text, form.expose()))
}

/// Without regard to case: percent-encoding comes in both.
fn shares_a_run(text: &[u8], form: &[u8]) -> bool {
    // So much in common is no accident; a form of less than 4 bytes is found in any text.
    const RUN: usize = 12;
    let (text, form) = (text.to_ascii_lowercase(), Zeroizing::new(form.to_ascii_lowercase()));
    let length = form.len().min(RUN);
    let runs: HashSet<&[u8]> = form.windows(length.max(4)).collect();
    text.windows(length.max(4)).any(|run| runs.contains(run))
}
