//! What the agent holds, and how it lets it go.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::AbortHandle;

use super::alarm::Alarm;
use super::connection::Readers;
use super::election::Elections;
use super::flights::Flight;
use super::host::{Host, Trouble};
use super::vaults::Vaults;
use crate::agent::logind::Listening;
use crate::agent::protocol::Place;
use crate::agent::reply::Reply;
use crate::agent::runtime::Runtime;
use crate::agent::sandbox::Sandbox;
use crate::broker::Told;
use crate::clock::Clock;
use crate::config::{Registered, Settings};
use crate::http::Ready;
use crate::limits;
use crate::mint::{Leases, Question};
use crate::stack;

/// Something was done whose traces on the stack must go before the next pause.
static STACK_IS_DIRTY: AtomicBool = AtomicBool::new(false);

/// The agent.
pub(super) struct Agent {
    pub(super) host: Box<dyn Host>,
    pub(super) runtime: Runtime,
    pub(super) vaults: RefCell<Vaults>,
    pub(super) leases: RefCell<Leases<Told>>,
    pub(super) flights: RefCell<HashMap<Question, Flight>>,
    /// How many mints there have been.
    pub(super) flown: Cell<u64>,
    pub(super) elections: RefCell<Elections>,
    pub(super) ready: RefCell<Ready>,
    pub(super) readers: RefCell<Readers>,
    pub(super) alarm: Alarm,
    pub(super) guards: Guards,
    pub(super) ending: Notify,
    /// What else is under way for a vault, by its id.
    pub(super) errands: RefCell<Vec<(String, AbortHandle)>>,
    /// It is to end, and another takes its place.
    pub(super) is_ending: Cell<bool>,
    /// The socket that the agent made, unless a supervisor did.
    pub(super) own_socket: Option<(u64, u64)>,
    settings: RefCell<Option<(Stamp, Rc<Settings>)>>,
}

/// What protects the process beside its memory, in words.
#[derive(Clone, Default)]
pub struct Guards {
    /// What it gave up; nothing without.
    pub sandbox: Option<Sandbox>,
    /// Who tells it to lock.
    pub machine: Option<Listening>,
}

/// Which file it was, and when it was last changed.
type Stamp = Option<(u64, u64, i64, i64, u64)>;

impl Agent {
    pub(super) fn new(
        host: Box<dyn Host>,
        place: (Runtime, Option<(u64, u64)>),
        alarm: Alarm,
        guards: Guards,
    ) -> Self {
        let (runtime, own_socket) = place;
        Self {
            host,
            runtime,
            vaults: RefCell::default(),
            leases: RefCell::default(),
            flights: RefCell::default(),
            flown: Cell::new(0),
            elections: RefCell::default(),
            ready: RefCell::default(),
            readers: RefCell::default(),
            alarm,
            guards,
            ending: Notify::new(),
            errands: RefCell::default(),
            is_ending: Cell::new(false),
            own_socket,
            settings: RefCell::default(),
        }
    }

