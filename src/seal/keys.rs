//! `key.age`: the keys of the vault, sealed to its members and signed by one of them.

use age::secrecy::ExposeSecret as _;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::binding::{self, base64, key_from_base64};
use super::sheet::{self, Sheet};
use super::signer::Signed;
use super::{
    Caps, Error, Members, OpeningKey, RecordPath, VERSION, VaultId, VerifyKey, envelope, names,
};
use crate::limits;
use crate::model::ProfileName;
use crate::secret::{Plaintext, SymmetricKey};

const WHAT: &str = "key.age";

/// One period between two changes of membership that took somebody away.
pub struct Epoch {
    number: u32,
    identity: age::x25519::Identity,
    mac_key: SymmetricKey,
    started_at: Timestamp,
}

impl Epoch {
    /// Its number, from 1.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.number
    }

    pub(super) fn mac_key(&self) -> &SymmetricKey {
        &self.mac_key
    }

    pub(super) fn recipient(&self) -> age::x25519::Recipient {
        self.identity.to_public()
    }

    fn new(number: u32, started_at: Timestamp) -> Result<Self, Error> {
        let identity = age::x25519::Identity::generate();
        Ok(Self { number, identity, mac_key: binding::random_key()?, started_at })
    }
}

/// The keys of an opened vault.
pub struct VaultKeys {
    vault: VaultId,
    sequence: u64,
    oldest_writer: u32,
    name_key: SymmetricKey,
    newest: Epoch,
    /// Those before the newest, oldest first.
    earlier: Vec<Epoch>,
}

impl VaultKeys {
    /// New keys for a new vault, in their first epoch.
    ///
    /// # Errors
    /// [`Error::NoRandomness`].
    pub fn generate(vault: VaultId, now: Timestamp) -> Result<Self, Error> {
        Ok(Self {
            vault,
            sequence: 1,
            oldest_writer: super::WRITER,
            name_key: binding::random_key()?,
            newest: Epoch::new(1, now)?,
            earlier: Vec::new(),
        })
    }

    /// Seals them to `members`, signed by `signer`.
    ///
    /// # Errors
    /// [`Error::TooLarge`] above `limits::KEY_STANZAS` members; [`Error::NoRandomness`].
    pub fn seal(&self, members: &Members, signer: &OpeningKey) -> Result<Vec<u8>, Error> {
        if members.len() > limits::KEY_STANZAS {
            return Err(Error::TooLarge(WHAT));
        }
        let plain = sheet::write(&Form::from(self), WHAT, |body| signer.sign(WHAT, body))?;
        let recipients: Vec<_> = members.recipients()?;
        envelope::seal(&plain, recipients.iter())
    }

    /// Opens `sealed` with a member's key. The signature is not checked yet: who may sign is in
    /// `members.age`, which these keys open (see [`OpenedKeys::verify`]).
    ///
    /// # Errors
    /// As [`envelope::open`]; [`Error::UnknownVersion`], [`Error::Damaged`], [`Error::Misplaced`].
    pub fn open(sealed: &[u8], key: &OpeningKey) -> Result<OpenedKeys, Error> {
        let identity = std::iter::once(key.identity() as &dyn age::Identity);
        let plain = envelope::open(sealed, identity, &Caps::recipients(limits::KEY_STANZAS), WHAT)?;
        let stanzas = envelope::count_x25519(sealed, WHAT)?;
        let sheet = Sheet::read(plain.expose(), WHAT)?;
        let keys = Self::try_from(sheet.body::<Form>(WHAT)?)?;
        if keys.vault != *key.vault() {
            return Err(Error::Misplaced(WHAT));
        }
        Ok(OpenedKeys { keys, plain, stanzas })
    }

    /// The vault they belong to.
    #[must_use]
    pub fn vault(&self) -> &VaultId {
        &self.vault
    }

    /// How often they were changed, from 1.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Whether this version of mintage may change the vault.
    #[must_use]
    pub fn may_write(&self) -> bool {
        self.oldest_writer <= super::WRITER
    }

    /// The epoch that new records are sealed in.
    #[must_use]
    pub fn newest(&self) -> &Epoch {
        &self.newest
    }

    /// Where the record of `name` lies.
    #[must_use]
    pub fn record_path(&self, name: &ProfileName) -> RecordPath {
        names::record_path(&self.name_key, name)
    }

