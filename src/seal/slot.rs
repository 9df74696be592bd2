//! The plain form of a slot, and what binds it to a profile.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::{Error, hex};
use crate::model::{
    Claim, Credential, Kept, Profile, Scopes, Slot, Token, TokenLife, TokenType, is_harmless,
};
use crate::secret::{ClientSecret, PrivateKey, RefreshToken};

const WHAT: &str = "the slot";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SlotForm {
    origin: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<Zeroizing<String>>,
    kept: Option<KeptForm>,
    claim: Option<ClaimForm>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptForm {
    token: Zeroizing<String>,
    token_type: String,
    /// Seconds.
    life: u64,
    scope: Option<String>,
    asked: String,
    audience: Option<String>,
    asked_at: Timestamp,
    basis: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ClaimForm {
    device: String,
    until: Timestamp,
}

impl From<&Slot> for SlotForm {
    fn from(slot: &Slot) -> Self {
        let Slot { origin, refresh, kept, claim } = slot;
        Self {
            origin: origin.clone(),
            refresh_token: refresh.as_ref().map(|it| Zeroizing::new(it.expose().to_owned())),
            kept: kept.as_ref().map(KeptForm::from),
            claim: claim
                .as_ref()
                .map(|Claim { device, until }| ClaimForm { device: device.clone(), until: *until }),
        }
    }
}

impl From<&Kept> for KeptForm {
    fn from(kept: &Kept) -> Self {
        let Kept { token, asked, audience, asked_at, basis } = kept;
        let Token { access, kind, life, scope } = token;
        Self {
            token: Zeroizing::new(access.expose().to_owned()),
            token_type: kind.to_text().to_owned(),
            life: life.duration().as_secs(),
            scope: scope.clone(),
            asked: asked.to_string(),
            audience: audience.clone(),
            asked_at: *asked_at,
            basis: basis.clone(),
        }
    }
}

impl TryFrom<SlotForm> for Slot {
    type Error = Error;

    fn try_from(form: SlotForm) -> Result<Self, Error> {
        let SlotForm { origin, refresh_token, kept, claim } = form;
        let refresh = refresh_token.map(Credential::refresh_of).transpose();
        Ok(Self {
            origin,
            refresh: refresh.map_err(|_| Error::Damaged(WHAT))?,
            kept: kept.map(Kept::try_from).transpose()?,
            claim: claim.map(|ClaimForm { device, until }| Claim { device, until }),
        })
    }
}

impl TryFrom<KeptForm> for Kept {
    type Error = Error;

    fn try_from(form: KeptForm) -> Result<Self, Error> {
        let KeptForm { token, token_type, life, scope, asked, audience, asked_at, basis } = form;
        let damaged = |_| Error::Damaged(WHAT);
        if scope.as_ref().is_some_and(|scope| !scope.chars().all(is_harmless)) {
            return Err(Error::Damaged(WHAT));
        }
        let token = Token {
            access: Token::opaque(token).map_err(damaged)?,
            kind: TokenType::parse(&token_type).map_err(damaged)?,
            life: TokenLife::stated(life).ok_or(Error::Damaged(WHAT))?,
            scope,
        };
        let asked = Scopes::parse([asked.as_str()]).map_err(damaged)?;
        Ok(Self { token, asked, audience, asked_at, basis })
    }
}

/// What a slot of `profile` follows from: its login, and where that is good. Another login, another
/// place or another client makes every older slot one of nobody's.
#[must_use]
pub fn origin(profile: &Profile) -> String {
    let Profile { preset: _, grant, endpoint, credential, from, options, .. } = profile;
    let refresh = credential.refresh.as_ref().map_or("", RefreshToken::expose);
    let from = from.as_ref().map_or("", |name| name.as_str());
    // Of badges: whose login it is where there is no client id.
    let user = options.get("user").unwrap_or_default();
    // With neither client nor login, the secret is all that a slot can be of.
    let is_all = credential.client_id.is_none() && credential.refresh.is_none();
    let secret = credential.secret.as_ref().filter(|_| is_all);
    let secret = secret.map_or(&[][..], ClientSecret::expose);
    let texts = [grant, endpoint.as_str(), credential.id(), from, refresh, user];
    digest(texts.map(str::as_bytes).into_iter().chain([secret]))
}

/// All of `profile` that decides which token it gets: another secret, scope, audience or option makes
/// another of it; a label does not.
#[must_use]
pub fn basis(profile: &Profile) -> String {
    let Profile { auth, credential, scopes, audience, resource, params, options, .. } = profile;
    let Credential { client_id: _, secret, key, certificate, refresh: _ } = credential;
    let mut texts = vec![origin(profile), auth.to_string(), scopes.to_string()];
    for text in [audience, resource] {
        texts.push(text.is_some().to_string());
        texts.push(text.clone().unwrap_or_default());
    }
    texts.extend(params.iter().flat_map(|(name, value)| [name.clone(), value.clone()]));
    texts.push(params.len().to_string());
    texts.extend(options.iter().flat_map(|(name, text)| [name.to_owned(), text.to_owned()]));
    let certificate = certificate.as_ref().map(|it| &it.key);
    let keys = [key.as_ref(), certificate].map(|key| key.map_or(&[][..], PrivateKey::expose));
    let secret = secret.as_ref().map_or(&[][..], ClientSecret::expose);
    digest(texts.iter().map(String::as_bytes).chain(keys).chain([secret]))
}

/// SHA-256 over each part behind its length, in hex.
fn digest<'a>(parts: impl Iterator<Item = &'a [u8]>) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hex(&hash.finalize())
}
