//! What lies around must not steer a mint: proxies, netrc, certificate and key-log variables.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::issuer::Issuer;
use crate::proxy::Proxy;
use crate::setup::Scene;
use crate::world::{Call, Canary, World};

const PROXY_VARIABLES: [&str; 8] = [
    "HTTPS_PROXY",
    "https_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "ALL_PROXY",
    "all_proxy",
    "SOCKS_PROXY",
    "CGI_HTTP_PROXY",
];

fn with_proxy_variables(call: Call, url: &str) -> Call {
    PROXY_VARIABLES.into_iter().fold(call, |call, name| call.env(name, url))
}

/// Puts a line before the settings that `init` wrote.
fn set(world: &World, line: &str) {
    let path = world.config().join("settings.toml");
    let text = std::fs::read_to_string(&path).expect("settings");
    std::fs::write(&path, format!("{line}\n{text}")).expect("written");
}

// H04
#[test]
fn a_proxy_in_the_environment_sees_nothing() {
    let proxy = Proxy::start();
    let scene = Scene::instructure();
    let call = with_proxy_variables(scene.world.mintage(["token", "prod"]), &proxy.url());
    call.run().succeeds();

    let (issuer, canary) = (Issuer::http(), Canary::new());
    let world = World::with_profile(&issuer, &canary);
    let call = with_proxy_variables(world.mintage(["token", "prod"]), &proxy.url());
    call.run().succeeds();

    assert_eq!((scene.issuer.logins(), issuer.logins()), (1, 1));
    assert_eq!(proxy.heads(), Vec::<String>::new());
}

// H04
#[test]
fn the_proxy_of_the_settings_is_asked_to_connect_and_sees_no_secret() {
    let (proxy, ignored) = (Proxy::start(), Proxy::start());
    let scene = Scene::instructure();
    set(&scene.world, &format!("proxy = '{}'", proxy.url()));
    let call = with_proxy_variables(scene.world.mintage(["token", "prod"]), &ignored.url());
    let token = call.env("NO_PROXY", "*").run().succeeds().out();
    assert_eq!(scene.issuer.logins(), 1);

    let heads = proxy.heads();
    assert_eq!(heads.len(), 1);
    let line = format!("CONNECT 127.0.0.1:{} HTTP/1.1\r\n", scene.issuer.port());
    assert!(heads[0].starts_with(&line), "{}", heads[0]);
    for name in ["authorization", "cookie"] {
        assert!(!heads[0].to_lowercase().contains(name), "{}", heads[0]);
    }
    let encoded = STANDARD.encode(scene.canary.pair());
    let seen = [heads[0].as_bytes(), &proxy.tunnelled()].concat();
    assert!(seen.len() > 500, "nothing went through");
    for secret in [&scene.canary.secret, &encoded, token.trim_end()] {
        assert!(!seen.windows(secret.len()).any(|part| part == secret.as_bytes()));
    }
    assert_eq!(ignored.heads(), Vec::<String>::new());
}

// H04
#[test]
fn the_proxy_of_the_settings_gets_no_plain_request() {
    let proxy = Proxy::start();
    let (issuer, canary) = (Issuer::http(), Canary::new());
    let world = World::with_profile(&issuer, &canary);
    set(&world, &format!("proxy = '{}'", proxy.url()));
    world.run(["token", "prod"]).succeeds();
    assert_eq!((issuer.logins(), proxy.heads().len()), (1, 0));
}

// H04
#[test]
fn a_proxy_that_refuses_is_not_gone_around() {
    let proxy = Proxy::answering("407 Proxy Authentication Required");
    let scene = Scene::instructure();
    set(&scene.world, &format!("proxy = '{}'", proxy.url()));
    let ran = scene.token().exits(8).hides(&scene.canary.secret);
    assert_eq!(ran.out(), "");
    assert_eq!(scene.issuer.connections(), 0);
    assert!(!proxy.heads().is_empty());
}

// H05
#[test]
fn a_netrc_file_is_not_used() {
    for preset in [Scene::instructure(), Scene::oauth2(&["--auth", "post"])] {
        let netrc = preset.world.path(".netrc");
        let entry =
            "machine 127.0.0.1 login stranger password stranger\ndefault login s password s";
        std::fs::write(&netrc, entry).expect("written");
        let call = preset.world.mintage(["token", "prod"]).env("NETRC", netrc.as_os_str());
        call.run().succeeds();
        let request = &preset.issuer.requests()[0];
        let expected = (preset.canary.id.into_bytes(), preset.canary.secret.into_bytes());
        match request.header("Authorization") {
            Some(_) => assert_eq!(request.basic(), Some(expected)),
            None => assert_eq!(request.form_field("client_id"), Some(expected.0)),
        }
    }
}

// H06
#[test]
fn a_variable_cannot_add_a_root() {
    let (issuer, canary) = (Issuer::https(), Canary::new());
    let world = World::with_vault();
    issuer.accept_pair(&canary.id, canary.secret.as_bytes());
    let call = world.mintage(["add", "prod", "--stdin", "--base-url", &issuer.url()]);
    call.stdin(canary.pair()).run().succeeds();
    let folder = world.path("roots");
    std::fs::create_dir(&folder).expect("made");
    std::fs::write(folder.join("ca.pem"), issuer.ca_pem()).expect("written");
    let rehash = world.program("openssl").args(["rehash", "roots"]).run();
    rehash.succeeds();
    let file = folder.join("ca.pem");
    let call = world.mintage(["token", "prod"]);
    let call = call.env("SSL_CERT_FILE", file.as_os_str()).env("SSL_CERT_DIR", folder.as_os_str());
    let call = call.env("CURL_CA_BUNDLE", file.as_os_str());
    call.run().exits(10).says("UnknownIssuer");
    assert_eq!(issuer.requests().len(), 0);
}

// H06
#[test]
fn a_variable_cannot_take_the_roots_away_or_log_keys() {
    let scene = Scene::instructure();
    let log = scene.world.path("keys.log");
    let call = scene.world.mintage(["token", "prod"]).env("SSLKEYLOGFILE", log.as_os_str());
    call.env("SSL_CERT_FILE", "/nowhere").env("SSL_CERT_DIR", "/nowhere").run().succeeds();
    assert!(!log.exists());
}
