//! `mintage login`: a person logs in at the issuer of a profile, once; what that gives is kept, and
//! tokens come without a person from then on.

use serde_json::json;
use zeroize::Zeroizing;

use crate::broker;
use crate::cli::parts::Parts;
use crate::cli::{Failure, style};
use crate::grant;
use crate::grant::login::Way;
use crate::handover;
use crate::mint::{self, Logged, Means, Person, Unsaved};
use crate::model::{Profile, ProfileName, Slot};
use crate::prompt;
use crate::secret::RefreshToken;
use crate::stack;
use crate::vault::OpenVault;

/// Options of `login`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The profile
    #[arg(add = crate::cli::completion::profiles())]
    name: ProfileName,
}

/// Runs the command.
pub fn run(args: &Args, parts: &Parts) -> Result<u8, Failure> {
    let vault = parts.open_vault()?;
    let name = &args.name;
    let profile = vault.profile(name)?;
    if Way::of(&profile).is_none() {
        return Err(Failure::Usage(format!("nobody logs in for `{name}`: its credential is all")));
    }
    if !parts.prompt.is_attended() {
        return Err(prompt::Error::NobodyThere.into());
    }
    let logged = log_in(&profile, parts)?;
    let refresh = logged.refresh.as_ref().map(RefreshToken::copy);
    let lasts = refresh.is_some();
    vault.change::<Failure>(name, |mut profile| {
        profile.credential.refresh = refresh;
        profile.changed_at = parts.clock().wall();
        Ok(profile)
    })?;
    keep(name, &logged, &vault)?;
    parts.say_warnings(&vault);
    let value = json!({ "profile": name.as_str(), "lasting": lasts });
    style::told(format_args!("logged in for `{name}`"), value, parts.style)?;
    Ok(0)
}

/// Keeps the first token of a login that was saved.
///
/// # Errors
/// [`Failure::Vault`].
pub fn keep(name: &ProfileName, logged: &Logged, vault: &OpenVault<'_>) -> Result<(), Failure> {
    let profile = vault.profile(name)?;
    let held = vault.slot(&profile)?;
    let kept = Some(logged.kept(&broker::basis(vault, &profile)));
    Ok(vault.keep_slot(&profile, &held, Slot { kept, ..Slot::default() })?)
}

/// Has the person at the terminal log in for `profile`.
///
/// # Errors
/// [`Failure::Mint`].
pub fn log_in(profile: &Profile, parts: &Parts) -> Result<Logged, Failure> {
    let settings = parts.settings()?;
    let slots = Unsaved::default();
    let (proxy, clock) = (settings.proxy.as_deref(), parts.clock());
    let means = Means { proxy, clock, slots: &slots, source: None, basis: "", fresh: true };
    let logged = mint::login(profile, &means, &Here(parts));
    stack::scrub(stack::Depth::Mint);
    let logged = logged.map_err(|error| {
        let mut source = broker::Error::mint(profile, error, clock);
        // Whoever is told to log in is doing so right now.
        if let (broker::Error::Mint { advice, .. }, Some(over)) =
            (&mut source, grant::over(profile))
        {
            advice.retain(|hint| *hint != over);
        }
        Failure::Mint { profile: profile.name.clone(), source }
    })?;
    if logged.refresh.is_none() {
        parts.style.warn("the issuer gave no refresh token: this login ends with its token");
    }
    Ok(logged)
}

/// The person at the terminal.
struct Here<'a>(&'a Parts);

impl Here<'_> {
    fn show(&self, page: &str) {
        let opened = self.0.environment.has_display && handover::browse(page);
        let lead = if opened { "Your browser was sent to" } else { "Visit" };
        self.0.prompt.tell(&format!("{lead}\n\n  {page}\n"));
    }
}

impl Person for Here<'_> {
    fn visit(&self, page: &str) {
        self.show(page);
        self.0.prompt.tell("and log in there. Waiting for the browser to come back …");
    }

    fn copy(&self, page: &str) -> Result<Zeroizing<String>, prompt::Error> {
        self.show(page);
        let typed = self.0.prompt.secret("and paste the code that it shows: ")?;
        let code = Zeroizing::new(String::from_utf8_lossy(&typed).trim().to_owned());
        if code.is_empty() { Err(prompt::Error::NoAnswer) } else { Ok(code) }
    }

    fn tell(&self, page: &str, code: &str, whole: Option<&str>) {
        let whole = whole.filter(|_| self.0.environment.has_display);
        let opened = whole.is_some_and(handover::browse);
        let lead = if opened { "Your browser was sent there; else visit" } else { "Visit" };
        let text =
            format!("{lead}, on any machine,\n\n  {page}\n\nand type\n\n  {code}\n\nWaiting …");
        self.0.prompt.tell(&text);
    }
}
