//! Canvas' `InstAccess` tokens: a JWE for Instructure's gateway, from a Canvas access token. Each costs
//! 200 units of the minting token's bucket, so none is asked for while one is good.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::canvas::throttle;
use super::oauth::{self, Reading, Sent};
use super::{Error, Exchange, Grant, Minted, Occasion, Source, Step, http};
use crate::model::{Invalid, Part, Profile, Token, TokenLife, TokenType};

/// The documented hour: the reply does not say it, and only the gateway can read the token.
const LIFE: u64 = 3600;

/// The `canvas-instaccess` grant.
#[derive(Debug)]
pub(super) struct InstAccess;

impl Grant for InstAccess {
    fn name(&self) -> &'static str {
        "canvas-instaccess"
    }

    fn needs(&self, profile: &Profile) -> Vec<Part> {
        if profile.from.is_some() { Vec::new() } else { vec![Part::Secret] }
    }

    fn source(&self) -> Option<Source> {
        Some(Source::May)
    }

    /// Each costs what Canvas gives in 20 s: one is enough for all processes, with an agent or without.
    fn keeps_a_slot(&self, _: &Profile) -> bool {
        true
    }

    fn begin<'a>(&self, occasion: Occasion<'a>) -> Result<Box<dyn Exchange + 'a>, Error> {
        super::check(self, occasion.profile)?;
        super::ask_for_nothing(occasion.request)?;
        refuse_jwt(canvas_token(&occasion)?)?;
        Ok(Box::new(Run(occasion)))
    }
}

/// The Canvas access token: another profile's, or the secret.
pub(super) fn canvas_token<'a>(occasion: &Occasion<'a>) -> Result<&'a str, Error> {
    if let Some(token) = occasion.source {
        return Ok(token.expose());
    }
    let secret = occasion.profile.credential.secret.as_ref();
    let secret = secret.ok_or(Invalid::Missing(Part::Secret))?;
    let fits = |text: &&str| text.bytes().all(|byte| byte.is_ascii_graphic());
    std::str::from_utf8(secret.expose())
        .ok()
        .filter(fits)
        .ok_or(Error::WrongKind("it has characters that no access token has"))
}

/// Canvas never makes one of these from another. Its services tokens are in base64 once more.
pub(super) fn refuse_jwt(token: &str) -> Result<(), Error> {
    let inner = Zeroizing::new(STANDARD.decode(token).unwrap_or_default());
    if is_jwt(token.as_bytes()) || is_jwt(&inner) {
        return Err(Error::WrongKind(
            "it is itself an InstAccess or services token; Canvas takes an access token only",
        ));
    }
    Ok(())
}

/// Whether it looks like a JWS or a JWE: an access token of Canvas never does.
fn is_jwt(token: &[u8]) -> bool {
    token.starts_with(b"eyJ") && token.split(|byte| *byte == b'.').count() > 2
}

/// What Canvas says to a bearer that it does not take.
pub(super) fn refusal(reply: &http::Reply, sent: Sent<'_>) -> Error {
    let status = reply.status;
    if let Some(error) = throttle(reply) {
        return error;
    }
    let refused = oauth::refusal(reply, Reading::strict(sent));
    match (status, refused) {
        // Without a token it knows, Canvas sends browsers to its login page.
        (300..=399, _) => Error::Refused { status, said: None },
        // Only with a challenge is it about the token; else about what the token may do.
        (401, Error::Refused { said, .. }) if reply.challenge.is_none() => {
            Error::BadRequest { status, said: said.or_else(|| oauth::first_error(reply, sent)) }
        }
        (401, Error::Refused { said, .. }) => {
            Error::Refused { status, said: said.or_else(|| oauth::first_error(reply, sent)) }
        }
        (403, Error::Refused { said: Some(said), .. }) if said.to_string().contains("by a JWT") => {
            Error::WrongKind("Canvas makes no such token from an InstAccess or services token")
        }
        (_, other) => other,
    }
}

struct Run<'a>(Occasion<'a>);

#[derive(Deserialize)]
struct Success {
    token: Option<Zeroizing<String>>,
}

impl Exchange for Run<'_> {
    fn step(&mut self, reply: Option<&http::Reply>) -> Result<Step, Error> {
        let Occasion { profile, source, .. } = self.0;
        let Some(reply) = reply else {
            return Ok(Step::Send(http::Request {
                method: http::Method::Post,
                endpoint: profile.endpoint.clone(),
                authorization: Some(oauth::bearer(canvas_token(&self.0)?)),
                body: http::Body::None,
            }));
        };
        if reply.status != 201 {
            let sent = Sent::of(&profile.credential).with_source(source);
            return Err(match reply.status {
                200..=299 => Error::Unacceptable("its status is not 201"),
                _ => refusal(reply, sent),
            });
        }
        minted(reply).map(Step::Done)
    }
}

fn minted(reply: &http::Reply) -> Result<Minted, Error> {
    let found: Success = serde_json::from_slice(oauth::json(reply)?)
        .map_err(|_| Error::Unacceptable("it is not a JSON object with a token in it"))?;
    let text = found.token.ok_or(Error::Unacceptable("it has no `token`"))?;
    if text.split('.').filter(|part| !part.is_empty()).count() < 3 {
        return Err(Error::Unacceptable("its token is neither a JWE nor a JWT"));
    }
    let life = TokenLife::stated(LIFE).unwrap_or(TokenLife::unknown());
    let access = oauth::access(text)?;
    Ok(Token { access, kind: TokenType::Bearer, life, scope: None }.into())
}
