//! The settings file: which vaults are registered, and how to reach the network.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Error;
use super::agent::{self, AgentSettings};
use super::preset::OwnPreset;
use crate::disk;
use crate::limits;
use crate::model::VaultName;

/// The settings. They add no roots, no endpoints and no credentials to a profile that there is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// The vault used where none is named; the only one, if there is one.
    default: Option<VaultName>,
    /// An http proxy for issuers, asked with CONNECT.
    pub proxy: Option<String>,
    /// The program that asks for a passphrase where there is no terminal.
    pub pinentry: Option<PathBuf>,
    /// How the agent is to behave.
    pub agent: AgentSettings,
    /// Presets of the user's own, by name.
    pub presets: BTreeMap<String, OwnPreset>,
    vaults: BTreeMap<VaultName, Registered>,
}

/// A registered vault: where it is, which one it must be, and where its opening key comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// Its folder.
    pub path: PathBuf,
    /// Its id.
    pub id: String,
    /// Its fingerprint.
    pub fingerprint: String,
    /// Where its opening key comes from.
    pub key: KeySource,
    /// Its making was begun and has not been finished: nothing can have been sealed in it.
    pub unborn: bool,
    /// Its destruction was begun: what is missing of it was removed on purpose.
    pub destroying: bool,
    /// The profile used where none is named: the path of its record, which tells nothing of its
    /// name.
    pub profile: Option<String>,
}

/// Where an opening key comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// The keychain of the operating system.
    Keychain,
    /// A file in the config folder, wrapped by a passphrase.
    Passphrase,
    /// A file of the user's own choice, with mode 0600.
    File(PathBuf),
}

impl KeySource {
    /// Its spelling in settings and listings.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Keychain => "keychain",
            Self::Passphrase => "passphrase",
            Self::File(_) => "file",
        }
    }
}

impl Settings {
    /// Reads the file; a file that is not there is empty settings.
    ///
    /// # Errors
    /// - [`Error::File`]: others could have written it.
    /// - [`Error::Settings`]: an unknown name, a wrong type, a name twice; with line and column.
    pub fn read(path: &Path) -> Result<Self, Error> {
        match disk::read_private(path, limits::SETTINGS) {
            Ok(bytes) => Self::parse(&bytes, path),
            Err(disk::Error::NotFound(_)) => Ok(Self::default()),
            Err(error) => Err(Error::File(error)),
        }
    }

    fn parse(bytes: &[u8], path: &Path) -> Result<Self, Error> {
        let invalid = |fault: String| Error::Settings { path: path.display().to_string(), fault };
        let text = std::str::from_utf8(bytes).map_err(|error| invalid(error.to_string()))?;
        let form: Form = toml::from_str(text).map_err(|error| invalid(toml_fault(text, &error)))?;
        form.try_into().map_err(|(name, fault): (String, &str)| {
            invalid(format!("`{}`: {fault}", name.escape_default()))
        })
    }

    /// The text of the file.
    ///
    /// # Errors
    /// [`Error::Settings`] where a path is not UTF-8.
    pub fn to_text(&self, path: &Path) -> Result<String, Error> {
        let fault = |fault: String| Error::Settings { path: path.display().to_string(), fault };
        let form = Form::try_from(self)
            .map_err(|path| fault(format!("`{}` is not UTF-8", path.display())))?;
        let body = toml::to_string(&form).map_err(|error| fault(error.to_string()))?;
        Ok(format!(
            "# Written by mintage, which keeps no comments. Vaults not listed here are never opened.\n{body}"
        ))
    }

    /// The registered vault that `choice` means: a name, or the place of one; the default without.
    ///
    /// # Errors
    /// [`Error::UnknownVault`], [`Error::NoVault`].
    pub fn choose(&self, choice: Option<&str>) -> Result<(&VaultName, &Registered), Error> {
        let found = match choice {
            Some(text) => self.vaults.iter().find(|(name, vault)| {
                name.as_str() == text || is_same_place(&vault.path, Path::new(text))
            }),
            None => self.default.as_ref().and_then(|name| self.vaults.get_key_value(name)),
        };
        found.ok_or_else(|| choice.map_or(Error::NoVault, |c| Error::UnknownVault(shown(c))))
    }

