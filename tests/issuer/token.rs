//! The shapes of token an issuer gives out. Nothing in them is really signed or encrypted.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

/// A JWT as of the Identity service: RS256 header, readable `exp`, unique `jti`, a signature of
/// random bytes.
pub fn jwt(issued_at: i64, expires_at: i64) -> String {
    jwt_of(&json!({"iat": issued_at, "exp": expires_at, "jti": random_text(16)}))
}

/// The same with these claims.
pub fn jwt_of(claims: &Value) -> String {
    let header = json!({"alg": "RS256", "kid": "mock-1", "typ": "JWT"});
    format!("{}.{}.{}", encoded_json(&header), encoded_json(claims), random_text(256))
}

/// A compact JWE as of Canvas `InstAccess`: five parts, and nobody but the gateway reads it.
pub fn jwe() -> String {
    let header = json!({
        "alg": "RSA-OAEP", "cty": "JWT", "enc": "A128CBC-HS256", "kid": "mock-1", "typ": "JWT",
    });
    let [key, iv, text, tag] = [256, 16, 848, 16].map(random_text);
    format!("{}.{key}.{iv}.{text}.{tag}", encoded_json(&header))
}

/// A services JWT as of Canvas: a JWE with a direct key, and base64 around it.
pub fn wrapped_jwe() -> String {
    let header = json!({"alg": "dir", "enc": "A256GCM"});
    let [iv, text, tag] = [12, 300, 16].map(random_text);
    STANDARD.encode(format!("{}..{iv}.{text}.{tag}", encoded_json(&header)))
}

/// A token as of GitHub by its beginning, and not by its length.
pub fn installation() -> String {
    format!("ghs_mock-{}", random_text(24))
}

/// What a user types to name a device.
pub fn user_code() -> String {
    let letters = random_bytes(8);
    let letter = |byte: &u8| char::from(b"BCDFGHJKLMNPQRSTVWXZ"[usize::from(byte % 20)]);
    let text: String = letters.iter().map(letter).collect();
    format!("{}-{}", &text[..4], &text[4..])
}

/// An opaque token: 43 random characters.
pub fn opaque() -> String {
    random_text(32)
}

/// A random version 4 UUID.
pub fn uuid() -> String {
    let mut bytes = random_bytes(16);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let number = bytes.iter().fold(0_u128, |number, byte| number << 8 | u128::from(*byte));
    let hex = format!("{number:032x}");
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

fn encoded_json(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn random_text(bytes: usize) -> String {
    URL_SAFE_NO_PAD.encode(random_bytes(bytes))
}

fn random_bytes(count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    getrandom::fill(&mut bytes).expect("the system's random source");
    bytes
}
