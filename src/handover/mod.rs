//! How a lease reaches a child or a shell, and how children are started at all.

mod browser;
#[cfg(unix)]
mod descriptors;
#[cfg(unix)]
mod detached;
mod exec;
mod own;
#[cfg(unix)]
mod pinentry;
mod quote;

pub use browser::browse;
#[cfg(unix)]
pub use descriptors::inherited;
#[cfg(unix)]
pub use detached::{close_output, detach, say_into, start_agent};
pub use exec::{Child, Error, replace_with};
pub use own::{ChildStretch, ask_own};
#[cfg(unix)]
pub use pinentry::Pinentry;
pub use quote::{Shell, is_variable};
