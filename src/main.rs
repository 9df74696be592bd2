//! The program: arguments in, exit code out.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mintage::alloc::Wiping = mintage::alloc::Wiping;

fn main() -> ExitCode {
    let arguments = mintage::config::Environment::arguments();
    ExitCode::from(mintage::cli::run(&arguments))
}
