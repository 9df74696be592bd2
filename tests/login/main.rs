//! A person logs in: with a browser that comes back to this machine, with a code that is copied, with
//! a code that is typed elsewhere; and what strangers can do about it meanwhile. And `mintage add`
//! without anything, which asks its way through.

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
#[path = "../cli/pty.rs"]
mod pty;
#[allow(dead_code, reason = "each test program uses its part")]
#[path = "../world/mod.rs"]
mod world;

mod browser;
mod scene;

mod adding;
mod coming_back;
mod copied;
mod device;
mod ends;
mod opener;
mod secrecy;
mod strangers;
mod wizard;
mod wizard_ends;
