//! The agent, through the program as a user runs it.

#![cfg(unix)]
#![expect(clippy::expect_used, reason = "a test fails by panic wherever it stands")]

mod broken;
mod clocks;
mod flood;
mod frames;
mod leases;
mod life;
mod lock;
mod opening;
mod peers;
mod revocation;
mod scene;
mod supervised;

#[path = "../issuer/mod.rs"]
mod issuer;
#[path = "../world/mod.rs"]
mod world;
