//! Taking tokens back: they are forgotten here in any case, and the issuer is told where it listens.

use std::rc::Rc;

use tokio::task::spawn_local;

use super::host::Trouble;
use super::state::{Agent, stack_is_dirty};
use crate::agent::reply::Reply;
use crate::config::Registered;
use crate::mint::{self, Question};
use crate::model::{Lease, Scopes};
use crate::seal::RecordPath;

/// What became of tokens that were forgotten here.
enum Told {
    /// The issuer took them back.
    Taken,
    /// It takes none back.
    NoPlace,
    /// It was not asked about all of them: the profile may name another issuer by now.
    Changed,
}

impl Agent {
    /// Forgets the leases of the profile at `path`, and has its issuer take their tokens back.
    /// `None` where none is held.
    pub(super) async fn revoke(
        self: &Rc<Self>,
        registered: &Registered,
        path: &RecordPath,
    ) -> Result<Option<Reply>, Reply> {
        self.stop_flights(&registered.id, path.as_str()).await;
        let mut held = self.leases.borrow_mut().forget(&registered.id, path.as_str());
        stack_is_dirty();
        if held.is_empty() {
            held.extend(self.kept(registered, path)?);
        }
        self.forget_kept(registered, path)?;
        if held.is_empty() {
            return Ok(None);
        }
        let count = held.len();
        let told = self.run_errand(registered, path, held).await?;
        let tokens = if count == 1 { "1 token".to_owned() } else { format!("{count} tokens") };
        let (here, go_on) = ("forgotten here", "so they work until they expire");
        Ok(Some(Reply::Done(match told {
            Told::Taken => format!("{tokens} {here} and taken back by the issuer"),
            Told::NoPlace => {
                format!("{tokens} {here}; the issuer names no place to take tokens back, {go_on}")
            }
            Told::Changed => {
                format!("{tokens} {here}; the profile was changed since they were minted, {go_on}")
            }
        })))
    }

    /// The lease that is kept in the slot of the profile, with the question that nobody asked for it.
    fn kept(
        &self,
        registered: &Registered,
        path: &RecordPath,
    ) -> Result<Option<(Question, Rc<Lease>)>, Reply> {
        let told = |error| Reply::Told(self.host.tell(Trouble::Vault(error)));
        let mut vaults = self.vaults.borrow_mut();
        let opened = vaults.get(registered).ok_or(Reply::Locked { sticky: false })?;
        let found = opened.vault.profile_with_digest(path, None).map_err(told)?;
        let Some((profile, digest)) = found else { return Ok(None) };
        let slot = opened.vault.slot(&profile).map_err(told)?.slot;
        let kept = slot.and_then(|slot| slot.kept);
        let Some(lease) = kept.and_then(|kept| kept.lease(&profile, self.clock())) else {
            return Ok(None);
        };
        let question = Question {
            vault: registered.id.clone(),
            record: path.as_str().to_owned(),
            digest,
            behind: String::new(),
            scopes: Scopes::default(),
            audience: None,
        };
        Ok(Some((question, Rc::new(lease))))
    }

    /// Takes them back in a task that ends with the vault: secret and tokens are in it.
    async fn run_errand(
        self: &Rc<Self>,
        registered: &Registered,
        path: &RecordPath,
        held: Vec<(Question, Rc<Lease>)>,
    ) -> Result<Told, Reply> {
        let (agent, registered, path) = (Rc::clone(self), registered.clone(), path.clone());
        let id = registered.id.clone();
        let errand = spawn_local(async move { agent.take_back(&registered, &path, held).await });
        self.errands.borrow_mut().push((id, errand.abort_handle()));
        let ran = errand.await;
        self.errands.borrow_mut().retain(|(_, errand)| !errand.is_finished());
        ran.unwrap_or(Err(Reply::Locked { sticky: self.runtime.is_locked() }))
    }

    async fn take_back(
        &self,
        registered: &Registered,
        path: &RecordPath,
        held: Vec<(Question, Rc<Lease>)>,
    ) -> Result<Told, Reply> {
        let found = {
            let mut vaults = self.vaults.borrow_mut();
            let opened = vaults.get(registered).ok_or(Reply::Locked { sticky: false })?;
            opened.vault.profile_with_digest(path, None)
        };
        let found = found.map_err(|error| Reply::Told(self.host.tell(Trouble::Vault(error))))?;
        let Some((profile, digest)) = found else { return Ok(Told::Changed) };
        let proxy = self.settings()?.proxy.clone();
        let failed =
            |error| Reply::Told(self.host.tell(Trouble::NotRevoked(profile.name.clone(), error)));
        let client = self.client(&profile, proxy.as_deref()).map_err(failed)?;
        let (mut told, mut failure) = (Told::Taken, None);
        for (question, lease) in held {
            // The issuer that the profile names now need not be the one that the token is of.
            if question.digest != digest {
                told = Told::Changed;
                continue;
            }
            let taken = mint::revoke(&profile, &lease.token.access, &client, self.clock()).await;
            stack_is_dirty();
            match taken {
                Ok(true) => {}
                Ok(false) => told = Told::NoPlace,
                Err(error) => {
                    // Who does not answer is not asked for the others.
                    let is_over = matches!(error, mint::Error::Http(_));
                    failure = failure.or(Some(error));
                    if is_over {
                        break;
                    }
                }
            }
        }
        failure.map_or(Ok(told), |error| Err(failed(error)))
    }
}
