//! Python with the packages of `scripts/install-test-tools`: other people's code for the same things.

use std::path::PathBuf;

use crate::world::{Call, World};

pub fn program() -> PathBuf {
    let found = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).with_file_name("test-venv/bin/python");
    assert!(found.exists(), "run scripts/install-test-tools first");
    found
}

/// A few lines of it, in `world`.
pub fn script(world: &World, text: &str) -> Call {
    world.program(program()).args(["-c", text])
}
