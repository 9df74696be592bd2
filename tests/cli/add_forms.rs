//! The ways in for a client id and secret without a prompt, and what `add` refuses.

use std::os::unix::fs::PermissionsExt as _;

use crate::canary::base64;
use crate::issuer::{Fault, Issuer};
use crate::world::{Call, Canary, Ran, World};

/// A world with a vault, an issuer and a pair that it accepts.
struct Scene {
    world: World,
    issuer: Issuer,
    canary: Canary,
}

impl Scene {
    fn new() -> Self {
        let (world, issuer, canary) = (World::with_vault(), Issuer::https(), Canary::new());
        issuer.accept_pair(&canary.id, canary.secret.as_bytes());
        std::fs::write(world.path("ca.pem"), issuer.ca_pem()).expect("written");
        Self { world, issuer, canary }
    }

    fn add(&self, name: &str) -> Call {
        let url = self.issuer.url();
        self.world.mintage(["add", name, "--base-url", &url, "--ca-file", "ca.pem"])
    }

    /// The secret that the issuer is sent for the profile.
    fn sent(&self, name: &str) -> (String, Vec<u8>) {
        self.world.run(["token", name]);
        let requests = self.issuer.requests();
        let (id, secret) = requests.last().expect("a request").basic().expect("a pair");
        (String::from_utf8(id).expect("text"), secret)
    }
}

#[test]
fn every_form_on_stdin_gives_the_same_pair() {
    let scene = Scene::new();
    let (id, secret) = (&scene.canary.id, &scene.canary.secret);
    let forms = [
        format!("{id}:{secret}"),
        format!("{id}:{secret}\r\n"),
        format!("DAP_CLIENT_ID={id}\nDAP_CLIENT_SECRET={secret}\n"),
        format!("export CLIENT_ID='{id}'\nexport CLIENT_SECRET=\"{secret}\"\n"),
        format!("{{\"client_id\":\"{id}\",\"client_secret\":\"{secret}\"}}"),
        format!("{{\n  \"clientId\": \"{id}\",\n  \"clientSecret\": \"{secret}\"\n}}\n"),
        base64(scene.canary.pair().as_bytes()),
    ];
    for (number, form) in forms.into_iter().enumerate() {
        let name = format!("form-{number}");
        scene.add(&name).args(["--stdin", "--verify"]).stdin(form).run().succeeds().hides(secret);
        assert_eq!(scene.sent(&name), (id.clone(), secret.clone().into_bytes()), "{name}");
    }
}

#[test]
fn a_secret_comes_alone_by_stdin_file_or_descriptor() {
    let scene = Scene::new();
    let (id, secret) = (&scene.canary.id, &scene.canary.secret);
    let file = scene.world.path("secret");
    std::fs::write(&file, format!("{secret}\n")).expect("written");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("set");
    let with_id = |name: &str| scene.add(name).args(["--verify", "--client-id", id]);
    with_id("a").args(["--secret-stdin"]).stdin(format!("{secret}\n")).run().succeeds();
    let by_file = with_id("b").args(["--secret-file", "secret"]).run().succeeds();
    by_file.says("delete it there").hides("others can read").hides(secret);
    let script = "exec \"$0\" \"$@\" 7<secret";
    let by_descriptor = scene.world.program("sh").args(["-c", script]);
    let url = scene.issuer.url();
    let add = ["add", "c", "--base-url", &url, "--ca-file", "ca.pem", "--verify"];
    by_descriptor
        .args([env!("CARGO_BIN_EXE_mintage")])
        .args(add)
        .args(["--client-id", id, "--secret-fd", "7"])
        .run()
        .succeeds()
        .hides(secret);
    assert_eq!(scene.issuer.logins(), 3);
}

#[test]
fn a_secret_file_that_others_can_read_is_pointed_out() {
    let scene = Scene::new();
    std::fs::write(scene.world.path("open"), "s3cret").expect("written");
    let add = scene.add("p").args(["--client-id", "x", "--secret-file", "open"]);
    add.run().succeeds().says("warning: others can read").hides("s3cret");
}

