//! What to do about a refusal: the mistakes that people make with each service, recognised by what is
//! known of the profile and of the reply, and never by its secret being shown.

use jiff::civil::Date;

use super::{Error, Preset};
use crate::model::{AuthStyle, Part, Profile};

/// Hints for a refusal, the likeliest first.
#[must_use]
pub fn advice(profile: &Profile, error: &Error, today: Date) -> Vec<String> {
    let preset = Preset::find(&profile.preset).or_else(|| Preset::for_grant(&profile.grant));
    let mut hints: Vec<String> = Vec::new();
    match error {
        Error::LoginNeeded => hints.push(format!("mintage login {}", profile.name)),
        Error::WrongKind(_) => hints.extend(own(preset, |preset| preset.wrong_kind)),
        Error::Refused { said, .. } => {
            let said = said.as_ref().map(ToString::to_string).unwrap_or_default();
            hints.extend(of_profile(profile, today));
            hints.extend(of_words(profile, &said));
            hints.extend(over(profile));
            hints.extend(own(preset, |preset| &preset.refused));
        }
        Error::BadRequest { said, .. } => {
            let said = said.as_ref().map(ToString::to_string).unwrap_or_default();
            hints.extend(of_words(profile, &said));
            hints.extend(own(preset, |preset| preset.bad_request));
        }
        _ => {}
    }
    hints.retain(|hint| !hint.is_empty());
    hints.dedup();
    hints
}

fn own(preset: Option<Preset>, pick: impl Fn(&Preset) -> &str) -> Option<String> {
    preset.map(|preset| pick(&preset).to_owned())
}

/// How to begin another login, where this profile lives on one.
#[must_use]
pub fn over(profile: &Profile) -> Option<String> {
    let command = if super::login::Way::of(profile).is_some() {
        format!("mintage login {}", profile.name)
    } else if profile.credential.has(Part::Refresh) {
        format!("mintage edit {} --refresh-token-file FILE", profile.name)
    } else {
        return None;
    };
    Some(format!("the login may be over: {command}"))
}

/// What can be seen without asking anybody.
fn of_profile(profile: &Profile, today: Date) -> Vec<String> {
    let Profile { name, credential, secret_expires, auth, .. } = profile;
    let mut hints = Vec::new();
    if let Some(last) = secret_expires.filter(|last| *last < today) {
        hints.push(format!("its secret ended on {last}: make a new one, then mintage edit {name}"));
    }
    if credential.id().to_ascii_lowercase().contains("%23") {
        hints.push(format!(
            "the client id has `%23` in it where the issuer wrote `#`: mintage edit {name} --client-id ID"
        ));
    }
    let has_edge = |secret: &[u8]| secret.trim_ascii().len() != secret.len();
    if credential.secret.as_ref().is_some_and(|secret| has_edge(secret.expose())) {
        hints.push(format!(
            "the secret begins or ends with a space or line end, pasted with it perhaps: mintage \
             edit {name}"
        ));
    }
    if *auth == AuthStyle::Basic && credential.id().contains('#') {
        hints.push(format!(
            "this id is one of Instructure's, which wants it raw: mintage edit {name} --auth basic-raw"
        ));
    }
    hints
}

/// What the issuer said, in the words of those that are known. For advice only: nothing depends on it.
fn of_words(profile: &Profile, said: &str) -> Option<String> {
    let said = said.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| said.contains(word));
    let is_about_iat = said.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == "iat");
    let is_about_time =
        has(&["'exp'", "not yet valid", "in the future", "issued at", "expiration time"]);
    if is_about_iat || is_about_time {
        return Some(
            "the clock of this machine may be wrong: compare `date -u` with that of the issuer"
                .to_owned(),
        );
    }
    if has(&["scope"]) {
        return Some(
            "a scope is missing: allow it where the key was made, or ask for others by `--scope`"
                .to_owned(),
        );
    }
    if has(&["redirect"]) {
        return Some(
            "the redirect URI must be one that the issuer knows: `--set redirect-uri=URI`"
                .to_owned(),
        );
    }
    if has(&["could not be decoded", "signature"]) {
        return Some(format!(
            "the private key may be of another client: mintage key public {}",
            profile.name
        ));
    }
    None
}
