//! Where the opening key comes from: a real keychain, a passphrase, a file.

#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panic wherever it stands, and makes files and processes of its own"
)]

#[path = "../issuer/mod.rs"]
mod issuer;
#[allow(dead_code, reason = "each test program uses its part")]
#[path = "../world/mod.rs"]
mod world;

mod keyring;
mod prompter;
mod terminal;

mod file;
mod keychain;
mod locked;
mod moving;
mod passphrase;
mod pinentry;
mod recovery;
mod stretch;