#[test]
fn a_secret_file_that_is_not_there_is_not_named_back() {
    let scene = Scene::new();
    let secret = &scene.canary.secret;
    let add = scene.add("p").args(["--client-id", "x", "--secret-file", secret]);
    let ran = add.run().hides(secret);
    assert_ne!(ran.code, 0);
}

#[test]
fn verify_refuses_before_anything_is_saved() {
    let scene = Scene::new();
    let before = scene.world.records();
    let add = || scene.add("p").args(["--stdin", "--verify"]);
    add().stdin("wrong:pair-of-two").run().exits(7).says("refused").hides("pair-of-two");
    scene.issuer.fault(Fault::ResetBeforeHeaders);
    add().stdin(scene.canary.pair()).run().exits(8);
    scene.issuer.fault(Fault::Json("{}".to_owned()));
    add().stdin(scene.canary.pair()).run().exits(10);
    assert_eq!(scene.world.records(), before);
    scene.world.run(["show", "p"]).exits(3);
    scene.issuer.fault(Fault::None);
    let added = add().args(["--json"]).stdin(scene.canary.pair()).run().succeeds().json();
    assert_eq!(added["verified"], true);
}

#[test]
fn without_verify_nobody_is_asked() {
    let scene = Scene::new();
    scene.add("p").args(["--stdin"]).stdin("some:pair").run().succeeds();
    assert_eq!(scene.issuer.connections(), 0);
}

#[test]
fn an_existing_name_is_refused_before_the_secret_is_read() {
    let scene = Scene::new();
    let add = || scene.add("p").args(["--stdin"]);
    add().stdin("some:pair").run().succeeds();
    let kept = scene.world.records();
    let bytes = std::fs::read(&kept[0]).expect("readable");
    add().stdin("other:pair").run().exits(11).says("`p`").says("exists");
    add().stdin("").run().exits(11);
    assert_eq!(scene.world.records(), kept);
    assert_eq!(std::fs::read(&kept[0]).expect("readable"), bytes);
}

#[test]
fn every_field_that_was_given_is_kept_and_shown() {
    let scene = Scene::new();
    let fields = [
        "--stdin",
        "--scope",
        "a b",
        "--scope",
        "c",
        "--audience",
        "aud",
        "--resource",
        "urn:r",
        "--param",
        "tenant=7",
        "--label",
        "Açme",
        "--tag",
        "eu",
        "--secret-expires",
        "2031-06-30",
        "--token-only",
        "--auth",
        "post",
    ];
    scene.add("p").args(fields).stdin(scene.canary.pair()).run().succeeds();
    let shown = scene.world.run(["show", "p", "--json"]).succeeds().json();
    let expected = serde_json::json!({
        "v": 1, "profile": "p", "preset": "instructure", "auth": "post",
        "endpoint": format!("{}/ids/auth/login", scene.issuer.url()),
        "base_url": scene.issuer.url(), "client_id": scene.canary.id,
        "client_secret_bytes": scene.canary.secret.len(), "scopes": ["a", "b", "c"],
        "audience": "aud", "resource": "urn:r", "params": [["tenant", "7"]], "ca": true,
        "label": "Açme", "tags": ["eu"], "secret_expires": "2031-06-30", "token_only": true,
    });
    for (name, value) in expected.as_object().expect("an object") {
        assert_eq!(&shown[name], value, "{name}");
    }
    scene.world.run(["token", "p"]);
    let request = scene.issuer.requests().pop().expect("a request");
    for (name, value) in [
        ("scope", "a b c"),
        ("audience", "aud"),
        ("resource", "urn:r"),
        ("tenant", "7"),
        ("client_id", &scene.canary.id),
        ("client_secret", &scene.canary.secret),
    ] {
        assert_eq!(request.form_field(name).as_deref(), Some(value.as_bytes()), "{name}");
    }
}

