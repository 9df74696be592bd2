//! Private keys in the forms that people are handed them, and those that are refused.

use serde_json::{Value, json};

use crate::issuer::SigningKey;
use crate::openssl::{openssl, pem, public, rsa};
use crate::scene::{Scene, text};
use crate::second;
use crate::world::Ran;

/// `add` with a key in this form.
fn add(scene: &Scene, key: &[u8]) -> Ran {
    scene.write("key", key);
    let options = ["--client-id", "app", "--key-file", "key"];
    scene.adding_oauth("app", "oauth2", &options).run()
}

/// That a key in this form signs what its public half verifies, and what that half looks like.
#[track_caller]
fn imports(key: &[u8], public_pem: &str, alg: &str) -> Value {
    let scene = Scene::new();
    scene.issuer.accept_key("app", public_pem);
    add(&scene, key).succeeds();
    scene.token("app");
    let (assertion, url) = (&scene.form()["client_assertion"], scene.token_url());
    let verified = second::verified(assertion, &json!(public_pem), alg, Some(&url));
    let jwk = scene.world.run(["key", "public", "app"]).succeeds().json();
    second::verified(assertion, &jwk, alg, Some(&url));
    assert_eq!(jwk.get("d"), None);
    verified.header
}

/// That it is refused in these words, and nothing of the key is repeated.
#[track_caller]
fn refuses(key: &[u8], words: &str) {
    let scene = Scene::new();
    let ran = add(&scene, key).exits(2).says(words);
    let shown = ran.err();
    let lines = String::from_utf8_lossy(key).into_owned();
    for word in lines.split(['\n', '"']).filter(|word| word.len() >= 24 && !word.contains("----")) {
        assert!(!shown.contains(word), "part of the key is shown");
    }
    scene.world.run(["show", "app"]).exits(3);
}

#[test]
fn pem_of_pkcs8_is_read() {
    let key = SigningKey::rsa();
    imports(key.private_pem().as_bytes(), key.public_pem(), "RS256");
}

#[test]
fn pem_with_windows_line_ends_and_words_around_is_read() {
    let key = SigningKey::ed25519();
    let text = format!("Bag Attributes\n{}\n", key.private_pem()).replace('\n', "\r\n");
    imports(text.as_bytes(), key.public_pem(), "EdDSA");
}

#[test]
fn pem_of_pkcs1_is_read() {
    let key = rsa(2048);
    let pkcs1 = pem(&["pkey", "-traditional"], &key);
    assert!(pkcs1.contains("BEGIN RSA PRIVATE KEY"));
    imports(pkcs1.as_bytes(), &public(&key), "RS256");
}

#[test]
fn pem_of_sec1_is_read() {
    let key = SigningKey::p256();
    let sec1 = pem(&["pkey", "-traditional"], key.private_pem());
    assert!(sec1.contains("BEGIN EC PRIVATE KEY"));
    imports(sec1.as_bytes(), key.public_pem(), "ES256");
}

#[test]
fn pem_of_sec1_as_openssl_writes_it_with_its_parameters_is_read() {
    let sec1 = pem(&["ecparam", "-name", "prime256v1", "-genkey"], "");
    assert!(sec1.contains("BEGIN EC PARAMETERS"));
    imports(sec1.as_bytes(), &public(&sec1), "ES256");
}

#[test]
fn a_jwk_of_rsa_is_read() {
    let key = SigningKey::rsa();
    let jwk = second::jwk(key.private_pem());
    imports(jwk.to_string().as_bytes(), key.public_pem(), "RS256");
}

#[test]
fn a_jwk_of_rsa_without_its_primes_is_read() {
    let key = SigningKey::rsa();
    let mut jwk = second::jwk(key.private_pem());
    for name in ["p", "q", "dp", "dq", "qi"] {
        jwk.as_object_mut().expect("an object").remove(name);
    }
    imports(jwk.to_string().as_bytes(), key.public_pem(), "RS256");
}

