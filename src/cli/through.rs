//! A vault that the agent holds, seen from a command: it asks, and opens where it is elected to.

use std::time::Duration;

use serde_json::Value;

use super::Failure;
use super::commands::Which;
use super::holder::Listed;
use super::parts::Parts;
use super::warm;
use crate::agent::{self, Asker, Link, NotOpened, Place, Reply, Request, Wanted};
use crate::broker::Told;
use crate::config::{AgentSettings, Registered};
use crate::handover;
use crate::identity;
use crate::limits;
use crate::model::{Described, FieldName, Lease, ProfileName};
use crate::prompt::{self, Nobody};
use crate::seal::{self, OpeningKey, VaultId};
use crate::secret::FieldSecret;
use crate::stack;
use crate::vault;

/// Agents that a question is put to, after the first.
const TRIES: u32 = 3;

/// The agent, as a command uses it.
pub struct Through<'a> {
    link: Link,
    parts: &'a Parts,
    place: Place,
}

/// Whether a command uses the agent, where it may.
fn is_used(parts: &Parts, settings: &AgentSettings) -> bool {
    settings.used && !parts.global.no_agent && !parts.environment.no_agent
}

impl<'a> Through<'a> {
    /// The agent, which is started where there is none. `None` where it is not to be used, or cannot
    /// be had on this machine: that is said.
    ///
    /// # Errors
    /// [`Failure::Agent`] where one is there and does not answer, or is not ours.
    pub fn reach(parts: &'a Parts) -> Result<Option<Self>, Failure> {
        let settings = parts.settings()?;
        if !is_used(parts, &settings.agent) || settings.vaults().next().is_none() {
            return Ok(None);
        }
        match agent::reach(&parts.runtime(), handover::start_agent, parts.clock()) {
            Ok(link) => Ok(Some(Self { link, parts, place: place(parts) })),
            Err(
                error @ (agent::Error::NotRunning
                | agent::Error::NotStarted(_)
                | agent::Error::Differs { .. }
                | agent::Error::TooLong
                | agent::Error::Folder(_)),
            ) => {
                let said = super::report::sentence(&error);
                parts.style.warn(format_args!("going on without an agent: {said}"));
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The agent, where one is running and may be used.
    ///
    /// # Errors
    /// As [`Through::running`].
    pub fn at_hand(parts: &'a Parts) -> Result<Option<Self>, Failure> {
        if is_used(parts, &parts.settings()?.agent) { Self::running(parts) } else { Ok(None) }
    }

    /// The agent, where one is running, whatever is said of its use.
    ///
    /// # Errors
    /// [`Failure::Agent`] where one is there and does not answer, or is not ours.
    pub fn running(parts: &'a Parts) -> Result<Option<Self>, Failure> {
        match Link::open(&parts.runtime()) {
            Ok(link) => Ok(Some(Self { link, parts, place: place(parts) })),
            Err(agent::Error::NotRunning) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// A lease. `None` where the agent is not the one to ask.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn lease(&mut self, which: &Which, wanted: &Wanted) -> Result<Option<Lease>, Failure> {
        let (profile, asker) = (which.named().cloned(), self.asker());
        let (place, wanted) = (self.place.clone(), wanted.clone());
        let reply = self.ask(&Request::Lease { place, profile, wanted, asker })?;
        let leased = match reply {
            Some(Reply::Leased(leased)) => leased,
            None => return Ok(None),
            Some(_) => return Err(Failure::OddAnswer),
        };
        let (lease, warnings) = leased.into_lease(self.parts.clock()).ok_or(Failure::OddAnswer)?;
        for warning in warnings {
            self.parts.style.warn(warning);
        }
        Ok(Some(lease))
    }

    /// A profile without its secrets. `None` where the agent is not the one to ask.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn describe(&mut self, which: &Which) -> Result<Option<Described>, Failure> {
        let (profile, asker) = (which.named().cloned(), self.asker());
        let place = self.place.clone();
        match self.ask(&Request::Describe { place, profile, asker })? {
            Some(Reply::Described(described)) => Ok(Some(*described)),
            None => Ok(None),
            Some(_) => Err(Failure::OddAnswer),
        }
    }

    /// All of a profile but its secrets. `None` where the agent is not the one to ask.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn show(&mut self, which: &Which) -> Result<Option<Value>, Failure> {
        let (profile, asker) = (which.named().cloned(), self.asker());
        let place = self.place.clone();
        match self.ask(&Request::Show { place, profile, asker })? {
            Some(Reply::Shown(text)) => {
                serde_json::from_str(&text).map(Some).map_err(|_| Failure::OddAnswer)
            }
            None => Ok(None),
            Some(_) => Err(Failure::OddAnswer),
        }
    }

    /// Every profile, and the records that cannot be read. `None` where the agent is not the one to
    /// ask.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn list(&mut self) -> Result<Option<Listed>, Failure> {
        let (place, asker) = (self.place.clone(), self.asker());
        let mut listed = Listed::default();
        let mut reply = self.ask(&Request::List { place, asker })?;
        loop {
            match reply {
                None => return Ok(None),
                Some(Reply::Done(_)) => return Ok(Some(listed)),
                Some(Reply::Listed(profiles)) => listed.profiles.extend(profiles),
                Some(Reply::Broken(records)) => listed.broken.extend(records),
                Some(_) => return Err(Failure::OddAnswer),
            }
            reply = Some(self.link.listen(limits::AGENT_MINT)?);
        }
    }

    /// A secret of a profile that gives it.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn reveal(
        &mut self,
        profile: &ProfileName,
        field: Option<&FieldName>,
    ) -> Result<FieldSecret, Failure> {
        let (profile, field) = (profile.clone(), field.cloned());
        let (place, asker) = (self.place.clone(), self.asker());
        match self.ask(&Request::Reveal { place, profile, field, asker })? {
            Some(Reply::Revealed(secret)) => Ok(secret),
            _ => Err(Failure::OddAnswer),
        }
    }