    pub(super) fn clock(&self) -> &'static dyn Clock {
        self.host.clock()
    }

    pub(super) fn now(&self) -> Duration {
        self.clock().steady()
    }

    /// The settings as they are now.
    pub(super) fn settings(&self) -> Result<Rc<Settings>, Reply> {
        let stamp = std::fs::metadata(self.host.settings_file()).ok().map(|found| stamp(&found));
        if let Some((known, settings)) = self.settings.borrow().as_ref()
            && *known == stamp
        {
            return Ok(Rc::clone(settings));
        }
        let read = self.host.settings();
        let settings = Rc::new(read.map_err(|error| self.unreadable(error))?);
        *self.settings.borrow_mut() = Some((stamp, Rc::clone(&settings)));
        Ok(settings)
    }

    fn unreadable(&self, error: crate::config::Error) -> Reply {
        if self.host.is_out_of_reach(&error) {
            return Reply::Outgrown;
        }
        Reply::Told(self.host.tell(Trouble::Config(error)))
    }

    /// The registration that a client means.
    pub(super) fn registered(&self, place: &Place) -> Result<Registered, Reply> {
        if self.host.folders() != place.folders {
            return Err(Reply::Elsewhere);
        }
        let settings = self.settings()?;
        if !settings.agent.used {
            return Err(Reply::Elsewhere);
        }
        let chosen = settings.choose(place.vault.as_deref());
        let (_, registered) =
            chosen.map_err(|error| Reply::Told(self.host.tell(Trouble::Config(error))))?;
        Ok(registered.clone())
    }

    /// Looks whether something is to be closed by now: asked before every request, so that no timer
    /// is relied upon.
    pub(super) async fn keep_time(&self) {
        if self.runtime.is_locked() {
            // Nobody need wait for a vault that will not open.
            self.elections.borrow_mut().users_look();
            if self.holds_something() {
                self.lock().await;
            }
        } else {
            let over = self.vaults.borrow().over(self.now());
            for id in over {
                self.close(&id).await;
            }
        }
    }

    fn holds_something(&self) -> bool {
        !self.vaults.borrow().is_empty()
            || !self.leases.borrow().is_empty()
            || !self.flights.borrow().is_empty()
            || !self.errands.borrow().is_empty()
    }

    /// Ends the agent: who waits for a mint is sent to the next one.
    pub(super) fn end(&self) {
        self.is_ending.set(true);
        self.ending.notify_one();
    }

    /// Closes every vault, and lets everything go that came from one.
    pub(super) async fn lock(&self) {
        self.land(|_| true, limits::LANDING).await;
        self.vaults.borrow_mut().clear();
        self.leases.borrow_mut().clear();
        let stopped: Vec<_> = self.flights.borrow_mut().drain().map(|(_, flight)| flight).collect();
        let errands = std::mem::take(&mut *self.errands.borrow_mut());
        self.stop(stopped, errands).await;
    }

    /// Closes a vault: its keys, its leases and what is under way for it are gone when it returns.
    pub(super) async fn close(&self, id: &str) {
        self.land(|question| question.vault == id, limits::LANDING).await;
        self.vaults.borrow_mut().close(id);
        self.leases.borrow_mut().forget_vault(id);
        let of_it = |question: &Question, _: &mut Flight| question.vault == id;
        let stopped: Vec<_> =
            self.flights.borrow_mut().extract_if(of_it).map(|(_, flight)| flight).collect();
        let errands = self.errands.borrow_mut().extract_if(.., |(vault, _)| vault == id).collect();
        self.stop(stopped, errands).await;
    }

    async fn stop(&self, flights: Vec<Flight>, errands: Vec<(String, AbortHandle)>) {
        for (_, errand) in errands {
            errand.abort();
        }
        for flight in flights {
            flight.stop().await;
        }
        self.ready.borrow_mut().clear();
        stack_is_dirty();
        // The connections of mints that were stopped end in a turn or two of the loop; then it
        // pauses, before which the stack is wiped.
        tokio::time::sleep(Duration::from_millis(2)).await;
        self.set_alarm();
    }

    /// Sets the alarm to whatever comes next.
    pub(super) fn set_alarm(&self) {
        let end = self.vaults.borrow().next_end();
        let due = self.leases.borrow().next_due(self.clock());
        self.alarm.set([end, due].into_iter().flatten().min());
    }
}

fn stamp(found: &Metadata) -> (u64, u64, i64, i64, u64) {
    (found.dev(), found.ino(), found.ctime(), found.ctime_nsec(), found.size())
}

/// Notes that secrets were on the stack.
pub(super) fn stack_is_dirty() {
    STACK_IS_DIRTY.store(true, Ordering::Relaxed);
}

/// Wipes what is left on the stack, where something is. Called before each pause of the loop, from
/// near the bottom of it.
pub(super) fn wipe_stack() {
    if STACK_IS_DIRTY.swap(false, Ordering::Relaxed) {
        stack::scrub(stack::Depth::Mint);
    }
}
