//! `mintage check`: one login for each profile, at a polite rate, and what came of it.

use std::collections::BTreeMap;
use std::time::Duration;

use super::several::Several;
use super::shape;
use crate::cli::args::duration;
use crate::cli::parts::Parts;
use crate::cli::{Failure, report};
use crate::model::{LeaseRequest, Profile, ProfileName, Tag};
use crate::vault::OpenVault;

/// A host that failed so often in a row is left alone.
const TRIES: u32 = 3;

/// Options of `check`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The profiles
    #[arg(value_name = "NAME", required_unless_present_any = ["all", "tag"],
        conflicts_with_all = ["all", "tag"], add = crate::cli::completion::profiles())]
    names: Vec<ProfileName>,
    /// Every profile
    #[arg(long, conflicts_with = "tag")]
    all: bool,
    /// Every profile with this tag
    #[arg(long)]
    tag: Option<Tag>,
    /// Between two logins at one host
    #[arg(long, value_name = "TIME", value_parser = pause, default_value = "250ms")]
    pause: Duration,
}

/// Runs the command. A line a profile: name, `ok` or the kind of failure, words; fields separated by
/// tabs on a pipe. The exit code is that of the gravest failure.
pub fn run(args: Args, parts: &Parts) -> Result<u8, Failure> {
    let vault = parts.open_vault()?;
    let chosen = match (&args.tag, args.all) {
        (Some(tag), _) => Several::tagged(&vault, tag)?,
        (None, true) => Several::all(&vault)?,
        (None, false) => Several::named(args.names),
    };
    parts.say_warnings(&vault);
    let mut hosts = Hosts { pause: args.pause, known: BTreeMap::new() };
    chosen.each(parts, |name| check(name, &vault, &mut hosts, parts))
}

fn check(
    name: &ProfileName,
    vault: &OpenVault<'_>,
    hosts: &mut Hosts,
    parts: &Parts,
) -> Result<String, Failure> {
    let profile = vault.profile(name)?;
    let host = profile.endpoint.host();
    hosts.wait(&host, parts)?;
    let checked = login(&profile, parts);
    hosts.learn(host, checked.as_ref().err(), parts);
    checked
}

/// Looks whether the issuer still names the endpoint, where it did; then mints once.
fn login(profile: &Profile, parts: &Parts) -> Result<String, Failure> {
    if let Some(issuer) = &profile.issuer {
        let found = shape::discover(issuer, profile.ca.as_deref(), parts)?;
        if found.endpoint != profile.endpoint {
            let host = found.endpoint.host();
            return Err(Failure::Drift { profile: profile.name.clone(), host });
        }
    }
    let request = LeaseRequest::plain(profile.name.clone());
    let lease = super::lease_for(profile, &request, parts)?;
    super::warn_of(&lease, parts);
    let minutes = lease.remaining(parts.clock()).as_secs().div_ceil(60);
    Ok(format!("a token for {minutes} minutes"))
}

/// What is known of the hosts asked so far.
struct Hosts {
    pause: Duration,
    /// When each was last asked, and how often in a row it did not answer or asked for a rest.
    known: BTreeMap<String, (Duration, u32)>,
}

impl Hosts {
    fn wait(&self, host: &str, parts: &Parts) -> Result<(), Failure> {
        let Some((asked, failed)) = self.known.get(host) else { return Ok(()) };
        if *failed >= TRIES {
            return Err(Failure::NotAsked { host: host.to_owned() });
        }
        let since = parts.clock().steady().saturating_sub(*asked);
        std::thread::sleep(self.pause.saturating_sub(since));
        Ok(())
    }

    fn learn(&mut self, host: String, failure: Option<&Failure>, parts: &Parts) {
        let is_down = failure.is_some_and(|failure| report::exit_code(failure) == 8);
        let known = self.known.entry(host).or_default();
        *known = (parts.clock().steady(), if is_down { known.1 + 1 } else { 0 });
    }
}

/// As elsewhere, and milliseconds.
fn pause(text: &str) -> Result<Duration, &'static str> {
    let thousandths = text.strip_suffix("ms").and_then(|number| number.parse().ok());
    thousandths.map_or_else(|| duration(text), |number| Ok(Duration::from_millis(number)))
}
