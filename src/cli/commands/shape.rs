//! What `add` and `edit` can both set of a profile, and where that comes from.

use std::path::{Path, PathBuf};

use jiff::civil::Date;

use crate::cli::Failure;
use crate::cli::input::FieldArgs;
use crate::cli::parts::{self, Parts};
use crate::disk;
use crate::grant::discovery::Metadata;
use crate::grant::{self, Preset};
use crate::http;
use crate::limits;
use crate::mint;
use crate::model::{
    AuthStyle, Endpoint, FieldName, Invalid, Options, Profile, ProfileName, Scopes,
};
use crate::secret::FieldSecret;

/// Options of `add` and `edit`.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Shape {
    /// Another base URL for the preset: a beta site, a proxy, a local issuer
    #[arg(long, value_name = "URL", group = "place")]
    base_url: Option<Endpoint>,
    /// The token endpoint
    #[arg(long, value_name = "URL", group = "place")]
    token_url: Option<Endpoint>,
    /// The issuer, whose metadata names the token endpoint (RFC 8414, OpenID Connect)
    #[arg(long, value_name = "URL", group = "place")]
    issuer: Option<Endpoint>,
    /// Mint with the token of this profile
    #[arg(long, value_name = "NAME", help_heading = "Request",
        add = crate::cli::completion::profiles())]
    pub from: Option<ProfileName>,
    /// An option of the preset (see `mintage presets NAME`); may be repeated
    #[arg(long, value_name = "NAME=TEXT", value_parser = Options::pair, help_heading = "Request")]
    set: Vec<(String, String)>,
    /// How the client proves itself: basic, basic-raw, post, private-key-jwt, client-secret-jwt, tls
    /// or none [default: the preset's]
    #[arg(long, value_name = "STYLE", help_heading = "Request")]
    pub auth: Option<AuthStyle>,
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
    /// The last day the secret works: 2027-06-30
    #[arg(long, value_name = "DATE", value_parser = date, help_heading = "Profile")]
    secret_expires: Option<Date>,
    /// Never give the secret out again, only tokens
    #[arg(long, conflicts_with = "field", help_heading = "Profile")]
    token_only: bool,
    #[command(flatten)]
    pub field: FieldArgs,
}

/// Where tokens come from.
pub struct Place {
    /// The token endpoint.
    pub endpoint: Endpoint,
    /// The issuer that named it.
    pub issuer: Option<Endpoint>,
    /// The service's base URL, where it is to change.
    pub base_url: Option<Endpoint>,
    /// What the issuer says of itself.
    pub metadata: Option<Metadata>,
}

/// Everything that was read from elsewhere.
pub struct Resolved {
    /// Where tokens come from, where that was given.
    pub place: Option<Place>,
    ca: Option<String>,
    scopes: Scopes,
}

/// What the questions of `add` set.
impl Shape {
    /// Sets the base URL; an empty text leaves it.
    ///
    /// # Errors
    /// [`Failure::Invalid`].
    pub fn set_base_url(&mut self, text: &str) -> Result<(), Failure> {
        if !text.is_empty() {
            self.base_url = Some(text.parse()?);
        }
        Ok(())
    }

    /// Sets the issuer, or the token endpoint where the URL can only be that of one.
    ///
    /// # Errors
    /// [`Failure::Invalid`].
    pub fn set_place(&mut self, text: &str) -> Result<(), Failure> {
        let url: Endpoint = text.parse()?;
        if url.url().path().trim_end_matches('/').ends_with("token") {
            self.token_url = Some(url);
        } else {
            self.issuer = Some(url);
        }
        Ok(())
    }

    /// Adds an option, and scopes.
    pub fn add_option(&mut self, name: &str, text: String) {
        self.set.push((name.to_owned(), text));
    }

    /// Whether this option is to be set.
    pub fn has_option(&self, name: &str) -> bool {
        self.set.iter().any(|(known, _)| known == name)
    }

