//! How things stand. While a vault is locked, nothing of what is in it is known here.

use std::time::Duration;

use serde_json::{Value, json};

use super::state::Agent;
use crate::agent::hello::VERSION;
use crate::agent::logind::Listening;
use crate::agent::sandbox::Sandbox;
use crate::alloc;

/// So many leases are listed one by one: an answer has to fit a frame.
const LISTED: usize = 500;

impl Agent {
    /// A JSON object; lengths of time are in seconds.
    pub(super) fn status(&self) -> String {
        let now = self.now();
        let left = |at: Duration| at.saturating_sub(now).as_secs();
        let vaults: Vec<Value> = self
            .vaults
            .borrow()
            .iter()
            .map(|(id, opened)| {
                let (idle, absolute) = opened.ends();
                json!({ "id": id, "idle_lock_in": idle.map(left), "lock_in": left(absolute) })
            })
            .collect();
        let leases: Vec<Value> = self
            .leases
            .borrow()
            .iter(self.clock())
            .take(LISTED)
            .map(|(question, held)| {
                json!({
                    "vault": question.vault,
                    "profile": held.lease.profile.as_str(),
                    "expires_in": held.lease.remaining(self.clock()).as_secs(),
                    "handed_out": held.times,
                })
            })
            .collect();
        json!({
            "pid": std::process::id(),
            "version": VERSION,
            "locked": self.runtime.is_locked(),
            "memory": memory(),
            "sandbox": self.guards.sandbox.as_ref().map(Sandbox::said),
            "locks_on": self.guards.machine.as_ref().map(Listening::said),
            "vaults": vaults,
            "leases": leases,
            "held": self.leases.borrow().iter(self.clock()).count(),
            "minting": self.flights.borrow().len(),
        })
        .to_string()
    }
}

fn memory() -> Value {
    alloc::enclosure().map_or(Value::Null, |it| {
        json!({
            "mode": it.mode.as_str(),
            "size": it.size,
            "in_use": it.in_use,
            "overflowed": it.overflowed,
        })
    })
}
