//! A local token issuer that speaks the wire contract of the real ones and misbehaves on demand.
//!
//! Included by path into test binaries and examples, so it names its own parts with `super::`
//! only. Everything stays on the loopback interface, and no `Debug` output holds a secret.
#![allow(dead_code, unused_imports, reason = "each includer uses its part")]

mod bomb;
mod canvas;
mod certificate;
mod dap;
mod fault;
mod hold;
mod http;
mod identity;
mod oauth;
mod routes;
mod server;
mod state;
mod token;

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use self::certificate::Identity;
use self::server::Server;
use self::state::State;

pub use self::certificate::Cert;
pub use self::fault::Fault;
pub use self::hold::Hold;
pub use self::http::Seen;
pub use self::token::{jwe, jwt_of};

/// A running issuer. Dropping it cuts every connection and joins its threads.
pub struct Issuer {
    server: Server,
    state: Arc<Mutex<State>>,
    scheme: &'static str,
    ca_pem: String,
}

impl Issuer {
    /// Plain HTTP on a free loopback port.
    pub fn http() -> Self {
        Self::http_at(any_port())
    }

    /// Plain HTTP on a given loopback address.
    pub fn http_at(address: SocketAddr) -> Self {
        Self::open(address, None)
    }

    /// TLS on a free loopback port, with a leaf for 127.0.0.1, `::1`, localhost and
    /// api-gateway.instructure.com under a private CA made for this issuer alone.
    pub fn https() -> Self {
        Self::https_with(Cert::Good)
    }

    /// TLS on a free loopback port with a certificate of the given kind.
    pub fn https_with(cert: Cert) -> Self {
        Self::open(any_port(), Some(cert))
    }

    /// TLS with a good certificate on a given loopback address.
    pub fn https_at(address: SocketAddr) -> Self {
        Self::open(address, Some(Cert::Good))
    }

    fn open(address: SocketAddr, cert: Option<Cert>) -> Self {
        let identity = cert.map(Identity::fresh);
        let scheme = if identity.is_some() { "https" } else { "http" };
        let (ca_pem, tls) =
            identity.map_or((String::new(), None), |made| (made.ca_pem, Some(made.tls)));
        let state = Arc::new(Mutex::new(State::new()));
        let shared = Arc::clone(&state);
        let server = Server::start(address, tls, move |conn, gate| {
            routes::serve(conn, gate, || lock(&shared))
        });
        Self { server, state, scheme, ca_pem }
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

    /// What every following request for this path gets, metadata of the issuer say.
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

    /// How many requests came to the three token endpoints, whatever the method or the outcome.
    pub fn logins(&self) -> usize {
        self.state().logins
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