#[test]
fn two_ids_that_differ_and_a_pair_in_place_of_the_secret_are_refused() {
    let scene = Scene::new();
    let refused = |call: Call, stdin: &str| -> Ran { call.stdin(stdin).run().exits(2) };
    refused(scene.add("p").args(["--client-id", "x", "--stdin"]), "y:some-pair").hides("some-pair");
    let only_secret = scene.add("p").args(["--client-id", "x", "--secret-stdin"]);
    refused(only_secret, "x:some-pair").says("--stdin").hides("some-pair");
    refused(scene.add("p").args(["--stdin", "--secret-stdin"]), "x:y").says("cannot be used with");
    refused(scene.add("p").args(["--stdin"]), "{\"client_id\":\"x\"}").says("hint: paste");
    scene.add("p").args(["--secret-stdin"]).stdin("alone").run().exits(4).hides("alone");
}

// N07
#[test]
fn a_secret_arrives_byte_for_byte() {
    let scene = Scene::new();
    let secrets: [&[u8]; 9] = [
        b"x",
        b" inner  and edge spaces\t",
        b"a\tb",
        b"\x80\xff\xfe",
        b"a\0b",
        b"two\nlines",
        b"ends with two\n\n",
        b"caf\xc3\xa9 \"q\" \\b",
        b"CLIENT_SECRET=literally",
    ];
    for (number, secret) in secrets.into_iter().enumerate() {
        let name = format!("n-{number}");
        let add = scene.add(&name).args(["--client-id", "x", "--secret-stdin"]);
        add.stdin([secret, b"\n"].concat()).run().succeeds();
        assert_eq!(scene.sent(&name), ("x".to_owned(), secret.to_vec()), "{secret:?}");
    }
}

// N07
#[test]
fn a_secret_of_64_kib_is_kept_and_one_byte_more_or_none_is_refused() {
    let world = World::with_vault();
    let add = |secret: Vec<u8>| {
        world.mintage(["add", "p", "--client-id", "x", "--secret-stdin"]).stdin(secret).run()
    };
    for empty in [&b""[..], b"\n", b"\r\n"] {
        add(empty.to_vec()).exits(2).says("nothing was given");
    }
    add(vec![b'x'; 65_537]).exits(2).says("64 KiB");
    add(vec![b'x'; 3_000_000]).exits(2).says("64 KiB");
    assert_eq!(world.records().len(), 0);
    add(vec![b'x'; 65_536]).succeeds();
    let shown = world.run(["show", "p", "--reveal", "--json"]).succeeds().json();
    assert_eq!(shown["client_secret"].as_str().map(str::len), Some(65_536));
}

#[test]
fn what_cannot_be_a_profile_is_refused_with_its_rule() {
    let scene = Scene::new();
    let cases: [(&[&str], i32, &str); 9] = [
        (&["--base-url", "http://issuer.example"], 2, "plain http"),
        (&["--base-url", "ftp://issuer.example"], 2, "https"),
        (&["--base-url", "https://u:pw@issuer.example"], 2, "user name or password"),
        (&["--preset", "nothing"], 2, "instructure, canvas"),
        (&["--preset", "oauth2"], 2, "--token-url"),
        (&["--base-url", "http://127.0.0.1:1", "--token-only"], 9, "token-only"),
        (&["--ca-file", "settings.toml"], 1, "does not exist"),
        (&["--secret-expires", "tomorrow"], 2, "--secret-expires"),
        (&["--token-url", "https://a.example", "--base-url", "https://b.example"], 2, "with"),
    ];
    for (options, code, says) in cases {
        let add = scene.world.mintage(["add", "p", "--stdin"]).args(options);
        add.stdin(scene.canary.pair()).run().exits(code).says(says).hides("pw");
    }
    std::fs::write(scene.world.path("no.pem"), "no certificate").expect("written");
    let add = scene.world.mintage(["add", "p", "--stdin", "--ca-file", "no.pem"]);
    add.stdin(scene.canary.pair()).run().exits(1).says("no PEM certificate");
    assert_eq!(scene.world.records().len(), 0);
}
