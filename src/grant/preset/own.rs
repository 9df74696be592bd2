//! A preset that a user adds in the settings.

use std::borrow::Cow;

use super::super::{Grant, check_option, find};
use super::Preset;
use crate::config::OwnPreset;
use crate::model::{Endpoint, Invalid, Options, Profile, ProfileName, Scopes};

const RULE: fn(&'static str) -> Invalid = Invalid::Option;

impl Preset {
    /// The preset that a user's settings describe.
    ///
    /// # Errors
    /// [`Invalid`]: which part is not as it may be. A preset of a user's names no place of plain http,
    /// and changes nothing of what a profile may not do.
    pub fn own(name: &str, own: &OwnPreset) -> Result<Self, Invalid> {
        let like = Self::find(&own.like).ok_or(RULE("`like` names no preset of mintage"))?;
        check_name(name)?;
        check_place(own)?;
        check_options(&like, own)?;
        let scopes = own.scopes.as_deref().unwrap_or_default();
        Scopes::parse([scopes]).map_err(|_| RULE("`scopes` are none, with spaces between them"))?;
        if own.audience.as_deref().is_some_and(|text| Profile::text(text).is_err()) {
            return Err(RULE("`audience` is no line of text"));
        }
        let auth = own.auth.as_deref().map(str::parse).transpose();
        let mut options = like.options.into_owned();
        for (name, text) in &own.options {
            options.retain(|(known, _)| known != name);
            options.push((Cow::Owned(name.clone()), Cow::Owned(text.clone())));
        }
        let owned = |text: &Option<String>, otherwise: Cow<'static, str>| {
            text.clone().map_or(otherwise, Cow::Owned)
        };
        Ok(Self {
            name: Cow::Owned(name.to_owned()),
            about: owned(&own.about, like.about),
            base_url: own.base_url.clone().map(Cow::Owned).or(like.base_url),
            token_path: own.token_path.clone().map(Cow::Owned).or(like.token_path),
            auth: auth.map_err(|_| RULE("`auth` is none"))?.unwrap_or(like.auth),
            options: Cow::Owned(options),
            scopes: owned(&own.scopes, like.scopes),
            audience: own.audience.clone().map(Cow::Owned).or(like.audience),
            docs: owned(&own.docs, like.docs),
            refused: owned(&own.refused, like.refused),
            ..like
        })
    }
}

fn check_name(name: &str) -> Result<(), Invalid> {
    if Preset::find(name).is_some() {
        return Err(RULE("a preset of mintage has its name"));
    }
    let is_one = name.parse::<ProfileName>().is_ok();
    if is_one { Ok(()) } else { Err(RULE("its name has characters that no name has")) }
}

fn check_place(own: &OwnPreset) -> Result<(), Invalid> {
    if own.base_url.as_ref().is_some_and(|url| !is_https(url)) {
        return Err(RULE("`base_url` is not https"));
    }
    if own.token_path.as_ref().is_some_and(|path| !path.starts_with('/')) {
        return Err(RULE("`token_path` does not begin with `/`"));
    }
    Ok(())
}

/// What a profile may be told, with the places among it encrypted.
fn check_options(like: &Preset, own: &OwnPreset) -> Result<(), Invalid> {
    let rules = find(&like.grant).map(Grant::options).unwrap_or_default();
    for (name, text) in &own.options {
        Options::default().set(name, text)?;
        // An empty text takes away what the other preset has.
        if !text.is_empty() || rules.iter().all(|rule| rule.name != name) {
            check_option(rules, name, text)?;
        }
        if name.ends_with("-url") && !text.is_empty() && !is_https(text) {
            return Err(RULE("a URL in its `options` is not https"));
        }
    }
    Ok(())
}

fn is_https(url: &str) -> bool {
    url.parse::<Endpoint>().is_ok_and(|url| !url.is_plain_http())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::AuthStyle;

    #[test]
    fn a_preset_of_a_users_weakens_nothing() {
        let acme = OwnPreset {
            like: "oauth2".to_owned(),
            base_url: Some("https://id.acme.example".to_owned()),
            token_path: Some("/token".to_owned()),
            ..OwnPreset::default()
        };
        assert_eq!(Preset::own("acme", &acme).map(|preset| preset.auth), Ok(AuthStyle::Basic));
        let refused = |change: fn(&mut OwnPreset)| {
            let mut changed = acme.clone();
            change(&mut changed);
            Preset::own("acme", &changed).is_err()
        };
        assert!(Preset::own("canvas", &acme).is_err());
        assert!(refused(|it| it.like = "acme".to_owned()));
        assert!(refused(|it| it.base_url = Some("http://127.0.0.1:1".to_owned())));
        assert!(refused(|it| it.base_url = Some("http://id.acme.example".to_owned())));
        assert!(refused(|it| it.token_path = Some("@evil.example/".to_owned())));
        assert!(refused(|it| it.auth = Some("plain".to_owned())));
    }
}
