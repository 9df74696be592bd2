//! The grants of everything that is neither Canvas nor a person's login: what goes over the wire and
//! comes back, whose keys sign it, what is said about a refusal, and what is never shown.

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

mod openssl;
mod scene;
mod second;

mod abconnect;
mod badges;
mod bearer_assertions;
mod client_styles;
mod datasync;
mod edit;
mod exchange;
mod github;
mod guarded;
mod hints;
mod key_forms;
mod keys_made;
mod own_presets;
mod presets;
mod quiz;
mod refresh;
mod review;
mod secrets;
mod static_keys;
mod studio;
mod warm;
