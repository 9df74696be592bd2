//! Keys of LTI tools: made here, or brought along in one form or another.

use serde_json::Value;

use crate::issuer::SigningKey;
use crate::lti::{CLIENT, Tool};
use crate::python::script;
use crate::world::Ran;

/// A JWK in, `SubjectPublicKeyInfo` out: what a Canvas does with what was pasted.
const TO_PEM: &str = r"
import sys
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import RSAAlgorithm
key = RSAAlgorithm.from_jwk(sys.stdin.read())
sys.stdout.buffer.write(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
";

/// A private key in PEM in, its JWK out.
const TO_JWK: &str = r"
import sys
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from jwt.algorithms import RSAAlgorithm
sys.stdout.write(RSAAlgorithm.to_jwk(load_pem_private_key(sys.stdin.buffer.read(), None)))
";

#[track_caller]
fn public_pem(tool: &Tool, shown: &Ran) -> String {
    script(&tool.device.world, TO_PEM).stdin(shown.stdout.clone()).run().succeeds().out()
}

#[test]
fn a_new_key_mints_once_its_public_half_is_registered() {
    let tool = Tool::new();
    let made = tool.run(&["key", "new", "lti", "--yes"]).succeeds();
    assert_eq!(made.json()["alg"], "RS256");
    assert_eq!(made.json()["use"], "sig");
    // It is another key.
    tool.run(&["token", "lti"]).exits(10).says("JWS signature invalid");
    tool.issuer.accept_key(CLIENT, &public_pem(&tool, &made));
    tool.token("lti");
    let assertion = tool.issuer.assertions().remove(0);
    assert_eq!(assertion["header"]["kid"], made.json()["kid"]);
}

#[test]
fn what_is_shown_of_a_key_is_public() {
    let tool = Tool::new();
    let shown = tool.run(&["key", "public", "lti"]).succeeds();
    let names = shown.json();
    let names: Vec<&str> = names.as_object().expect("an object").keys().map(|it| &**it).collect();
    assert!(
        names.iter().all(|name| ["alg", "e", "kid", "kty", "n", "use"].contains(name)),
        "{names:?}"
    );
    assert_eq!(public_pem(&tool, &shown).trim(), tool.key.public_pem().trim());
    let set = tool.run(&["key", "public", "lti", "--jwks"]).succeeds().json();
    assert_eq!(set["keys"], Value::Array(vec![shown.json()]));
}

#[test]
fn a_jwk_is_as_good_as_pem() {
    let tool = Tool::new();
    let jwk = script(&tool.device.world, TO_JWK).stdin(tool.key.private_pem()).run().succeeds();
    let mut jwk = jwk.json();
    jwk["kid"] = "tool-2027".into();
    tool.add("jwk", jwk.to_string(), &[]);
    tool.token("jwk");
    assert_eq!(tool.issuer.assertions()[0]["header"]["kid"], "tool-2027");
    tool.add("set", serde_json::json!({ "keys": [jwk] }).to_string(), &[]);
    tool.token("set");
}

#[test]
fn an_older_form_of_pem_is_as_good() {
    let tool = Tool::new();
    let words = ["pkey", "-traditional"];
    let old = tool.device.world.program("openssl").args(words).stdin(tool.key.private_pem());
    let old = old.run().succeeds().out();
    assert!(old.starts_with("-----BEGIN RSA PRIVATE KEY-----"));
    tool.add("old", old, &[]);
    tool.token("old");
}

#[test]
fn what_is_no_private_key_is_not_taken_for_one() {
    let tool = Tool::new();
    let jwk = tool.run(&["key", "public", "lti"]).succeeds().out();
    for (wrong, words) in [
        (tool.key.public_pem(), "give PEM, a JWK"),
        (jwk.as_str(), "the JWK is a public key"),
        ("nothing of the kind", "give PEM, a JWK"),
    ] {
        tool.device.write("wrong", wrong);
        let options = ["--client-id", CLIENT, "--key-file", "wrong"];
        let add = tool.device.adding(&tool.issuer, "wrong", "canvas-lti", &options);
        add.run().exits(2).says(words);
    }
}

#[test]
fn canvas_takes_rs256_alone_and_another_kind_of_key_is_not_accepted_there() {
    let tool = Tool::new();
    let key = SigningKey::p256();
    tool.issuer.accept_key(CLIENT, key.public_pem());
    tool.add("p256", key.private_pem(), &[]);
    tool.run(&["token", "p256"]).exits(10).says("JWS signature invalid");
}

#[test]
fn a_new_key_is_not_made_over_another_one_unasked() {
    let tool = Tool::new();
    tool.run(&["key", "new", "lti"]).exits(4);
    tool.token("lti");
}
