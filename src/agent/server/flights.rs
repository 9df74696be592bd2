//! Mints under way: one for each question, whoever asks meanwhile.

use std::rc::Rc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{JoinHandle, spawn_local};

use super::answer::Subject;
use super::host::Trouble;
use super::slots::Kept;
use super::state::{Agent, stack_is_dirty};
use crate::agent::protocol::Wanted;
use crate::agent::reply::Reply;
use crate::broker::{self, Told};
use crate::grant;
use crate::http;
use crate::limits;
use crate::mint::{self, Means, Question};
use crate::model::{Lease, LeaseRequest, Profile};
use crate::seal::RecordPath;

/// What came of a mint; nothing yet at first.
type Outcome = Option<Result<Rc<Lease>, Told>>;

/// Whether what is kept will not do, and how long it must live where it does.
type How = (bool, Option<Duration>);

/// Why nothing was minted.
enum NotMinted {
    /// It failed.
    Here(broker::Error),
    /// The profile that it is minted from gave no lease; as that was told.
    Behind(Told),
    /// The vault was closed.
    Closed,
}

/// A mint under way.
pub(super) struct Flight {
    outcome: watch::Receiver<Outcome>,
    task: JoinHandle<()>,
    /// It may be spending something that only its end replaces.
    spends: bool,
    /// Which of all.
    number: u64,
}

/// Takes a mint off the list, however it ended.
struct Over<'a> {
    agent: &'a Agent,
    question: &'a Question,
    number: u64,
}

