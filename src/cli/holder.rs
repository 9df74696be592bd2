//! Whoever holds the vault that a command needs: the agent, or the command itself.

use super::Failure;
use super::commands::Which;
use super::parts::Parts;
#[cfg(unix)]
use super::through::Through;
use crate::agent::Wanted;
use crate::broker::Local;
use crate::model::{Described, FieldName, Lease, LeaseRequest, ProfileName};
use crate::secret::FieldSecret;
use crate::vault::OpenVault;

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

    fn here(parts: &'a Parts) -> Result<Self, Failure> {
        Ok(Self { parts, held: Held::Here(Box::new(parts.open_vault()?)) })
    }

    /// A lease. Warnings of the vault are said.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn lease(&mut self, which: &Which, wanted: &Wanted) -> Result<Lease, Failure> {
        #[cfg(unix)]
        if let Held::ByAgent(agent) = &mut self.held {
            match agent.lease(which, wanted)? {
                Some(lease) => return Ok(lease),
                None => *self = Self::here(self.parts)?,
            }
        }
        let (vault, parts) = (self.vault()?, self.parts);
        let Wanted { scopes, audience, min_valid, fresh: _ } = wanted.clone();
        let profile = which.name(vault)?;
        let request = LeaseRequest { profile, min_valid, scopes, audience };
        let settings = parts.settings()?;
        let broker = Local { vault, proxy: settings.proxy.as_deref(), clock: parts.clock() };
        parts.style.note(format_args!("minting for `{}`", request.profile));
        let lease = broker.lease(&request);
        parts.say_warnings(vault);
        lease.map_err(|source| Failure::Mint { profile: request.profile.clone(), source })
    }

    /// A profile without its secrets.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn describe(&mut self, which: &Which) -> Result<Described, Failure> {
        #[cfg(unix)]
        if let Held::ByAgent(agent) = &mut self.held {
            match agent.describe(which)? {
                Some(described) => return Ok(described),
                None => *self = Self::here(self.parts)?,
            }
        }
        let vault = self.vault()?;
        let profile = vault.profile(&which.name(vault)?)?;
        self.parts.say_warnings(vault);
        Ok((&profile).into())
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
        let mut profile = self.vault()?.profile(name)?;
        if profile.flags.token_only {
            return Err(Failure::TokenOnly(name.to_string()));
        }
        let secret = match field {
            None => Some(profile.credential.secret().as_field()),
            Some(field) => profile.fields.remove(field),
        };
        secret.ok_or_else(|| Failure::NoField(name.clone()))
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
