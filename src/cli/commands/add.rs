//! `mintage add`: a client id and secret, and where they are used, sealed as one record.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use serde_json::json;

use super::init;
use crate::cli::input::{CredentialArgs, Given};
use crate::cli::parts::{self, Parts};
use crate::cli::{Failure, style, trap};
use crate::config;
use crate::disk;
use crate::grant::Preset;
use crate::http;
use crate::limits;
use crate::model::{AuthStyle, Endpoint, Flags, LeaseRequest, Profile, ProfileName, Scopes, Tag};
use crate::vault::{self, OpenVault};

/// Options of `add`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A name of your own for it: prod, acme/dap-eu
    name: Option<String>,
    /// The service [default: oauth2 with `--token-url`, else instructure]
    #[arg(long, value_name = "NAME")]
    preset: Option<String>,
    /// Another base URL for the preset: a beta site, a proxy, a local issuer
    #[arg(long, value_name = "URL", conflicts_with = "token_url")]
    base_url: Option<Endpoint>,
    /// The token endpoint
    #[arg(long, value_name = "URL")]
    token_url: Option<Endpoint>,
    #[command(flatten)]
    credential: CredentialArgs,
    /// How the client proves itself: basic, basic-raw or post [default: the preset's]
    #[arg(long, value_name = "STYLE", help_heading = "Request")]
    auth: Option<AuthStyle>,
    /// A scope to ask for; may be repeated
    #[arg(long, value_name = "SCOPE", help_heading = "Request")]
    scope: Vec<String>,
    /// An audience to ask for
    #[arg(long, value_parser = Profile::text, help_heading = "Request")]
    audience: Option<String>,
    /// A resource to ask for (RFC 8707)
    #[arg(long, value_name = "URI", value_parser = Profile::text, help_heading = "Request")]
    resource: Option<String>,
    /// A further request parameter; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = Profile::parameter,
        help_heading = "Request")]
    param: Vec<(String, String)>,
    /// Trust these CA certificates (PEM) for this profile, beside the system's
    #[arg(long, value_name = "FILE", help_heading = "Request")]
    ca_file: Option<PathBuf>,
    /// A line of text for people
    #[arg(long, value_name = "TEXT", value_parser = Profile::text, help_heading = "Profile")]
    label: Option<String>,
    /// A word to select by; may be repeated
    #[arg(long, help_heading = "Profile")]
    tag: Vec<Tag>,
    /// The last day the secret works: 2027-06-30
    #[arg(long, value_name = "DATE", value_parser = date, help_heading = "Profile")]
    secret_expires: Option<Date>,
    /// Never give the secret out again, only tokens
    #[arg(long, help_heading = "Profile")]
    token_only: bool,
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
    if endpoint.is_plain_http() {
        parts.style.warn("its requests are not encrypted: it is for this machine's loopback only");
    }
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
        let (base_url, endpoint) = self.endpoints(preset)?;
        let ca = self.ca_file.as_deref().map(read_ca).transpose()?;
        let scopes = Scopes::parse(self.scope.iter().map(String::as_str))?;
        let Given { credential, is_dap } = self.credential.get(parts)?;
        if is_dap && preset.name != "instructure" {
            parts.style.warn("the names in what was given are those of the `instructure` preset");
        }
        let now = parts.clock().wall();
        let profile = Profile {
            name,
            preset: preset.name.to_owned(),
            endpoint,
            base_url,
            auth: self.auth.unwrap_or(preset.auth),
            credential,
            scopes,
            audience: self.audience,
            resource: self.resource,
            params: self.param,
            ca,
            label: self.label,
            tags: BTreeSet::from_iter(self.tag),
            secret_expires: self.secret_expires,
            flags: Flags { token_only: self.token_only },
            added_at: now,
            changed_at: now,
        };
        profile.check()?;
        Ok(profile)
    }

    fn preset(&self) -> Result<&'static Preset, Failure> {
        let default = if self.token_url.is_some() { "oauth2" } else { "instructure" };
        let name = self.preset.as_deref().unwrap_or(default);
        Preset::find(name).ok_or_else(|| {
            let known: Vec<&str> = Preset::ALL.iter().map(|preset| preset.name).collect();
            Failure::Usage(format!("`--preset`: one of {}", known.join(", ")))
        })
    }

    fn endpoints(&self, preset: &Preset) -> Result<(Option<Endpoint>, Endpoint), Failure> {
        let default = || preset.base_url.map(str::parse).transpose();
        let base = match &self.base_url {
            Some(url) => Some(url.clone()),
            None => default()?,
        };
        if let Some(url) = &self.token_url {
            return Ok((base, url.clone()));
        }
        match (base, preset.token_path) {
            (Some(base), Some(path)) => {
                let endpoint = base.join(path)?;
                Ok((Some(base), endpoint))
            }
            _ => Err(Failure::Usage(format!("missing: `--token-url` for `{}`", preset.name))),
        }
    }
}

/// Its own words: the library's would quote what was typed.
fn date(text: &str) -> Result<Date, &'static str> {
    text.parse().map_err(|_| "a date is written 2027-06-30")
}

fn read_ca(path: &Path) -> Result<String, Failure> {
    let (bytes, _) = disk::read_any(&parts::absolute(path)?, limits::CA_BUNDLE as u64)?;
    let unusable = || Failure::Ca(http::Error::Roots("it holds no PEM certificate"));
    let pem = std::str::from_utf8(&bytes).map_err(|_| unusable())?;
    if http::is_usable_ca(pem) { Ok(pem.to_owned()) } else { Err(unusable()) }
}
