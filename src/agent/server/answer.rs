//! One answer for each kind of request.

use std::rc::Rc;
use std::time::Duration;

use super::connection::{Connection, Gone};
use super::flights::from_memory;
use super::host::Trouble;
use super::opening::Purpose;
use super::state::{Agent, stack_is_dirty};
use crate::agent::protocol::{Asker, Place, Request, Wanted};
use crate::agent::reply::{Leased, Reply};
use crate::broker;
use crate::config::Registered;
use crate::grant;
use crate::limits;
use crate::mint::{self, Question};
use crate::model::{FieldName, Lease, Profile, ProfileName, Withheld};
use crate::seal::RecordPath;
use crate::{store, vault};

/// A profile as a client means it.
pub(super) struct Subject {
    pub(super) registered: Registered,
    pub(super) path: RecordPath,
    pub(super) name: Option<ProfileName>,
}

/// A record that was judged: its digest, and the profile where it had to be opened for that.
struct Judged {
    digest: String,
    /// What it is minted from.
    from: Option<ProfileName>,
    profile: Option<Profile>,
}

impl Agent {
    /// Answers.
    ///
    /// # Errors
    /// [`Gone`] where the client is.
    pub(super) async fn answer(
        self: Rc<Self>,
        request: Request,
        client: &mut Connection,
    ) -> Result<Reply, Gone> {
        let answer = match request {
            Request::Lease { place, profile, wanted, asker } => {
                let mut leased = Err(Reply::Locked { sticky: false });
                // A vault that closed in the middle of a mint is opened again, once.
                for _ in 0..2 {
                    leased = match self.subject(&place, profile.clone(), asker, client).await? {
                        Ok(subject) => client.unless_gone(self.leased(&subject, &wanted)).await?,
                        Err(reply) => return Ok(reply),
                    };
                    if !matches!(leased, Err(Reply::Locked { sticky: false })) {
                        break;
                    }
                }
                leased
            }
            Request::Describe { place, profile, asker } => {
                let subject = self.subject(&place, profile, asker, client).await?;
                subject.and_then(|subject| self.describe(&subject))
            }
            Request::Show { place, profile, asker } => {
                let subject = self.subject(&place, profile, asker, client).await?;
                subject.and_then(|subject| self.show(&subject))
            }
            Request::List { place, asker } => self.list(&place, asker, client).await?,
            Request::Reveal { place, profile, field, asker } => {
                let subject = self.subject(&place, Some(profile), asker, client).await?;
                subject.and_then(|subject| self.reveal(&subject, field.as_ref()))
            }
            Request::Unlock { place, length, asker } => {
                self.unlock(&place, length, asker, client).await?
            }
            Request::Lock => {
                let marked = self.runtime.lock();
                self.lock().await;
                marked.map(|()| done()).map_err(|error| {
                    let error = vault::Error::Store(store::Error::Disk(error));
                    Reply::Told(self.host.tell(Trouble::Vault(error)))
                })
            }
            Request::Status => {
                self.keep_time().await;
                Ok(Reply::Status(self.status()))
            }
            Request::Purge { place, profile } => self.purge(&place, &profile).await,
            Request::Revoke { place, profile, asker } => {
                match self.subject(&place, Some(profile), asker, client).await? {
                    Ok(subject) => match self.revoke(&subject.registered, &subject.path).await {
                        Ok(Some(reply)) => Ok(reply),
                        // Not what a mistyped name is told.
                        Ok(None) => self
                            .profile(&subject)
                            .map(|_| Reply::Done("no token of it was held".to_owned())),
                        Err(reply) => Err(reply),
                    },
                    Err(reply) => Err(reply),
                }
            }
            Request::Stop => {
                self.end();
                self.lock().await;
                Ok(done())
            }
            // Said out of turn.
            Request::Asking | Request::Opening(_) | Request::NotOpened(_) => return Err(Gone),
        };
        Ok(answer.unwrap_or_else(|reply| reply))
    }

    async fn unlock(
        self: &Rc<Self>,
        place: &Place,
        length: Option<Duration>,
        asker: Asker,
        client: &mut Connection,
    ) -> Result<Result<Reply, Reply>, Gone> {
        let opened = self.opened(place, asker, Purpose::Unlock(length), client).await?;
        Ok(opened.map(|_| {
            self.set_alarm();
            done()
        }))
    }

    /// The vault that is meant, which is open.
    pub(super) async fn opened(
        self: &Rc<Self>,
        place: &Place,
        asker: Asker,
        purpose: Purpose,
        client: &mut Connection,
    ) -> Result<Result<Registered, Reply>, Gone> {
        let registered = match self.registered(place) {
            Ok(registered) => registered,
            Err(reply) => return Ok(Err(reply)),
        };
        let opened = self.open(&registered, asker, purpose, client).await?;
        Ok(opened.map(|()| registered))
    }

