//! One file a command: what it takes, and what it does.

pub mod add;
pub mod agent;
#[cfg(unix)]
mod agent_install;
#[cfg(unix)]
mod agent_run;
pub mod check;
pub mod completions;
pub mod default;
pub mod describe;
pub mod destroy;
pub mod doctor;
pub mod edit;
pub mod exec;
mod founding;
pub mod init;
pub mod inspect;
mod internal;
mod keeping;
pub mod key;
pub mod list;
pub mod lock;
pub mod login;
pub mod man;
pub mod passphrase;
pub mod presets;
pub mod purge;
mod recovery;
pub mod remove;
pub mod rename;
pub mod revoke;
mod several;
mod shape;
pub mod show;
pub mod status;
pub mod token;
pub mod unlock;
pub mod unlocked;
pub mod vault;

use super::args::Command;
use super::parts::Parts;
use super::{Failure, advice, report};
use crate::broker::{Local, Told};
use crate::config::Registered;
use crate::mint::Slots;
use crate::model::{Lease, LeaseRequest, Profile, ProfileName};
use crate::seal::RecordPath;
use crate::vault::OpenVault;

/// Runs a command and gives back the exit code.
///
/// # Errors
/// [`Failure`].
pub fn run(command: Command, parts: &Parts) -> Result<u8, Failure> {
    match command {
        Command::Init(args) => init::run(args, parts),
        Command::Add(args) => add::run(*args, parts),
        Command::List(args) => list::run(&args, parts),
        Command::Show(args) => show::run(&args, parts),
        Command::Presets(args) => presets::run(&args, parts),
        Command::Edit(args) => edit::run(*args, parts),
        Command::Rename(args) => rename::run(&args, parts),
        Command::Remove(args) => remove::run(&args, parts),
        Command::Default(args) => default::run(&args, parts),
        Command::Inspect(args) => inspect::run(&args, parts),
        Command::Check(args) => check::run(args, parts),
        Command::Doctor(args) => doctor::run(&args, parts),
        Command::Passphrase(args) => passphrase::run(&args, parts),
        Command::Destroy(args) => destroy::run(&args, parts),
        Command::Completions(args) => completions::run(&args),
        Command::Man(args) => man::run(&args),
        Command::Token(args) => token::run(&args, parts),
        Command::Exec(args) => exec::run(args, parts).map_err(|failure| match failure {
            // A wrong command line is one, whatever was to be run.
            own @ (Failure::Child(_) | Failure::Usage(_) | Failure::Invalid(_)) => own,
            failure => Failure::BeforeChild(Box::new(failure)),
        }),
        Command::Unlock(args) => unlock::run(&args, parts),
        Command::Lock(args) => lock::run(&args, parts),
        Command::Login(args) => login::run(&args, parts),
        Command::Key(args) => key::run(args, parts),
        Command::Unlocked(args) => unlocked::run(&args, parts),
        Command::Purge(args) => purge::run(&args, parts),
        Command::Revoke(args) => revoke::run(&args, parts),
        Command::Agent(args) => agent::run(&args, parts),
        Command::Status(args) => status::run(&args, parts),
        Command::Vault(args) => vault::run(args, parts),
        Command::InternalStretch => internal::stretch(),
        Command::InternalKeychainRead => internal::keychain_read(),
    }
}

/// A new lease for a profile at hand, which may be minted from one in `vault`; what the mint leaves is
/// kept in `slots`.
fn lease_for(
    profile: &Profile,
    vault: &OpenVault<'_>,
    slots: &dyn Slots,
    parts: &Parts,
) -> Result<Lease, Failure> {
    let proxy = parts.settings()?.proxy;
    parts.style.note(format_args!("asking {}", profile.endpoint.host()));
    let broker = Local { vault, proxy: proxy.as_deref(), clock: parts.clock() };
    let request = LeaseRequest::plain(profile.name.clone());
    let lease = broker.lease_for(profile, &request, slots, true);
    let failure = |source| Failure::Mint { profile: profile.name.clone(), source };
    let preset = || Some(profile.preset.clone());
    lease.map_err(|source| advice::with_own(failure(source), preset, parts))
}

