//! Presets of the user's own: what `[preset.NAME]` in the settings says, as it stands there. What it
//! means, and what it may not, is decided where presets are.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A service that the user added: one of ours, with other values. They are copied into a profile when
/// it is added, and never used after that.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnPreset {
    /// The preset of mintage that it is like.
    pub like: String,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// Its base URL: https only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// Where tokens are minted, below that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_path: Option<String>,
    /// How the client proves itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth: Option<String>,
    /// Scopes, with spaces between them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scopes: Option<String>,
    /// The audience.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// Where the vendor says how it works.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub docs: Option<String>,
    /// What to do when the issuer refuses the credential.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// Options of the grant.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
}
