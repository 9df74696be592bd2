//! How a client proves itself to a token endpoint, and the request to one.
//!
//! RFC 6749 §2.3.1 (id and secret), RFC 7617 (Basic), RFC 7523 §2.2 (assertions), RFC 8705 §2
//! (certificates: the id alone is in the form).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::Serialize;
use zeroize::Zeroizing;

use super::form::{Form, encoded};
use super::{Error, Rule, http};
use crate::grant::jws;
use crate::model::{AuthStyle, ClientId, Credential, Endpoint, Invalid, Part, Profile};
use crate::secret::{ClientSecret, Outgoing};

/// How long an assertion is good: it is used at once.
const ASSERTION_LIFE: i64 = 300;

/// The options of every client that may prove itself by an assertion.
pub(in crate::grant) const OPTIONS: [Rule; 3] = [
    Rule { name: "alg", about: jws::ABOUT, required: false, fits: jws::is_algorithm },
    Rule {
        name: "kid",
        about: "the id of the private key, where the issuer wants one",
        required: false,
        fits: super::super::any,
    },
    Rule {
        name: "assertion-audience",
        about: "what an assertion is for, in place of the token endpoint",
        required: false,
        fits: super::super::any,
    },
];

/// A token request that `form` asks for, at the profile's own endpoint.
pub(in crate::grant) fn request(
    mut form: Form,
    profile: &Profile,
    now: Timestamp,
) -> Result<http::Request, Error> {
    let authorization = authenticate(&mut form, profile, now)?;
    Ok(http::Request::post(profile.endpoint.clone(), authorization, form.finish()))
}

/// The `Authorization` value, where the profile's style has one; what it wants in the body is added
/// to `form`.
pub(in crate::grant) fn authenticate(
    form: &mut Form,
    profile: &Profile,
    now: Timestamp,
) -> Result<Option<Outgoing>, Error> {
    let Profile { auth, credential, .. } = profile;
    credential.fits(*auth)?;
    if let Some(part) = auth.shows().filter(|part| !credential.has(*part)) {
        return Err(Invalid::Missing(part).into());
    }
    match auth {
        AuthStyle::Basic | AuthStyle::BasicRaw => Ok(basic(*auth, credential)),
        AuthStyle::Post => {
            add_id(form, credential);
            if let Some(secret) = &credential.secret {
                form.add("client_secret", secret.expose());
            }
            Ok(None)
        }
        AuthStyle::PrivateKeyJwt | AuthStyle::ClientSecretJwt => {
            add_id(form, credential);
            let assertion = assertion(profile, now)?;
            form.add("client_assertion_type", ASSERTION_TYPE.as_bytes());
            form.add("client_assertion", assertion.as_bytes());
            Ok(None)
        }
        AuthStyle::Tls | AuthStyle::None => {
            add_id(form, credential);
            Ok(None)
        }
    }
}

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

fn add_id(form: &mut Form, credential: &Credential) {
    form.add_if("client_id", credential.client_id.as_ref().map(ClientId::as_str));
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    iat: i64,
    exp: i64,
    jti: String,
}

/// RFC 7523 §3: issuer and subject are the client.
fn assertion(profile: &Profile, now: Timestamp) -> Result<Zeroizing<String>, Error> {
    let Profile { auth, credential, options, endpoint, .. } = profile;
    let (id, iat) = (credential.id(), now.as_second());
    let aud = options.get("assertion-audience").unwrap_or(endpoint.as_str());
    let jti = jws::random_word()?;
    let claims = Claims { iss: id, sub: id, aud, iat, exp: iat + ASSERTION_LIFE, jti };
    if *auth == AuthStyle::ClientSecretJwt {
        let secret = credential.secret.as_ref().ok_or(Invalid::Missing(Part::Secret))?;
        return Ok(jws::sign_with_secret(secret, &claims)?);
    }
    let key = credential.key.as_ref().ok_or(Invalid::Missing(Part::Key))?;
    Ok(jws::sign(key, options, &claims)?)
}

/// The value of `Authorization` for one of the two ways of Basic.
pub(super) fn basic(style: AuthStyle, credential: &Credential) -> Option<Outgoing> {
    let id = credential.id().as_bytes();
    let secret = credential.secret.as_ref().map(ClientSecret::expose)?;
    let joined = |id: &[u8], secret: &[u8]| Zeroizing::new([id, b":", secret].concat());
    let pair = match style {
        AuthStyle::Basic => joined(&encoded(id), &encoded(secret)),
        _ => joined(id, secret),
    };
    let mut value = Zeroizing::new(String::with_capacity(pair.len() * 4 / 3 + 16));
    value.push_str("Basic ");
    STANDARD.encode_string(pair.as_slice(), &mut value);
    Some(Outgoing::new(Zeroizing::new(value.as_bytes().to_vec())))
}

/// The value of `Authorization` that shows a token (RFC 6750 §2.1).
pub(in crate::grant) fn bearer(token: &str) -> Outgoing {
    Outgoing::new(Zeroizing::new([b"Bearer ", token.as_bytes()].concat()))
}

/// Whether `endpoint` is of the origin that the credential is for: what metadata name must not lead a
/// secret elsewhere.
pub(in crate::grant) fn is_approved(profile: &Profile, endpoint: &Endpoint) -> bool {
    endpoint.url().origin() == profile.endpoint.url().origin()
}
