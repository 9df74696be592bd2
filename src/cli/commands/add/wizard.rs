//! `mintage add` without anything: a service from a list, what it needs, one mint, a name.

use super::{Args, Plan, name, open_or_make, refuse_if_there, save, waits_for_login};
use crate::cli::Failure;
use crate::cli::commands::presets;
use crate::cli::parts::Parts;
use crate::grant::{self, Ask, Preset};
use crate::model::{Profile, ProfileName};

/// Asks its way through.
pub fn run(parts: &Parts) -> Result<u8, Failure> {
    let vault = open_or_make(parts)?;
    let preset = preset(parts)?;
    let mut args = Args::default();
    place(&preset, &mut args, parts)?;
    for ask in preset.asks {
        answer(*ask, &mut args, parts)?;
    }
    // The name comes last: until then it goes by the preset's.
    let working: ProfileName = preset.name.parse()?;
    let new_key = args.new_key;
    let mut profile = args.profile(working, &preset, parts)?;
    let verify = !new_key && wants_a_mint(&profile, parts)?;
    profile.name = loop {
        let asked = name(&Args::default(), parts);
        match asked.and_then(|name| refuse_if_there(&vault, &name).map(|()| name)) {
            Ok(name) => break name,
            Err(
                failure @ (Failure::Invalid(_) | Failure::Vault(crate::vault::Error::Exists(_))),
            ) => {
                parts.prompt.tell(&format!("{failure}"));
            }
            Err(failure) => return Err(failure),
        }
    };
    // Who logs in verifies by that; and who does not want to now, does it later.
    save(profile, Plan { verify, login: verify, new_key }, &vault, parts)
}

fn preset(parts: &Parts) -> Result<Preset, Failure> {
    let presets = presets::all(parts)?;
    let width = presets.iter().map(|preset| preset.name.len()).max().unwrap_or_default();
    for (index, Preset { name, about, .. }) in presets.iter().enumerate() {
        parts.prompt.tell(&format!("{:3}  {name:width$}  {about}", index + 1));
    }
    loop {
        let typed = parts.prompt.line("Service (number or name) [1]: ")?;
        let typed = typed.trim();
        let by_number = || typed.parse::<usize>().ok()?.checked_sub(1);
        let found = match typed {
            "" => presets.first(),
            _ => by_number()
                .and_then(|index| presets.get(index))
                .or_else(|| presets.iter().find(|preset| preset.name == typed)),
        };
        if let Some(preset) = found {
            return Ok(preset.clone());
        }
        parts.prompt.tell("no such service");
    }
}

/// Where it is, where each customer has a place of their own.
fn place(preset: &Preset, args: &mut Args, parts: &Parts) -> Result<(), Failure> {
    match (&preset.base_url, preset.base_example) {
        (Some(base), "") => parts.prompt.tell(&format!("Base URL: {base}")),
        (Some(base), example) => {
            let typed = parts.prompt.line(&format!("Base URL ({example}) [{base}]: "))?;
            args.shape.set_base_url(typed.trim())?;
        }
        (None, "") if preset.token_path.is_none() => {
            let typed = parts.prompt.line("Issuer or token endpoint (https://…): ")?;
            args.shape.set_place(typed.trim())?;
        }
        (None, "") => {}
        (None, example) => {
            let typed = parts.prompt.line(&format!("Base URL (as {example}): "))?;
            if typed.trim().is_empty() {
                return Err(Failure::Usage("missing: the base URL".to_owned()));
            }
            args.shape.set_base_url(typed.trim())?;
        }
    }
    Ok(())
}

/// What is not asked for with the credential itself.
fn answer(ask: Ask, args: &mut Args, parts: &Parts) -> Result<(), Failure> {
    let line = |question: &str| parts.prompt.line(question).map(|typed| typed.trim().to_owned());
    match ask {
        Ask::Option(name, word) => {
            let typed = line(&format!("{word}: "))?;
            args.shape.add_option(name, typed);
        }
        Ask::Scopes => args.shape.add_scopes(&line("Scopes, with spaces between (or none): ")?),
        Ask::Key => match line("File with the private key (empty to make one): ")?.as_str() {
            "" => args.new_key = true,
            path => args.credential.set_key_file(path),
        },
        Ask::Source => args.shape.from = Some(line("Profile to mint from: ")?.parse()?),
        Ask::SourceOr(other) => {
            let typed = line(&format!("Profile to mint from (empty for {other}): "))?;
            if !typed.is_empty() {
                args.shape.from = Some(typed.parse()?);
            }
        }
        Ask::ClientId
        | Ask::ClientIdAs(_)
        | Ask::ClientIdOr(_)
        | Ask::Secret(_)
        | Ask::Login
        | Ask::RefreshOrLogin => {}
    }
    Ok(())
}

/// Whether to try the profile before it is saved. (An issuer cannot know a key that was made just now.)
fn wants_a_mint(profile: &Profile, parts: &Parts) -> Result<bool, Failure> {
    if grant::find(&profile.grant).is_some_and(grant::Grant::is_local) {
        // Nobody is asked for anything.
        return Ok(true);
    }
    let question = if waits_for_login(profile) {
        "Log in now? [Y/n] "
    } else {
        "Mint once now, to see that it works? [Y/n] "
    };
    Ok(!says_no(parts, question)?)
}

/// Anything but a no is a yes.
fn says_no(parts: &Parts, question: &str) -> Result<bool, Failure> {
    let typed = parts.prompt.line(question)?;
    Ok(matches!(typed.trim().to_ascii_lowercase().as_str(), "n" | "no"))
}
