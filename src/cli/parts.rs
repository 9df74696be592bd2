//! The composition root: the only place where concrete types meet.

use std::path::{Path, PathBuf};

use super::Failure;
use super::args::Global;
use super::style::Style;
use crate::agent::Runtime;
use crate::clock::{self, Clock};
use crate::config::{self, Environment, KeySource, OwnPreset, Paths, Registered, Settings};
use crate::disk::{self, Lock};
use crate::grant::Preset;
use crate::handover::ChildStretch;
use crate::harden::Before;
use crate::identity::{IdentityFile, Keychain, PassphraseFile, PassphraseFrom, Source};
use crate::limits;
use crate::model::VaultName;
use crate::prompt::{Nobody, Prompt, Terminal};
use crate::seal::{self, Fingerprint, OpeningKey, VaultId};
use crate::stack;
use crate::store::DirStore;
use crate::vault::{self, OpenVault, Pins};

/// What a command is given beside its own arguments.
pub struct Parts {
    /// The environment.
    pub environment: Environment,
    /// The folders.
    pub paths: Paths,
    /// The options that all commands share.
    pub global: Global,
    /// How to say things.
    pub style: Style,
    /// Whom to ask.
    pub prompt: Box<dyn Prompt>,
    /// The limits to give back to a child.
    pub before: Before,
}

impl Parts {
    /// Reads what the process was given.
    ///
    /// # Errors
    /// [`Failure::Config`].
    pub fn gather(global: Global, before: Before) -> Result<Self, Failure> {
        let environment = Environment::read();
        let style = Style::new(&global, &environment);
        let silent = global.non_interactive || environment.non_interactive;
        let paths = Paths::find()?;
        let prompt = if silent { Box::new(Nobody) } else { prompt(&paths) };
        Ok(Self { environment, paths, global, style, prompt, before })
    }

