//! A second implementation of what is signed: `PyJWT`, and Python's own HMAC.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

/// What a JWT says, once `PyJWT` has checked its signature, its times and whom it is for.
#[derive(Debug)]
pub struct Verified {
    pub header: Value,
    pub claims: Value,
}

/// Checks a JWT with a public key (PEM, a JWK, or a JWK set).
#[track_caller]
pub fn verified(jwt: &str, key: &Value, algorithm: &str, audience: Option<&str>) -> Verified {
    let asked = json!({ "do": "verify", "jwt": jwt, "key": key, "algorithm": algorithm,
        "audience": audience });
    let mut answer = ask(&asked);
    assert!(answer["refused"].is_null(), "PyJWT: {}", answer["refused"]);
    Verified { header: answer["header"].take(), claims: answer["claims"].take() }
}

/// Whether it refuses that.
pub fn is_refused(jwt: &str, key: &Value, algorithm: &str) -> bool {
    let asked = json!({ "do": "verify", "jwt": jwt, "key": key, "algorithm": algorithm });
    !ask(&asked)["refused"].is_null()
}

/// HMAC-SHA256 of a message, in base64.
pub fn hmac(key: &str, message: &str) -> String {
    let mac = ask(&json!({ "do": "hmac", "key": key, "message": message }));
    mac["mac"].as_str().expect("a text").to_owned()
}

/// A private key (PEM) as a JWK.
pub fn jwk(private_pem: &str) -> Value {
    ask(&json!({ "do": "jwk", "key": private_pem }))["jwk"].take()
}

/// The thumbprint of a JWK (RFC 7638).
pub fn thumbprint(jwk: &Value) -> String {
    ask(&json!({ "do": "thumbprint", "key": jwk }))["thumbprint"]
        .as_str()
        .expect("a text")
        .to_owned()
}

fn ask(question: &Value) -> Value {
    // Cargo's folder for tests' files lies in the target folder, as what the script installs does.
    let venv = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).with_file_name("test-venv");
    assert!(venv.is_dir(), "run scripts/install-test-tools first");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/grants/second.py");
    let mut command = Command::new(venv.join("bin/python"));
    command.args(["-B", script]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("Python starts");
    let mut pipe = child.stdin.take().expect("a pipe");
    pipe.write_all(question.to_string().as_bytes()).expect("it reads");
    drop(pipe);
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "second.py fails");
    serde_json::from_slice(&output.stdout).expect("JSON")
}
