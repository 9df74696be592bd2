//! `mintage add`: a credential, and where it is used, sealed as one record.

mod blank;
mod wizard;

use std::collections::BTreeSet;

use serde_json::json;

use super::login;
use super::shape::{self, Resolved, Shape};
use super::{init, lease_for};
use crate::cli::credential::{CredentialArgs, Given};
use crate::cli::parts::Parts;
use crate::cli::{Failure, style, trap};
use crate::config;
use crate::grant::login::Way;
use crate::grant::{self, Preset};
use crate::mint::Unsaved;
use crate::model::{Kept, Part, Profile, ProfileName, Slot, Tag};
use crate::vault::{self, OpenVault};

/// Options of `add`.
#[derive(Debug, Default, clap::Args)]
#[command(after_help = "Without anything it asks for a service first, and for a name at the end.")]
pub struct Args {
    /// A name of your own for it: prod, acme/dap-eu
    name: Option<String>,
    /// The service [default: oauth2 with `--token-url` or `--issuer`, else instructure]
    #[arg(long, value_name = "NAME")]
    preset: Option<String>,
    #[command(flatten)]
    shape: Shape,
    #[command(flatten)]
    credential: CredentialArgs,
    /// A word to select by; may be repeated
    #[arg(long, help_heading = "Profile")]
    tag: Vec<Tag>,
    /// Mint once before anything is saved
    #[arg(long, help_heading = "Profile")]
    verify: bool,
    /// Save it before anybody has logged in: `mintage login` does that later
    #[arg(long, help_heading = "Profile")]
    no_login: bool,
}

/// Runs the command.
pub fn run(args: Args, parts: &Parts) -> Result<u8, Failure> {
    if args.is_bare() && parts.prompt.is_attended() {
        return wizard::run(parts);
    }
    let name = name(&args, parts)?;
    let vault = open_or_make(parts)?;
    // Before the secret is asked for: nobody likes to paste in vain.
    refuse_if_there(&vault, &name)?;
    let preset = args.preset(parts)?;
    let plan = Plan { verify: args.verify, login: !args.no_login };
    let profile = args.profile(name, &preset, parts)?;
    save(profile, plan, &vault, parts)
}

/// What is to be done before a profile is saved.
#[derive(Clone, Copy)]
struct Plan {
    verify: bool,
    login: bool,
}

/// Logs in and verifies, as planned, and saves the profile with what came of that.
fn save(
    mut profile: Profile,
    plan: Plan,
    vault: &OpenVault<'_>,
    parts: &Parts,
) -> Result<u8, Failure> {
    shape::tell_place(&profile, parts);
    let mut kept: Option<Kept> = None;
    let waits = waits_for_login(&profile);
    if waits && plan.login && parts.prompt.is_attended() {
        let logged = login::log_in(&profile, parts)?;
        kept = Some(logged.kept());
        profile.credential.refresh = logged.refresh;
    } else if plan.verify {
        let slots = Unsaved::default();
        lease_for(&profile, vault, &slots, parts)?;
        if let Some(slot) = slots.into_slot() {
            // What was spent for it is spent.
            profile.credential.refresh = slot.refresh.or(profile.credential.refresh.take());
            kept = slot.kept;
        }
    }
    let waits = waits && kept.is_none();
    let (name, endpoint) = (profile.name.clone(), profile.endpoint.clone());
    let minted = kept.is_some() || plan.verify;
    let gives_itself = grant::find(&profile.grant).is_some_and(grant::Grant::gives_the_secret);
    vault.add(profile)?;
    if let Some(kept) = kept {
        keep(&name, kept, vault)?;
    }
    parts.say_warnings(vault);
    if parts.style.json {
        style::write_json(json!({
            "profile": name.as_str(), "endpoint": endpoint.as_str(), "verified": minted && !waits,
        }))?;
    }
    if gives_itself {
        parts.style.say(format_args!("profile `{name}` added"));
    } else {
        parts.style.say(format_args!("profile `{name}` added: tokens from {}", endpoint.host()));
    }
    if waits {
        parts.style.hint(format_args!("mintage login {name}"));
    }
    Ok(0)
}

/// Keeps the first token of a profile that was just saved.
fn keep(name: &ProfileName, kept: Kept, vault: &OpenVault<'_>) -> Result<(), Failure> {
    let profile = vault.profile(name)?;
    let held = vault.slot(&profile)?;
    let slot = Slot { kept: Some(kept), ..Slot::default() };
    Ok(vault.keep_slot(&profile, &held, slot)?)
}

