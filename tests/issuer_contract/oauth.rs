//! The generic endpoints below `/oauth`.

use std::process::Command;

use serde_json::{Value, json};

use crate::asking::{Answer, ask, canary, encoded, now, post, post_with};
use crate::issuer::{Algorithm, Issuer, Rotation, Service, SigningKey, sealed_jwt};

const TOKEN: &str = "/oauth/token";
const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

fn error(code: &str) -> (u16, String) {
    (400, code.to_owned())
}

fn refreshed(issuer: &Issuer, refresh: &str) -> Answer {
    let form = [("grant_type", "refresh_token"), ("client_id", "app"), ("refresh_token", refresh)];
    post(issuer, TOKEN, &form)
}

fn with_refresh_token(rotation: Rotation) -> (Issuer, String) {
    let (issuer, refresh) = (Issuer::http(), canary());
    issuer.accept_public_client("app");
    issuer.accept_refresh_token(Service::OAuth, "app", &refresh);
    issuer.rotation(Service::OAuth, rotation);
    (issuer, refresh)
}

#[test]
fn a_rotated_refresh_token_ends_all_when_it_is_used_again() {
    let (issuer, first) = with_refresh_token(Rotation::Rotating);
    let second = refreshed(&issuer, &first);
    assert_eq!(refreshed(&issuer, &canary()).error(), error("invalid_grant"));
    assert_eq!(issuer.refresh_reuses(Service::OAuth), 0);
    assert_eq!(refreshed(&issuer, &first).error(), error("invalid_grant"));
    assert_eq!(issuer.refresh_reuses(Service::OAuth), 1);
    assert_eq!(refreshed(&issuer, &second.field("refresh_token")).error(), error("invalid_grant"));
    assert_eq!(introspected(&issuer, &second.field("access_token")), json!({"active": false}));
}

fn introspected(issuer: &Issuer, token: &str) -> Value {
    post(issuer, "/oauth/introspect", &[("client_id", "app"), ("token", token)]).json()
}

#[test]
fn a_token_is_looked_at_and_ended() {
    let (issuer, refresh) = with_refresh_token(Rotation::Fixed);
    let access = refreshed(&issuer, &refresh).field("access_token");
    assert_eq!(introspected(&issuer, &access)["active"], true);
    assert!(introspected(&issuer, &access)["exp"].as_i64().is_some_and(|until| until > now()));
    assert_eq!(post(&issuer, "/oauth/introspect", &[("token", &access)]).status, 401);
    let revoked = |token: &str| {
        post(&issuer, "/oauth/revoke", &[("client_id", "app"), ("token", token)]).status
    };
    assert_eq!(revoked(&access), 200);
    assert_eq!(introspected(&issuer, &access), json!({"active": false}));
    let access = refreshed(&issuer, &refresh).field("access_token");
    assert_eq!(revoked(&refresh), 200);
    assert_eq!(introspected(&issuer, &access), json!({"active": false}));
    assert_eq!(refreshed(&issuer, &refresh).error(), error("invalid_grant"));
    let credentials = [("grant_type", "client_credentials"), ("client_id", "app")];
    assert_eq!(post(&issuer, TOKEN, &credentials).error(), error("unauthorized_client"));
}

#[test]
fn a_refresh_token_can_stay_or_go_in_silence() {
    for (rotation, next, again) in [
        (Rotation::Fixed, false, 200),
        (Rotation::Silent, false, 400),
        (Rotation::Lenient, true, 200),
    ] {
        let (issuer, refresh) = with_refresh_token(rotation);
        let reply = refreshed(&issuer, &refresh);
        assert_eq!((reply.status, !reply.field("refresh_token").is_empty()), (200, next));
        assert_eq!(refreshed(&issuer, &refresh).status, again, "{rotation:?}");
    }
}

fn polled(issuer: &Issuer, device_code: &str) -> Answer {
    let grant = "urn:ietf:params:oauth:grant-type:device_code";
    post(
        issuer,
        TOKEN,
        &[("grant_type", grant), ("client_id", "app"), ("device_code", device_code)],
    )
}

