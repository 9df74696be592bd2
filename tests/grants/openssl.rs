//! Keys in the forms that people are handed them, as the usual program writes them.

use std::io::Write as _;
use std::process::{Command, Stdio};

/// What `openssl` with these arguments makes of this input.
pub fn openssl(arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let mut command = Command::new("openssl");
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().expect("openssl starts");
    child.stdin.take().expect("a pipe").write_all(input).expect("openssl reads");
    let output = child.wait_with_output().expect("openssl ends");
    assert!(output.status.success(), "openssl {} fails", arguments[0]);
    output.stdout
}

/// The same as text.
pub fn pem(arguments: &[&str], input: &str) -> String {
    String::from_utf8(openssl(arguments, input.as_bytes())).expect("PEM")
}

/// An RSA key of so many bits, as PKCS #8.
pub fn rsa(bits: usize) -> String {
    pem(&["genpkey", "-algorithm", "RSA", "-pkeyopt", &format!("rsa_keygen_bits:{bits}")], "")
}

/// The public half of a key.
pub fn public(private: &str) -> String {
    pem(&["pkey", "-pubout"], private)
}
