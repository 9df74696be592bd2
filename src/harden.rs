//! What every process does before it reads its first secret: it makes itself undumpable.
//!
//! Effect on Linux: no core file, and no other process of the same user can read this one's memory,
//! environment or descriptors through `/proc` or `ptrace`. Root is not stopped. On macOS: no core
//! file. On Windows nothing: that takes system calls of our own, and `status` says so.

/// What was in force before [`apply`], so that a child can have its own back.
#[derive(Debug, Clone, Copy, Default)]
pub struct Before {
    #[cfg(unix)]
    core: Option<u64>,
}

/// Refuses core dumps and tracing for this process from here on. Only the *soft* core limit is
/// lowered, so that [`Before::restore`] can undo it for a child; not being dumpable ends by itself
/// when a child is executed.
///
/// Failures are not errors (a container may forbid the call): [`is_undumpable`] tells.
#[must_use]
pub fn apply() -> Before {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let limit = getrlimit(Resource::Core);
        let lowered = Rlimit { current: Some(0), maximum: limit.maximum };
        let _unchanged_if_refused = setrlimit(Resource::Core, lowered);
        #[cfg(target_os = "linux")]
        {
            use rustix::process::{DumpableBehavior, set_dumpable_behavior};
            let _reported_by_status = set_dumpable_behavior(DumpableBehavior::NotDumpable);
        }
        Before { core: limit.current }
    }
    #[cfg(not(unix))]
    Before::default()
}

impl Before {
    /// Whether core files are refused now.
    #[must_use]
    pub fn is_core_refused(self) -> bool {
        #[cfg(unix)]
        {
            use rustix::process::{Resource, getrlimit};
            getrlimit(Resource::Core).current == Some(0)
        }
        #[cfg(not(unix))]
        false
    }

    /// Gives the soft core limit back, just before another program takes this process over.
    pub fn restore(self) {
        #[cfg(unix)]
        {
            use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
            let maximum = getrlimit(Resource::Core).maximum;
            let limit = Rlimit { current: self.core, maximum };
            let _child_keeps_no_core_if_refused = setrlimit(Resource::Core, limit);
        }
    }
}

/// Whether the kernel confirms that this process cannot be dumped. Always `false` where the system
/// has no such notion.
#[must_use]
pub fn is_undumpable() -> bool {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, dumpable_behavior};
        matches!(dumpable_behavior(), Ok(DumpableBehavior::NotDumpable))
    }
    #[cfg(not(target_os = "linux"))]
    false
}