    /// The profile that is meant, in a vault that is open.
    async fn subject(
        self: &Rc<Self>,
        place: &Place,
        name: Option<ProfileName>,
        asker: Asker,
        client: &mut Connection,
    ) -> Result<Result<Subject, Reply>, Gone> {
        let opened = self.opened(place, asker, Purpose::Use, client).await?;
        Ok(opened.and_then(|registered| self.find(registered, name)))
    }

    fn find(&self, registered: Registered, name: Option<ProfileName>) -> Result<Subject, Reply> {
        let mut vaults = self.vaults.borrow_mut();
        let opened = vaults.get(&registered).ok_or(Reply::Locked { sticky: false })?;
        let path = match &name {
            Some(name) => Some(opened.vault.path_of(name)),
            None => registered.profile.as_deref().and_then(RecordPath::parse),
        };
        let path = path.ok_or_else(|| Reply::Told(self.host.tell(Trouble::NoDefault)))?;
        Ok(Subject { registered, path, name })
    }

    async fn leased(self: &Rc<Self>, subject: &Subject, wanted: &Wanted) -> Result<Reply, Reply> {
        let lease = self.lease(subject, wanted).await?;
        self.set_alarm();
        let warnings = self.take_warnings(&subject.registered);
        Ok(Reply::Leased(Box::new(Leased::of(&lease, warnings, self.clock()))))
    }

    pub(super) async fn lease(
        self: &Rc<Self>,
        subject: &Subject,
        wanted: &Wanted,
    ) -> Result<Rc<Lease>, Reply> {
        let Judged { digest, from, profile } = self.judge(subject)?;
        let mut question = Question {
            vault: subject.registered.id.clone(),
            record: subject.path.as_str().to_owned(),
            digest,
            behind: self.behind_it(subject, from),
            scopes: wanted.scopes.clone(),
            audience: wanted.audience.clone(),
        };
        self.forget_what_was_replaced(subject);
        if let Some(held) = self.held(&question, wanted)? {
            self.renew_if_due(&question);
            return Ok(held);
        }
        let profile = if let Some(profile) = profile {
            profile
        } else {
            let (profile, digest) = self.profile(subject)?;
            // It may have been changed since it was judged.
            question.digest = digest;
            profile
        };
        let name = profile.name.clone();
        let keeps = grant::find(&profile.grant).is_some_and(|grant| grant.keeps_a_slot(&profile));
        let may_be_kept = keeps && self.is_flying(&question);
        let mut lease = self.fly(&question, profile, wanted).await?;
        let is_worth_another = mint::judge(&lease, wanted.min_valid, self.clock()).is_ok();
        let will_do = lease.is_good_for(wanted.min_valid, self.clock());
        if may_be_kept && is_worth_another && !will_do {
            // It was somebody else's flight, who was content with the one that is kept.
            let (profile, digest) = self.profile(subject)?;
            question.digest = digest;
            lease = self.fly(&question, profile, wanted).await?;
        }
        let judged = mint::judge(&lease, wanted.min_valid, self.clock());
        judged.map_err(|source| {
            let source = broker::Error::Mint { advice: Vec::new(), source };
            Reply::Told(self.host.tell(Trouble::Lease(name, source)))
        })?;
        // Counted as handed out.
        self.leases.borrow_mut().find(&question, None, self.clock());
        Ok(lease)
    }

    /// The lease that is held, where it will do; a failure where another mint would be in vain, or
    /// failed just now.
    fn held(&self, question: &Question, wanted: &Wanted) -> Result<Option<Rc<Lease>>, Reply> {
        let mut leases = self.leases.borrow_mut();
        if !wanted.fresh {
            if let Some(lease) = leases.find(question, wanted.min_valid, self.clock()) {
                return Ok(Some(lease));
            }
            if let Some((profile, source)) =
                leases.too_short(question, wanted.min_valid, self.clock())
            {
                let source = broker::Error::Mint { advice: Vec::new(), source };
                return Err(Reply::Told(self.host.tell(Trouble::Lease(profile, source))));
            }
        }
        if self.is_flying(question) {
            return Ok(None);
        }
        match leases.failure(question, wanted.fresh, self.clock()) {
            Some((told, left)) => Err(Reply::Told(from_memory(told, left))),
            None => Ok(None),
        }
    }

