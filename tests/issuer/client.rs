//! Who asks at a generic token endpoint: client authentication (RFC 6749 2.3, 7523 2.2, 8705 2).

use std::collections::HashSet;

use serde_json::{Value, json};

use super::Issuer;
use super::http::{Reply, Seen, form_decoded};
use super::jose::{Jwt, PublicKey};
use super::state::{State, unix_now};

pub const ASSERTION_TYPE: &[u8] = b"urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The longest life that an assertion may have.
const LONGEST_ASSERTION: i64 = 3600;

/// Those who show something else than a secret.
#[derive(Default)]
pub struct Clients {
    keys: Vec<(String, PublicKey)>,
    public: Vec<String>,
    certified: Vec<String>,
    audience: Option<String>,
    spent: HashSet<String>,
    assertions: Vec<Value>,
}

impl Clients {
    pub fn is_public(&self, client_id: &str) -> bool {
        self.public.iter().any(|known| known == client_id)
    }

    pub fn keys_of(&self, client_id: &str) -> impl Iterator<Item = &PublicKey> {
        self.keys.iter().filter(move |(id, _)| id == client_id).map(|(_, key)| key)
    }

    /// Whether this is one of those here.
    pub fn knows(&self, client_id: &str) -> bool {
        self.is_public(client_id)
            || self.certified.iter().any(|known| known == client_id)
            || self.keys_of(client_id).next().is_some()
    }

    /// What `aud` may be in an assertion for `request`.
    pub fn audiences(&self, request: &Seen, scheme: &str) -> Vec<String> {
        let host = request.header("Host").unwrap_or_default();
        let base = format!("{scheme}://{host}");
        let by_default = || vec![format!("{base}{}", request.path()), base];
        self.audience.clone().map_or_else(by_default, |only| vec![only])
    }

    /// Notes an assertion that was accepted.
    pub fn note(&mut self, jwt: &Jwt) {
        self.assertions.push(json!({"header": jwt.header, "claims": jwt.claims}));
    }
}

/// The id of the client that `request` authenticates, in one way only.
pub fn authenticated(request: &Seen, state: &mut State) -> Result<String, Reply> {
    let named = text(request, "client_id");
    let in_header = request.basic().map(|(id, key)| (form_decoded(&id), form_decoded(&key)));
    let in_body = request.form_field("client_secret");
    let assertion = request.form_field("client_assertion");
    let ways = [in_header.is_some(), in_body.is_some(), assertion.is_some()];
    if ways.into_iter().filter(|used| *used).count() > 1 {
        return Err(Reply::error(400, "invalid_request"));
    }
    if assertion.is_some() {
        return by_assertion(request, state).map_err(|flaw| refused(Some(flaw)));
    }
    let pair = in_header.or(named.clone().map(String::into_bytes).zip(in_body));
    let accepted = match pair {
        Some((id, key)) => state.knows_pair(&id, &key).then(|| lossy(&id)),
        None => named.filter(|id| is_enough(id, state)),
    };
    accepted.ok_or_else(|| refused(None))
}

/// Whether a client need not show more than its id, or shows its certificate.
fn is_enough(client_id: &str, state: &State) -> bool {
    let is_certified = state.clients.certified.iter().any(|known| known == client_id);
    state.clients.is_public(client_id) || (is_certified && state.certificate.is_some())
}

fn by_assertion(request: &Seen, state: &mut State) -> Result<String, &'static str> {
    if request.form_field("client_assertion_type").as_deref() != Some(ASSERTION_TYPE) {
        return Err("the assertion type is unknown");
    }
    let field = request.form_field("client_assertion");
    let jwt = Jwt::of_field(field).ok_or("the assertion is no JWT")?;
    let client_id = jwt.text("sub").ok_or("`sub` is missing")?.to_owned();
    let by_key = state.clients.keys_of(&client_id).any(|key| jwt.is_signed_by(key));
    let mut pairs = state.pairs.iter().filter(|(id, _)| *id == client_id);
    if !by_key && !pairs.any(|(_, secret)| jwt.is_sealed_with(secret)) {
        return Err("the signature is wrong");
    }
    let named = text(request, "client_id");
    if jwt.text("iss") != Some(&client_id) || named.is_some_and(|named| named != client_id) {
        return Err("`iss`, `sub` and `client_id` differ");
    }
    if !jwt.is_for(&state.clients.audiences(request, state.scheme)) {
        return Err("`aud` is wrong");
    }
    timely(&jwt)?;
    let id = jwt.text("jti").ok_or("`jti` is missing")?;
    if !state.clients.spent.insert(format!("{client_id} {id}")) {
        return Err("`jti` was used before");
    }
    state.clients.note(&jwt);
    Ok(client_id)
}

/// Checks `exp`, `iat` and `nbf`.
pub fn timely(jwt: &Jwt) -> Result<(), &'static str> {
    let now = unix_now();
    let expires = jwt.number("exp").ok_or("`exp` is missing")?;
    let issued = jwt.number("iat").unwrap_or(now);
    if expires <= now {
        return Err("`exp` is past");
    }
    if expires - issued > LONGEST_ASSERTION {
        return Err("`exp` is more than an hour after `iat`");
    }
    if issued > now + 60 || jwt.number("nbf").is_some_and(|from| from > now + 60) {
        return Err("`iat` or `nbf` is in the future");
    }
    Ok(())
}

fn refused(flaw: Option<&str>) -> Reply {
    let mut answer = json!({"error": "invalid_client"});
    if let Some(flaw) = flaw {
        answer["error_description"] = flaw.into();
    }
    Reply::json(401, &answer).with("WWW-Authenticate", r#"Basic realm="issuer""#)
}

/// A form field as text.
pub fn text(request: &Seen, field: &str) -> Option<String> {
    request.form_field(field).map(|bytes| lossy(&bytes))
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

impl Issuer {
    /// Registers a public key (PEM): for `private_key_jwt` as `client_id`, and for assertions whose
    /// `iss` it is.
    pub fn accept_key(&self, client_id: &str, public_pem: &str) {
        let key = PublicKey::from_pem(public_pem);
        self.state().clients.keys.push((client_id.to_owned(), key));
    }

    /// Lets this client ask without authentication; where it uses a code, with PKCE.
    pub fn accept_public_client(&self, client_id: &str) {
        self.state().clients.public.push(client_id.to_owned());
    }

    /// Lets this client ask on a connection with any certificate of this issuer's CA.
    pub fn accept_certified_client(&self, client_id: &str) {
        self.state().clients.certified.push(client_id.to_owned());
    }

    /// The only `aud` of assertions; unless set, the URL that was asked or its origin (Canvas: the
    /// URL alone).
    pub fn expect_audience(&self, audience: &str) {
        self.state().clients.audience = Some(audience.to_owned());
    }

    /// `{"header":…,"claims":…}` of each assertion accepted so far, in order.
    pub fn assertions(&self) -> Vec<Value> {
        self.state().clients.assertions.clone()
    }
}
