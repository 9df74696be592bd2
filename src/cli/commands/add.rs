//! `mintage add`: a client id and secret, and where they are used, sealed as one record.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::init;
use super::shape::{self, Shape};
use crate::cli::input::{CredentialArgs, Given};
use crate::cli::parts::Parts;
use crate::cli::{Failure, style, trap};
use crate::config;
use crate::grant::Preset;
use crate::model::{Credential, Endpoint, Flags, LeaseRequest, Profile, ProfileName, Scopes, Tag};
use crate::vault::{self, OpenVault};

/// Options of `add`.
#[derive(Debug, clap::Args)]
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
}

/// Runs the command.
pub fn run(args: Args, parts: &Parts) -> Result<u8, Failure> {
    let name = name(&args, parts)?;
    let vault = open_or_make(parts)?;
    // Before the secret is asked for: nobody likes to paste in vain.
    refuse_if_there(&vault, &name)?;
    let verify = args.verify;
    let profile = args.profile(name, parts)?;
    shape::tell_place(&profile, parts);
    if verify {
        super::lease_for(&profile, &LeaseRequest::plain(profile.name.clone()), parts)?;
    }
    let (name, endpoint) = (profile.name.clone(), profile.endpoint.clone());
    vault.add(profile)?;
    parts.say_warnings(&vault);
    if parts.style.json {
        style::write_json(json!({
            "profile": name.as_str(), "endpoint": endpoint.as_str(), "verified": verify,
        }))?;
    }
    parts.style.say(format_args!("profile `{name}` added: tokens from {}", endpoint.host()));
    Ok(0)
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
    fn profile(self, name: ProfileName, parts: &Parts) -> Result<Profile, Failure> {
        let preset = self.preset()?;
        // Before the secret is asked for: the issuer may have no metadata.
        let resolved = self.shape.resolve(preset, None, parts)?;
        let endpoint = match &resolved.place {
            Some(place) => place.endpoint.clone(),
            None => default_endpoint(preset)?,
        };
        let Given { credential, is_dap } = self.credential.get(parts)?;
        if is_dap && preset.name != "instructure" {
            parts.style.warn("the names in what was given are those of the `instructure` preset");
        }
        let field = self.shape.field.get(parts)?;
        let mut profile = blank(name, preset, endpoint, credential, parts)?;
        profile.tags = BTreeSet::from_iter(self.tag);
        self.shape.apply(resolved, field, &mut profile)?;
        // Only here: what was added with https never becomes http.
        profile.flags.plain_http = profile.uses_plain_http();
        profile.check()?;
        Ok(profile)
    }

    fn preset(&self) -> Result<&'static Preset, Failure> {
        let name = self.preset.as_deref().unwrap_or(self.shape.default_preset());
        Preset::find(name).ok_or_else(|| {
            let known: Vec<&str> = Preset::ALL.iter().map(|preset| preset.name).collect();
            Failure::Usage(format!("`--preset`: one of {}", known.join(", ")))
        })
    }
}

fn default_endpoint(preset: &Preset) -> Result<Endpoint, Failure> {
    match (preset.base_url, preset.token_path) {
        (Some(base), Some(path)) => Ok(base.parse::<Endpoint>()?.join(path)?),
        _ => Err(Failure::Usage(format!(
            "missing: `--token-url` or `--issuer` for `{}`",
            preset.name
        ))),
    }
}

/// A profile as its preset has it.
fn blank(
    name: ProfileName,
    preset: &Preset,
    endpoint: Endpoint,
    credential: Credential,
    parts: &Parts,
) -> Result<Profile, Failure> {
    let now = parts.clock().wall();
    Ok(Profile {
        name,
        preset: preset.name.to_owned(),
        endpoint,
        issuer: None,
        base_url: preset.base_url.map(str::parse).transpose()?,
        auth: preset.auth,
        credential,
        scopes: Scopes::default(),
        audience: None,
        resource: None,
        params: Vec::new(),
        ca: None,
        fields: BTreeMap::new(),
        label: None,
        tags: BTreeSet::new(),
        secret_expires: None,
        flags: Flags::default(),
        added_at: now,
        changed_at: now,
    })
}
