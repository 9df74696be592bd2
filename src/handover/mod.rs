//! How a lease reaches a child or a shell, and how children are started at all.

#[cfg(unix)]
mod descriptors;
mod exec;
mod own;
mod quote;

pub use exec::{Child, Error, replace_with};
pub use own::{ChildStretch, ask_own};
pub use quote::{Shell, is_variable};
