//! `mintage rename`: gives a profile another name.

use serde_json::json;

use crate::cli::parts::Parts;
use crate::cli::{Failure, style, trap};
use crate::model::ProfileName;

/// Options of `rename`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The profile
    #[arg(add = crate::cli::completion::profiles())]
    from: ProfileName,
    /// Its new name
    to: String,
}

/// Runs the command.
pub fn run(args: &Args, parts: &Parts) -> Result<u8, Failure> {
    trap::check_name(&args.to)?;
    let (from, to): (_, ProfileName) = (&args.from, args.to.parse()?);
    let vault = parts.open_vault()?;
    let mut has_followed = false;
    let renamed = vault.rename(from, &to, || {
        // While it has both names: an interruption must not leave a default that is gone.
        has_followed = true;
        super::default::follow(&vault, from, Some(&to), parts)
    });
    if has_followed && renamed.is_err() && vault.profile(from).is_ok() {
        super::default::follow(&vault, &to, Some(from), parts)?;
    }
    renamed?;
    parts.say_warnings(&vault);
    if parts.style.json {
        style::write_json(json!({ "profile": to.as_str(), "renamed_from": from.as_str() }))?;
    }
    parts.style.say(format_args!("profile `{from}` is `{to}` now"));
    Ok(0)
}