impl Drop for Over<'_> {
    fn drop(&mut self) {
        let mut flights = self.agent.flights.borrow_mut();
        if flights.get(self.question).is_some_and(|flight| flight.number == self.number) {
            flights.remove(self.question);
        }
    }
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
        wanted: &Wanted,
    ) -> Result<Rc<Lease>, Reply> {
        let mut outcome = self.begin(question, profile, (wanted.fresh, wanted.min_valid))?;
        // Nothing is sent where the vault was locked in between.
        let landed = outcome.wait_for(Option::is_some).await;
        match landed.ok().and_then(|outcome| outcome.clone()) {
            // What was spent was let land, and nobody gets it.
            Some(_) if self.runtime.is_locked() => Err(Reply::Locked { sticky: true }),
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
        how: How,
    ) -> Result<watch::Receiver<Outcome>, Reply> {
        if let Some(flight) = self.flights.borrow().get(question) {
            return Ok(flight.outcome.clone());
        }
        let proxy = self.settings()?.proxy.clone();
        let grant = grant::find(&profile.grant);
        let spends = grant.is_some_and(|grant| grant.keeps_a_slot(&profile));
        let (tell, outcome) = watch::channel(None);
        let (agent, asked) = (Rc::clone(self), question.clone());
        let number = self.flown.get();
        self.flown.set(number + 1);
        let task = spawn_local(async move {
            let _over = Over { agent: &agent, question: &asked, number };
            let minted = agent.mint(&asked, profile, (proxy, how)).await;
            stack_is_dirty();
            // Nothing is said where the vault was closed meanwhile.
            if let Some(minted) = minted {
                let _nobody_waits = tell.send(Some(minted));
            }
        });
        let flight = Flight { outcome: outcome.clone(), task, spends, number };
        self.flights.borrow_mut().insert(question.clone(), flight);
        Ok(outcome)
    }

    /// `None` where the vault was closed meanwhile.
    async fn mint(
        self: &Rc<Self>,
        question: &Question,
        profile: Profile,
        (proxy, how): (Option<String>, How),
    ) -> Option<Result<Rc<Lease>, Told>> {
        let clock = self.clock();
        let minted = self.minted(question, &profile, (proxy.as_deref(), how)).await;
        let minted = minted.and_then(|lease| {
            let judged = mint::judge(&lease, None, clock).map(|()| lease);
            judged.map_err(|error| NotMinted::Here(broker::Error::mint(&profile, error, clock)))
        });
        Some(match minted {
            Ok(lease) => {
                let lease = Rc::new(lease);
                self.leases.borrow_mut().hold(question.clone(), Rc::clone(&lease), jitter(), clock);
                self.note_slot(question, &profile);
                self.set_alarm();
                Ok(lease)
            }
            Err(NotMinted::Closed) => return None,
            // It is remembered where it failed.
            Err(NotMinted::Behind(told)) => Err(told),
            Err(NotMinted::Here(error)) => {
                let rest = match &error {
                    broker::Error::Mint { source, .. } => Some(mint::Rest::after(source)),
                    broker::Error::Vault(_)
                    | broker::Error::Chain(_)
                    | broker::Error::Behind { .. } => None,
                };
                let told = self.host.tell(Trouble::Lease(profile.name.clone(), error));
                if let Some(rest) = rest {
                    let mut leases = self.leases.borrow_mut();
                    leases.remember_failure(question.clone(), told.clone(), rest, clock);
                }
                Err(told)
            }
        })
    }

    async fn minted(
        self: &Rc<Self>,
        question: &Question,
        profile: &Profile,
        (proxy, (fresh, min_valid)): (Option<&str>, How),
    ) -> Result<Lease, NotMinted> {
        let clock = self.clock();
        let request = LeaseRequest { min_valid, ..question.request(profile.name.clone()) };
        let slots = Kept { agent: self, vault: &question.vault };
        let basis = self.basis(question, profile)?;
        let mut fresh_source = false;
        loop {
            let source = self.source(question, profile, fresh_source).await?;
            let source = source.as_ref().map(|lease| &lease.token.access);
            let means = Means { proxy, clock, slots: &slots, source, basis: &basis, fresh };
            let here = |error| NotMinted::Here(broker::Error::mint(profile, error, clock));
            let client = self.client(profile, proxy).map_err(here)?;
            let minted = mint::exchange(profile, &request, client, &means).await.map_err(here);
            match minted {
                // Another device may have replaced the token that it was minted from.
                Err(NotMinted::Here(error))
                    if source.is_some() && error.is_about_source() && !fresh_source =>
                {
                    fresh_source = true;
                }
                minted => return minted,
            }
        }
    }

    /// What a token of `profile` is made of.
    fn basis(&self, question: &Question, profile: &Profile) -> Result<String, NotMinted> {
        let vaults = self.vaults.borrow();
        let opened = vaults.iter().find(|(id, _)| **id == question.vault);
        let (_, opened) = opened.ok_or(NotMinted::Closed)?;
        stack_is_dirty();
        Ok(broker::basis(&opened.vault, profile))
    }

    /// The lease that `profile` is minted from, where there is one.
    async fn source(
        self: &Rc<Self>,
        question: &Question,
        profile: &Profile,
        fresh: bool,
    ) -> Result<Option<Rc<Lease>>, NotMinted> {
        if profile.from.is_none() {
            return Ok(None);
        }
        let subject = self.behind(question, profile)?;
        let wanted = Wanted { fresh, ..Wanted::default() };
        match self.lease(&subject, &wanted).await {
            Ok(lease) => Ok(Some(lease)),
            Err(Reply::Told(told)) => {
                let sentence = format!("no token for `{}`: {}", profile.name, told.sentence);
                Err(NotMinted::Behind(Told { sentence, ..told }))
            }
            Err(_) => Err(NotMinted::Closed),
        }
    }

    /// The profile that another one is minted from, once it is known that the row of them ends.
    fn behind(&self, question: &Question, profile: &Profile) -> Result<Subject, NotMinted> {
        let vaults = self.vaults.borrow();
        let opened = vaults.iter().find(|(id, _)| **id == question.vault);
        let (_, opened) = opened.ok_or(NotMinted::Closed)?;
        stack_is_dirty();
        let mut passed = Vec::new();
        let (mut name, mut from) = (profile.name.clone(), profile.from.clone());
        while let Some(next) = from {
            broker::check_chain(&name, &next, &passed).map_err(NotMinted::Here)?;
            let found = opened.vault.profile(&next);
            let found = found.map_err(|error| NotMinted::Here(broker::Error::Vault(error)))?;
            passed.push(std::mem::replace(&mut name, next));
            from = found.from;
        }
        let first = profile.from.clone().ok_or(NotMinted::Closed)?;
        let path = opened.vault.path_of(&first);
        Ok(Subject { registered: opened.registered().clone(), path, name: Some(first) })
    }

    /// A client for the issuer of `profile`: one that is kept, unless it shows a certificate.
    pub(super) fn client(
        &self,
        profile: &Profile,
        proxy: Option<&str>,
    ) -> Result<Rc<http::Client>, mint::Error> {
        if profile.credential.certificate.is_some() {
            return mint::client(profile, proxy).map(Rc::new);
        }
        let kept = self.ready.borrow_mut().client(profile.ca.as_deref(), proxy);
        kept.map_err(mint::Error::Http)
    }

    /// Waits for those mints that spend a refresh token, at most this long: without what comes of them
    /// the login would be lost.
    pub(super) async fn land(&self, of_it: impl Fn(&Question) -> bool, patience: Duration) {
        let landing: Vec<_> = {
            let flights = self.flights.borrow();
            let spending = flights.iter().filter(|(question, it)| it.spends && of_it(question));
            spending.map(|(_, flight)| flight.outcome.clone()).collect()
        };
        let all = async {
            for mut outcome in landing {
                let _landed_or_stopped = outcome.wait_for(Option::is_some).await;
            }
        };
        let _stopped_then = tokio::time::timeout(patience, all).await;
    }

    /// Ends the mints for a record.
    pub(super) async fn stop_flights(&self, vault: &str, record: &str) {
        let is_it = |question: &Question| question.vault == vault && question.record == record;
        self.land(is_it, limits::REQUEST).await;
        let of_it = |question: &Question, _: &mut Flight| is_it(question);
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
        // A token that is kept for all devices is not replaced while somebody may be using it.
        let keeps = |profile: &Profile| {
            grant::find(&profile.grant).is_some_and(|grant| grant.keeps_a_slot(profile))
        };
        if let Some(profile) = self.profile_for(question).filter(|profile| !keeps(profile)) {
            let _settings_unreadable = self.begin(question, profile, (true, None));
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
