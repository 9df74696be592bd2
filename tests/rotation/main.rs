//! Refresh tokens that change with every use: each is spent once, whoever else wants one, whatever is
//! killed, and what comes of it is in the vault before anybody has the token.

#![cfg(target_os = "linux")]
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

mod agent;
mod changes;
mod clocks;
mod devices;
mod disks;
mod kills;
mod order;
mod scene;
mod tamper;