    /// Adds scopes.
    pub fn add_scopes(&mut self, text: &str) {
        self.scope.extend(text.split_whitespace().map(str::to_owned));
    }
}

impl Shape {
    /// The options that say where a person logs in, where the place is another one now and they were
    /// not given with it.
    pub fn logins_left_behind(&self) -> Vec<&'static str> {
        let moves = self.base_url.is_some() || self.token_url.is_some() || self.issuer.is_some();
        let is_given = |name: &str| self.set.iter().any(|(given, _)| given == name);
        let logins = ["authorize-url", "device-url"].into_iter();
        logins.filter(|name| moves && !is_given(name)).collect()
    }

    /// The preset that `add` takes where none is named.
    pub fn default_preset(&self) -> &'static str {
        let is_any = self.token_url.is_some() || self.issuer.is_some();
        if is_any { "oauth2" } else { "instructure" }
    }

    /// Whether anything is to be set.
    pub fn is_given(&self) -> bool {
        let Self {
            base_url,
            token_url,
            issuer,
            from,
            set,
            auth,
            scope,
            audience,
            resource,
            param,
            ca_file,
            label,
            secret_expires,
            token_only,
            field,
        } = self;
        base_url.is_some()
            || token_url.is_some()
            || issuer.is_some()
            || from.is_some()
            || !set.is_empty()
            || auth.is_some()
            || !scope.is_empty()
            || audience.is_some()
            || resource.is_some()
            || !param.is_empty()
            || ca_file.is_some()
            || label.is_some()
            || secret_expires.is_some()
            || *token_only
            || field.is_given()
    }

    /// Reads the files and asks the issuer; `known_ca` is what the profile trusts already.
    ///
    /// # Errors
    /// [`Failure::Ca`], [`Failure::Invalid`], [`Failure::Discovery`], [`Failure::Usage`].
    pub fn resolve(
        &self,
        preset: &Preset,
        known_ca: Option<&str>,
        parts: &Parts,
    ) -> Result<Resolved, Failure> {
        let ca = self.ca_file.as_deref().map(read_ca).transpose()?;
        let place = self.place(preset, ca.as_deref().or(known_ca), parts)?;
        let scopes = Scopes::parse(self.scope.iter().map(String::as_str))?;
        Ok(Resolved { place, ca, scopes })
    }

    fn place(
        &self,
        preset: &Preset,
        ca: Option<&str>,
        parts: &Parts,
    ) -> Result<Option<Place>, Failure> {
        let plain = |endpoint| Place { endpoint, issuer: None, base_url: None, metadata: None };
        if let Some(issuer) = &self.issuer {
            let metadata = discover(issuer, ca, parts)?;
            refuse_unoffered(&metadata, preset)?;
            let endpoint = metadata.token_endpoint.clone();
            let issuer = Some(issuer.clone());
            return Ok(Some(Place { endpoint, issuer, base_url: None, metadata: Some(metadata) }));
        }
        if let Some(url) = &self.token_url {
            return Ok(Some(plain(url.clone())));
        }
        let Some(base) = &self.base_url else { return Ok(None) };
        let path = preset.token_path.as_deref().ok_or_else(|| {
            Failure::Usage(format!("`--base-url` means nothing for `{}`", preset.name))
        })?;
        Ok(Some(Place { base_url: Some(base.clone()), ..plain(base.join(path)?) }))
    }

    /// Puts what was given into `profile`.
    ///
    /// # Errors
    /// [`Failure::NoStyle`] where the issuer takes nothing that the credential has; [`Failure::Invalid`].
    pub fn apply(
        self,
        resolved: Resolved,
        field: Option<(FieldName, FieldSecret)>,
        profile: &mut Profile,
    ) -> Result<(), Failure> {
        let Resolved { place, ca, scopes } = resolved;
        let grant = grant::find(&profile.grant).ok_or(Failure::UnknownPreset)?;
        let mut style = Some(profile.auth);
        if let Some(Place { endpoint, issuer, base_url, metadata }) = place {
            profile.endpoint = endpoint;
            profile.issuer = issuer;
            profile.base_url = base_url.or(profile.base_url.take());
            if let Some(metadata) = metadata.filter(|_| grant.proves_the_client()) {
                let metadata = metadata.for_client(&profile.credential);
                profile.endpoint = metadata.token_endpoint.clone();
                style = metadata.style(profile.auth, &profile.credential);
                note_logins(&metadata, profile)?;
            }
        }
        profile.auth = self.auth.or(style).ok_or(Failure::NoStyle)?;
        profile.from = self.from.or(profile.from.take());
        for (name, text) in &self.set {
            profile.options.set(name, text)?;
        }
        if !scopes.is_empty() {
            profile.scopes = scopes;
        }
        if !self.param.is_empty() {
            profile.params = self.param;
        }
        profile.audience = self.audience.or(profile.audience.take());
        profile.resource = self.resource.or(profile.resource.take());
        profile.ca = ca.or(profile.ca.take());
        profile.label = self.label.or(profile.label.take());
        profile.secret_expires = self.secret_expires.or(profile.secret_expires);
        profile.flags.token_only |= self.token_only;
        profile.fields.extend(field);
        Ok(())
    }
}

