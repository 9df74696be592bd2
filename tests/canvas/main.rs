//! Canvas and what is minted from its tokens: refreshes that replace, tokens that cost, assertions by
//! the clock, chains of profiles, and the vendors' own client.

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

mod python;
mod scene;

mod by_hand;
mod canvasapi;
mod chain;
mod chain_rules;
mod instaccess;
mod key;
mod lti;
mod refresh;
mod revoke;
mod service_jwt;
mod throttle;
mod together;
