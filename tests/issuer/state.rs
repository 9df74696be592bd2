//! What an issuer knows: who may log in, what it gave out, what it saw, how it shall fail.

use std::collections::{HashMap, VecDeque};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use super::fault::Fault;
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
}

impl State {
    /// An issuer that knows nobody and behaves.
    pub fn new() -> Self {
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
}

/// Canvas's leaky bucket: 10 units a second leak out, and a request that would start with more
/// than 600 (after 50 put down in advance) is refused.
pub struct Bucket {
    level: f64,
    at: Instant,
}

impl Bucket {
    /// An empty bucket.
    pub fn new() -> Self {
        Self { level: 0.0, at: Instant::now() }
    }

    /// Charges `cost` and tells what remains, or refuses.
    pub fn charge(&mut self, cost: f64) -> Option<f64> {
        let now = Instant::now();
        let leaked = now.duration_since(self.at).as_secs_f64() * 10.0;
        self.level = (self.level - leaked).max(0.0);
        self.at = now;
        if self.level + 50.0 > 600.0 {
            return None;
        }
        self.level += cost;
        Some((600.0 - self.level).max(0.0))
    }
}

/// True time in Unix seconds.
pub fn unix_now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    i64::try_from(since.as_secs()).expect("a clock before the year 292 billion")
}
