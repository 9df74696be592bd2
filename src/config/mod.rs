//! Where things are and what the user settled once: paths, the settings file, the environment.
//!
//! The only reader of the process environment. It reads; writing settings is left to the caller,
//! which gets the new text from here.

mod agent;
mod environment;
mod paths;
mod preset;
mod settings;

pub use agent::AgentSettings;
pub use environment::{Environment, for_agent, inherited_socket, own_program, working_folder};
pub use paths::Paths;
pub use preset::OwnPreset;
pub use settings::{KeySource, Registered, Settings};

use crate::model::{Invalid, VaultName};

/// What is wrong with the configuration.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no home folder to keep anything in.
    #[error("no home folder is known for this user")]
    NoHome,
    /// The settings file cannot be used as a file.
    #[error("the settings cannot be read")]
    File(#[source] crate::disk::Error),
    /// The settings file is not valid; the text says where.
    #[error("the settings in `{path}` are not valid: {fault}")]
    Settings {
        /// The file.
        path: String,
        /// Line, column and reason.
        fault: String,
    },
    /// No vault of this name or place is registered.
    #[error("no vault `{0}` is registered")]
    UnknownVault(String),
    /// No vault is registered at all.
    #[error("there is no vault yet")]
    NoVault,
    /// The name or place is taken.
    #[error("a vault named `{0}` is registered already")]
    VaultExists(VaultName),
    /// A name in the settings or the environment is not well-formed.
    #[error("{what}: {rule}")]
    Name {
        /// Which one.
        what: &'static str,
        /// The rule it breaks.
        rule: Invalid,
    },
}