#[test]
fn a_device_waits_for_its_user() {
    let issuer = Issuer::http();
    issuer.accept_public_client("app");
    issuer.device_interval(0);
    let begun = || {
        let reply = post(&issuer, "/oauth/device_authorization", &[("client_id", "app")]);
        (reply.field("device_code"), reply.field("user_code"))
    };
    let (device, user) = begun();
    assert_eq!(polled(&issuer, &device).error(), error("authorization_pending"));
    issuer.approve_device(&user);
    assert!(!polled(&issuer, &device).field("refresh_token").is_empty());
    assert_eq!(polled(&issuer, &device).error(), error("invalid_grant"));
    let (device, user) = begun();
    issuer.deny_device(&user);
    assert_eq!(polled(&issuer, &device).error(), error("access_denied"));
    let (device, user) = begun();
    assert_eq!(issuer.user_codes(), std::slice::from_ref(&user));
    issuer.expire_device(&user);
    assert_eq!(polled(&issuer, &device).error(), error("expired_token"));
    let (device, _) = begun();
    issuer.slow_down(1);
    assert_eq!(polled(&issuer, &device).error(), error("slow_down"));
    assert_eq!(polled(&issuer, &device).error(), error("slow_down"), "5 s are not over");
    issuer.approve_devices_after(Some(1));
    let (device, _) = begun();
    assert_eq!(polled(&issuer, &device).error(), error("authorization_pending"));
    assert_eq!(polled(&issuer, &device).status, 200);
    assert_eq!(issuer.asked("/oauth/device_authorization"), 5);
}

#[test]
fn a_token_of_this_issuer_is_exchanged() {
    let (issuer, subject) = (Issuer::http(), canary());
    issuer.accept_public_client("app");
    issuer.accept_subject_token(&subject);
    issuer.refuse_target("https://refused.example");
    let kind = "urn:ietf:params:oauth:token-type:access_token";
    let exchanged = |subject: &str, kind: &str, audience: &str| {
        let grant = "urn:ietf:params:oauth:grant-type:token-exchange";
        let form = [
            ("grant_type", grant),
            ("client_id", "app"),
            ("subject_token", subject),
            ("subject_token_type", kind),
            ("audience", audience),
        ];
        post(&issuer, TOKEN, &form)
    };
    let reply = exchanged(&subject, kind, "x");
    assert_eq!((reply.status, reply.field("issued_token_type").as_str()), (200, kind));
    assert_eq!(exchanged(&reply.field("access_token"), kind, "x").status, 200);
    assert_eq!(exchanged(&canary(), kind, "x").error(), error("invalid_request"));
    assert_eq!(exchanged(&subject, "access_token", "x").error(), error("invalid_request"));
    let refused = exchanged(&subject, kind, "https://refused.example");
    assert_eq!(refused.error(), error("invalid_target"));
}

#[test]
fn an_assertion_is_a_grant_for_an_hour_at_most() {
    let (issuer, key) = (Issuer::http(), SigningKey::rsa());
    issuer.accept_key("service@app", key.public_pem());
    let url = format!("{}{TOKEN}", issuer.url());
    let asserted = |key: &SigningKey, algorithm: Algorithm, life: i64, audience: &str| {
        let claims = json!({
            "iss": "service@app", "aud": audience, "iat": now(), "exp": now() + life, "scope": "s",
        });
        let grant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
        let assertion = key.jwt(algorithm, &claims);
        post(&issuer, TOKEN, &[("grant_type", grant), ("assertion", &assertion)])
    };
    let good = asserted(&key, Algorithm::Rs256, 3600, &url);
    assert_eq!((good.status, good.field("scope").as_str()), (200, "s"));
    for refused in [
        asserted(&key, Algorithm::Rs256, 3700, &url),
        asserted(&key, Algorithm::Rs256, -5, &url),
        asserted(&key, Algorithm::Rs256, 60, "https://elsewhere.example/token"),
        asserted(&key, Algorithm::Ps256, 60, &url),
        asserted(&SigningKey::rsa(), Algorithm::Rs256, 60, &url),
    ] {
        assert_eq!(refused.error(), error("invalid_grant"));
    }
}

fn asserting(issuer: &Issuer, assertion: &str) -> u16 {
    let form = [
        ("grant_type", "client_credentials"),
        ("client_assertion_type", ASSERTION),
        ("client_assertion", assertion),
    ];
    post(issuer, TOKEN, &form).status
}