    /// The clocks.
    #[expect(clippy::unused_self, reason = "a part like the others")]
    pub fn clock(&self) -> &'static dyn Clock {
        &clock::System
    }

    /// The day it is, in UTC.
    pub fn today(&self) -> jiff::civil::Date {
        self.clock().wall().to_zoned(jiff::tz::TimeZone::UTC).date()
    }

    /// Where the agent is met, and where a lock is marked.
    pub fn runtime(&self) -> Runtime {
        Runtime::new(self.paths.runtime().to_owned())
    }

    /// Nothing is opened while somebody has locked.
    ///
    /// # Errors
    /// [`Failure::Locked`].
    pub fn refuse_if_locked(&self) -> Result<(), Failure> {
        if self.runtime().is_locked() { Err(Failure::Locked { sticky: true }) } else { Ok(()) }
    }

    /// The settings as they are on disk now.
    ///
    /// # Errors
    /// [`Failure::Config`].
    pub fn settings(&self) -> Result<Settings, Failure> {
        Ok(Settings::read(&self.paths.settings())?)
    }

    /// The preset of this name: one of ours, or of the settings.
    ///
    /// # Errors
    /// [`Failure::Config`]; [`Failure::Usage`] where that of the settings is not as it may be.
    pub fn preset(&self, name: &str) -> Result<Option<Preset>, Failure> {
        if let Some(preset) = Preset::find(name) {
            return Ok(Some(preset));
        }
        let settings = self.settings()?;
        settings.presets.get(name).map(|own| own_preset(name, own)).transpose()
    }

    /// Changes the settings, one process at a time.
    ///
    /// # Errors
    /// [`Failure::Config`], [`Failure::Disk`].
    pub fn change_settings(
        &self,
        change: impl FnOnce(&mut Settings) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let folder = self.paths.config();
        disk::make_private_dir(folder)?;
        let _held = Lock::take(&folder.join("settings.lock"), limits::VAULT_LOCK, self.clock())?;
        let mut settings = self.settings()?;
        change(&mut settings)?;
        let path = self.paths.settings();
        let text = settings.to_text(&path)?;
        let temp = folder.join("tmp");
        disk::make_private_dir(&temp)?;
        Ok(disk::replace(&path, text.as_bytes(), &temp)?)
    }

    /// The name and registration of the vault that is meant.
    ///
    /// # Errors
    /// [`Failure::Config`].
    pub fn registered(&self) -> Result<(VaultName, Registered), Failure> {
        let settings = self.settings()?;
        let choice = self.global.vault.as_deref().or(self.environment.vault.as_deref());
        let (name, registered) = settings.choose(choice)?;
        Ok((name.clone(), registered.clone()))
    }

    /// Where the opening key of vault `id` comes from.
    pub fn source(&self, id: &VaultId, key: &KeySource) -> Box<dyn Source + '_> {
        match key {
            KeySource::Keychain => Box::new(Keychain::of(id)),
            KeySource::File(path) => Box::new(IdentityFile::new(path.clone())),
            KeySource::Passphrase => Box::new(PassphraseFile {
                path: self.wrapped_key(id),
                from: self
                    .global
                    .passphrase_fd
                    .map_or(PassphraseFrom::Prompt, PassphraseFrom::Descriptor),
                stretch: &ChildStretch,
                clock: self.clock(),
            }),
        }
    }

    /// The file of the passphrase-wrapped opening key of vault `id`.
    pub fn wrapped_key(&self, id: &VaultId) -> PathBuf {
        self.paths.identities().join(format!("{id}.age"))
    }

    /// The file of the opening key of vault `id` where no other is chosen.
    pub fn own_key_file(&self, id: &VaultId) -> PathBuf {
        self.paths.identities().join(format!("{id}.key"))
    }

    /// Opens the vault that is meant.
    ///
    /// # Errors
    /// [`Failure::Locked`], [`Failure::Config`], [`Failure::Identity`], [`Failure::Vault`].
    pub fn open_vault(&self) -> Result<OpenVault<'_>, Failure> {
        self.registered()?;
        self.refuse_if_locked()?;
        let opened = self.load_and_open(|| self.refuse_if_locked());
        // The opening key was moved about.
        stack::scrub(stack::Depth::Opening);
        opened
    }

    /// Opens it although somebody has locked, to end that.
    ///
    /// # Errors
    /// As [`Parts::open_vault`].
    pub fn open_for_unlock(&self) -> Result<OpenVault<'_>, Failure> {
        let opened = self.load_and_open(|| Ok(()));
        stack::scrub(stack::Depth::Opening);
        opened
    }

    /// `may_open` is asked once the key is there: somebody may have typed for a minute.
    fn load_and_open(
        &self,
        may_open: impl FnOnce() -> Result<(), Failure>,
    ) -> Result<OpenVault<'_>, Failure> {
        let (name, registered) = self.registered()?;
        self.style.note(format_args!(
            "vault `{name}` at `{}`, key from the {}",
            registered.path.display(),
            registered.key.as_str()
        ));
        if registered.unborn {
            return Err(vault::Error::Unborn.into());
        }
        let store = self.store(&registered.path)?;
        let id: VaultId = registered.id.parse().map_err(vault::Error::from)?;
        let key = self.source(&id, &registered.key).load(self.prompt.as_ref())?;
        may_open()?;
        self.open(store, &registered, &key)
    }

    /// Opens a vault with a key at hand. What is noticed on the way is said.
    ///
    /// # Errors
    /// [`Failure::Vault`].
    pub fn open<'a>(
        &'a self,
        store: DirStore<'a>,
        registered: &Registered,
        key: &OpeningKey,
    ) -> Result<OpenVault<'a>, Failure> {
        self.open_with(store, registered, key, self.pins(key))
    }

    /// The same, with other pins than this device's own.
    ///
    /// # Errors
    /// [`Failure::Vault`].
    pub fn open_with<'a>(
        &'a self,
        store: DirStore<'a>,
        registered: &Registered,
        key: &OpeningKey,
        pins: Pins<'a>,
    ) -> Result<OpenVault<'a>, Failure> {
        if registered.unborn {
            return Err(vault::Error::Unborn.into());
        }
        let wrong_key = || vault::Error::from(seal::Error::WrongKey("this vault"));
        if key.vault().as_str() != registered.id {
            return Err(wrong_key().into());
        }
        let fingerprint: Fingerprint =
            registered.fingerprint.parse().map_err(vault::Error::from)?;
        if key.fingerprint().is_some_and(|known| *known != fingerprint) {
            return Err(vault::Error::from(seal::Error::Forged("the settings' fingerprint")).into());
        }
        Ok(OpenVault::open(Box::new(store), key, &fingerprint, pins, self.clock())?)
    }

    /// The pins of the vault that `key` opens.
    pub fn pins(&self, key: &OpeningKey) -> Pins<'_> {
        Pins::new(self.pin_folder(key), key.pin_key(), self.clock())
    }

    /// Where they lie. Each key has pins of its own, as it cannot check another's.
    pub fn pin_folder(&self, key: &OpeningKey) -> PathBuf {
        self.paths.state().join("pins").join(key.vault().as_str()).join(key.short_name())
    }

    /// The store in a vault's folder.
    ///
    /// # Errors
    /// [`Failure::Vault`].
    pub fn store(&self, place: &Path) -> Result<DirStore<'_>, Failure> {
        let opened = DirStore::open(place, self.clock());
        opened.map_err(|error| match error {
            crate::store::Error::Disk(disk::Error::NotFound(_)) => {
                vault::Error::NotThere(place.display().to_string()).into()
            }
            other => vault::Error::from(other).into(),
        })
    }

    /// Says what was noticed while `vault` was used.
    pub fn say_warnings(&self, vault: &OpenVault<'_>) {
        for warning in vault.take_warnings() {
            self.style.warn(super::report::sentence(&warning));
        }
    }
}

/// Whom to ask: the terminal, else the program that the settings name, else nobody.
fn prompt(paths: &Paths) -> Box<dyn Prompt> {
    if let Some(terminal) = Terminal::open() {
        return Box::new(terminal);
    }
    #[cfg(unix)]
    // What is wrong with the settings is said by whatever needs them.
    if let Some(program) = Settings::read(&paths.settings()).ok().and_then(|it| it.pinentry) {
        return Box::new(crate::handover::Pinentry::new(program));
    }
    #[cfg(not(unix))]
    let _ = paths;
    Box::new(Nobody)
}

/// A path from the command line, made absolute.
///
/// # Errors
/// [`Failure::Disk`].
pub fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    if path.is_absolute() {
        return Ok(path.to_owned());
    }
    let here = config::working_folder().map_err(|source| disk::Error::Io {
        action: "find",
        path: path.to_owned(),
        source,
    })?;
    Ok(here.join(path))
}

/// A preset of the settings; where it is not as it may be, by its name there.
///
/// # Errors
/// [`Failure::Usage`].
pub fn own_preset(name: &str, own: &OwnPreset) -> Result<Preset, Failure> {
    Preset::own(name, own).map_err(|invalid| {
        Failure::Usage(format!("`[preset.{}]` in the settings: {invalid}", name.escape_default()))
    })
}