/// An issuer that says which grants it offers must offer the one that is used.
fn refuse_unoffered(metadata: &Metadata, preset: &Preset) -> Result<(), Failure> {
    let (grant_type, refusal) = match &*preset.grant {
        "client-credentials" => {
            ("client_credentials", "the issuer does not offer the client_credentials grant")
        }
        "jwt-bearer" => (
            "urn:ietf:params:oauth:grant-type:jwt-bearer",
            "the issuer does not offer the jwt-bearer grant",
        ),
        "token-exchange" => (
            "urn:ietf:params:oauth:grant-type:token-exchange",
            "the issuer does not offer the token-exchange grant",
        ),
        _ => return Ok(()),
    };
    if metadata.may_offer(grant_type) {
        return Ok(());
    }
    Err(Failure::Discovery(mint::Error::Grant(grant::Error::Unacceptable(refusal))))
}

/// Where a person logs in, as the issuer says, unless the profile says it.
fn note_logins(metadata: &Metadata, profile: &mut Profile) -> Result<(), Failure> {
    if profile.grant != "refresh-token" {
        return Ok(());
    }
    let by_device = profile.preset == "oauth2-device";
    let (name, url) = if by_device {
        ("device-url", &metadata.device_endpoint)
    } else {
        ("authorize-url", &metadata.authorization_endpoint)
    };
    if let (None, Some(url)) = (profile.options.get(name), url) {
        profile.options.set(name, url.as_str())?;
    }
    Ok(())
}

/// Asks an issuer for its metadata, and says so.
///
/// # Errors
/// [`Failure::Discovery`].
pub fn discover(issuer: &Endpoint, ca: Option<&str>, parts: &Parts) -> Result<Metadata, Failure> {
    let proxy = parts.settings()?.proxy;
    if issuer.url().query().is_some() {
        return Err(Invalid::Endpoint("an issuer has no query").into());
    }
    parts.style.note(format_args!("asking {} for its metadata", issuer.host()));
    mint::discover(issuer, ca, proxy.as_deref()).map_err(Failure::Discovery)
}

/// Says where the tokens of a profile are to come from, and what is unusual about it. To be said
/// before anything is sent there.
pub fn tell_place(profile: &Profile, parts: &Parts) {
    if let Some(issuer) = &profile.issuer {
        let (issuer, endpoint) = (issuer.as_base(), &profile.endpoint);
        parts.style.say(format_args!("issuer `{issuer}`: tokens from {endpoint}"));
    }
    if profile.uses_plain_http() {
        parts.style.warn("its requests are not encrypted: it is for this machine's loopback only");
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
