//! Every profile of a vault, in as many frames as that takes.

use std::rc::Rc;

use super::answer::done;
use super::connection::{Connection, Gone};
use super::host::Trouble;
use super::opening::Purpose;
use super::state::{Agent, stack_is_dirty};
use crate::agent::protocol::{Asker, Place};
use crate::agent::reply::Reply;
use crate::agent::summary;
use crate::limits;
use crate::vault::Listing;

impl Agent {
    /// Sends the profiles; done is said last. Where many records must be read first, somebody else
    /// is to do it: the agent has others to answer.
    pub(super) async fn list(
        self: &Rc<Self>,
        place: &Place,
        asker: Asker,
        client: &mut Connection,
    ) -> Result<Result<Reply, Reply>, Gone> {
        let registered = match self.opened(place, asker, Purpose::Use, client).await? {
            Ok(registered) => registered,
            Err(reply) => return Ok(Err(reply)),
        };
        stack_is_dirty();
        let listed = match self.vaults.borrow_mut().get(&registered) {
            Some(opened) => opened.vault.list_if_quick(limits::LISTED_BY_AGENT),
            None => return Ok(Err(Reply::Locked { sticky: false })),
        };
        let Listing { profiles, broken } = match listed {
            Ok(Some(listing)) => listing,
            Ok(None) => return Ok(Err(Reply::Elsewhere)),
            Err(error) => return Ok(Err(Reply::Told(self.host.tell(Trouble::Vault(error))))),
        };
        let mut rest = profiles;
        while !rest.is_empty() {
            let page = rest.drain(..summary::page(&rest)).collect();
            client.send(&Reply::Listed(page)).await?;
        }
        for (path, error) in broken {
            let told = self.host.tell(Trouble::Vault(error));
            client.send(&Reply::Broken(vec![(path, told)])).await?;
        }
        Ok(Ok(done()))
    }
}
