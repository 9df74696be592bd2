//! What the settings say of the agent.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::limits;
use crate::model::length;

/// How the agent is to behave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentSettings {
    /// Whether commands start and use one.
    pub used: bool,
    /// Whether it gives up what it does not need of the system.
    pub sandbox: bool,
    /// A vault closes after so long without a request.
    pub lock_after_idle: Duration,
    /// A vault closes so long after it was opened.
    pub lock_after: Duration,
}

impl Default for AgentSettings {
    fn default() -> Self {
        Self {
            used: true,
            sandbox: true,
            lock_after_idle: limits::LOCK_AFTER_IDLE,
            lock_after: limits::LOCK_AFTER,
        }
    }
}

/// The table `[agent]`; what is not there is as usual.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Form {
    #[serde(rename = "use", skip_serializing_if = "Option::is_none")]
    used: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sandbox: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lock_after_idle: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lock_after: Option<String>,
}

impl Form {
    pub(super) fn is_empty(&self) -> bool {
        let Self { used, sandbox, lock_after_idle, lock_after } = self;
        used.is_none() && sandbox.is_none() && lock_after_idle.is_none() && lock_after.is_none()
    }
}

impl TryFrom<Form> for AgentSettings {
    type Error = &'static str;

    fn try_from(form: Form) -> Result<Self, &'static str> {
        let Form { used, sandbox, lock_after_idle, lock_after } = form;
        let usual = Self::default();
        let read = |text: Option<String>, usual| {
            let length = text.map_or(Ok(usual), |text| length(&text))?;
            let fits = (Duration::from_secs(1)..=limits::LONGEST_UNLOCK).contains(&length);
            fits.then_some(length).ok_or("a vault stays open for a second to 30 days")
        };
        Ok(Self {
            used: used.unwrap_or(usual.used),
            sandbox: sandbox.unwrap_or(usual.sandbox),
            lock_after_idle: read(lock_after_idle, usual.lock_after_idle)?,
            lock_after: read(lock_after, usual.lock_after)?,
        })
    }
}

impl From<&AgentSettings> for Form {
    fn from(settings: &AgentSettings) -> Self {
        let AgentSettings { used, sandbox, lock_after_idle, lock_after } = settings;
        let usual = AgentSettings::default();
        let seconds = |it: &Duration| format!("{}s", it.as_secs());
        Self {
            used: (*used != usual.used).then_some(*used),
            sandbox: (*sandbox != usual.sandbox).then_some(*sandbox),
            lock_after_idle: (*lock_after_idle != usual.lock_after_idle)
                .then(|| seconds(lock_after_idle)),
            lock_after: (*lock_after != usual.lock_after).then(|| seconds(lock_after)),
        }
    }
}
