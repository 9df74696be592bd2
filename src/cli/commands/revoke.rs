//! `mintage revoke`: the tokens of a profile are forgotten, and the issuer takes them back.

use serde_json::json;

use crate::cli::parts::Parts;
use crate::cli::{Failure, style};
use crate::mint;
use crate::model::ProfileName;
use crate::stack;

/// Options of `revoke`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The profile
    #[arg(add = crate::cli::completion::profiles())]
    name: ProfileName,
}

/// Runs the command. Without an agent the only tokens that could be taken back are those kept in slots.
pub fn run(args: &Args, parts: &Parts) -> Result<u8, Failure> {
    let name = &args.name;
    let said = match by_agent(name, parts)? {
        Some(said) => said,
        None => here(name, parts)?,
    };
    let value = json!({ "profile": name.as_str(), "said": said });
    style::told(format_args!("`{name}`: {said}"), value, parts.style)?;
    Ok(0)
}

/// Takes back the token in the profile's slot.
fn here(name: &ProfileName, parts: &Parts) -> Result<String, Failure> {
    let vault = parts.open_vault()?;
    let profile = vault.profile(name)?;
    let kept = vault.slot(&profile)?.slot.and_then(|slot| slot.kept);
    let Some(lease) = kept.and_then(|kept| kept.lease(&profile, parts.clock())) else {
        return Ok("no token of it was held".to_owned());
    };
    vault.forget_kept(&vault.path_of(name))?;
    let settings = parts.settings()?;
    let (token, proxy) = (&lease.token.access, settings.proxy.as_deref());
    let is_taken = mint::take_back(&profile, token, proxy, parts.clock());
    stack::scrub(stack::Depth::Mint);
    match is_taken {
        Ok(true) => Ok("1 token forgotten here and taken back by the issuer".to_owned()),
        Ok(false) => {
            Ok("1 token forgotten here; the issuer names no place to take tokens back, so \
                         it works until it expires"
                .to_owned())
        }
        Err(source) => Err(Failure::NotRevoked { profile: name.clone(), source }),
    }
}

#[cfg(unix)]
fn by_agent(name: &ProfileName, parts: &Parts) -> Result<Option<String>, Failure> {
    let Some(mut agent) = crate::cli::through::Through::running(parts)? else { return Ok(None) };
    let (place, asker, profile) = (agent.place(), agent.asker(), name.clone());
    agent.done(&crate::agent::Request::Revoke { place, profile, asker })
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "there is no agent here")]
fn by_agent(_: &ProfileName, _: &Parts) -> Result<Option<String>, Failure> {
    Ok(None)
}
