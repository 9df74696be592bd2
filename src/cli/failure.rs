//! What can go wrong, seen from the command line.

use crate::model::ProfileName;
use crate::{broker, config, disk, handover, http, identity, model, prompt, vault};

/// Why a command failed. Nothing in it can hold a secret.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A secret was typed where it stays in the history and the process list.
    #[error("a secret was given on the command line, where it is not accepted")]
    SecretOnCommandLine,
    /// Options that do not fit together.
    #[error("{0}")]
    Usage(String),
    /// A value breaks its rule.
    #[error(transparent)]
    Invalid(#[from] model::Invalid),
    /// What was pasted is no credential.
    #[error("no credential was found: {0}")]
    Pasted(#[from] model::PastedError),
    /// The configuration.
    #[error(transparent)]
    Config(#[from] config::Error),
    /// A file that was named, or the settings that are written.
    #[error(transparent)]
    Disk(#[from] disk::Error),
    /// The opening key.
    #[error(transparent)]
    Identity(#[from] identity::Error),
    /// The key that was read back is not the one that was saved.
    #[error("the keychain did not give back what was saved in it")]
    NotReadBack,
    /// The vault.
    #[error(transparent)]
    Vault(#[from] vault::Error),
    /// The mint.
    #[error("no token for `{profile}`: {source}")]
    Mint {
        /// The profile.
        profile: ProfileName,
        /// Why.
        source: broker::Error,
    },
    /// A CA file that cannot be used.
    #[error("the CA file cannot be used")]
    Ca(#[source] http::Error),
    /// The person.
    #[error(transparent)]
    Prompt(#[from] prompt::Error),
    /// A person said no.
    #[error("not confirmed")]
    NotConfirmed,
    /// The profile forbids it.
    #[error("`{0}` is token-only: its secret is never given out")]
    TokenOnly(String),
    /// The value cannot be put into an environment variable.
    #[error("`{0}` cannot be put into an environment variable: it is not set, or has a zero byte")]
    NotForEnvironment(&'static str),
    /// Some records could not be read; they were reported one by one.
    #[error("{0} of the records could not be read")]
    SomeRecords(usize),
    /// Standard output does not take what is written.
    #[error("the output could not be written")]
    Output(#[source] std::io::Error),
    /// `exec` failed before the child ran.
    #[error("{0}")]
    BeforeChild(Box<Failure>),
    /// The child could not be started.
    #[error(transparent)]
    Child(#[from] handover::Error),
}
