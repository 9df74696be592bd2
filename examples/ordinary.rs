//! `mintage` without the allocator that wipes and encloses: the positive control of the memory
//! tests. What they do not find in the shipped program, they must find in this one.

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = mintage::config::Environment::arguments();
    ExitCode::from(mintage::cli::run(&arguments))
}
