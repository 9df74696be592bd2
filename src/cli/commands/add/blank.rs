//! A profile as its preset has it, before anything else is said of it.

use crate::cli::Failure;
use crate::cli::credential::Given;
use crate::cli::parts::Parts;
use crate::grant::{self, Preset};
use crate::model::{AuthStyle, Credential, Endpoint, Options, Part, Profile, ProfileName, Scopes};

/// The preset's own endpoint.
///
/// # Errors
/// [`Failure::Usage`] where each customer has another.
pub fn endpoint(preset: &Preset) -> Result<Endpoint, Failure> {
    let gives_itself = grant::find(&preset.grant).is_some_and(grant::Grant::gives_the_secret);
    match (&preset.base_url, &preset.token_path) {
        (Some(base), Some(path)) => Ok(base.parse::<Endpoint>()?.join(path)?),
        _ if gives_itself => Ok(Endpoint::NOWHERE.parse()?),
        (None, Some(_)) => Err(Failure::Usage(format!(
            "missing: `--base-url` for `{}`, as {}",
            preset.name, preset.base_example
        ))),
        _ => Err(Failure::Usage(format!(
            "missing: `--token-url` or `--issuer` for `{}`",
            preset.name
        ))),
    }
}

/// A profile with the values of `preset` and the credential that was given.
///
/// # Errors
/// [`Failure::Invalid`].
pub fn profile(
    name: ProfileName,
    preset: &Preset,
    endpoint: Endpoint,
    given: Given,
    parts: &Parts,
) -> Result<Profile, Failure> {
    let now = parts.clock().wall();
    let Given { credential, kid, alg, .. } = given;
    let mut options = Options::default();
    for (name, text) in preset.options.iter() {
        options.set(name, text)?;
    }
    let rules = grant::find(&preset.grant).map(grant::Grant::options).unwrap_or_default();
    for (name, text) in [("kid", kid), ("alg", alg)] {
        if let Some(text) = text.filter(|_| rules.iter().any(|rule| rule.name == name)) {
            options.set(name, &text)?;
        }
    }
    Ok(Profile {
        preset: preset.name.to_string(),
        base_url: preset.base_url.as_deref().map(str::parse).transpose()?,
        auth: style(preset, &credential),
        options,
        scopes: Scopes::parse([&*preset.scopes])?,
        audience: preset.audience.as_deref().map(str::to_owned),
        ..Profile::new(name, &preset.grant, endpoint, credential, now)
    })
}

/// The preset's style, unless the credential that was given can only mean another.
fn style(preset: &Preset, credential: &Credential) -> AuthStyle {
    let proves = grant::find(&preset.grant).is_some_and(grant::Grant::proves_the_client);
    let has = |part| credential.has(part);
    match preset.auth.shows() {
        Some(part) if has(part) || !proves => preset.auth,
        _ if !proves => preset.auth,
        _ if has(Part::Secret) && preset.auth == AuthStyle::None => AuthStyle::Basic,
        _ if has(Part::Secret) => preset.auth,
        _ if has(Part::Key) => AuthStyle::PrivateKeyJwt,
        _ if has(Part::Certificate) => AuthStyle::Tls,
        _ => AuthStyle::None,
    }
}

/// Where a person logs in, below the base URL, where the preset knows that and a login is the way.
///
/// # Errors
/// [`Failure::Invalid`].
pub fn fill_logins(preset: &Preset, profile: &mut Profile) -> Result<(), Failure> {
    let (Some(path), Some(base)) = (preset.login_path, &profile.base_url) else { return Ok(()) };
    if profile.options.get("authorize-url").is_none() && profile.credential.has(Part::ClientId) {
        let url = base.join(path)?;
        profile.options.set("authorize-url", url.as_str())?;
    }
    Ok(())
}