    /// Newest first: most records are of the newest epoch.
    fn all(&self) -> impl Iterator<Item = &Epoch> {
        std::iter::once(&self.newest).chain(self.earlier.iter().rev())
    }

    /// Opens an object that is sealed to an epoch. The keys are the vault's own and the members'
    /// word for it, so where none of them fits, it is the object that is not the vault's.
    ///
    /// # Errors
    /// As [`envelope::open`], with [`Error::Forged`] for [`Error::WrongKey`].
    pub(super) fn unseal(
        &self,
        sealed: &[u8],
        what: &'static str,
    ) -> Result<(Plaintext, &Epoch), Error> {
        let caps = Caps::recipients(limits::RECORD_STANZAS);
        for epoch in self.all() {
            let identity = std::iter::once(&epoch.identity as &dyn age::Identity);
            match envelope::open(sealed, identity, &caps, what) {
                Err(Error::WrongKey(_)) => {}
                opened => return opened.map(|plain| (plain, epoch)),
            }
        }
        Err(Error::Forged(what))
    }
}

/// Keys whose signer is not approved yet.
pub struct OpenedKeys {
    keys: VaultKeys,
    plain: Plaintext,
    stanzas: usize,
}

impl OpenedKeys {
    /// For opening `members.age`, which says who may have signed these.
    #[must_use]
    pub fn unverified(&self) -> &VaultKeys {
        &self.keys
    }

    /// Approves the keys: signed by one of `members`, and sealed to as many as there are.
    ///
    /// # Errors
    /// [`Error::Forged`].
    pub fn verify(self, members: &Members) -> Result<VaultKeys, Error> {
        let sheet = Sheet::read(self.plain.expose(), WHAT)?;
        let signed: Signed = sheet.check(WHAT)?;
        let author: VerifyKey = signed.signer(WHAT)?;
        if !members.has(&author) || self.stanzas != members.len() {
            return Err(Error::Forged(WHAT));
        }
        signed.verify(WHAT, sheet.body)?;
        Ok(self.keys)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    v: String,
    vault: String,
    sequence: u64,
    oldest_writer: u32,
    name_key: Zeroizing<String>,
    epochs: Vec<EpochForm>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EpochForm {
    n: u32,
    identity: Zeroizing<String>,
    mac_key: Zeroizing<String>,
    started_at: Timestamp,
}

impl From<&VaultKeys> for Form {
    fn from(keys: &VaultKeys) -> Self {
        let VaultKeys { vault, sequence, oldest_writer, name_key, newest, earlier } = keys;
        Self {
            v: VERSION.to_owned(),
            vault: vault.to_string(),
            sequence: *sequence,
            oldest_writer: *oldest_writer,
            name_key: base64(name_key.expose()),
            epochs: earlier.iter().chain([newest]).map(EpochForm::from).collect(),
        }
    }
}

impl From<&Epoch> for EpochForm {
    fn from(epoch: &Epoch) -> Self {
        let Epoch { number, identity, mac_key, started_at } = epoch;
        Self {
            n: *number,
            identity: Zeroizing::new(identity.to_string().expose_secret().to_owned()),
            mac_key: base64(mac_key.expose()),
            started_at: *started_at,
        }
    }
}

impl TryFrom<Form> for VaultKeys {
    type Error = Error;

    fn try_from(form: Form) -> Result<Self, Error> {
        let Form { v: _, vault, sequence, oldest_writer, name_key, epochs } = form;
        let mut earlier: Vec<Epoch> =
            epochs.into_iter().map(Epoch::try_from).collect::<Result<_, _>>()?;
        let numbered = (1..).zip(&earlier).all(|(number, epoch)| epoch.number == number);
        let newest = earlier.pop().filter(|_| numbered).ok_or(Error::Damaged(WHAT))?;
        let name_key = key_from_base64(&name_key, WHAT)?;
        Ok(Self { vault: vault.parse()?, sequence, oldest_writer, name_key, newest, earlier })
    }
}

impl TryFrom<EpochForm> for Epoch {
    type Error = Error;

    fn try_from(form: EpochForm) -> Result<Self, Error> {
        let EpochForm { n, identity, mac_key, started_at } = form;
        let identity = identity.parse().map_err(|_| Error::Damaged(WHAT))?;
        Ok(Self { number: n, identity, mac_key: key_from_base64(&mac_key, WHAT)?, started_at })
    }
}
