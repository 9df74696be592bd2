//! What lies on the disk: the format, its durability, and whoever meddles with it.

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

mod checkout;
mod durability;
mod exchanged;
mod files;
mod flipping;
mod format;
mod history;
mod index;
mod kill_changes;
mod kill_points;
mod leaving;
mod limits;
mod listing;
mod many;
mod model;
mod owners;
mod power;
mod power_changes;
mod recovery;
mod renames;
mod rollback;
mod scene;
mod stock;
mod tamper;
mod writers;
