//! The agent, through the program as a user runs it.

#![cfg(target_os = "linux")]
#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panic wherever it stands, and makes files and processes of its own"
)]

mod broken;
mod clocks;
mod failures;
mod flood;
mod frames;
mod leases;
mod life;
mod limits;
mod lock;
mod logind;
mod opening;
mod peers;
mod person;
mod process;
mod revocation;
mod scene;
mod supervised;
mod wire;

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
