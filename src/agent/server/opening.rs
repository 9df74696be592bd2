//! How a vault is opened: by a key that one elected client brings.

use std::rc::Rc;
use std::time::Duration;

use super::connection::{Connection, Gone};
use super::election::Turn;
use super::host::{NotOpen, Trouble};
use super::state::{Agent, stack_is_dirty};
use super::vaults::{Limits, Opened, Stamp};
use crate::agent::protocol::{Asker, NotOpened, Request};
use crate::agent::reply::Reply;
use crate::broker::Told;
use crate::config::Registered;
use crate::limits;
use crate::seal::OpeningKey;
use crate::secret::IdentityText;

/// Why a client wants a vault open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To use it; a lock that somebody set stands.
    Use,
    /// To end such a lock, perhaps for a time of its own.
    Unlock(Option<Duration>),
}

/// Hands the turn on when its holder is done with it, in whatever way.
struct Elected<'a> {
    agent: &'a Agent,
    vault: &'a str,
    won: bool,
}

impl Drop for Elected<'_> {
    fn drop(&mut self) {
        let mut elections = self.agent.elections.borrow_mut();
        if self.won { elections.won(self.vault) } else { elections.lost(self.vault) }
    }
}

impl Agent {
    /// Has the vault open when it returns, or an answer that says why it is not.
    ///
    /// # Errors
    /// [`Gone`] where the client is.
    pub(super) async fn open(
        self: &Rc<Self>,
        registered: &Registered,
        asker: Asker,
        purpose: Purpose,
        client: &mut Connection,
    ) -> Result<Result<(), Reply>, Gone> {
        loop {
            self.keep_time().await;
            let is_replaced = self.vaults.borrow().is_replaced(registered);
            if is_replaced {
                self.close(&registered.id).await;
            }
            if let Some(answer) = self.stands(registered, purpose) {
                return Ok(answer);
            }
            if asker == Asker::Nobody {
                return Ok(Err(Reply::Locked { sticky: false }));
            }
            let turn = self.elections.borrow_mut().join(&registered.id, asker, purpose);
            match client.unless_gone(turn).await? {
                Ok(Turn::Yours) => {
                    let mut elected = Elected { agent: self, vault: &registered.id, won: false };
                    // Much may have happened while it waited.
                    let opened = match self.stands(registered, purpose) {
                        Some(answer) => answer,
                        None => self.have_it_opened(registered, purpose, client).await?,
                    };
                    elected.won = opened.is_ok();
                    return Ok(opened);
                }
                Ok(Turn::Look) => {}
                Ok(Turn::Locked) | Err(_) => return Ok(Err(Reply::Locked { sticky: false })),
            }
        }
    }

    /// What needs no key: it is open, or a lock forbids it.
    fn stands(&self, registered: &Registered, purpose: Purpose) -> Option<Result<(), Reply>> {
        let now = self.now();
        let is_locked = self.runtime.is_locked();
        let mut vaults = self.vaults.borrow_mut();
        match purpose {
            Purpose::Use if is_locked => Some(Err(Reply::Locked { sticky: true })),
            Purpose::Use => {
                vaults.get(registered)?;
                vaults.touch(registered, now);
                Some(Ok(()))
            }
            Purpose::Unlock(_) if is_locked => None,
            Purpose::Unlock(length) => {
                vaults.get(registered)?;
                let limits = self.limits(length);
                vaults.limit(registered, limits, now);
                Some(Ok(()))
            }
        }
    }

    async fn have_it_opened(
        &self,
        registered: &Registered,
        purpose: Purpose,
        client: &mut Connection,
    ) -> Result<Result<(), Reply>, Gone> {
        let id = &registered.id;
        let pause = self.elections.borrow().pause(id, self.now());
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
        client.send(&Reply::Open).await?;
        let mut patience = limits::OPENING_UNATTENDED;
        loop {
            match client.hear_elected(patience).await? {
                // Once: others wait.
                Request::Asking if patience != limits::OPENING_ATTENDED => {
                    self.elections.borrow_mut().asking(id);
                    patience = limits::OPENING_ATTENDED;
                }
                Request::NotOpened(why) => {
                    if why == NotOpened::Wrong {
                        self.elections.borrow_mut().wrong(id, self.now());
                    }
                    return Ok(Err(Reply::Locked { sticky: false }));
                }
                Request::Opening(key) => return Ok(self.open_with(registered, purpose, &key)),
                _ => return Err(Gone),
            }
        }
    }

    fn open_with(
        &self,
        registered: &Registered,
        purpose: Purpose,
        key: &IdentityText,
    ) -> Result<(), Reply> {
        stack_is_dirty();
        // Somebody may have locked while the key was fetched; that wins.
        if purpose == Purpose::Use && self.runtime.is_locked() {
            return Err(Reply::Locked { sticky: true });
        }
        let wrong = |told: Told| {
            self.elections.borrow_mut().wrong(&registered.id, self.now());
            Reply::Told(told)
        };
        let key = OpeningKey::parse(key)
            .map_err(|error| wrong(self.host.tell(Trouble::Vault(error.into()))))?;
        let stamp = Stamp::of(registered);
        let vault = self.host.open(registered, &key).map_err(|not_open| match not_open {
            NotOpen { out_of_reach: true, .. } => Reply::Outgrown,
            NotOpen { told, wrong_key: true, .. } => wrong(told),
            NotOpen { told, .. } => Reply::Told(told),
        })?;
        let length = match purpose {
            Purpose::Use => None,
            Purpose::Unlock(length) => {
                let ended = self.runtime.unlock();
                ended.map_err(|error| {
                    Reply::Told(self.host.tell(Trouble::Vault(store_error(error))))
                })?;
                length
            }
        };
        let opened =
            Opened::new(vault, (registered.clone(), stamp), self.limits(length), self.now());
        self.vaults.borrow_mut().insert(opened);
        self.set_alarm();
        Ok(())
    }

    /// A time that was asked for holds alone; else those of the settings hold.
    fn limits(&self, length: Option<Duration>) -> Limits {
        let settings = self.settings().map(|settings| settings.agent.clone()).unwrap_or_default();
        match length {
            Some(length) => {
                let most = limits::LONGEST_UNLOCK;
                Limits { idle: None, absolute: length.clamp(Duration::from_secs(1), most) }
            }
            None => Limits { idle: Some(settings.lock_after_idle), absolute: settings.lock_after },
        }
    }
}

fn store_error(error: crate::disk::Error) -> crate::vault::Error {
    crate::vault::Error::Store(crate::store::Error::Disk(error))
}
