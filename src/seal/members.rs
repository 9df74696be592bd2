//! `members.age`: who may open and who may sign, vouched for by the vault's founder.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::sheet::{self, Sheet};
use super::signer::Signed;
use super::{Error, Fingerprint, OpeningKey, VERSION, VaultId, VaultKeys, VerifyKey, envelope};

const WHAT: &str = "members.age";

/// What kind of holder a member is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MemberKind {
    /// A person's device.
    Person,
    /// The key on paper or in a safe.
    Recovery,
}

/// One holder of an opening key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// A word for people.
    pub label: String,
    /// Its kind.
    pub kind: MemberKind,
    /// Its age recipient, in text form.
    pub recipient: String,
    /// Its verify key.
    pub verify_key: VerifyKey,
    /// Who added it.
    pub added_by: VerifyKey,
    /// When.
    pub added_at: Timestamp,
}

impl Member {
    /// The member that holds `key`.
    #[must_use]
    pub fn holding(key: &OpeningKey, label: &str, kind: MemberKind, added: &Added<'_>) -> Self {
        Self {
            label: label.to_owned(),
            kind,
            recipient: key.recipient().to_string(),
            verify_key: key.verify_key(),
            added_by: added.by.verify_key(),
            added_at: added.at,
        }
    }
}

/// Who adds a member, and when.
pub struct Added<'a> {
    /// The signing member.
    pub by: &'a OpeningKey,
    /// The time.
    pub at: Timestamp,
}

/// The list of members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Members {
    vault: VaultId,
    sequence: u64,
    list: Vec<Member>,
}

impl Members {
    /// The first list of a new vault.
    #[must_use]
    pub fn founding(vault: VaultId, list: Vec<Member>) -> Self {
        Self { vault, sequence: 1, list }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How often the list was changed, from 1.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Whether one of them is of this kind.
    #[must_use]
    pub fn has_kind(&self, kind: MemberKind) -> bool {
        self.list.iter().any(|member| member.kind == kind)
    }

    /// What kind of member holds `key`.
    #[must_use]
    pub fn kind_of(&self, key: &VerifyKey) -> Option<MemberKind> {
        self.list.iter().find(|member| member.verify_key == *key).map(|member| member.kind)
    }

    /// Whether `key` is one of theirs.
    #[must_use]
    pub fn has(&self, key: &VerifyKey) -> bool {
        self.list.iter().any(|member| member.verify_key == *key)
    }

    pub(super) fn recipients(&self) -> Result<Vec<age::x25519::Recipient>, Error> {
        self.list
            .iter()
            .map(|member| member.recipient.parse().map_err(|_| Error::Damaged(WHAT)))
            .collect()
    }

    /// Seals the list in the newest epoch of `keys`, signed by the founder.
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::NoRandomness`].
    pub fn seal(&self, keys: &VaultKeys, founder: &OpeningKey) -> Result<Vec<u8>, Error> {
        let plain = sheet::write(&Form::from(self), WHAT, |body| founder.sign(WHAT, body))?;
        envelope::seal(&plain, std::iter::once(&keys.newest().recipient()))
    }

    /// Opens the list: it must be of this vault, signed by the founder that `fingerprint` names,
    /// and name that founder as a member.
    ///
    /// # Errors
    /// As [`envelope::open`]; [`Error::Forged`], [`Error::Misplaced`], [`Error::UnknownVersion`].
    pub fn open(sealed: &[u8], keys: &VaultKeys, fingerprint: &Fingerprint) -> Result<Self, Error> {
        let (plain, epoch) = keys.unseal(sealed, WHAT)?;
        if epoch.number() != keys.newest().number() {
            return Err(Error::Forged(WHAT));
        }
        let sheet = Sheet::read(plain.expose(), WHAT)?;
        let signed: Signed = sheet.check(WHAT)?;
        let author = signed.signer(WHAT)?;
        let members = Self::try_from(sheet.body::<Form>(WHAT)?)?;
        if members.vault != *keys.vault() {
            return Err(Error::Misplaced(WHAT));
        }
        if Fingerprint::of(keys.vault(), &author) != *fingerprint || !members.has(&author) {
            return Err(Error::Forged(WHAT));
        }
        signed.verify(WHAT, sheet.body)?;
        Ok(members)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    v: String,
    vault: String,
    sequence: u64,
    members: Vec<MemberForm>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MemberForm {
    label: String,
    kind: MemberKind,
    recipient: String,
    verify_key: String,
    added_by: String,
    added_at: Timestamp,
}

impl From<&Members> for Form {
    fn from(members: &Members) -> Self {
        let Members { vault, sequence, list } = members;
        Self {
            v: VERSION.to_owned(),
            vault: vault.to_string(),
            sequence: *sequence,
            members: list.iter().map(MemberForm::from).collect(),
        }
    }
}

impl From<&Member> for MemberForm {
    fn from(member: &Member) -> Self {
        let Member { label, kind, recipient, verify_key, added_by, added_at } = member;
        Self {
            label: label.clone(),
            kind: *kind,
            recipient: recipient.clone(),
            verify_key: verify_key.to_string(),
            added_by: added_by.to_string(),
            added_at: *added_at,
        }
    }
}

impl TryFrom<Form> for Members {
    type Error = Error;

    fn try_from(form: Form) -> Result<Self, Error> {
        let Form { v: _, vault, sequence, members } = form;
        let list = members.into_iter().map(Member::try_from).collect::<Result<_, _>>()?;
        Ok(Self { vault: vault.parse()?, sequence, list })
    }
}

impl TryFrom<MemberForm> for Member {
    type Error = Error;

    fn try_from(form: MemberForm) -> Result<Self, Error> {
        let MemberForm { label, kind, recipient, verify_key, added_by, added_at } = form;
        let key = |text: &str| VerifyKey::parse(text).ok_or(Error::Damaged(WHAT));
        let (verify_key, added_by) = (key(&verify_key)?, key(&added_by)?);
        Ok(Self { label, kind, recipient, verify_key, added_by, added_at })
    }
}
