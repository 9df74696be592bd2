//! Whom the client believes to be the issuer.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};

use crate::issuer::{Cert, Issuer};
use crate::world::{Canary, World};

/// Adds a profile without trusting any CA but the system's.
fn add_without_ca(world: &World, url: &str, canary: &Canary) {
    let call = world.mintage(["add", "prod", "--stdin", "--base-url", url]);
    call.stdin(canary.pair()).run().succeeds();
}

// H03
#[test]
fn a_certificate_that_proves_nothing_is_refused_before_anything_is_sent() {
    for (cert, why) in [
        (Cert::SelfSigned, "UnknownIssuer"),
        (Cert::Expired, "expired"),
        (Cert::WrongHost, "not valid for name"),
    ] {
        let (issuer, canary) = (Issuer::https_with(cert), Canary::new());
        let world = World::with_profile(&issuer, &canary);
        let ran = world.run(["token", "prod"]).exits(10).hides(&canary.secret);
        let ran = ran.says("could not prove who it is").says(why);
        assert_eq!(ran.out(), "");
        assert_eq!(issuer.requests().len(), 0, "{cert:?}");
        assert_eq!(issuer.connections(), 1, "tried again: {cert:?}");
    }
}

// H03
#[test]
fn a_private_ca_is_unknown_unless_the_profile_names_it() {
    let (issuer, canary) = (Issuer::https(), Canary::new());
    let world = World::with_vault();
    issuer.accept_pair(&canary.id, canary.secret.as_bytes());
    add_without_ca(&world, &issuer.url(), &canary);
    world.run(["token", "prod"]).exits(10).says("hint: ").says("--ca-file");
    // One profile's CA is nobody else's.
    world.add("other", &issuer, &canary);
    world.run(["token", "other"]).succeeds();
    world.run(["token", "prod"]).exits(10);
    assert_eq!(issuer.requests().len(), 1);
}

// H03
#[test]
fn a_ca_is_sealed_with_the_profile_and_its_file_no_longer_needed() {
    let (issuer, canary) = (Issuer::https(), Canary::new());
    let world = World::with_profile(&issuer, &canary);
    let other = Issuer::https();
    std::fs::write(world.path("ca.pem"), other.ca_pem()).expect("written");
    world.run(["token", "prod"]).succeeds();
    std::fs::remove_file(world.path("ca.pem")).expect("removed");
    world.run(["token", "prod"]).succeeds();
}

// H03
#[test]
fn a_ca_file_without_a_certificate_is_refused() {
    let world = World::with_vault();
    std::fs::write(world.path("ca.pem"), "not a certificate\n").expect("written");
    let call = world.mintage(["add", "prod", "--stdin", "--ca-file", "ca.pem"]);
    call.stdin(Canary::new().pair()).run().exits(1).says("the CA file cannot be used");
    assert!(world.records().is_empty());
}

// H03
#[test]
fn verify_saves_nothing_where_the_issuer_cannot_prove_who_it_is() {
    let (issuer, canary) = (Issuer::https(), Canary::new());
    let world = World::with_vault();
    let call = world.mintage(["add", "p", "--stdin", "--verify", "--base-url", &issuer.url()]);
    call.stdin(canary.pair()).run().exits(10).hides(&canary.secret);
    assert!(world.records().is_empty());
}

// H03
#[test]
fn there_is_no_switch_that_trusts_anybody() {
    let world = World::with_vault();
    for command in ["add", "token", "exec", "init"] {
        let help = world.run([command, "--help"]).succeeds().out().to_lowercase();
        for word in ["insecure", "no-verify", "skip-tls", "danger"] {
            assert!(!help.contains(word), "{command} --help has {word}");
        }
    }
    world.run(["token", "prod", "--insecure"]).exits(2);
    world.run(["token", "prod", "-k"]).exits(2);
}

/// `openssl s_server` with one TLS version.
struct Server {
    child: Child,
    port: u16,
}

impl Server {
    fn start(world: &World, version: &str) -> Self {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("made");
        std::fs::write(world.path("server.pem"), made.cert.pem()).expect("written");
        std::fs::write(world.path("server.key"), made.signing_key.serialize_pem())
            .expect("written");
        let mut child = Command::new("openssl")
            .args(["s_server", "-accept", "127.0.0.1:0", "-www", version])
            .args(["-cipher", "ALL:@SECLEVEL=0", "-cert", "server.pem", "-key", "server.key"])
            .current_dir(world.home())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("openssl starts");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let port = lines
            .find_map(|line| line.expect("text").strip_prefix("ACCEPT 127.0.0.1:")?.parse().ok())
            .expect("openssl says its port");
        // It must not stop at a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, port }
    }

    fn url(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }

    /// Whether a client that still speaks `version` gets in.
    fn takes(&self, version: &str) -> bool {
        let address = format!("127.0.0.1:{}", self.port);
        let mut client = Command::new("openssl")
            .args(["s_client", "-connect", &address, version, "-cipher", "ALL:@SECLEVEL=0"])
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("openssl starts");
        let mut said = String::new();
        let mut stdout = client.stdout.take().expect("a pipe");
        stdout.read_to_string(&mut said).expect("text");
        client.wait().expect("it ends");
        said.contains("Verify return code") && !said.contains("Cipher is (NONE)")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ended_already = self.child.kill();
        let _ended_already = self.child.wait();
    }
}

// H03
#[test]
fn a_server_that_knows_no_tls_above_1_1_is_refused() {
    let world = World::with_vault();
    for (version, why) in [("-tls1_1", "ProtocolVersion"), ("-tls1_2", "UnknownIssuer")] {
        let server = Server::start(&world, version);
        assert!(server.takes(version), "openssl itself is not let in by {version}");
        let name = version.trim_start_matches('-').replace('_', "-");
        let call = world.mintage(["add", &name, "--stdin", "--base-url", &server.url()]);
        call.stdin(Canary::new().pair()).run().succeeds();
        // With 1.2 it is only the certificate that is not believed.
        world.run(["token", &name]).exits(10).says(why);
    }
}
