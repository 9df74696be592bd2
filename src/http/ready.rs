//! Clients that are kept ready by a process that mints again and again: reading the platform's
//! certificate roots takes longer than a request. No connection is kept.

use std::rc::Rc;
use std::time::SystemTime;

use super::client::Client;
use super::{Error, roots};
use crate::limits;

/// A few clients, the one last used first.
#[derive(Default)]
pub struct Ready(Vec<Kept>);

struct Kept {
    ca: Option<String>,
    proxy: Option<String>,
    roots: Option<SystemTime>,
    client: Rc<Client>,
}

impl Ready {
    /// A client as [`Client::new`] makes it, without a certificate of its own; the same one as before,
    /// as long as the platform's roots are.
    ///
    /// # Errors
    /// As [`Client::new`].
    pub fn client(&mut self, ca: Option<&str>, proxy: Option<&str>) -> Result<Rc<Client>, Error> {
        let roots = roots::changed();
        self.0.retain(|kept| kept.roots == roots);
        let is_it = |kept: &Kept| kept.ca.as_deref() == ca && kept.proxy.as_deref() == proxy;
        let kept = match self.0.iter().position(is_it) {
            Some(at) => self.0.remove(at),
            None => Kept {
                ca: ca.map(str::to_owned),
                proxy: proxy.map(str::to_owned),
                roots,
                client: Rc::new(Client::new(ca, proxy, None)?),
            },
        };
        let client = Rc::clone(&kept.client);
        self.0.truncate(limits::CLIENTS - 1);
        self.0.insert(0, kept);
        Ok(client)
    }

    /// Lets them all go.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}
