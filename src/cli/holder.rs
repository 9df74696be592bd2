//! Whoever holds the vault that a command needs: the agent, or the command itself.

use serde_json::Value;

use super::commands::{Which, describe};
use super::parts::Parts;
#[cfg(unix)]
use super::through::Through;
use super::{Failure, advice, report};
use crate::agent::Wanted;
use crate::broker::{Local, Told};
use crate::model::{Described, FieldName, Lease, LeaseRequest, ProfileName, Summary, Withheld};
use crate::secret::FieldSecret;
use crate::vault::{self, Listing, OpenVault};

/// Every profile of a vault, and what is in the way of reading the others.
#[derive(Default)]
pub struct Listed {
    /// The profiles, by name.
    pub profiles: Vec<Summary>,
    /// Records that cannot be read: where they lie, and why.
    pub broken: Vec<(String, Told)>,
}

/// A failure of a record in words.
pub fn told(error: &vault::Error) -> Told {
    Told { code: report::vault_code(error), sentence: report::sentence(error), hints: Vec::new() }
}

/// A holder of an open vault. Through an agent it opens when something is asked.
pub struct Holder<'a> {
    parts: &'a Parts,
    held: Held<'a>,
}

enum Held<'a> {
    #[cfg(unix)]
    ByAgent(Box<Through<'a>>),
    Here(Box<OpenVault<'a>>),
}

impl<'a> Holder<'a> {
    /// The agent where it may be used and can be, else this very process.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn reach(parts: &'a Parts) -> Result<Self, Failure> {
        #[cfg(unix)]
        if let Some(agent) = Through::reach(parts)? {
            return Ok(Self { parts, held: Held::ByAgent(Box::new(agent)) });
        }
        Self::here(parts)
    }

    /// An agent that runs already, else this very process: for what must not start one.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn at_hand(parts: &'a Parts) -> Result<Self, Failure> {
        #[cfg(unix)]
        if let Some(agent) = Through::at_hand(parts)? {
            return Ok(Self { parts, held: Held::ByAgent(Box::new(agent)) });
        }
        Self::here(parts)
    }

    fn here(parts: &'a Parts) -> Result<Self, Failure> {
        Ok(Self { parts, held: Held::Here(Box::new(parts.open_vault()?)) })
    }

    /// What the agent answers. `None` where this process is to do it, which holds the vault then.
    #[cfg(unix)]
    fn by_agent<T>(
        &mut self,
        ask: impl FnOnce(&mut Through<'a>) -> Result<Option<T>, Failure>,
    ) -> Result<Option<T>, Failure> {
        let Held::ByAgent(agent) = &mut self.held else { return Ok(None) };
        let answer = ask(agent)?;
        if answer.is_none() {
            *self = Self::here(self.parts)?;
        }
        Ok(answer)
    }

    /// A lease. Warnings of the vault are said.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn lease(&mut self, which: &Which, wanted: &Wanted) -> Result<Lease, Failure> {
        let parts = self.parts;
        self.found(which, wanted).map_err(|failure| {
            let preset = || self.describe(which).ok().map(|profile| profile.preset);
            advice::with_own(failure, preset, parts)
        })
    }

    fn found(&mut self, which: &Which, wanted: &Wanted) -> Result<Lease, Failure> {
        #[cfg(unix)]
        if let Some(lease) = self.by_agent(|agent| agent.lease(which, wanted))? {
            return Ok(lease);
        }
        let (vault, parts) = (self.vault()?, self.parts);
        let Wanted { scopes, audience, min_valid, fresh } = wanted.clone();
        let profile = which.name(vault)?;
        let request = LeaseRequest { profile, min_valid, scopes, audience };
        let settings = parts.settings()?;
        let broker = Local { vault, proxy: settings.proxy.as_deref(), clock: parts.clock() };
        parts.style.note(format_args!("minting for `{}`", request.profile));
        let lease = broker.lease(&request, fresh);
        parts.say_warnings(vault);
        lease.map_err(|source| Failure::Mint { profile: request.profile.clone(), source })
    }

    /// A profile without its secrets.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn describe(&mut self, which: &Which) -> Result<Described, Failure> {
        #[cfg(unix)]
        if let Some(described) = self.by_agent(|agent| agent.describe(which))? {
            return Ok(described);
        }
        let vault = self.vault()?;
        let profile = vault.profile(&which.name(vault)?)?;
        self.parts.say_warnings(vault);
        Ok((&profile).into())
    }

    /// All of a profile but its secrets, as JSON.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn show(&mut self, which: &Which) -> Result<Value, Failure> {
        #[cfg(unix)]
        if let Some(shown) = self.by_agent(|agent| agent.show(which))? {
            return Ok(shown);
        }
        let vault = self.vault()?;
        let profile = vault.profile(&which.name(vault)?)?;
        self.parts.say_warnings(vault);
        Ok(describe::json(&profile))
    }

    /// Every profile, and the records that cannot be read.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn list(&mut self) -> Result<Listed, Failure> {
        #[cfg(unix)]
        if let Some(listed) = self.by_agent(Through::list)? {
            return Ok(listed);
        }
        let vault = self.vault()?;
        let Listing { profiles, broken } = vault.list()?;
        self.parts.say_warnings(vault);
        let broken = broken.into_iter().map(|(path, error)| (path, told(&error))).collect();
        Ok(Listed { profiles, broken })
    }

    /// A further secret of a profile, or its client secret; where it is not token-only.
    ///
    /// # Errors
    /// [`Failure::TokenOnly`], [`Failure::NoField`], and whatever else is in the way.
    pub fn reveal(
        &mut self,
        name: &ProfileName,
        field: Option<&FieldName>,
    ) -> Result<FieldSecret, Failure> {
        #[cfg(unix)]
        if let Held::ByAgent(agent) = &mut self.held {
            return agent.reveal(name, field);
        }
        self.vault()?.profile(name)?.reveal(field).map_err(|withheld| match withheld {
            Withheld::TokenOnly => Failure::TokenOnly(name.to_string()),
            Withheld::NoField => Failure::NoField(name.clone()),
        })
    }

    #[cfg_attr(not(unix), expect(clippy::unnecessary_wraps, reason = "there is no agent here"))]
    fn vault(&self) -> Result<&OpenVault<'a>, Failure> {
        match &self.held {
            Held::Here(vault) => Ok(vault),
            #[cfg(unix)]
            Held::ByAgent(_) => Err(Failure::OddAnswer),
        }
    }
}