    /// Opens the vault, and ends a lock. `false` where the agent is not the one to ask.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn unlock(&mut self, length: Option<Duration>) -> Result<bool, Failure> {
        let (place, asker) = (self.place.clone(), self.asker());
        let reply = self.ask(&Request::Unlock { place, length, asker })?;
        Ok(reply.is_some())
    }

    /// What there is to say once something is done. `None` where the agent is not the one to ask.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn done(&mut self, request: &Request) -> Result<Option<String>, Failure> {
        match self.ask(request)? {
            Some(Reply::Done(text) | Reply::Status(text)) => Ok(Some(text)),
            None => Ok(None),
            Some(_) => Err(Failure::OddAnswer),
        }
    }

    /// The vault that is meant.
    pub fn place(&self) -> Place {
        self.place.clone()
    }

    /// Who asks.
    pub fn asker(&self) -> Asker {
        if self.parts.prompt.is_attended() { Asker::Person } else { Asker::Program }
    }

    /// Asks, and opens the vault where the agent says so. `None` where the agent is not the one to
    /// ask.
    fn ask(&mut self, request: &Request) -> Result<Option<Reply>, Failure> {
        let mut reply = self.ask_once(request)?;
        // It may be about to end because of somebody else's question.
        for _ in 0..TRIES {
            if !matches!(reply, Reply::Outgrown) {
                break;
            }
            self.parts.style.note("another agent is to answer this");
            let (runtime, clock) = (self.parts.runtime(), self.parts.clock());
            self.link.replace(&runtime, clock)?;
            self.link = agent::reach(&runtime, handover::start_agent, clock)?;
            reply = self.ask_once(request)?;
        }
        match reply {
            Reply::Told(told) => Err(Failure::Told(told)),
            Reply::Locked { sticky } => Err(Failure::Locked { sticky }),
            Reply::Elsewhere => {
                self.parts.style.note("the agent leaves it to this command: it has other settings, or others to answer");
                Ok(None)
            }
            Reply::Outgrown => Err(Failure::Told(out_of_reach())),
            reply => Ok(Some(reply)),
        }
    }

    fn ask_once(&mut self, request: &Request) -> Result<Reply, Failure> {
        let reply = self.link.ask(request, self.patience())?;
        if !matches!(reply, Reply::Open) {
            return Ok(reply);
        }
        let key = self.bring_key();
        stack::scrub(stack::Depth::Opening);
        Ok(self.link.ask(&Request::Opening(key?.to_line()), self.patience())?)
    }

    /// Others may be opening the vault meanwhile; a person takes longer than a program.
    fn patience(&self) -> Duration {
        let opening = match self.asker() {
            Asker::Person => limits::OPENING_ATTENDED * 2,
            Asker::Program | Asker::Nobody => limits::OPENING_UNATTENDED,
        };
        opening + limits::AGENT_MINT
    }

    fn bring_key(&mut self) -> Result<OpeningKey, Failure> {
        let loaded = self.load_key();
        if let Err(failure) = &loaded {
            let why = match failure {
                Failure::Identity(identity::Error::Key(seal::Error::WrongPassphrase)) => {
                    NotOpened::Wrong
                }
                Failure::Identity(error) if needs_person(error) => NotOpened::NeedsPerson,
                _ => NotOpened::Failed,
            };
            let _gone_then = self.link.say(&Request::NotOpened(why));
        }
        loaded
    }

    /// Without a person where that is possible; who waits without one is told before somebody is
    /// asked.
    fn load_key(&mut self) -> Result<OpeningKey, Failure> {
        let (_, registered) = self.parts.registered()?;
        let Registered { id, key, unborn, .. } = &registered;
        if *unborn {
            return Err(vault::Error::Unborn.into());
        }
        let id: VaultId = id.parse().map_err(vault::Error::from)?;
        let source = self.parts.source(&id, key);
        match source.load(&Nobody) {
            Err(error) if needs_person(&error) && self.parts.prompt.is_attended() => {
                self.link.say(&Request::Asking)?;
                Ok(source.load(self.parts.prompt.as_ref())?)
            }
            loaded => Ok(loaded?),
        }
    }
}

fn needs_person(error: &identity::Error) -> bool {
    matches!(error, identity::Error::Locked | identity::Error::Prompt(prompt::Error::NobodyThere))
}

fn place(parts: &Parts) -> Place {
    let vault = parts.global.vault.clone().or_else(|| parts.environment.vault.clone());
    warm::place(&parts.paths, vault)
}

fn out_of_reach() -> Told {
    Told {
        code: 8,
        sentence: "no agent could reach the vault, or each was stopped before it did".to_owned(),
        hints: vec!["without an agent: add `--no-agent`".to_owned()],
    }
}
