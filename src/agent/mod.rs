//! The agent: it holds opened vaults for one user.

pub mod logind;
pub mod sandbox;