    /// The other registration of the same vault as `name`, by its id or its place.
    #[must_use]
    pub fn twin(&self, name: &VaultName) -> Option<&VaultName> {
        let own = self.vaults.get(name)?;
        let is_twin =
            |other: &Registered| other.id == own.id || is_same_place(&other.path, &own.path);
        let mut others = self.vaults.iter().filter(|(other, _)| *other != name);
        others.find(|(_, other)| is_twin(other)).map(|(other, _)| other)
    }

    /// Every registered vault.
    pub fn vaults(&self) -> impl Iterator<Item = (&VaultName, &Registered)> {
        self.vaults.iter()
    }

    /// Whether `name` is the one used where none is named.
    #[must_use]
    pub fn is_default(&self, name: &VaultName) -> bool {
        self.default.as_ref() == Some(name)
    }

    /// Registers a vault in place of whatever has its name; the first becomes the default.
    pub fn replace(&mut self, name: VaultName, vault: Registered) {
        self.default.get_or_insert_with(|| name.clone());
        self.vaults.insert(name, vault);
    }

    /// The registration named `name`, to be changed.
    pub fn vault_mut(&mut self, name: &VaultName) -> Option<&mut Registered> {
        self.vaults.get_mut(name)
    }

    /// Takes a registration back. Another vault becomes the default where this one was it.
    pub fn forget(&mut self, name: &VaultName) {
        self.vaults.remove(name);
        if self.is_default(name) {
            self.default = self.vaults.keys().next().cloned();
        }
    }

    /// Registers a vault; the first becomes the default.
    ///
    /// # Errors
    /// [`Error::VaultExists`].
    pub fn register(&mut self, name: VaultName, vault: Registered) -> Result<(), Error> {
        if self.vaults.contains_key(&name) {
            return Err(Error::VaultExists(name));
        }
        self.replace(name, vault);
        Ok(())
    }
}

fn is_same_place(known: &Path, given: &Path) -> bool {
    let real = |path: &Path| std::fs::canonicalize(path).ok();
    // A bare word is a name, never a folder that happens to lie here.
    given.components().count() > 1
        && (known == given || real(given).is_some_and(|given| real(known) == Some(given)))
}

/// `http://host:port`, without anything else: user and password would be a secret in the settings.
fn is_proxy(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| {
        url.scheme() == "http"
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.path() == "/"
    })
}

fn shown(text: &str) -> String {
    text.chars().take(80).flat_map(char::escape_default).collect()
}

