//! The program as a user meets it: real processes, real files, a real keychain, stock `age`; only
//! the issuer's end of the network is a double.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panic, wherever it stands"
)]

#[path = "../issuer/mod.rs"]
mod issuer;

mod world;

mod commands;