/// A lease for a profile of `vault`.
fn lease_from(
    vault: &OpenVault<'_>,
    request: &LeaseRequest,
    parts: &Parts,
) -> Result<Lease, Failure> {
    let proxy = parts.settings()?.proxy;
    let broker = Local { vault, proxy: proxy.as_deref(), clock: parts.clock() };
    let lease = broker.lease(request, false);
    let failure = |source| Failure::Mint { profile: request.profile.clone(), source };
    let preset = || vault.profile(&request.profile).ok().map(|profile| profile.preset.clone());
    lease.map_err(|source| advice::with_own(failure(source), preset, parts))
}

/// Says what a caller would notice too late: another scope than asked for, a secret that ends soon.
fn warn_of(lease: &Lease, parts: &Parts) {
    if let Some(granted) = lease.other_scope() {
        let asked = &lease.asked;
        parts.style.warn(format_args!("the scope granted is `{granted}`, asked for was `{asked}`"));
    }
    let two_weeks = jiff::Span::new().days(14);
    let Some(last) = lease.secret_expires else { return };
    let today = parts.today();
    let name = &lease.profile;
    if last < today {
        parts.style.warn(format_args!("the secret of `{name}` ended on {last}"));
    } else if today.checked_add(two_weeks).is_ok_and(|soon| last <= soon) {
        parts.style.warn(format_args!("the secret of `{name}` ends on {last}"));
    }
}

/// Says which records cannot be read, and fails with the gravest of their codes where there are any.
fn tell_broken(broken: &[(String, Told)], parts: &Parts) -> Result<(), Failure> {
    for (path, Told { sentence, .. }) in broken {
        if sentence.contains(path.as_str()) {
            parts.style.warn(sentence);
        } else {
            parts.style.warn(format_args!("`{path}`: {sentence}"));
        }
    }
    let codes: Vec<u8> = broken.iter().map(|(_, told)| told.code).collect();
    match report::gravest(&codes) {
        None => Ok(()),
        Some(code) => Err(Failure::SomeRecords { count: broken.len(), code }),
    }
}

/// Where the record of the default profile lies, where there is one.
fn default_path(registered: &Registered) -> Option<RecordPath> {
    registered.profile.as_deref().and_then(RecordPath::parse)
}

/// The profile that is meant.
pub enum Which {
    /// The one named, on the command line or by `MINTAGE_PROFILE`.
    Named(ProfileName),
    /// The one that the settings name, by the path of its record.
    Default(RecordPath),
}

impl Which {
    /// Its name, where one was given.
    #[cfg(unix)]
    pub fn named(&self) -> Option<&ProfileName> {
        match self {
            Self::Named(name) => Some(name),
            Self::Default(_) => None,
        }
    }

    /// Its name, for which the vault must be open where only the path is known.
    pub fn name(&self, vault: &OpenVault<'_>) -> Result<ProfileName, Failure> {
        match self {
            Self::Named(name) => Ok(name.clone()),
            Self::Default(path) => {
                let profile = vault.profile_at(path)?.ok_or(Failure::NoDefault)?;
                Ok(profile.name)
            }
        }
    }
}

/// The one named, else that of `MINTAGE_PROFILE`, else the default of the settings.
fn which(named: Option<&ProfileName>, parts: &Parts) -> Result<Which, Failure> {
    match (named, &parts.environment.profile) {
        (Some(name), _) => return Ok(Which::Named(name.clone())),
        (None, Some(name)) => return Ok(Which::Named(name.parse()?)),
        (None, None) => {}
    }
    let missing = || Failure::Usage("missing: the name of a profile".to_owned());
    match parts.registered() {
        Ok((_, registered)) => default_path(&registered).map(Which::Default).ok_or_else(missing),
        Err(_) => Err(missing()),
    }
}
