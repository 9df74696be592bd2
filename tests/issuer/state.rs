//! What an issuer knows: who may log in, what it gave out, what it saw, how it shall fail.

use std::collections::{HashMap, VecDeque};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use super::canvas::CanvasFlaw;
use super::canvas_grant::Grants;
use super::client::Clients;
use super::code::Codes;
use super::device::Devices;
use super::family::{Families, Service};
use super::fault::Fault;
use super::github::App;
use super::http::Seen;

/// A token given out, and when this issuer stops honouring it (true time, Unix seconds).
pub struct Issued {
    pub text: String,
    pub until: i64,
}

/// Everything that changes while an issuer runs.
pub struct State {
    pub pairs: Vec<(String, Vec<u8>)>,
    pub canvas_tokens: Vec<String>,
    pub fault: Fault,
    pub queued: VecDeque<Fault>,
    pub documents: HashMap<String, Fault>,
    pub life: i64,
    pub skew: i64,
    pub seen: Vec<Seen>,
    pub logins: usize,
    pub issued: Vec<Issued>,
    pub buckets: HashMap<String, Bucket>,
    /// The paths of requests that brought what they asked for.
    pub granted: Vec<String>,
    pub scheme: &'static str,
    /// What the client showed on the connection of the request that is being answered (DER).
    pub certificate: Option<Vec<u8>>,
    pub clients: Clients,
    pub codes: Codes,
    pub devices: Devices,
    pub canvas: Grants,
    pub canvas_flaws: Vec<(String, CanvasFlaw)>,
    pub throttle_status: u16,
    pub service_jwts: Vec<String>,
    pub plain_service_jwts: bool,
    pub badge_users: Vec<(String, Vec<u8>)>,
    pub subject_tokens: Vec<String>,
    pub refused_targets: Vec<String>,
    pub apps: Vec<App>,
    families: HashMap<Service, Families>,
}

impl State {
    /// An issuer that knows nobody and behaves.
    pub fn new(scheme: &'static str) -> Self {
        Self {
            pairs: Vec::new(),
            canvas_tokens: Vec::new(),
            fault: Fault::None,
            queued: VecDeque::new(),
            documents: HashMap::new(),
            life: 3600,
            skew: 0,
            seen: Vec::new(),
            logins: 0,
            issued: Vec::new(),
            buckets: HashMap::new(),
            granted: Vec::new(),
            scheme,
            certificate: None,
            clients: Clients::default(),
            codes: Codes::new(),
            devices: Devices::new(),
            canvas: Grants::default(),
            canvas_flaws: Vec::new(),
            throttle_status: 403,
            service_jwts: Vec::new(),
            plain_service_jwts: false,
            badge_users: Vec::new(),
            subject_tokens: Vec::new(),
            refused_targets: Vec::new(),
            apps: Vec::new(),
            families: HashMap::new(),
        }
    }

    /// What this token request gets: the next queued fault, else the standing one.
    pub fn next_fault(&mut self) -> Fault {
        self.queued.pop_front().unwrap_or_else(|| self.fault.clone())
    }

    /// Whether exactly this pair was accepted.
    pub fn knows_pair(&self, client_id: &[u8], secret: &[u8]) -> bool {
        self.pairs.iter().any(|(id, known)| id.as_bytes() == client_id && known == secret)
    }

    /// Whether there is a client of this id, however it authenticates.
    pub fn knows_client(&self, client_id: &str) -> bool {
        self.clients.knows(client_id) || self.pairs.iter().any(|(id, _)| id == client_id)
    }

    /// The refresh tokens of this service.
    pub fn families(&mut self, service: Service) -> &mut Families {
        self.families.entry(service).or_insert_with(|| Families::of(service))
    }

    /// Notes a token as given out for the current token life.
    pub fn record(&mut self, text: &str) {
        let until = unix_now().saturating_add(self.life);
        self.issued.push(Issued { text: text.to_owned(), until });
    }

    /// Whether this issuer gave out `token`, expired or not.
    pub fn issued_here(&self, token: &str) -> bool {
        self.issued.iter().any(|issued| issued.text == token)
    }

    /// Whether this issuer gave out `token` and still honours it.
    pub fn honours(&self, token: &str) -> bool {
        let now = unix_now();
        self.issued.iter().any(|issued| issued.text == token && now < issued.until)
    }

    /// Whether `token` can be exchanged for another one.
    pub fn honours_subject(&self, token: &str) -> bool {
        let is_known = |list: &[String]| list.iter().any(|known| known == token);
        self.honours(token) || is_known(&self.subject_tokens) || is_known(&self.canvas_tokens)
    }

    /// When a token that was given out ends.
    pub fn until(&self, token: &str) -> Option<i64> {
        self.issued.iter().find(|issued| issued.text == token).map(|issued| issued.until)
    }

    /// Honours a token no more.
    pub fn revoke(&mut self, token: &str) {
        for issued in self.issued.iter_mut().filter(|issued| issued.text == token) {
            issued.until = 0;
        }
    }

    /// The same for several.
    pub fn revoke_all(&mut self, tokens: &[String]) {
        for token in tokens {
            self.revoke(token);
        }
    }
}

/// Canvas's leaky bucket: 10 units a second leak out, and a request that would start with 600 or
/// more (after 50 put down in advance) is refused.
pub struct Bucket {
    level: f64,
    at: Instant,
    leak: f64,
}

impl Bucket {
    /// An empty bucket.
    pub fn new() -> Self {
        Self { level: 0.0, at: Instant::now(), leak: 10.0 }
    }

    /// One with so much left below 600, which does not leak.
    pub fn with_remaining(remaining: f64) -> Self {
        Self { level: 600.0 - remaining, at: Instant::now(), leak: 0.0 }
    }

    /// Charges `cost` and tells what remains, which may be less than nothing; or refuses.
    pub fn charge(&mut self, cost: f64) -> Option<f64> {
        let now = Instant::now();
        let leaked = now.duration_since(self.at).as_secs_f64() * self.leak;
        self.level = (self.level - leaked).max(0.0);
        self.at = now;
        if self.level + 50.0 >= 600.0 {
            return None;
        }
        self.level += cost;
        Some(600.0 - self.level)
    }
}

/// True time in Unix seconds.
pub fn unix_now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    i64::try_from(since.as_secs()).expect("a clock before the year 292 billion")
}
