//! `mintage add`: a credential, and where it is used, sealed as one record.

mod blank;
mod wizard;

pub use blank::fill_logins;

use std::collections::BTreeSet;

use serde_json::json;

use super::shape::{self, Resolved, Shape};
use super::{init, lease_for, lease_from};
use super::{key, login};
use crate::cli::credential::{self, CredentialArgs, Given};
use crate::cli::parts::Parts;
use crate::cli::{Failure, style, trap};
use crate::config;
use crate::grant::login::Way;
use crate::grant::{self, Ask, Preset};
use crate::mint::Unsaved;
use crate::model::{LeaseRequest, Part, Pasted, Profile, ProfileName, Tag};
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
    /// Make a private key, and write its public half (a JWK) for the issuer
    #[arg(long, conflicts_with_all = ["key_file", "json", "verify"])]
    #[arg(help_heading = "Credential (asked for at the terminal unless given)")]
    new_key: bool,
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
    let plan = Plan { verify: args.verify, login: !args.no_login, new_key: args.new_key };
    let profile = args.profile(name, &preset, parts)?;
    save(profile, plan, &vault, parts)
}

/// What is to be done before a profile is saved.
#[derive(Clone, Copy)]
struct Plan {
    verify: bool,
    login: bool,
    new_key: bool,
}

/// Logs in and verifies, as planned, and saves the profile with what came of that.
fn save(
    mut profile: Profile,
    plan: Plan,
    vault: &OpenVault<'_>,
    parts: &Parts,
) -> Result<u8, Failure> {
    shape::tell_place(&profile, parts);
    let grant = grant::find(&profile.grant).ok_or(Failure::UnknownPreset)?;
    let waits = waits_for_login(&profile);
    let logs_in = waits && plan.login && parts.prompt.is_attended();
    let verifies = plan.verify && !logs_in;
    let spends = grant.keeps_a_slot(&profile);
    let mut logged = None;
    if logs_in {
        let mut done = login::log_in(&profile, parts)?;
        profile.credential.refresh = done.refresh.take();
        logged = Some(done);
    } else if verifies && (waits || !spends) {
        lease_for(&profile, vault, &Unsaved::default(), parts)?;
    }
    let (name, endpoint) = (profile.name.clone(), profile.endpoint.clone());
    vault.add(profile)?;
    if let Some(logged) = logged {
        login::keep(&name, &logged, vault)?;
    } else if verifies && spends {
        verify_saved(&name, vault, parts)?;
    }
    parts.say_warnings(vault);
    if parts.style.json {
        style::write_json(json!({
            "profile": name.as_str(), "endpoint": endpoint.as_str(), "verified": logs_in || verifies,
        }))?;
    }
    if grant.is_local() {
        parts.style.say(format_args!("profile `{name}` added"));
    } else {
        parts.style.say(format_args!("profile `{name}` added: tokens from {}", endpoint.host()));
    }
    if waits && !logs_in {
        parts.style.hint(format_args!("mintage login {name}"));
    }
    if plan.new_key {
        parts.style.say(format_args!("its new key; the public half is for the issuer:"));
        return key::write(&vault.profile(&name)?, false);
    }
    Ok(0)
}

/// Mints for a profile that spends something with each mint: it is in the vault first, so that nothing
/// is lost. Where the issuer refuses, it is taken out again.
fn verify_saved(name: &ProfileName, vault: &OpenVault<'_>, parts: &Parts) -> Result<(), Failure> {
    let minted = lease_from(vault, &LeaseRequest::plain(name.clone()), parts);
    if minted.is_err() {
        vault.remove(name)?;
    }
    minted.map(drop)
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
        let Self { name, preset, shape, credential, new_key, tag, verify, no_login } = self;
        name.is_none()
            && preset.is_none()
            && !shape.is_given()
            && !credential.is_given()
            && !new_key
            && tag.is_empty()
            && !verify
            && !no_login
    }

    fn profile(
        mut self,
        name: ProfileName,
        preset: &Preset,
        parts: &Parts,
    ) -> Result<Profile, Failure> {
        // Before the secret is asked for: the issuer may have no metadata.
        let resolved = self.shape.resolve(preset, None, parts)?;
        if self.new_key {
            self.credential.make_key();
        }
        // A key's own file may say where it is good.
        let may_be_told = preset.asks.contains(&Ask::Key) && preset.token_path.is_none();
        if resolved.place.is_none() && !may_be_told {
            // Before the secret, too.
            blank::endpoint(preset)?;
        }
        self.ask_for_options(preset, parts)?;
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
        fill_logins(preset, &mut profile)?;
        ask_for_refresh(preset, &mut profile, parts)?;
        // Only here: what was added with https never becomes http.
        profile.flags.plain_http = profile.uses_plain_http();
        check(&profile)?;
        Ok(profile)
    }

    /// What the preset asks for beside the credential, of whoever is there. A client id in place of a
    /// person is another way, unless there is none.
    fn ask_for_options(&mut self, preset: &Preset, parts: &Parts) -> Result<(), Failure> {
        let rules = grant::find(&preset.grant).map(grant::Grant::options).unwrap_or_default();
        for ask in preset.asks {
            let Ask::Option(name, word) = ask else { continue };
            let is_required = rules.iter().any(|rule| rule.name == *name && rule.required);
            let is_needed = is_required || !self.credential.has_client_id();
            if is_needed && !self.shape.has_option(name) && parts.prompt.is_attended() {
                let typed = parts.prompt.line(&format!("{word}: "))?;
                self.shape.add_option(name, typed.trim().to_owned());
            }
        }
        Ok(())
    }

    fn preset(&self, parts: &Parts) -> Result<Preset, Failure> {
        let name = self.preset.as_deref().unwrap_or(self.shape.default_preset());
        let known = || Preset::all().iter().map(|preset| &*preset.name).collect::<Vec<_>>();
        parts
            .preset(name)?
            .ok_or_else(|| Failure::Usage(format!("`--preset`: one of {}", known().join(", "))))
    }
}

/// A refresh token, where there is no other way to one.
fn ask_for_refresh(preset: &Preset, profile: &mut Profile, parts: &Parts) -> Result<(), Failure> {
    let is_asked = preset.asks.contains(&Ask::RefreshOrLogin);
    if !is_asked || profile.credential.has(Part::Refresh) || Way::of(profile).is_some() {
        return Ok(());
    }
    if !parts.prompt.is_attended() {
        let missing = "missing: `--refresh-token-file F`, or where to log in: `--issuer URL` or \
                       `--set authorize-url=URL`";
        return Err(Failure::Usage(missing.to_owned()));
    }
    let typed = parts.prompt.secret("Refresh token: ")?;
    profile.credential.refresh = Some(credential::refresh_of(&Pasted::plain(&typed))?);
    Ok(())
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
