//! The program as a user meets it: real processes and files; only the issuer's end of the network is
//! a double.

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

mod canary;
mod pty;
mod scene;

mod add_forms;
mod commands;
mod exec;
mod interrupted;
mod leaks;
mod memory;
mod names;
mod output;
mod paste;
mod shells;
mod terminal;
mod token;
mod usage;
mod vaults;
