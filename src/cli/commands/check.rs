//! `mintage check`: one login for each profile, at a polite rate, and what came of it.

use std::collections::BTreeMap;
use std::time::Duration;

use super::several::Several;
use super::shape;
use crate::cli::parts::Parts;
use crate::cli::{Failure, report};
use crate::grant::discovery::Metadata;
use crate::limits;
use crate::model::length;
use crate::model::{Endpoint, LeaseRequest, ProfileName, Tag};
use crate::vault::OpenVault;
use crate::{grant, mint};

/// A token that was minted just now has so much of its life left, but for this.
const KEPT: Duration = Duration::from_secs(5);
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
    /// Between two requests to one host
    #[arg(long, value_name = "TIME", value_parser = length, default_value = "250ms")]
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
    let (hosts, issuers) = (BTreeMap::new(), BTreeMap::new());
    let mut asked = Asked { pause: args.pause, hosts, issuers };
    chosen.each(parts, |name| asked.check(name, &vault, parts))
}

/// What is known of the issuers and hosts asked so far.
struct Asked {
    pause: Duration,
    /// When each host was last asked, and how often in a row it did not answer or asked for a rest.
    hosts: BTreeMap<String, (Duration, u32)>,
    /// What each issuer, believed for these CA certificates, says of itself.
    issuers: BTreeMap<(String, Option<String>), Metadata>,
}

impl Asked {
    /// Looks whether the issuer still names the endpoint, where it did; then mints once.
    fn check(
        &mut self,
        name: &ProfileName,
        vault: &OpenVault<'_>,
        parts: &Parts,
    ) -> Result<String, Failure> {
        let profile = vault.profile(name)?;
        if let Some(issuer) = &profile.issuer {
            let named = self.metadata(issuer, profile.ca.as_deref(), parts)?;
            let named = named.for_client(&profile.credential).token_endpoint;
            if named != profile.endpoint {
                let (profile, issuer) = (profile.name.clone(), issuer.as_base().to_owned());
                return Err(Failure::Drift { profile, issuer, host: named.host() });
            }
        }
        let request = LeaseRequest::plain(profile.name.clone());
        let host = profile.endpoint.host();
        let lease = self.ask(&host, parts, || super::lease_from(vault, &request, parts))?;
        super::warn_of(&lease, parts);
        let minutes = lease.remaining(parts.clock()).as_secs().div_ceil(60);
        // Minted before, and kept: nobody was asked.
        let is_kept = lease.remaining(parts.clock()) + KEPT < lease.token.life.duration();
        Ok(if is_kept {
            format!("a token is kept for {minutes} minutes more: not asked again")
        } else {
            format!("a token for {minutes} minutes")
        })
    }

    fn metadata(
        &mut self,
        issuer: &Endpoint,
        ca: Option<&str>,
        parts: &Parts,
    ) -> Result<Metadata, Failure> {
        let key = (issuer.to_string(), ca.map(str::to_owned));
        if let Some(known) = self.issuers.get(&key) {
            return Ok(known.clone());
        }
        let host = issuer.host();
        let found = self.ask(&host, parts, || shape::discover(issuer, ca, parts))?;
        self.issuers.insert(key, found.clone());
        Ok(found)
    }

    /// Asks a host, not too soon after the last time.
    fn ask<T>(
        &mut self,
        host: &str,
        parts: &Parts,
        question: impl FnOnce() -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        if let Some((last, failed)) = self.hosts.get(host) {
            if *failed >= TRIES {
                return Err(Failure::NotAsked { host: host.to_owned() });
            }
            let since = parts.clock().steady().saturating_sub(*last);
            std::thread::sleep(self.pause.saturating_sub(since));
        }
        let answer = question();
        let known = self.hosts.entry(host.to_owned()).or_default();
        known.0 = parts.clock().steady();
        known.1 = match answer.as_ref().err() {
            Some(failure) if asks_for_rest(failure) => TRIES,
            Some(failure) if report::exit_code(failure) == 8 => known.1 + 1,
            _ => 0,
        };
        answer
    }
}

/// It said when to come back, and that is longer than anybody waits.
fn asks_for_rest(failure: &Failure) -> bool {
    let error = match failure {
        Failure::Mint { source, .. } => source.cause(),
        Failure::Discovery(error) => Some(error),
        _ => return false,
    };
    matches!(error, Some(mint::Error::Grant(grant::Error::NotReady { retry_after: Some(wait), .. }))
        if *wait > limits::RETRY_AFTER)
}
