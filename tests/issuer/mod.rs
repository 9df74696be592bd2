//! A local token issuer that speaks the wire contract of the real ones and misbehaves on demand.
//!
//! Included by path into test binaries and examples, so it names its own parts with `super::`
//! only. Everything stays on the loopback interface, and no `Debug` output holds a secret.
#![allow(dead_code, unused_imports, reason = "each includer uses its part")]

mod badges;
mod bomb;
mod canvas;
mod canvas_assertion;
mod canvas_grant;
mod canvas_oauth;
mod certificate;
mod client;
mod code;
mod dap;
mod device;
mod exchange;
mod family;
mod fault;
mod github;
mod hold;
mod http;
mod identity;
mod introspection;
mod jose;
mod jwt_bearer;
mod key;
mod oauth;
mod routes;
mod server;
mod state;
mod studio;
mod token;

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use self::certificate::{Guests, Identity};
use self::server::Server;
use self::state::State;

pub use self::canvas::CanvasFlaw;
pub use self::certificate::{Cert, ClientCertificate, HOSTS};
pub use self::code::OUT_OF_BAND;
pub use self::family::{Rotation, Service};
pub use self::fault::Fault;
pub use self::hold::Hold;
pub use self::http::Seen;
pub use self::jose::Jwt;
pub use self::key::{Algorithm, SigningKey, sealed_jwt};
pub use self::token::{jwe, jwt_of};

/// A running issuer. Dropping it cuts every connection and joins its threads.
pub struct Issuer {
    server: Server,
    state: Arc<Mutex<State>>,
    scheme: &'static str,
    ca_pem: String,
    client: Option<ClientCertificate>,
}

impl Issuer {
    /// Plain HTTP on a free loopback port.
    pub fn http() -> Self {
        Self::http_at(any_port())
    }

    /// Plain HTTP on a given loopback address.
    pub fn http_at(address: SocketAddr) -> Self {
        Self::open(address, None, Guests::Anyone)
    }

    /// TLS on a free loopback port, with a leaf for 127.0.0.1, `::1`, localhost and [`HOSTS`] under
    /// a private CA made for this issuer alone.
    pub fn https() -> Self {
        Self::https_with(Cert::Good)
    }

    /// TLS on a free loopback port with a certificate of the given kind.
    pub fn https_with(cert: Cert) -> Self {
        Self::open(any_port(), Some(cert), Guests::Anyone)
    }

    /// TLS on a free loopback port, for clients with a certificate of this issuer's CA alone.
    pub fn https_for_certified() -> Self {
        Self::open(any_port(), Some(Cert::Good), Guests::Certified)
    }

    /// TLS with a good certificate on a given loopback address.
    pub fn https_at(address: SocketAddr) -> Self {
        Self::open(address, Some(Cert::Good), Guests::Anyone)
    }

    fn open(address: SocketAddr, cert: Option<Cert>, guests: Guests) -> Self {
        let identity = cert.map(|cert| Identity::fresh_for(cert, guests));
        let scheme = if identity.is_some() { "https" } else { "http" };
        let (ca_pem, tls, client) = identity.map_or((String::new(), None, None), |made| {
            (made.ca_pem, Some(made.tls), Some(made.client))
        });
        let state = Arc::new(Mutex::new(State::new(scheme)));
        let shared = Arc::clone(&state);
        let server = Server::start(address, tls, move |conn, gate| {
            routes::serve(conn, gate, || lock(&shared))
        });
        Self { server, state, scheme, ca_pem, client }
    }

    /// The base URL, without a trailing slash.
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.server.address())
    }

    /// The port in use.
    pub fn port(&self) -> u16 {
        self.server.address().port()
    }

    /// The private CA's certificate; empty for plain HTTP.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// A certificate that this issuer's CA made for a client; TLS only.
    pub fn client_certificate(&self) -> &ClientCertificate {
        self.client.as_ref().expect("a TLS issuer")
    }

    /// Lets this pair log in, besides those accepted before.
    pub fn accept_pair(&self, client_id: &str, secret: &[u8]) {
        self.state().pairs.push((client_id.to_owned(), secret.to_vec()));
    }

    /// Lets this Canvas access token mint `InstAccess` tokens.
    pub fn accept_canvas_token(&self, token: &str) {
        self.state().canvas_tokens.push(token.to_owned());
    }

    /// What every following token request gets, until changed.
    pub fn fault(&self, fault: Fault) {
        self.state().fault = fault;
    }

    /// What the next token request not yet spoken for gets. Queued faults go first, in order.
    pub fn fault_once(&self, fault: Fault) {
        self.state().queued.push_back(fault);
    }

    /// What every following request for this path gets, metadata of the issuer say. At a token
    /// endpoint it goes before every other fault.
    pub fn document(&self, path: &str, document: Fault) {
        self.state().documents.insert(path.to_owned(), document);
    }

    /// The life of tokens issued from now on; 3600 s unless set.
    pub fn token_life(&self, seconds: i64) {
        self.state().life = seconds;
    }

    /// How far ahead of true time the `iat` and `exp` of following JWTs are.
    pub fn clock_skew(&self, seconds: i64) {
        self.state().skew = seconds;
    }

    /// Every complete request received so far, in order.
    pub fn requests(&self) -> Vec<Seen> {
        self.state().seen.clone()
    }

    /// How many requests came to the token endpoints, whatever the method or the outcome. The end
    /// of a sign-in is none.
    pub fn logins(&self) -> usize {
        self.state().logins
    }

    /// How many requests came to this path, whatever the method or the outcome.
    pub fn asked(&self, path: &str) -> usize {
        self.state().seen.iter().filter(|seen| seen.path() == path).count()
    }

    /// How many of those had this `grant_type` in their form.
    pub fn asked_for(&self, path: &str, grant: &str) -> usize {
        let state = self.state();
        let requests = state.seen.iter().filter(|seen| seen.path() == path);
        requests
            .filter(|seen| seen.form_field("grant_type").as_deref() == Some(grant.as_bytes()))
            .count()
    }

    /// How many requests to this path earned a 2xx, whether or not a fault kept it back.
    pub fn granted(&self, path: &str) -> usize {
        self.state().granted.iter().filter(|granted| *granted == path).count()
    }

    /// Whether a request had this in its path or query, as it is or percent-encoded.
    pub fn saw_in_url(&self, secret: &str) -> bool {
        let decoded = |seen: &Seen| http::form_decoded(seen.target.as_bytes());
        let has = |text: &[u8]| text.windows(secret.len()).any(|part| part == secret.as_bytes());
        let state = self.state();
        state.seen.iter().any(|seen| has(seen.target.as_bytes()) || has(&decoded(seen)))
    }

    /// How many connections were accepted, handshake or not.
    pub fn connections(&self) -> usize {
        self.server.connections()
    }

    /// Every token issued so far, in order, including those a fault kept from the client.
    pub fn tokens(&self) -> Vec<String> {
        self.state().issued.iter().map(|issued| issued.text.clone()).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issuer")
            .field("url", &self.url())
            .field("logins", &self.logins())
            .finish_non_exhaustive()
    }
}

fn any_port() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
