//! `mintage edit`: changes what was given of one profile, or of all with a tag.

use std::collections::BTreeSet;

use clap::ValueEnum;
use serde_json::json;

use super::several::Several;
use super::shape::{self, Shape};
use crate::cli::input::CredentialArgs;
use crate::cli::parts::Parts;
use crate::cli::{Failure, style};
use crate::grant::Preset;
use crate::model::{
    Credential, FieldName, LeaseRequest, Pasted, Profile, ProfileName, Scopes, Tag,
};
use crate::vault::OpenVault;

/// Options of `edit`.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Without any option it asks for a new client id and secret.")]
pub struct Args {
    /// The profile
    #[arg(required_unless_present = "tag", conflicts_with = "tag",
        add = crate::cli::completion::profiles())]
    name: Option<ProfileName>,
    /// Every profile with this tag
    #[arg(long, conflicts_with_all = ["client_id", "secret", "field"])]
    tag: Option<Tag>,
    #[command(flatten)]
    shape: Shape,
    #[command(flatten)]
    credential: CredentialArgs,
    /// Add a tag; may be repeated
    #[arg(long, value_name = "TAG", help_heading = "Profile")]
    add_tag: Vec<Tag>,
    /// Take a tag away; may be repeated
    #[arg(long, value_name = "TAG", help_heading = "Profile")]
    drop_tag: Vec<Tag>,
    /// Take a further secret away; may be repeated
    #[arg(long, value_name = "NAME", help_heading = "Profile")]
    drop_field: Vec<FieldName>,
    /// Set something back to nothing; may be repeated
    #[arg(long, value_name = "WHAT", help_heading = "Profile")]
    clear: Vec<Clear>,
    /// Mint once before anything is saved
    #[arg(long, help_heading = "Profile")]
    verify: bool,
    /// Do not ask before many profiles are changed
    #[arg(long, requires = "tag")]
    yes: bool,
}

/// What can be set back to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Clear {
    Scope,
    Audience,
    Resource,
    Param,
    Ca,
    Label,
    SecretExpires,
    TokenOnly,
}

/// Runs the command.
pub fn run(args: Args, parts: &Parts) -> Result<u8, Failure> {
    let vault = parts.open_vault()?;
    if let Some(name) = args.name.clone() {
        change(&vault, &name, args, parts)?;
        parts.say_warnings(&vault);
        if parts.style.json {
            style::write_json(json!({ "profile": name.as_str(), "changed": true }))?;
        }
        parts.style.say(format_args!("profile `{name}` changed"));
        return Ok(0);
    }
    let Some(tag) = &args.tag else { return Err(Failure::Usage("missing: a profile".to_owned())) };
    if !args.sets_something() {
        return Err(Failure::Usage("nothing to change was given".to_owned()));
    }
    let chosen = Several::tagged(&vault, tag)?;
    let question = format!("Change {} with the tag `{tag}`?", style::profiles(chosen.names.len()));
    if !args.yes && !parts.prompt.confirm(&question)? {
        return Err(Failure::NotConfirmed);
    }
    chosen.each(parts, |name| {
        change(&vault, name, args.clone(), parts)?;
        parts.say_warnings(&vault);
        Ok("changed".to_owned())
    })
}

fn change(
    vault: &OpenVault<'_>,
    name: &ProfileName,
    args: Args,
    parts: &Parts,
) -> Result<(), Failure> {
    vault.change(name, |profile| args.apply(profile, parts))
}

impl Args {
    fn sets_something(&self) -> bool {
        self.shape.is_given()
            || self.credential.is_given()
            || !self.add_tag.is_empty()
            || !self.drop_tag.is_empty()
            || !self.drop_field.is_empty()
            || !self.clear.is_empty()
            || self.verify
    }

    fn apply(self, mut profile: Profile, parts: &Parts) -> Result<Profile, Failure> {
        let (before, is_guarded) = (profile.binding(), profile.flags.token_only);
        let preset = Preset::find(&profile.preset).ok_or(Failure::UnknownPreset)?;
        let known_ca = profile.ca.as_deref().filter(|_| !self.clear.contains(&Clear::Ca));
        let resolved = self.shape.resolve(preset, known_ca, parts)?;
        let asks = !self.sets_something();
        let has_secret = asks || self.credential.has_secret();
        if asks || self.credential.is_given() {
            profile.credential = self.credential.replace(profile.credential, parts)?;
        }
        let field = self.shape.field.get(parts)?;
        self.clear_in(&mut profile);
        self.drop_in(&mut profile)?;
        let (verify, is_one_of_many) = (self.verify, self.tag.is_some());
        self.shape.apply(resolved, field, &mut profile)?;
        profile.flags.plain_http &= profile.uses_plain_http();
        profile.check()?;
        let is_moved = profile.binding() != before;
        if is_guarded && is_moved && !has_secret {
            if is_one_of_many {
                return Err(Failure::SecretNeeded(profile.name));
            }
            demand_secret(&profile, parts)?;
        }
        if is_moved {
            shape::tell_place(&profile, parts);
        }
        if verify {
            super::lease_for(&profile, &LeaseRequest::plain(profile.name.clone()), parts)?;
        }
        profile.changed_at = parts.clock().wall();
        Ok(profile)
    }

    fn clear_in(&self, profile: &mut Profile) {
        for what in self.clear.iter().copied().collect::<BTreeSet<_>>() {
            match what {
                Clear::Scope => profile.scopes = Scopes::default(),
                Clear::Audience => profile.audience = None,
                Clear::Resource => profile.resource = None,
                Clear::Param => profile.params.clear(),
                Clear::Ca => profile.ca = None,
                Clear::Label => profile.label = None,
                Clear::SecretExpires => profile.secret_expires = None,
                Clear::TokenOnly => profile.flags.token_only = false,
            }
        }
    }

    fn drop_in(&self, profile: &mut Profile) -> Result<(), Failure> {
        for name in &self.drop_field {
            profile.fields.remove(name).ok_or(Failure::NoField(profile.name.clone()))?;
        }
        for tag in &self.drop_tag {
            profile.tags.remove(tag);
        }
        profile.tags.extend(self.add_tag.iter().cloned());
        Ok(())
    }
}

/// Whoever sits at the terminal must have the secret that would be sent elsewhere.
fn demand_secret(profile: &Profile, parts: &Parts) -> Result<(), Failure> {
    let needed = || Failure::SecretNeeded(profile.name.clone());
    if !parts.prompt.is_attended() {
        return Err(needed());
    }
    let client_id = profile.credential.client_id();
    let typed = parts.prompt.secret("The client secret, as proof that you have it: ")?;
    let pasted = Pasted::secret(&typed, Some(client_id))?;
    let typed = Credential::new(client_id.clone(), pasted.secret)?;
    if typed.is_same_as(&profile.credential) { Ok(()) } else { Err(needed()) }
}
