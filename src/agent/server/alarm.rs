//! A clock that rings once, on time even after a suspend, and costs nothing until then.

use std::io;
use std::time::Duration;

#[cfg(target_os = "linux")]
pub(super) use linux::Alarm;
#[cfg(not(target_os = "linux"))]
pub(super) use other::Alarm;

#[cfg(target_os = "linux")]
mod linux {
    use std::cell::Cell;

    use super::{Duration, io};
    use crate::agent::server::readable::Readable;
    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
        timerfd_settime,
    };

    /// A timer of the kernel on the clock that counts suspend.
    pub struct Alarm {
        timer: Readable,
        set: Cell<Option<Duration>>,
    }

    impl Alarm {
        /// Needs a running network loop.
        ///
        /// # Errors
        /// The system has none.
        pub fn new() -> io::Result<Self> {
            let flags = TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK;
            let timer = Readable::new(timerfd_create(TimerfdClockId::Boottime, flags)?)?;
            Ok(Self { timer, set: Cell::new(None) })
        }

        /// Rings at `at` by the steady clock, in place of whenever it was to ring before.
        pub fn set(&self, at: Option<Duration>) {
            if self.set.replace(at) == at {
                return;
            }
            let at = at.unwrap_or_default();
            let seconds = i64::try_from(at.as_secs()).unwrap_or(i64::MAX);
            let value = Timespec { tv_sec: seconds, tv_nsec: at.subsec_nanos().into() };
            let once = Itimerspec { it_interval: Timespec::default(), it_value: value };
            // All zero is none.
            let _only_a_bad_descriptor =
                timerfd_settime(self.timer.descriptor(), TimerfdTimerFlags::ABSTIME, &once);
        }

        /// Waits until it rings.
        pub async fn rings(&self) {
            let take = |descriptor: &_| {
                let mut times = [0_u8; 8];
                self.set.set(None);
                let _rung = rustix::io::read(descriptor, &mut times);
            };
            if self.timer.wait(take).await.is_err() {
                // Requests look at the clock themselves.
                std::future::pending::<()>().await;
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod other {
    use std::cell::Cell;

    use tokio::sync::Notify;

    use super::{Duration, io};
    use crate::clock::{Clock as _, System};

    /// A timer of the network loop. It may be late after a suspend; every request looks at the clock
    /// itself.
    #[derive(Default)]
    pub struct Alarm {
        at: Cell<Option<Duration>>,
        changed: Notify,
    }

    impl Alarm {
        /// Never fails.
        ///
        /// # Errors
        /// None.
        pub fn new() -> io::Result<Self> {
            Ok(Self::default())
        }

        /// Rings at `at` by the steady clock, in place of whenever it was to ring before.
        pub fn set(&self, at: Option<Duration>) {
            self.at.set(at);
            self.changed.notify_one();
        }

        /// Waits until it rings.
        pub async fn rings(&self) {
            loop {
                let Some(at) = self.at.get() else {
                    self.changed.notified().await;
                    continue;
                };
                let wait = at.saturating_sub(System.steady());
                if tokio::time::timeout(wait, self.changed.notified()).await.is_err() {
                    self.at.set(None);
                    return;
                }
            }
        }
    }
}
