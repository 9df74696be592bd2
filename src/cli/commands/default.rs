//! `mintage default`: the profile that is meant where none is named.
//!
//! The settings keep the path of its record, not its name: names are metadata, which is nobody's
//! business who reads the disk.

use serde_json::json;

use super::Which;
use crate::cli::parts::Parts;
use crate::cli::{Failure, style};
use crate::model::ProfileName;
use crate::vault::OpenVault;

/// Options of `default`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The profile; without one, the default is shown
    #[arg(add = crate::cli::completion::profiles())]
    name: Option<ProfileName>,
    /// Have no default any more
    #[arg(long, conflicts_with = "name")]
    clear: bool,
}

/// Runs the command.
pub fn run(args: &Args, parts: &Parts) -> Result<u8, Failure> {
    let Some(name) = &args.name else {
        return if args.clear { clear(parts) } else { show(parts) };
    };
    let vault = parts.open_vault()?;
    vault.profile(name)?;
    parts.say_warnings(&vault);
    set(Some(vault.path_of(name).as_str().to_owned()), parts)?;
    if parts.style.json {
        style::write_json(json!({ "profile": name.as_str() }))?;
    }
    parts.style.say(format_args!("`{name}` is meant now where no profile is named"));
    Ok(0)
}

fn show(parts: &Parts) -> Result<u8, Failure> {
    let (_, registered) = parts.registered()?;
    let name = match super::default_path(&registered) {
        None => None,
        Some(path) => {
            let vault = parts.open_vault()?;
            let name = Which::Default(path).name(&vault)?;
            parts.say_warnings(&vault);
            Some(name)
        }
    };
    if parts.style.json {
        style::write_json(json!({ "profile": name.as_ref().map(ProfileName::as_str) }))?;
    } else if let Some(name) = name {
        style::write_lines([name])?;
    } else {
        parts.style.say("no default profile");
    }
    Ok(0)
}

fn clear(parts: &Parts) -> Result<u8, Failure> {
    set(None, parts)?;
    if parts.style.json {
        style::write_json(json!({ "profile": null }))?;
    }
    parts.style.say("no default profile any more");
    Ok(0)
}

/// Lets the default follow a profile that was renamed, or forgets it where it was removed.
///
/// # Errors
/// [`Failure::Config`], [`Failure::Disk`].
pub fn follow(
    vault: &OpenVault<'_>,
    from: &ProfileName,
    to: Option<&ProfileName>,
    parts: &Parts,
) -> Result<(), Failure> {
    let (_, registered) = parts.registered()?;
    if registered.profile.as_deref() != Some(vault.path_of(from).as_str()) {
        return Ok(());
    }
    set(to.map(|to| vault.path_of(to).as_str().to_owned()), parts)
}

fn set(path: Option<String>, parts: &Parts) -> Result<(), Failure> {
    let (name, _) = parts.registered()?;
    parts.change_settings(|settings| {
        if let Some(registered) = settings.vault_mut(&name) {
            registered.profile = path;
        }
        Ok(())
    })
}
