//! The plain form of every sealed object: a body line, a check line, padding.
//!
//! Both lines are JSON, so that `age -d … | jq` shows them. The check line holds a MAC or a
//! signature over the *bytes* of the body line, so that no canonical form of JSON is needed. Spaces
//! fill the whole up to a multiple of `limits::PADDING`.

use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::{Error, VERSION};
use crate::limits;
use crate::secret::Plaintext;

/// The two lines of an opened sheet.
pub(super) struct Sheet<'a> {
    pub(super) body: &'a [u8],
    check: &'a [u8],
}

/// Lays out a sheet; `check` is given the bytes of the body line.
pub(super) fn write<C: Serialize>(
    body: &impl Serialize,
    what: &'static str,
    check: impl FnOnce(&[u8]) -> C,
) -> Result<Plaintext, Error> {
    let mut bytes = Zeroizing::new(serde_json::to_vec(body).map_err(|_| Error::Damaged(what))?);
    let line = serde_json::to_vec(&check(&bytes)).map_err(|_| Error::Damaged(what))?;
    bytes.push(b'\n');
    bytes.extend_from_slice(&line);
    bytes.push(b'\n');
    let padded = bytes.len().next_multiple_of(limits::PADDING);
    bytes.resize(padded, b' ');
    Ok(Plaintext::new(bytes))
}

impl<'a> Sheet<'a> {
    /// Takes a sheet apart. Strict: any other length, padding or third line is refused.
    pub(super) fn read(plain: &'a [u8], what: &'static str) -> Result<Self, Error> {
        let mut parts = plain.splitn(3, |byte| *byte == b'\n');
        let (Some(body), Some(check), Some(padding)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(Error::Damaged(what));
        };
        let well_laid = plain.len().is_multiple_of(limits::PADDING)
            && padding.len() < limits::PADDING
            && padding.iter().all(|byte| *byte == b' ');
        if well_laid { Ok(Self { body, check }) } else { Err(Error::Damaged(what)) }
    }

    /// The check line.
    pub(super) fn check<C: DeserializeOwned>(&self, what: &'static str) -> Result<C, Error> {
        serde_json::from_slice(self.check).map_err(|_| Error::Damaged(what))
    }

    /// The body, once the version it states is known. A name twice or an unknown name is refused.
    pub(super) fn body<B: DeserializeOwned>(&self, what: &'static str) -> Result<B, Error> {
        #[derive(serde::Deserialize)]
        struct Stated {
            v: String,
        }
        let stated: Stated = serde_json::from_slice(self.body).map_err(|_| Error::Damaged(what))?;
        if stated.v != VERSION {
            return Err(Error::UnknownVersion(what));
        }
        serde_json::from_slice(self.body).map_err(|_| Error::Damaged(what))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain() -> Plaintext {
        write(&serde_json::json!({"v": VERSION, "a": 1}), "it", <[u8]>::len).expect("laid out")
    }

    #[test]
    fn a_sheet_reads_back() {
        let plain = plain();
        assert_eq!(plain.len(), limits::PADDING);
        let sheet = Sheet::read(plain.expose(), "it").expect("well laid");
        assert_eq!(sheet.check::<usize>("it"), Ok(sheet.body.len()));
        let body: serde_json::Value = sheet.body("it").expect("known version");
        assert_eq!(body["a"], 1);
    }

    #[test]
    fn other_padding_is_refused() {
        let good = plain().expose().to_vec();
        let mut longer = good.clone();
        longer.extend_from_slice(&[b' '; limits::PADDING]);
        let mut dirty = good.clone();
        *dirty.last_mut().expect("not empty") = b'x';
        let mut third = good.clone();
        *third.last_mut().expect("not empty") = b'\n';
        for bytes in [&longer[..], &dirty, &third, &good[..good.len() - 1], b"", b"{}\n{}"] {
            assert!(Sheet::read(bytes, "it").is_err());
        }
    }

    // V12
    #[test]
    fn another_version_is_not_read() {
        let plain = write(&serde_json::json!({"v": "v99"}), "it", |_| 0).expect("laid out");
        let sheet = Sheet::read(plain.expose(), "it").expect("well laid");
        assert_eq!(sheet.body::<serde_json::Value>("it"), Err(Error::UnknownVersion("it")));
    }
}
