//! Between the program and the issuer: transport and replies.

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

mod setup;

mod ambient;
mod certificates;
mod deadlines;
mod identity_service;
mod proxy;
mod replies;
mod retries;
mod styles;
mod transport;
