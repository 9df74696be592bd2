//! The local issuer itself: each endpoint once good and once refused, by a client of a few lines, so
//! that a wrong double is noticed before it proves anything.

#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panic wherever it stands, and starts processes of its own"
)]

#[path = "../issuer/mod.rs"]
mod issuer;

mod asking;
mod canvas;
mod oauth;
mod services;
