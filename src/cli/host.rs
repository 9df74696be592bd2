//! What the agent is given: how this program opens a vault, and how it says what failed.

use std::cell::Cell;
use std::path::{Path, PathBuf};

use super::commands::describe;
use super::parts::Parts;
use super::warm;
use super::{Failure, report};
use crate::agent::{Host, NotOpen, Trouble};
use crate::broker::{self, Told};
use crate::clock::Clock;
use crate::config::{self, Registered, Settings};
use crate::model::Profile;
use crate::seal::{self, OpeningKey};
use crate::vault::{self, OpenVault};
use crate::{disk, store};

/// So many lines are logged: others cannot fill the disk with them.
const LINES: usize = 200;

/// The program around the agent. It lives as long as the process.
pub struct Here {
    parts: &'static Parts,
    settings: PathBuf,
    /// The folders that the sandbox lets us reach; `None` where there is none.
    reachable: Option<Vec<Which>>,
    /// Lines logged so far.
    said: Cell<usize>,
}

/// Which folder it is, wherever it lies.
type Which = (u64, u64);

impl Here {
    /// With the parts of a process that is nothing but the agent from here on, which will be kept to
    /// these folders, if to any.
    pub fn new(parts: &'static Parts, reachable: Option<&[PathBuf]>) -> Self {
        let reachable = reachable.map(|paths| paths.iter().filter_map(|it| which(it)).collect());
        Self { parts, settings: parts.paths.settings(), reachable, said: Cell::new(0) }
    }

    /// Whether it is there, and is another one than when the sandbox was entered: it knows folders,
    /// not paths.
    fn is_new(&self, folder: &Path) -> bool {
        let known = |it: Which| self.reachable.as_ref().is_none_or(|known| known.contains(&it));
        which(folder).is_some_and(|it| !known(it))
    }
}

impl Host for Here {
    fn settings_file(&self) -> &Path {
        &self.settings
    }

    fn settings(&self) -> Result<Settings, config::Error> {
        Settings::read(&self.settings)
    }

    fn folders(&self) -> Vec<u8> {
        warm::folders(&self.parts.paths)
    }

    fn is_out_of_reach(&self, error: &config::Error) -> bool {
        let refused = matches!(error, config::Error::File(error) if is_refused(error));
        refused && self.is_new(self.parts.paths.config())
    }

    fn open(
        &self,
        registered: &Registered,
        key: &OpeningKey,
    ) -> Result<OpenVault<'static>, NotOpen> {
        if self.is_new(self.parts.paths.state()) {
            let told = told(&Failure::OddAnswer);
            return Err(NotOpen { told, wrong_key: false, out_of_reach: true });
        }
        let store = self.parts.store(&registered.path);
        let opened = store.and_then(|store| self.parts.open(store, registered, key));
        opened.map_err(|failure| NotOpen {
            wrong_key: is_wrong_key(&failure),
            out_of_reach: is_about_access(&failure) && self.is_new(&registered.path),
            told: told(&failure),
        })
    }

    fn tell(&self, trouble: Trouble) -> Told {
        told(&match trouble {
            Trouble::Config(error) => error.into(),
            Trouble::Vault(error) | Trouble::Lease(_, broker::Error::Vault(error)) => error.into(),
            Trouble::Lease(profile, source) => Failure::Mint { profile, source },
            Trouble::NoDefault => Failure::NoDefault,
            Trouble::TokenOnly(profile) => Failure::TokenOnly(profile.to_string()),
            Trouble::NoField(profile) => Failure::NoField(profile),
            Trouble::NotRevoked(profile, source) => Failure::NotRevoked { profile, source },
        })
    }

    fn show(&self, profile: &Profile) -> String {
        describe::json(profile).to_string()
    }

    fn tell_warning(&self, warning: &vault::Warning) -> String {
        report::sentence(warning)
    }

    fn clock(&self) -> &'static dyn Clock {
        self.parts.clock()
    }

    fn log(&self, line: &str) {
        let said = self.said.get();
        if said < LINES {
            self.said.set(said + 1);
            self.parts.style.warn(line);
        }
    }
}

fn told(failure: &Failure) -> Told {
    Told {
        code: report::exit_code(failure),
        sentence: report::sentence(failure),
        hints: report::hints(failure),
    }
}

fn is_wrong_key(failure: &Failure) -> bool {
    let wrong =
        |error: &vault::Error| matches!(error, vault::Error::Sealed(seal::Error::WrongKey(_)));
    matches!(failure, Failure::Vault(error) if wrong(error))
}

/// What the sandbox says, too, to what was registered after the agent was started.
fn is_about_access(failure: &Failure) -> bool {
    let (Failure::Vault(vault::Error::Store(store::Error::Disk(error))) | Failure::Disk(error)) =
        failure
    else {
        return false;
    };
    is_refused(error)
}

fn is_refused(error: &disk::Error) -> bool {
    matches!(error, disk::Error::Io { source, .. }
        if source.kind() == std::io::ErrorKind::PermissionDenied)
}

/// Which folder it is.
fn which(folder: &Path) -> Option<Which> {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata(folder).ok().map(|found| (found.dev(), found.ino()))
}
