//! One file a command: what it takes, and what it does.

pub mod add;
mod describe;
pub mod exec;
mod founding;
pub mod init;
mod internal;
pub mod list;
pub mod presets;
mod recovery;
pub mod remove;
pub mod show;
pub mod status;
pub mod token;
pub mod vault;

use super::Failure;
use super::args::Command;
use super::parts::Parts;
use crate::broker;
use crate::model::{Lease, LeaseRequest, Profile, ProfileName};

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
        Command::Remove(args) => remove::run(&args, parts),
        Command::Token(args) => token::run(&args, parts),
        Command::Exec(args) => exec::run(args, parts).map_err(|failure| match failure {
            // A wrong command line is one, whatever was to be run.
            own @ (Failure::Child(_) | Failure::Usage(_) | Failure::Invalid(_)) => own,
            failure => Failure::BeforeChild(Box::new(failure)),
        }),
        Command::Status(args) => status::run(&args, parts),
        Command::Vault(args) => vault::run(args, parts),
        Command::InternalStretch => internal::stretch(),
        Command::InternalKeychainRead => internal::keychain_read(),
    }
}

/// A lease for a profile at hand.
fn lease_for(profile: &Profile, request: &LeaseRequest, parts: &Parts) -> Result<Lease, Failure> {
    let proxy = parts.settings()?.proxy;
    parts.style.note(format_args!("asking {}", profile.endpoint.host()));
    broker::lease_for(profile, request, proxy.as_deref(), parts.clock())
        .map_err(|source| Failure::Mint { profile: profile.name.clone(), source })
}

/// Says what a caller would notice too late: another scope than asked for, a secret that ends soon.
fn warn_of(lease: &Lease, parts: &Parts) {
    if let Some(granted) = lease.other_scope() {
        let asked = &lease.asked;
        parts.style.warn(format_args!("the scope granted is `{granted}`, asked for was `{asked}`"));
    }
    let two_weeks = jiff::Span::new().days(14);
    let Some(last) = lease.secret_expires else { return };
    let today = parts.clock().wall().to_zoned(jiff::tz::TimeZone::UTC).date();
    let name = &lease.profile;
    if last < today {
        parts.style.warn(format_args!("the secret of `{name}` ended on {last}"));
    } else if today.checked_add(two_weeks).is_ok_and(|soon| last <= soon) {
        parts.style.warn(format_args!("the secret of `{name}` ends on {last}"));
    }
}

/// The profile that is meant: the one named, else that of `MINTAGE_PROFILE`.
fn profile(named: Option<&ProfileName>, parts: &Parts) -> Result<ProfileName, Failure> {
    match (named, &parts.environment.profile) {
        (Some(name), _) => Ok(name.clone()),
        (None, Some(name)) => Ok(name.parse()?),
        (None, None) => Err(Failure::Usage("missing: the name of a profile".to_owned())),
    }
}
