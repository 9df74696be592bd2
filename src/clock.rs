//! Time as a port, so that a test can hold it still. The only reader of the clocks.

use std::time::Duration;

use jiff::Timestamp;

/// What the program knows about time.
pub trait Clock {
    /// The wall clock. It may jump in either direction; use it for dates, never for lengths.
    fn wall(&self) -> Timestamp;

    /// Time since some fixed point before the process began (on Windows: since the first call),
    /// counting suspend where the system can (Linux `CLOCK_BOOTTIME`). It never goes back.
    fn steady(&self) -> Duration;
}

/// The machine's clocks.
#[derive(Debug, Clone, Copy, Default)]
pub struct System;

impl Clock for System {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
    fn wall(&self) -> Timestamp {
        Timestamp::now()
    }

    #[cfg(unix)]
    fn steady(&self) -> Duration {
        #[cfg(target_os = "linux")]
        const ID: rustix::time::ClockId = rustix::time::ClockId::Boottime;
        #[cfg(not(target_os = "linux"))]
        const ID: rustix::time::ClockId = rustix::time::ClockId::Monotonic;
        let now = rustix::time::clock_gettime(ID);
        let seconds = u64::try_from(now.tv_sec).unwrap_or_default();
        let nanos = u32::try_from(now.tv_nsec).unwrap_or_default();
        Duration::new(seconds, nanos)
    }

    #[cfg(not(unix))]
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
    fn steady(&self) -> Duration {
        use std::sync::OnceLock;
        use std::time::Instant;
        static START: OnceLock<Instant> = OnceLock::new();
        START.get_or_init(Instant::now).elapsed()
    }
}

/// A clock that stands still: for tests and for replies of recorded age.
#[derive(Debug, Clone, Copy)]
pub struct Fixed {
    /// What the wall clock shows.
    pub wall: Timestamp,
    /// What the steady clock shows.
    pub steady: Duration,
}

impl Clock for Fixed {
    fn wall(&self) -> Timestamp {
        self.wall
    }

    fn steady(&self) -> Duration {
        self.steady
    }
}
