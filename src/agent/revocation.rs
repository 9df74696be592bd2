//! Taking tokens back: they are forgotten here in any case, and the issuer is told where it listens.

use std::rc::Rc;

use super::host::Trouble;
use super::reply::Reply;
use super::state::{Agent, stack_is_dirty};
use crate::config::Registered;
use crate::mint;
use crate::model::Lease;
use crate::seal::RecordPath;

impl Agent {
    /// Forgets the leases of the profile at `path`, and has its issuer take their tokens back.
    pub(super) async fn revoke(
        &self,
        registered: &Registered,
        path: &RecordPath,
    ) -> Result<Reply, Reply> {
        let held = self.leases.borrow_mut().forget(&registered.id, path.as_str(), None);
        self.stop_flights(&registered.id, path.as_str()).await;
        stack_is_dirty();
        if held.is_empty() {
            return Ok(Reply::Done("no token of it was held".to_owned()));
        }
        let count = held.len();
        let told = self.take_back(registered, path, held).await?;
        let tokens = if count == 1 { "1 token".to_owned() } else { format!("{count} tokens") };
        Ok(Reply::Done(if told {
            format!("{tokens} forgotten here and taken back by the issuer")
        } else {
            format!(
                "{tokens} forgotten here; the issuer names no place to take tokens back, so they \
                 work until they expire"
            )
        }))
    }

    async fn take_back(
        &self,
        registered: &Registered,
        path: &RecordPath,
        held: Vec<Rc<Lease>>,
    ) -> Result<bool, Reply> {
        let found = {
            let mut vaults = self.vaults.borrow_mut();
            let opened = vaults.get(registered).ok_or(Reply::Locked { sticky: false })?;
            opened.vault.profile_with_digest(path, None)
        };
        let found = found.map_err(|error| Reply::Told(self.host.tell(Trouble::Vault(error))))?;
        let Some((profile, _)) = found else { return Ok(false) };
        let proxy = self.settings()?.proxy.clone();
        let failed =
            |error| Reply::Told(self.host.tell(Trouble::NotRevoked(profile.name.clone(), error)));
        let client = self.ready.borrow_mut().client(profile.ca.as_deref(), proxy.as_deref());
        let client = client.map_err(|error| failed(mint::Error::Http(error)))?;
        let mut all = true;
        for lease in held {
            let taken = mint::revoke(&profile, &lease.token.access, &client).await;
            stack_is_dirty();
            all &= taken.map_err(failed)?;
        }
        Ok(all)
    }
}
