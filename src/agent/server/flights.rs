//! Mints under way: one for each question, whoever asks meanwhile.

use std::rc::Rc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{JoinHandle, spawn_local};

use super::host::Trouble;
use super::state::{Agent, stack_is_dirty};
use crate::agent::reply::Reply;
use crate::broker::{self, Told};
use crate::mint::{self, Question};
use crate::model::{Lease, Profile};
use crate::seal::RecordPath;

/// What came of a mint; nothing yet at first.
type Outcome = Option<Result<Rc<Lease>, Told>>;

/// A mint under way.
pub(super) struct Flight {
    outcome: watch::Receiver<Outcome>,
    task: JoinHandle<()>,
}

impl Flight {
    /// Ends it; whoever waits for it is told that the vault is locked.
    pub(super) async fn stop(self) {
        self.task.abort();
        let _cancelled = self.task.await;
    }
}

impl Agent {
    /// Waits for the mint that answers `question`, which is begun for `profile` where none is under
    /// way.
    pub(super) async fn fly(
        self: &Rc<Self>,
        question: &Question,
        profile: Profile,
    ) -> Result<Rc<Lease>, Reply> {
        let mut outcome = self.begin(question, profile)?;
        // Nothing is sent where the vault was locked in between.
        let landed = outcome.wait_for(Option::is_some).await;
        match landed.ok().and_then(|outcome| outcome.clone()) {
            Some(Ok(lease)) => Ok(lease),
            Some(Err(told)) => Err(Reply::Told(told)),
            None if self.is_ending.get() => Err(Reply::Outgrown),
            None => Err(Reply::Locked { sticky: self.runtime.is_locked() }),
        }
    }

    /// Whether a mint for `question` is under way.
    pub(super) fn is_flying(&self, question: &Question) -> bool {
        self.flights.borrow().contains_key(question)
    }

    fn begin(
        self: &Rc<Self>,
        question: &Question,
        profile: Profile,
    ) -> Result<watch::Receiver<Outcome>, Reply> {
        if let Some(flight) = self.flights.borrow().get(question) {
            return Ok(flight.outcome.clone());
        }
        let proxy = self.settings()?.proxy.clone();
        let (tell, outcome) = watch::channel(None);
        let (agent, asked) = (Rc::clone(self), question.clone());
        let task = spawn_local(async move {
            let minted = agent.mint(&asked, profile, proxy).await;
            stack_is_dirty();
            agent.flights.borrow_mut().remove(&asked);
            let _nobody_waits = tell.send(Some(minted));
        });
        let flight = Flight { outcome: outcome.clone(), task };
        self.flights.borrow_mut().insert(question.clone(), flight);
        Ok(outcome)
    }

    async fn mint(
        &self,
        question: &Question,
        profile: Profile,
        proxy: Option<String>,
    ) -> Result<Rc<Lease>, Told> {
        let request = question.request(profile.name.clone());
        let clock = self.clock();
        let client = self.ready.borrow_mut().client(profile.ca.as_deref(), proxy.as_deref());
        let minted = match client {
            Ok(client) => mint::exchange(&profile, &request, client, clock).await,
            Err(error) => Err(mint::Error::Http(error)),
        };
        let minted = minted.and_then(|lease| mint::judge(&lease, None, clock).map(|()| lease));
        let Profile { name, preset, .. } = profile;
        match minted {
            Ok(lease) => {
                let lease = Rc::new(lease);
                self.leases.borrow_mut().hold(question.clone(), Rc::clone(&lease), jitter(), clock);
                self.set_alarm();
                Ok(lease)
            }
            Err(error) => {
                let rest = mint::Rest::after(&error);
                let told = {
                    let source = broker::Error::Mint { preset, source: error };
                    self.host.tell(Trouble::Lease(name, source))
                };
                let mut leases = self.leases.borrow_mut();
                leases.remember_failure(question.clone(), told.clone(), rest, clock);
                Err(told)
            }
        }
    }

    /// Ends the mints for a record.
    pub(super) async fn stop_flights(&self, vault: &str, record: &str) {
        let of_it = |question: &Question, _: &mut Flight| {
            question.vault == vault && question.record == record
        };
        let stopped: Vec<_> = self.flights.borrow_mut().extract_if(of_it).collect();
        for (_, flight) in stopped {
            flight.stop().await;
        }
    }

    /// Renews what is in use and runs out soon.
    pub(super) fn renew(self: &Rc<Self>) {
        let due = self.leases.borrow().due(self.clock());
        for question in due {
            self.renew_if_due(&question);
        }
    }

    /// Renews one lease, where it is due: whoever uses it need not wait for the new one.
    pub(super) fn renew_if_due(self: &Rc<Self>, question: &Question) {
        if !self.leases.borrow_mut().begin_renewal(question, self.clock()) {
            return;
        }
        if let Some(profile) = self.profile_for(question) {
            let _settings_unreadable = self.begin(question, profile);
        }
    }

    /// The profile of a lease, unless it was changed since.
    fn profile_for(&self, question: &Question) -> Option<Profile> {
        let path = RecordPath::parse(&question.record)?;
        let vaults = self.vaults.borrow();
        let (_, opened) = vaults.iter().find(|(id, _)| **id == question.vault)?;
        stack_is_dirty();
        let (profile, digest) = opened.vault.profile_with_digest(&path, None).ok()??;
        (digest == question.digest).then_some(profile)
    }
}

/// Between 0 and 1, so that many agents do not renew at one moment.
fn jitter() -> f64 {
    let mut bytes = [0; 4];
    let _middle_if_none = getrandom::fill(&mut bytes);
    f64::from(u32::from_be_bytes(bytes)) / f64::from(u32::MAX)
}

/// How a failure from memory is told: it says that nobody was asked again.
pub(super) fn from_memory(told: Told, left: Duration) -> Told {
    let seconds = left.as_secs() + 1;
    let sentence = format!("{} (not asked again for {seconds} s)", told.sentence);
    Told { sentence, ..told }
}