fn toml_fault(text: &str, error: &toml::de::Error) -> String {
    let line = error
        .span()
        .and_then(|span| text.get(..span.start))
        .map_or(1, |before| before.matches('\n').count() + 1);
    format!("line {line}: {}", error.message())
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    #[serde(skip_serializing_if = "Option::is_none")]
    default: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    proxy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pinentry: Option<String>,
    #[serde(default, skip_serializing_if = "agent::Form::is_empty")]
    agent: agent::Form,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    preset: BTreeMap<String, OwnPreset>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    vault: BTreeMap<String, VaultForm>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct VaultForm {
    path: String,
    id: String,
    fingerprint: String,
    key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity_file: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    unborn: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    destroying: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<String>,
}

impl TryFrom<Form> for Settings {
    type Error = (String, &'static str);

    fn try_from(form: Form) -> Result<Self, Self::Error> {
        let Form { default, proxy, pinentry, agent, preset, vault } = form;
        let mut vaults = BTreeMap::new();
        for (name, form) in vault {
            let known = name.parse().map_err(|_| (name.clone(), "not a vault name"))?;
            vaults.insert(known, form.try_into().map_err(|fault| (name, fault))?);
        }
        if proxy.as_deref().is_some_and(|proxy| !is_proxy(proxy)) {
            return Err(("proxy".to_owned(), "not an http URL of a proxy"));
        }
        let pinentry = pinentry.map(PathBuf::from);
        if pinentry.as_deref().is_some_and(|program| !program.is_absolute()) {
            return Err(("pinentry".to_owned(), "not the absolute path of a program"));
        }
        let default = match default {
            Some(name) => {
                let known: VaultName =
                    name.parse().map_err(|_| (name.clone(), "not a vault name"))?;
                if !vaults.contains_key(&known) {
                    return Err((name, "the default is not registered"));
                }
                Some(known)
            }
            None => None,
        };
        let agent = agent.try_into().map_err(|fault| ("agent".to_owned(), fault))?;
        Ok(Self { default, proxy, pinentry, agent, presets: preset, vaults })
    }
}

impl TryFrom<VaultForm> for Registered {
    type Error = &'static str;

    fn try_from(form: VaultForm) -> Result<Self, &'static str> {
        let VaultForm { path, id, fingerprint, key, identity_file, unborn, destroying, profile } =
            form;
        let key = match (key.as_str(), identity_file) {
            ("keychain", None) => KeySource::Keychain,
            ("passphrase", None) => KeySource::Passphrase,
            ("file", Some(file)) => KeySource::File(file.into()),
            ("file", None) => return Err("`key = \"file\"` needs `identity_file`"),
            (_, Some(_)) => return Err("`identity_file` goes with `key = \"file\"` only"),
            _ => return Err("`key` is `keychain`, `passphrase` or `file`"),
        };
        let path = PathBuf::from(path);
        if !path.is_absolute() {
            return Err("`path` is not absolute");
        }
        Ok(Self { path, id, fingerprint, key, unborn, destroying, profile })
    }
}

impl TryFrom<&Settings> for Form {
    type Error = PathBuf;

    fn try_from(settings: &Settings) -> Result<Self, PathBuf> {
        let Settings { default, proxy, pinentry, agent, presets, vaults } = settings;
        let mut vault = BTreeMap::new();
        for (name, registered) in vaults {
            vault.insert(name.to_string(), registered.try_into()?);
        }
        Ok(Self {
            default: default.as_ref().map(VaultName::to_string),
            proxy: proxy.clone(),
            pinentry: text_of(pinentry.as_deref())?,
            agent: agent.into(),
            preset: presets.clone(),
            vault,
        })
    }
}

/// A path as text; the path itself where it is not UTF-8.
fn text_of(path: Option<&Path>) -> Result<Option<String>, PathBuf> {
    path.map(|path| path.to_str().map(str::to_owned).ok_or_else(|| path.to_owned())).transpose()
}

impl TryFrom<&Registered> for VaultForm {
    type Error = PathBuf;

    fn try_from(vault: &Registered) -> Result<Self, PathBuf> {
        let Registered { path, id, fingerprint, key, unborn, destroying, profile } = vault;
        let text = |path: &Path| path.to_str().map(str::to_owned).ok_or_else(|| path.to_owned());
        let identity_file = match key {
            KeySource::File(file) => Some(text(file)?),
            KeySource::Keychain | KeySource::Passphrase => None,
        };
        Ok(Self {
            path: text(path)?,
            id: id.clone(),
            fingerprint: fingerprint.clone(),
            key: key.as_str().to_owned(),
            identity_file,
            unborn: *unborn,
            destroying: *destroying,
            profile: profile.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Settings, String> {
        Settings::parse(text.as_bytes(), Path::new("s")).map_err(|error| error.to_string())
    }

    const WORK: &str = "default = \"work\"\n[vault.work]\npath = \"/v\"\nid = \"1\"\n\
                        fingerprint = \"SHA256:x\"\nkey = \"file\"\nidentity_file = \"/k\"\n";

    #[test]
    fn settings_read_back_as_they_were_written() {
        let settings = parse(WORK).expect("valid");
        let text = settings.to_text(Path::new("s")).expect("UTF-8");
        assert_eq!(parse(&text), Ok(settings));
    }

    // N03
    #[test]
    fn a_fault_is_named_with_its_line() {
        let with = |line: &str| parse(&format!("{WORK}{line}\n")).expect_err("refused");
        assert!(with("roots = \"/x\"").contains("line 8: unknown field `roots`"));
        assert!(with("path = \"/w\"").contains("line 8: duplicate key"));
        assert!(with("[vault.work]").contains("line 8: duplicate key"));
        assert!(parse("proxy = 3").expect_err("refused").contains("line 1: invalid type"));
        assert!(parse("default = \"x\"").expect_err("refused").contains("not registered"));
    }

    #[test]
    fn only_registered_vaults_are_chosen() {
        let settings = parse(WORK).expect("valid");
        assert!(settings.choose(None).is_ok());
        assert!(settings.choose(Some("work")).is_ok());
        assert!(matches!(settings.choose(Some("other")), Err(Error::UnknownVault(_))));
        assert!(matches!(settings.choose(Some("/somewhere/else")), Err(Error::UnknownVault(_))));
        assert!(matches!(Settings::default().choose(None), Err(Error::NoVault)));
    }
}