#[test]
fn a_jwk_of_p256_is_read() {
    let key = SigningKey::p256();
    imports(second::jwk(key.private_pem()).to_string().as_bytes(), key.public_pem(), "ES256");
}

#[test]
fn a_jwk_of_ed25519_is_read() {
    let key = SigningKey::ed25519();
    imports(second::jwk(key.private_pem()).to_string().as_bytes(), key.public_pem(), "EdDSA");
}

#[test]
fn a_jwk_says_its_id_and_how_it_signs() {
    let key = SigningKey::rsa();
    let mut jwk = second::jwk(key.private_pem());
    jwk["kid"] = "2026-11".into();
    jwk["alg"] = "PS256".into();
    let header = imports(jwk.to_string().as_bytes(), key.public_pem(), "PS256");
    assert_eq!(text(&header, "kid"), "2026-11");
}

#[test]
fn a_set_with_one_private_key_is_read() {
    let key = SigningKey::p256();
    let other: Value = second::jwk(SigningKey::p256().private_pem());
    let public = json!({ "kty": "EC", "crv": "P-256", "x": other["x"], "y": other["y"] });
    let set = json!({ "keys": [public, second::jwk(key.private_pem())] });
    imports(set.to_string().as_bytes(), key.public_pem(), "ES256");
}

#[test]
fn a_set_with_two_private_keys_is_refused() {
    let jwk = || second::jwk(SigningKey::p256().private_pem());
    let set = json!({ "keys": [jwk(), jwk()] });
    refuses(set.to_string().as_bytes(), "one private key");
    refuses(b"{\"keys\":[]}", "one private key");
}

#[test]
fn an_encrypted_key_is_refused_with_what_to_do() {
    let key = rsa(2048);
    for options in [
        &["pkey", "-aes256", "-passout", "pass:of-a-test"][..],
        &["pkey", "-traditional", "-aes256", "-passout", "pass:of-a-test"],
    ] {
        let encrypted = openssl(options, key.as_bytes());
        refuses(&encrypted, "openssl pkey -in FILE");
    }
}

#[test]
fn a_weak_key_of_rsa_is_refused() {
    let key = rsa(1024);
    refuses(key.as_bytes(), "2048 bits at least");
    refuses(pem(&["pkey", "-traditional"], &key).as_bytes(), "2048 bits at least");
    refuses(second::jwk(&key).to_string().as_bytes(), "2048 bits at least");
}

#[test]
fn a_public_jwk_is_refused() {
    let key = second::jwk(SigningKey::p256().private_pem());
    let public = json!({ "kty": "EC", "crv": "P-256", "x": key["x"], "y": key["y"] });
    refuses(public.to_string().as_bytes(), "public key");
    refuses(json!({ "keys": [public] }).to_string().as_bytes(), "one private key");
}

#[test]
fn a_public_pem_is_refused() {
    refuses(SigningKey::rsa().public_pem().as_bytes(), "PEM, a JWK");
}

#[test]
fn another_curve_is_refused() {
    let key = pem(&["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"], "");
    refuses(key.as_bytes(), "");
    refuses(pem(&["pkey", "-traditional"], &key).as_bytes(), "P-256");
    refuses(second::jwk(&key).to_string().as_bytes(), "P-256");
}

#[test]
fn what_is_no_key_is_refused() {
    for text in ["", "{}", "[]", "{\"kty\":\"oct\",\"k\":\"AAAA\"}", "hello", "{\"kty\":\"RSA\"}"] {
        refuses(text.as_bytes(), "");
    }
}

#[test]
fn halves_that_do_not_belong_together_are_refused() {
    let (mut one, other) = (
        second::jwk(SigningKey::rsa().private_pem()),
        second::jwk(SigningKey::rsa().private_pem()),
    );
    one["n"] = other["n"].clone();
    refuses(one.to_string().as_bytes(), "");
}
