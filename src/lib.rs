//! mintage: a credential vault that mints short-lived tokens.
//!
//! The modules stand in the order of who may use whom: each uses only what stands above it, and
//! those of one paragraph never use each other. The map with the way of a request is in
//! `docs/architecture.md`; `tests/architecture.rs` enforces it.

#![cfg_attr(
    test,
    expect(clippy::disallowed_methods, reason = "tests make files and folders of their own")
)]

pub mod alloc;
pub mod clock;
pub mod harden;
pub mod limits;
pub mod secret;

pub mod stack;

pub mod model;

pub mod disk;

pub mod config;
pub mod http;
pub mod prompt;

pub mod seal;

pub mod grant;
pub mod identity;
pub mod store;

pub mod vault;

pub mod mint;

pub mod broker;

pub mod agent;
pub mod handover;

pub mod cli;