/// Whether nothing can be minted before a person has logged in.
fn waits_for_login(profile: &Profile) -> bool {
    let has = |part| profile.credential.has(part);
    let by_password = profile.options.get("user").is_some() && has(Part::Secret);
    Way::of(profile).is_some() && !has(Part::Refresh) && !by_password && has(Part::ClientId)
}

fn name(args: &Args, parts: &Parts) -> Result<ProfileName, Failure> {
    let text = match &args.name {
        Some(text) => text.clone(),
        None if parts.prompt.is_attended() => parts.prompt.line("Name for the profile: ")?,
        None => return Err(Failure::Usage("missing: a name for the profile".to_owned())),
    };
    trap::check_name(&text)?;
    Ok(text.parse()?)
}

fn open_or_make(parts: &Parts) -> Result<OpenVault<'_>, Failure> {
    match parts.open_vault() {
        Err(Failure::Config(config::Error::NoVault)) if parts.prompt.is_attended() => {
            if !parts.prompt.confirm("There is no vault yet. Make one now?")? {
                return Err(Failure::NotConfirmed);
            }
            let init::Made { registered, key, .. } = init::make(init::Args::default(), parts)?;
            parts.open(parts.store(&registered.path)?, &registered, &key)
        }
        opened => opened,
    }
}

fn refuse_if_there(vault: &OpenVault<'_>, name: &ProfileName) -> Result<(), Failure> {
    match vault.profile(name) {
        Ok(_) => Err(vault::Error::Exists(name.clone()).into()),
        Err(vault::Error::NoProfile(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

impl Args {
    /// Whether nothing was given at all.
    fn is_bare(&self) -> bool {
        let Self { name, preset, shape, credential, tag, verify, no_login } = self;
        name.is_none()
            && preset.is_none()
            && !shape.is_given()
            && !credential.is_given()
            && tag.is_empty()
            && !verify
            && !no_login
    }

    fn profile(
        self,
        name: ProfileName,
        preset: &Preset,
        parts: &Parts,
    ) -> Result<Profile, Failure> {
        // Before the secret is asked for: the issuer may have no metadata.
        let resolved = self.shape.resolve(preset, None, parts)?;
        let has_source = self.shape.from.is_some();
        let given = self.credential.get(preset, self.shape.auth, has_source, parts)?;
        if given.is_dap && preset.name != "instructure" {
            parts.style.warn("the names in what was given are those of the `instructure` preset");
        }
        let field = self.shape.field.get(parts)?;
        let endpoint = endpoint(&resolved, &given, preset)?;
        let mut profile = blank::profile(name, preset, endpoint, given, parts)?;
        profile.tags = BTreeSet::from_iter(self.tag);
        self.shape.apply(resolved, field, &mut profile)?;
        blank::fill_logins(preset, &mut profile)?;
        // Only here: what was added with https never becomes http.
        profile.flags.plain_http = profile.uses_plain_http();
        check(&profile)?;
        Ok(profile)
    }

    fn preset(&self, parts: &Parts) -> Result<Preset, Failure> {
        let name = self.preset.as_deref().unwrap_or(self.shape.default_preset());
        let known = || Preset::all().iter().map(|preset| &*preset.name).collect::<Vec<_>>();
        parts
            .preset(name)?
            .ok_or_else(|| Failure::Usage(format!("`--preset`: one of {}", known().join(", "))))
    }
}

/// Whether a profile has all that its grant needs.
///
/// # Errors
/// [`Failure::Invalid`], [`Failure::UnknownPreset`].
pub fn check(profile: &Profile) -> Result<(), Failure> {
    let grant = grant::find(&profile.grant).ok_or(Failure::UnknownPreset)?;
    Ok(grant::check(grant, profile)?)
}

/// Where tokens are minted: as given, as the key's own file says, or as the preset does.
fn endpoint(
    resolved: &Resolved,
    given: &Given,
    preset: &Preset,
) -> Result<crate::model::Endpoint, Failure> {
    if let Some(place) = &resolved.place {
        return Ok(place.endpoint.clone());
    }
    match &given.token_endpoint {
        Some(endpoint) => Ok(endpoint.clone()),
        None => blank::endpoint(preset),
    }
}
