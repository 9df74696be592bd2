//! What can go wrong, seen from the command line.

use crate::model::{ProfileName, VaultName};
use crate::{agent, broker, config, disk, handover, http, identity, mint, model, prompt, vault};

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
    /// The agent.
    #[error(transparent)]
    Agent(#[from] agent::Error),
    /// What failed in the agent, in its words.
    #[error(transparent)]
    Told(#[from] broker::Told),
    /// The issuer did not take a token back; it is forgotten here.
    #[error("the tokens of `{profile}` are forgotten here, and were not taken back: {source}")]
    #[cfg_attr(not(unix), expect(dead_code, reason = "there is no agent here"))]
    NotRevoked {
        /// The profile.
        profile: ProfileName,
        /// Why.
        source: mint::Error,
    },
    /// The vault is closed, and this command does not open it.
    #[error("{}", if *.sticky { "locked" } else { "the vault is locked" })]
    Locked {
        /// Until somebody unlocks it.
        sticky: bool,
    },
    /// The agent is there and cannot be ended by asking.
    #[error("the agent (process {0}) does not answer")]
    #[cfg_attr(not(unix), expect(dead_code, reason = "there is no agent here"))]
    Hung(u32),
    /// What the agent said is not what was asked.
    #[error("the agent gave another answer than the one that was asked for")]
    OddAnswer,
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
    NotForEnvironment(String),
    /// The profile has no such further secret. What was asked for is not kept: it may be one.
    #[error("profile `{0}` has no such field (not repeated: it may be a secret)")]
    NoField(ProfileName),
    /// The profile is for another place.
    #[error("that URL is not below `{place}`, which the profile is for")]
    NotBound {
        /// Where it is good.
        place: String,
    },
    /// Who changes where a token-only secret goes must have it.
    #[error(
        "`{0}` is token-only: where its secret goes, or that it is token-only, is changed only by \
         who gives the secret again"
    )]
    SecretNeeded(ProfileName),
    /// The issuer's metadata names another token endpoint than is sealed.
    #[error("the issuer of `{profile}` now names another token endpoint, at `{host}`")]
    Drift {
        /// The profile.
        profile: ProfileName,
        /// Its issuer.
        issuer: String,
        /// Where the new one is.
        host: String,
    },
    /// The metadata of an issuer could not be had.
    #[error("nothing was learned from the issuer: {0}")]
    Discovery(#[source] mint::Error),
    /// The vault is registered under another name, too.
    #[error("the same vault is registered as `{0}`, too")]
    InUse(VaultName),
    /// The issuer takes no client secret in any way we know.
    #[error("the issuer does not say that it takes a client secret as we can give it")]
    NoStyle,
    /// No profile has the tag.
    #[error("no profile has this tag")]
    NoneTagged,
    /// The profile was made by a later version.
    #[error("the profile's preset is not known to this version of mintage")]
    UnknownPreset,
    /// The default profile of the settings is gone.
    #[error("the default profile was removed or renamed")]
    NoDefault,
    /// A host that did not answer others is not asked again.
    #[error("not asked: `{host}` did not answer for others, or asked for a rest")]
    NotAsked {
        /// The host.
        host: String,
    },
    /// Some of many failed; they were reported one by one.
    #[error("{count} of {total} failed")]
    SomeFailed {
        /// How many.
        count: usize,
        /// Of how many.
        total: usize,
        /// The exit code of the gravest.
        code: u8,
    },
    /// `doctor` found something.
    #[error("{0} of the checks failed")]
    Unwell(usize),
    /// Some records could not be read; they were reported one by one.
    #[error("{count} of the records could not be read")]
    SomeRecords {
        /// How many.
        count: usize,
        /// The exit code of the gravest.
        code: u8,
    },
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
