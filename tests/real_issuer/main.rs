//! mintage and a server that others wrote and had certified, in place of a double of our own: where
//! both would misread a standard in the same way, this one does not.

#![cfg(target_os = "linux")]
#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panic wherever it stands, and makes files and processes of its own"
)]

// A world has methods for it, and it makes keys; nothing here talks with the double.
#[path = "../issuer/mod.rs"]
mod issuer;
#[allow(dead_code, reason = "each test program uses its part")]
#[path = "../cli/pty.rs"]
mod pty;
#[allow(dead_code, reason = "each test program uses its part")]
#[path = "../world/mod.rs"]
mod world;

mod authority;
mod real;
mod scene;

mod assertions;
mod certificates;
mod credentials;
mod discovery;
mod introspection;
mod person;
mod refresh;
mod requests;
mod revocation;
