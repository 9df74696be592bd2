//! How a client proves itself: the exact bytes of each style.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::issuer::{Issuer, Seen};
use crate::world::World;

/// Everything that one of the styles, a form or a header could mangle.
const ID: &str = "us-east-1#a+b%64&c=d\"\\/~*";
const SECRET: &str = "p:q+r%73#t&u=v w\"\\/\u{e9}~*";

/// What a form makes of the two (WHATWG URL, as RFC 6749 appendix B has it).
const ENCODED_ID: &str = "us-east-1%23a%2Bb%2564%26c%3Dd%22%5C%2F%7E*";
const ENCODED_SECRET: &str = "p%3Aq%2Br%2573%23t%26u%3Dv+w%22%5C%2F%C3%A9%7E*";

/// The request that `style` makes of this pair.
fn request_of(style: &str, id: &str, secret: &str) -> Seen {
    let issuer = Issuer::http();
    issuer.accept_pair(id, secret.as_bytes());
    let world = World::with_vault();
    let url = format!("{}/oauth/token", issuer.url());
    let call = world.mintage(["add", "p", "--client-id", id, "--secret-stdin", "--auth", style]);
    call.args(["--token-url", &url]).stdin(secret).run().succeeds();
    // Whether the double lets it in is its own affair: what it was sent counts.
    let ran = world.run(["token", "p"]);
    ran.hides(secret);
    issuer.requests().swap_remove(0)
}

// H13
#[test]
fn basic_encodes_id_and_secret_as_a_form_first() {
    let request = request_of("basic", ID, SECRET);
    let pair = STANDARD.encode(format!("{ENCODED_ID}:{ENCODED_SECRET}"));
    assert_eq!(request.header("Authorization"), Some(format!("Basic {pair}").as_str()));
    assert_eq!(request.body, b"grant_type=client_credentials");
}

// H13
#[test]
fn basic_is_accepted_by_a_server_that_decodes_it() {
    let issuer = Issuer::http();
    issuer.accept_pair(ID, SECRET.as_bytes());
    let world = World::with_vault();
    let url = format!("{}/oauth/token", issuer.url());
    for style in ["basic", "post"] {
        let call = world.mintage(["add", style, "--client-id", ID, "--secret-stdin"]);
        let call = call.args(["--auth", style, "--token-url", &url]).stdin(SECRET);
        call.run().succeeds();
        world.run(["token", style]).succeeds();
    }
}

// H13
#[test]
fn raw_basic_leaves_id_and_secret_as_they_are() {
    let request = request_of("basic-raw", ID, SECRET);
    let pair = STANDARD.encode(format!("{ID}:{SECRET}"));
    assert_eq!(request.header("Authorization"), Some(format!("Basic {pair}").as_str()));
    assert_eq!(request.body, b"grant_type=client_credentials");
}

// H13
#[test]
fn post_puts_both_into_the_body_and_nothing_into_a_header() {
    let request = request_of("post", ID, SECRET);
    assert_eq!(request.header("Authorization"), None);
    let body = format!(
        "grant_type=client_credentials&client_id={ENCODED_ID}&client_secret={ENCODED_SECRET}"
    );
    assert_eq!(String::from_utf8_lossy(&request.body), body);
    assert_eq!(request.form_field("client_secret"), Some(SECRET.as_bytes().to_vec()));
}

// H13
#[test]
fn a_long_pair_is_sent_on_one_line() {
    let (id, secret) = ("i".repeat(1000), "s".repeat(8000));
    for style in ["basic", "basic-raw"] {
        let pair = STANDARD.encode(format!("{id}:{secret}"));
        let request = request_of(style, &id, &secret);
        assert_eq!(request.header("Authorization"), Some(format!("Basic {pair}").as_str()));
    }
}

// H13
#[test]
fn a_secret_of_any_bytes_arrives_as_it_is() {
    let secret: Vec<u8> = (1..=255).filter(|byte| !b"\r\n".contains(byte)).collect();
    for style in ["basic", "basic-raw", "post"] {
        let issuer = Issuer::http();
        let world = World::with_vault();
        let url = format!("{}/oauth/token", issuer.url());
        let call = world.mintage(["add", "p", "--client-id", "id", "--secret-stdin"]);
        let call = call.args(["--auth", style, "--token-url", &url]).stdin(secret.clone());
        call.run().succeeds();
        let _refused = world.run(["token", "p"]);
        let request = issuer.requests().swap_remove(0);
        let arrived = match style {
            "post" => request.form_field("client_secret").expect("in the body"),
            _ => request.basic().expect("in the header").1,
        };
        let arrived = if style == "basic" { form_decoded(&arrived) } else { arrived };
        assert_eq!(arrived, secret, "{style}");
    }
}

fn form_decoded(bytes: &[u8]) -> Vec<u8> {
    let mut field = b"v=".to_vec();
    field.extend_from_slice(bytes);
    let headers = Vec::new();
    let (method, target) = (String::new(), String::new());
    let at = std::time::Instant::now();
    Seen { method, target, headers, body: field, at }.form_field("v").expect("the field")
}

// H13
#[test]
fn a_colon_in_the_id_is_refused_where_it_could_not_be_told_apart() {
    let world = World::with_vault();
    let add = |name: &str, style: &str| {
        let call = world.mintage(["add", name, "--client-id", "a:b", "--secret-stdin"]);
        let call = call.args(["--auth", style, "--token-url", "https://issuer.example/t"]);
        call.stdin("canary-h13").run().hides("canary-h13")
    };
    add("raw", "basic-raw").exits(2).says("colon");
    assert!(world.records().is_empty());
    add("encoded", "basic").succeeds();
    add("body", "post").succeeds();
}

#[test]
fn scope_audience_resource_and_parameters_are_sent_once_and_in_order() {
    let issuer = Issuer::http();
    issuer.accept_pair("id", b"secret-1");
    let world = World::with_vault();
    let url = format!("{}/oauth/token?tenant=1", issuer.url());
    let call = world.mintage(["add", "p", "--stdin", "--token-url", &url, "--scope", "read"]);
    let call = call.args(["--scope", "write:all", "--audience", "https://api.example/?a=b&c"]);
    let call = call.args(["--resource", "urn:r 1", "--param", "a=1=2", "--param", "b=\u{fc}"]);
    call.stdin("id:secret-1").run().succeeds();
    world.run(["token", "p"]).succeeds();
    let request = issuer.requests().swap_remove(0);
    assert_eq!(request.target, "/oauth/token?tenant=1");
    let body = "grant_type=client_credentials&scope=read+write%3Aall\
                &audience=https%3A%2F%2Fapi.example%2F%3Fa%3Db%26c&resource=urn%3Ar+1\
                &a=1%3D2&b=%C3%BC";
    assert_eq!(String::from_utf8_lossy(&request.body), body);
}