#[test]
fn a_client_is_known_by_each_way_and_by_one_at_a_time() {
    let (issuer, secret, url) = (Issuer::http(), canary(), "https://audience.example/");
    issuer.accept_pair("app", secret.as_bytes());
    issuer.expect_audience(url);
    let mut number = 0;
    let mut claims = |audience: &str| -> Value {
        number += 1;
        json!({
            "iss": "app", "sub": "app", "aud": audience, "iat": now(), "exp": now() + 60,
            "jti": number.to_string(),
        })
    };
    for (algorithm, key) in [
        (Algorithm::Rs256, SigningKey::rsa()),
        (Algorithm::Ps256, SigningKey::rsa()),
        (Algorithm::Es256, SigningKey::p256()),
        (Algorithm::EdDsa, SigningKey::ed25519()),
    ] {
        let assertion = key.jwt(algorithm, &claims(url));
        assert_eq!(asserting(&issuer, &assertion), 401, "{algorithm:?} before it is registered");
        issuer.accept_key("app", key.public_pem());
        assert_eq!(asserting(&issuer, &assertion), 200, "{algorithm:?}");
        assert_eq!(asserting(&issuer, &assertion), 401, "{algorithm:?} again");
        assert_eq!(asserting(&issuer, &key.jwt(algorithm, &claims("x"))), 401, "{algorithm:?} aud");
    }
    assert_eq!(asserting(&issuer, &sealed_jwt(secret.as_bytes(), &claims(url))), 200);
    assert_eq!(asserting(&issuer, &sealed_jwt(b"wrong", &claims(url))), 401);
    let mut foreign = claims(url);
    foreign["iss"] = "other".into();
    assert_eq!(asserting(&issuer, &sealed_jwt(secret.as_bytes(), &foreign)), 401);
    let form =
        [("grant_type", "client_credentials"), ("client_id", "app"), ("client_secret", &secret)];
    assert_eq!(post(&issuer, TOKEN, &form).status, 200);
    let basic = [("Authorization", "Basic YXBwOmNhbmFyeQ==")];
    assert_eq!(post_with(&issuer, TOKEN, &form, &basic).error(), error("invalid_request"));
    assert_eq!(post_with(&issuer, TOKEN, &form[..1], &basic).status, 401);
}

#[test]
fn a_certificate_is_a_client_where_one_is_asked_for() {
    let (issuer, folder) = (Issuer::https_for_certified(), tempfile::tempdir().expect("a folder"));
    issuer.accept_certified_client("app");
    let certificate = issuer.client_certificate();
    let written = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        path
    };
    let (ca, pem) = (written("ca", issuer.ca_pem()), written("pem", &certificate.pem));
    let key = written("key", &certificate.key_pem);
    let curl = |with_certificate: bool, client: &str| {
        let mut command = Command::new("curl");
        command.args(["-qs", "--noproxy", "*", "-w", "%{http_code}", "-o"]);
        command.arg(folder.path().join("out")).arg("--cacert").arg(&ca);
        if with_certificate {
            command.arg("--cert").arg(&pem).arg("--key").arg(&key);
        }
        let form = encoded(&[("grant_type", "client_credentials"), ("client_id", client)]);
        let output = command.arg("-d").arg(form).arg(issuer.url() + TOKEN).output();
        String::from_utf8(output.expect("curl runs").stdout).expect("text")
    };
    assert_eq!([curl(true, "app"), curl(true, "other"), curl(false, "app")], ["200", "401", "000"]);
}

#[test]
fn a_browser_brings_a_code_back() {
    let (issuer, secret) = (Issuer::http(), canary());
    issuer.accept_pair("app", secret.as_bytes());
    for (authorize, token) in [
        ("/oauth/authorize", TOKEN),
        ("/api/public/oauth/authorize", "/api/public/oauth/token"),
        ("/o/authorize", "/o/token"),
    ] {
        let uri = "http://127.0.0.1:1/back";
        let query = encoded(&[
            ("client_id", "app"),
            ("response_type", "code"),
            ("redirect_uri", uri),
            ("state", "s"),
        ]);
        let reply = ask(&issuer, &format!("GET {authorize}?{query}"), &[], "");
        let to = url::Url::parse(reply.header("Location").expect("a redirect")).expect("a URL");
        let code = to.query_pairs().next().expect("a code").1.into_owned();
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", "app"),
            ("client_secret", &secret),
            ("redirect_uri", uri),
            ("code", &code),
        ];
        let elsewhere = if token == TOKEN { "/o/token" } else { TOKEN };
        assert_eq!(post(&issuer, elsewhere, &form).error(), error("invalid_grant"));
        assert!(!post(&issuer, token, &form).field("refresh_token").is_empty());
        assert_eq!(post(&issuer, token, &form).error(), error("invalid_grant"));
    }
}
