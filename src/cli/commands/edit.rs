//! `mintage edit`: changes what was given of one profile, or of all with a tag.

use std::collections::BTreeSet;

use clap::ValueEnum;
use serde_json::json;

use super::several::Several;
use super::shape::{self, Shape};
use crate::cli::credential::{CredentialArgs, Given};
use crate::cli::parts::Parts;
use crate::cli::{Failure, style};
use crate::grant::{self, Preset};
use crate::mint::Unsaved;
use crate::model::{
    Credential, FieldName, Options, Part, Pasted, Profile, ProfileName, Scopes, Tag,
};
use crate::seal;
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
    From,
    Options,
    Secret,
    RefreshToken,
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
    let verified = args.verify;
    vault.change(name, |profile| args.apply(profile, vault, parts))?;
    if !verified {
        // The token that is kept was minted for what the profile was before.
        vault.forget_kept(&vault.path_of(name))?;
    }
    Ok(())
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

    fn apply(
        self,
        mut profile: Profile,
        vault: &OpenVault<'_>,
        parts: &Parts,
    ) -> Result<Profile, Failure> {
        let (before, is_guarded) = (profile.binding(), profile.flags.token_only);
        let origin = seal::origin(&profile);
        let rotated = vault.slot(&profile)?.slot.is_some_and(|slot| slot.refresh.is_some());
        let preset = match parts.preset(&profile.preset)? {
            Some(preset) => preset,
            // A user's own may be gone from the settings: its grant stays.
            None => Preset::for_grant(&profile.grant).ok_or(Failure::UnknownPreset)?,
        };
        let held = secret_parts(&profile.credential);
        let known_ca = profile.ca.as_deref().filter(|_| !self.clear.contains(&Clear::Ca));
        let resolved = self.shape.resolve(&preset, known_ca, parts)?;
        let asks = !self.sets_something();
        let mut replaced = Vec::new();
        if asks || self.credential.is_given() {
            let given = self.credential.replace(std::mem::take(&mut profile.credential), parts)?;
            replaced = take(given, &mut profile)?;
        }
        let field = self.shape.field.get(parts)?;
        self.clear_in(&mut profile);
        self.drop_in(&mut profile)?;
        let (verify, is_one_of_many) = (self.verify, self.tag.is_some());
        // Where a person logs in moves along with the rest.
        for name in self.shape.logins_left_behind() {
            profile.options.set(name, "")?;
        }
        self.shape.apply(resolved, field, &mut profile)?;
        super::add::fill_logins(&preset, &mut profile)?;
        profile.flags.plain_http &= profile.uses_plain_http();
        super::add::check(&profile)?;
        let is_moved = profile.binding() != before;
        let kept = |part: &&Part| !replaced.contains(*part) && profile.credential.has(**part);
        let kept: Vec<Part> = held.iter().filter(kept).copied().collect();
        if is_guarded && is_moved && !kept.is_empty() {
            // Only a secret can be shown to be known.
            if is_one_of_many || kept != [Part::Secret] {
                return Err(Failure::SecretNeeded(profile.name));
            }
            demand_secret(&profile, parts)?;
        }
        if is_moved {
            shape::tell_place(&profile, parts);
        }
        let is_other = seal::origin(&profile) != origin;
        if is_other && rotated && !replaced.contains(&Part::Refresh) {
            // What is left of the login is spent, and would be taken for a theft.
            profile.credential.refresh = None;
            parts.style.warn("the login does not move along: it ends here");
            let next = grant::over(&profile);
            let next =
                next.unwrap_or_else(|| "mintage edit NAME --refresh-token-file F".to_owned());
            parts.style.hint(next);
        }
        if verify && !is_other {
            // Its refresh token may have been spent: the one that is good now is in its slot.
            super::lease_for(&profile, vault, vault, parts)?;
        } else if verify {
            let slots = Unsaved::default();
            super::lease_for(&profile, vault, &slots, parts)?;
            let refresh = slots.into_slot().and_then(|slot| slot.refresh);
            profile.credential.refresh = refresh.or(profile.credential.refresh.take());
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
                Clear::From => profile.from = None,
                Clear::Options => profile.options = Options::default(),
                Clear::Secret => profile.credential.secret = None,
                Clear::RefreshToken => profile.credential.refresh = None,
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
    let Credential { client_id, secret, .. } = &profile.credential;
    let typed = parts.prompt.secret("The client secret, as proof that you have it: ")?;
    let pasted = Pasted::secret(&typed, client_id.as_ref())?;
    let typed = Credential::secret_of(pasted.secret)?;
    let is_known = secret.as_ref().is_some_and(|secret| secret.is_same_as(&typed));
    if is_known { Ok(()) } else { Err(needed()) }
}

/// The parts of a credential that somebody must have been given.
fn secret_parts(credential: &Credential) -> Vec<Part> {
    let parts = [Part::Secret, Part::Key, Part::Certificate, Part::Refresh];
    parts.into_iter().filter(|part| credential.has(*part)).collect()
}

/// Puts what was given into the profile, and gives back which secret parts are new.
fn take(given: Given, profile: &mut Profile) -> Result<Vec<Part>, Failure> {
    let Given { credential, kid, alg, replaced, is_dap: _, token_endpoint: _ } = given;
    profile.credential = credential;
    if replaced.contains(&Part::Key) {
        profile.options.set("kid", kid.as_deref().unwrap_or_default())?;
        profile.options.set("alg", alg.as_deref().unwrap_or_default())?;
    }
    Ok(replaced)
}
