//! M06: no secret type can be shown, compared, copied or serialised. Checked when this is compiled;
//! the documentation of `mintage::secret` shows each attempt failing.

use mintage::secret;

/// Fails to compile if `$type` implements one of the traits: the call below then has two candidates
/// for its parameter.
macro_rules! has_none_of {
    ($type:ty: $($trait:path),+) => {$({
        trait Candidate<Marker> {
            fn unique() {}
        }
        struct Implements;
        impl<T: ?Sized> Candidate<()> for T {}
        impl<T: ?Sized + $trait> Candidate<Implements> for T {}
        <$type as Candidate<_>>::unique();
    })+};
}

macro_rules! stays_secret {
    ($($type:ty),+) => {$(
        has_none_of!(
            $type: std::fmt::Debug, std::fmt::Display, Clone, PartialEq, std::hash::Hash,
            serde::Serialize, AsRef<[u8]>, AsRef<str>, std::ops::Deref
        );
    )+};
}

#[test]
fn no_secret_type_can_be_shown_compared_copied_or_serialised() {
    stays_secret!(
        secret::AccessToken,
        secret::ClientSecret,
        secret::FieldSecret,
        secret::IdentityText,
        secret::Outgoing,
        secret::Passphrase,
        secret::Plaintext,
        secret::PrivateKey,
        secret::RefreshToken,
        secret::ReplyBody,
        secret::SymmetricKey,
        mintage::model::Certificate,
        mintage::model::Credential,
        mintage::model::Kept,
        mintage::model::Lease,
        mintage::model::Pasted,
        mintage::model::Profile,
        mintage::model::Slot,
        mintage::model::Token,
        mintage::seal::OpeningKey,
        mintage::seal::VaultKeys
    );
}

/// A type added to `secret.rs` must be added above.
#[test]
fn every_secret_type_is_checked_here() {
    let here = include_str!("secret_types.rs");
    let source = include_str!("../src/secret.rs");
    let names = source
        .split("secret_bytes! {")
        .chain(source.split("secret_text! {"))
        .skip(1)
        .filter_map(|block| block.split('}').next()?.lines().rev().find_map(type_name))
        .collect::<Vec<_>>();
    assert!(names.len() >= 9, "{names:?}");
    for name in names {
        assert!(here.contains(&format!("secret::{name}")), "{name}");
    }
}

fn type_name(line: &str) -> Option<&str> {
    let word = line.trim();
    let is_name = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_name.then_some(word)
}
