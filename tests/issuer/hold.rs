//! A reply that is held back just before its end, so that a client can be looked at in the middle.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::server::Gate;

/// Shared by the test and the issuer.
#[derive(Clone, Default)]
pub struct Hold(Arc<(Mutex<Stage>, Condvar)>);

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Before,
    Sent,
    Released,
}

impl Hold {
    pub fn new() -> Self {
        Self::default()
    }

    /// Waits until the issuer has sent all but the last byte. Whether it did within `limit`.
    pub fn is_sent_within(&self, limit: Duration) -> bool {
        let is_before = |stage: &mut Stage| *stage == Stage::Before;
        let (stage, _) = self
            .changed()
            .wait_timeout_while(self.stage(), limit, is_before)
            .unwrap_or_else(PoisonError::into_inner);
        *stage != Stage::Before
    }

    /// Lets the last byte go.
    pub fn release(&self) {
        self.set(Stage::Released);
    }

    /// The issuer's part: tells that it has sent, and waits, as long as the issuer is there.
    pub(super) fn wait(&self, gate: &Gate) -> io::Result<()> {
        if *self.stage() == Stage::Before {
            self.set(Stage::Sent);
        }
        while *self.stage() != Stage::Released {
            gate.pause(Duration::from_millis(10))?;
        }
        Ok(())
    }

    fn set(&self, stage: Stage) {
        *self.stage() = stage;
        self.changed().notify_all();
    }

    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn changed(&self) -> &Condvar {
        &self.0.1
    }
}
