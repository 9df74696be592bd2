//! What the agent is given by the program it is part of: how to open a vault, and how to say things.

use std::path::Path;

use crate::broker::{self, Told};
use crate::clock::Clock;
use crate::config::{self, Registered, Settings};
use crate::mint;
use crate::model::{Profile, ProfileName};
use crate::seal::OpeningKey;
use crate::vault::{self, OpenVault};

/// The world outside the agent.
pub trait Host {
    /// The folders of settings and of state, as a client names its own (see [`crate::agent::Place`]).
    fn folders(&self) -> Vec<u8>;

    /// The file of the settings; what is registered there may be opened, and nothing else.
    fn settings_file(&self) -> &Path;

    /// Reads it.
    ///
    /// # Errors
    /// [`config::Error`].
    fn settings(&self) -> Result<Settings, config::Error>;

    /// Whether the settings cannot be read from where the agent is, though a new one could.
    fn is_out_of_reach(&self, error: &config::Error) -> bool;

    /// Opens a registered vault with a key that somebody brought.
    ///
    /// # Errors
    /// [`NotOpen`].
    fn open(
        &self,
        registered: &Registered,
        key: &OpeningKey,
    ) -> Result<OpenVault<'static>, NotOpen>;

    /// Puts a failure into words.
    fn tell(&self, trouble: Trouble) -> Told;

    /// All of a profile but its secrets, as a JSON object.
    fn show(&self, profile: &Profile) -> String;

    /// Puts what was noticed into words.
    fn tell_warning(&self, warning: &vault::Warning) -> String;

    /// The clocks.
    fn clock(&self) -> &'static dyn Clock;

    /// Keeps a line for whoever looks why something went wrong.
    fn log(&self, line: &str);
}

/// What may fail in the agent.
pub enum Trouble {
    /// The settings, or what they say.
    Config(config::Error),
    /// A vault.
    Vault(vault::Error),
    /// A lease of a profile.
    Lease(ProfileName, broker::Error),
    /// There is no default profile.
    NoDefault,
    /// The profile gives no secret out.
    TokenOnly(ProfileName),
    /// The profile has no such field.
    NoField(ProfileName),
    /// The issuer did not take a token back.
    NotRevoked(ProfileName, mint::Error),
}

/// Why a vault did not open.
pub struct NotOpen {
    /// In words.
    pub told: Told,
    /// The key was not the one.
    pub wrong_key: bool,
    /// It cannot be reached from where the agent is.
    pub out_of_reach: bool,
}
