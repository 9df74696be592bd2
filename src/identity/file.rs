//! The opening key in a file of the user's own choice: a server's disk, a recovery key.

use std::path::PathBuf;

use zeroize::Zeroizing;

use super::{Error, Source};
use crate::disk;
use crate::prompt::Prompt;
use crate::seal::{self, OpeningKey};
use crate::secret::IdentityText;

/// A key file is a few hundred bytes.
const CAP: u64 = 16 * 1024;

/// A file with mode 0600 in trusted folders, which stock `age -i` can use too.
#[derive(Debug, Clone)]
pub struct IdentityFile {
    path: PathBuf,
    title: &'static str,
}

impl IdentityFile {
    /// The key file at `path`.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self { path, title: "opening key: keep it private, it opens the vault" }
    }

    /// The recovery key at `path`; it differs in its first line only.
    #[must_use]
    pub fn recovery(path: PathBuf) -> Self {
        Self { path, title: "recovery key: print it, keep it apart from the vault" }
    }
}

impl Source for IdentityFile {
    fn kind(&self) -> &'static str {
        "file"
    }

    fn load(&self, _prompt: &dyn Prompt) -> Result<OpeningKey, Error> {
        let bytes = disk::read_private(&self.path, CAP).map_err(|error| match error {
            disk::Error::NotFound(_) => Error::Missing { kind: self.kind() },
            other => Error::File(other),
        })?;
        let text = std::str::from_utf8(&bytes)
            .map_err(|_| Error::Key(seal::Error::Damaged("the key file")))?;
        OpeningKey::parse(&IdentityText::new(Zeroizing::new(text.to_owned()))).map_err(Error::Key)
    }

    fn save(&self, key: &OpeningKey, _prompt: &dyn Prompt) -> Result<(), Error> {
        let text = key.to_file(self.title);
        disk::create_new(&self.path, text.expose().as_bytes()).map_err(Error::File)
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::prompt::Nobody;
    use crate::seal::VaultId;

    #[test]
    fn what_is_kept_is_private_and_is_found_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("key");
        let source = IdentityFile::new(path.clone());
        assert!(matches!(source.load(&Nobody), Err(Error::Missing { .. })));
        let key = OpeningKey::generate(VaultId::random().expect("random"), None);
        source.save(&key, &Nobody).expect("saved");
        let mode = fs::metadata(&path).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let again = source.load(&Nobody).expect("found");
        assert_eq!(again.verify_key(), key.verify_key());
        assert!(source.save(&key, &Nobody).is_err(), "never replaced");
    }

    #[test]
    fn a_file_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("key");
        let source = IdentityFile::new(path.clone());
        let key = OpeningKey::generate(VaultId::random().expect("random"), None);
        source.save(&key, &Nobody).expect("saved");
        fs::set_permissions(&path, Permissions::from_mode(0o640)).expect("changed");
        assert!(matches!(source.load(&Nobody), Err(Error::File(disk::Error::Untrusted { .. }))));
    }
}
