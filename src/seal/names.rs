//! The names of records: they tell nothing without the name key.

use super::binding::{self, Purpose};
use super::hex;
use super::record::RecordPath;
use crate::model::ProfileName;
use crate::secret::SymmetricKey;

/// Where the record of `name` lies: `profiles/<aa>/<hex>.age`.
pub(super) fn record_path(name_key: &SymmetricKey, name: &ProfileName) -> RecordPath {
    let mac = binding::mac(name_key, Purpose::ProfileName, "", name.as_str().as_bytes());
    RecordPath::from_hex(&hex(&mac))
}
