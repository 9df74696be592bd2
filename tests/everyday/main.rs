//! The vault in daily use: what a person changes, asks and looks for, and every way around what a
//! profile forbids.

#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panic wherever it stands, and makes files and processes of its own"
)]

#[path = "../issuer/mod.rs"]
mod issuer;
#[allow(dead_code, reason = "each test program uses its part")]
#[path = "../keys/keyring.rs"]
mod keyring;
#[allow(dead_code, reason = "each test program uses its part")]
#[path = "../cli/pty.rs"]
mod pty;
#[allow(dead_code, reason = "each test program uses its part")]
#[path = "../world/mod.rs"]
mod world;

mod scene;

mod check;
mod completions;
mod default;
mod destroy;
mod discovery;
mod doctor;
mod edit;
mod edit_secret;
mod fields;
mod inspect;
mod list;
mod loopback;
mod man;
mod offers;
mod registration;
mod rename;
mod several;
mod token_only;
mod token_only_proof;
