//! The folders of this user.

use std::path::{Path, PathBuf};

use directories::{BaseDirs, ProjectDirs};

use super::Error;
use crate::model::VaultName;

/// Where this user's files lie.
///
/// | | settings, wrapped keys | vaults | state |
/// |---|---|---|---|
/// | Linux | `$XDG_CONFIG_HOME/mintage` | `$XDG_DATA_HOME/mintage` | `$XDG_STATE_HOME/mintage` |
/// | macOS | `~/Library/Application Support/mintage` | the same | the same |
/// | Windows | `%LOCALAPPDATA%\mintage\config` | `%LOCALAPPDATA%\mintage\data` | the same |
///
/// On Linux the defaults are `~/.config`, `~/.local/share` and `~/.local/state`, and relative values
/// are ignored, as the XDG specification demands. Windows is asked for its folder: the variable is
/// not read. Nothing lies in its roaming folder, which a domain copies to other machines: settings
/// name places on this one, and a key is one device's.
#[derive(Debug, Clone)]
pub struct Paths {
    home: PathBuf,
    config: PathBuf,
    data: PathBuf,
    state: PathBuf,
    runtime: PathBuf,
}

impl Paths {
    /// Finds them. Nothing is created.
    ///
    /// # Errors
    /// [`Error::NoHome`].
    pub fn find() -> Result<Self, Error> {
        let found = ProjectDirs::from("", "", "mintage").ok_or(Error::NoHome)?;
        let data = found.data_local_dir();
        let config = found.config_local_dir();
        let absolute = config.is_absolute() && data.is_absolute();
        if !absolute {
            return Err(Error::NoHome);
        }
        let base = BaseDirs::new().ok_or(Error::NoHome)?;
        let state = found.state_dir().unwrap_or(data).to_owned();
        Ok(Self {
            home: base.home_dir().to_owned(),
            runtime: runtime(base.runtime_dir(), &state),
            config: config.to_owned(),
            data: data.to_owned(),
            state,
        })
    }

    /// The user's home folder.
    #[must_use]
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// The settings file.
    #[must_use]
    pub fn settings(&self) -> PathBuf {
        self.config.join("settings.toml")
    }

    /// The folder of the settings file.
    #[must_use]
    pub fn config(&self) -> &Path {
        &self.config
    }

    /// Where passphrase-wrapped opening keys lie.
    #[must_use]
    pub fn identities(&self) -> PathBuf {
        self.config.join("identities")
    }

    /// Where a vault named `name` lies unless another place is given.
    #[must_use]
    pub fn vault(&self, name: &VaultName) -> PathBuf {
        self.data.join("vaults").join(name.as_str())
    }

    /// Where the agent and its clients meet: `$XDG_RUNTIME_DIR/mintage`, where that variable names a
    /// folder that belongs to us alone; else `/run/user/UID/mintage` under the same condition; else
    /// `run` in the state folder. No other variable moves it.
    #[must_use]
    pub fn runtime(&self) -> &Path {
        &self.runtime
    }

    /// Where what is known of each vault is kept, beside the vault itself.
    #[must_use]
    pub fn state(&self) -> &Path {
        &self.state
    }
}

#[cfg(unix)]
fn runtime(stated: Option<&Path>, state: &Path) -> PathBuf {
    use std::os::unix::fs::MetadataExt as _;

    const OTHERS: u32 = 0o077;
    let own = rustix::process::geteuid().as_raw();
    let usual = PathBuf::from(format!("/run/user/{own}"));
    let is_private = |path: &Path| {
        std::fs::metadata(path)
            .is_ok_and(|found| found.is_dir() && found.uid() == own && found.mode() & OTHERS == 0)
    };
    let found = stated.into_iter().chain([usual.as_path()]).find(|path| is_private(path));
    found.map_or_else(|| state.join("run"), |path| path.join("mintage"))
}

#[cfg(not(unix))]
fn runtime(_: Option<&Path>, state: &Path) -> PathBuf {
    state.join("run")
}