    /// Whether the record is the one that was judged before; else it is opened and judged now, and
    /// leases for another form of it are forgotten.
    fn judge(&self, subject: &Subject) -> Result<Judged, Reply> {
        let Subject { registered, path, .. } = subject;
        // Before it is read: what changes in between looks another way the next time.
        let look = {
            let mut vaults = self.vaults.borrow_mut();
            let opened = vaults.get(registered).ok_or(Reply::Locked { sticky: false })?;
            let look = opened.vault.stamp_at(path);
            if let Some((digest, seen, from)) = opened.judged.get_mut(path.as_str()) {
                let is_same = look.is_some() && *seen == look;
                let now =
                    || opened.vault.digest_at(path).map_err(|error| self.told(error, subject));
                if is_same || now()?.as_ref() == Some(digest) {
                    *seen = look;
                    let (digest, from) = (digest.clone(), from.clone());
                    return Ok(Judged { digest, from, profile: None });
                }
            }
            opened.judged.remove(path.as_str());
            // Whatever comes of it: what it was before is no more.
            self.leases.borrow_mut().forget(&registered.id, path.as_str());
            look
        };
        let (profile, digest) = self.profile(subject)?;
        let mut vaults = self.vaults.borrow_mut();
        if let Some(opened) = vaults.get(registered) {
            let judged = (digest.clone(), look, profile.from.clone());
            opened.judged.insert(path.as_str().to_owned(), judged);
        }
        Ok(Judged { digest, from: profile.from.clone(), profile: Some(profile) })
    }

    /// The digests of what a profile is minted from. What is wrong with one of those is said by the mint.
    fn behind_it(&self, subject: &Subject, first: Option<ProfileName>) -> String {
        let (mut digests, mut from) = (String::new(), first);
        for _ in 0..limits::CHAIN {
            let Some(name) = from.take() else { break };
            let registered = &subject.registered;
            let path = self.vaults.borrow_mut().get(registered).map(|it| it.vault.path_of(&name));
            let Some(path) = path else { break };
            let next = Subject { registered: registered.clone(), path, name: Some(name) };
            match self.judge(&next) {
                Ok(judged) => {
                    digests.push_str(&judged.digest);
                    from = judged.from;
                }
                Err(_) => digests.push('?'),
            }
        }
        digests
    }

    /// Opens the record.
    fn profile(&self, subject: &Subject) -> Result<(Profile, String), Reply> {
        let Subject { registered, path, name } = subject;
        let mut vaults = self.vaults.borrow_mut();
        let opened = vaults.get(registered).ok_or(Reply::Locked { sticky: false })?;
        stack_is_dirty();
        let found = opened.vault.profile_with_digest(path, name.as_ref());
        found.map_err(|error| self.told(error, subject))?.ok_or_else(|| match name {
            Some(name) => self.told(vault::Error::NoProfile(name.clone()), subject),
            None => Reply::Told(self.host.tell(Trouble::NoDefault)),
        })
    }

    fn describe(&self, subject: &Subject) -> Result<Reply, Reply> {
        let (profile, _) = self.profile(subject)?;
        Ok(Reply::Described(Box::new((&profile).into())))
    }

    fn show(&self, subject: &Subject) -> Result<Reply, Reply> {
        let (profile, _) = self.profile(subject)?;
        Ok(Reply::Shown(self.host.show(&profile)))
    }

    fn reveal(&self, subject: &Subject, field: Option<&FieldName>) -> Result<Reply, Reply> {
        let (profile, _) = self.profile(subject)?;
        let name = profile.name.clone();
        profile.reveal(field).map(Reply::Revealed).map_err(|withheld| {
            Reply::Told(self.host.tell(match withheld {
                Withheld::TokenOnly => Trouble::TokenOnly(name),
                Withheld::NoField => Trouble::NoField(name),
            }))
        })
    }

    async fn purge(&self, place: &Place, profile: &ProfileName) -> Result<Reply, Reply> {
        self.keep_time().await;
        let registered = self.registered(place)?;
        let path = match self.vaults.borrow_mut().get(&registered) {
            Some(opened) => opened.vault.path_of(profile),
            // Nothing is held of a vault that is closed; what is kept in it is for the client to forget.
            None => return Ok(Reply::Done("closed".to_owned())),
        };
        self.stop_flights(&registered.id, path.as_str()).await;
        self.leases.borrow_mut().forget(&registered.id, path.as_str());
        self.forget_kept(&registered, &path)?;
        Ok(done())
    }

    fn told(&self, error: vault::Error, subject: &Subject) -> Reply {
        let Subject { name, .. } = subject;
        Reply::Told(self.host.tell(match name {
            Some(name) => Trouble::Lease(name.clone(), broker::Error::Vault(error)),
            None => Trouble::Vault(error),
        }))
    }

    fn take_warnings(&self, registered: &Registered) -> Vec<String> {
        let mut vaults = self.vaults.borrow_mut();
        let warnings = vaults.get(registered).map(|opened| opened.vault.take_warnings());
        warnings.unwrap_or_default().iter().map(|it| self.host.tell_warning(it)).collect()
    }
}

pub(super) fn done() -> Reply {
    Reply::Done(String::new())
}
