//! Canvas: sign-in, refresh, assertions, the mints, the throttle.

use serde_json::{Value, json};

use crate::asking::{Answer, ask, bearing, canary, encoded, now, post};
use crate::issuer::{Algorithm, CanvasFlaw, Issuer, OUT_OF_BAND, Service, SigningKey};

const TOKEN: &str = "/login/oauth2/token";
const MINT: &str = "POST /api/v1/inst_access_tokens";
const USER: &str = "GET /api/v1/users/self";
// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn refreshed(issuer: &Issuer, secret: &str, refresh: &str) -> Answer {
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", "key"),
        ("client_secret", secret),
        ("refresh_token", refresh),
    ];
    post(issuer, TOKEN, &form)
}

#[test]
fn a_refresh_replaces_the_one_access_token_and_keeps_the_refresh_token() {
    let (issuer, secret, refresh) = (Issuer::http(), canary(), canary());
    issuer.accept_pair("key", secret.as_bytes());
    issuer.accept_refresh_token(Service::Canvas, "key", &refresh);
    let first = refreshed(&issuer, &secret, &refresh);
    assert_eq!((first.status, first.json()["expires_in"].as_i64()), (200, Some(3600)));
    assert_eq!(first.json().get("refresh_token"), None);
    assert_eq!(bearing(&issuer, MINT, &first.field("access_token")).status, 201);
    issuer.canvas_tokens_never_expire(true);
    let second = refreshed(&issuer, &secret, &refresh);
    assert_eq!(second.json().get("expires_in"), None);
    assert_eq!(bearing(&issuer, MINT, &second.field("access_token")).status, 201);
    let old = bearing(&issuer, MINT, &first.field("access_token"));
    assert_eq!(old.status, 401);
    assert_eq!(old.header("WWW-Authenticate"), Some("Bearer realm=\"canvas-lms\""));
    issuer.canvas_null_when_just_refreshed(true);
    assert_eq!(refreshed(&issuer, &secret, &refresh).json()["access_token"], Value::Null);
    assert_eq!((issuer.asked_for(TOKEN, "refresh_token"), issuer.granted(TOKEN)), (3, 3));
    assert_eq!(issuer.logins(), 6);
    assert!(!issuer.saw_in_url(&refresh) && !issuer.saw_in_url(&secret));
}

#[test]
fn a_dead_refresh_token_and_a_bad_client_are_told_apart() {
    let (issuer, secret) = (Issuer::http(), canary());
    issuer.accept_pair("key", secret.as_bytes());
    let dead = refreshed(&issuer, &secret, &canary());
    assert_eq!(dead.error(), (400, "invalid_request".into()));
    assert_eq!(dead.field("error_description"), "refresh_token not found");
    let wrong = refreshed(&issuer, &canary(), &canary());
    assert_eq!(wrong.error(), (401, "invalid_client".into()));
    assert_eq!(wrong.header("WWW-Authenticate"), Some("Canvas OAuth 2.0"));
    assert_eq!(post(&issuer, TOKEN, &[("grant_type", "password")]).status, 400);
}

fn code(issuer: &Issuer, redirect_uri: &str, challenge: &[(&str, &str)]) -> Answer {
    let mut query = vec![
        ("client_id", "key"),
        ("response_type", "code"),
        ("redirect_uri", redirect_uri),
        ("state", "a b"),
    ];
    query.extend(challenge);
    ask(issuer, &format!("GET /login/oauth2/auth?{}", encoded(&query)), &[], "")
}

fn redeemed(issuer: &Issuer, code: &str, redirect_uri: &str, more: &[(&str, &str)]) -> Answer {
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("client_id", "key"),
        ("redirect_uri", redirect_uri),
        ("code", code),
    ];
    form.extend(more);
    post(issuer, TOKEN, &form)
}

#[test]
fn a_code_with_a_challenge_works_once_and_for_its_verifier_alone() {
    let (issuer, uri) = (Issuer::http(), "http://127.0.0.1:1/back");
    issuer.accept_public_client("key");
    let pkce = [("code_challenge", CHALLENGE), ("code_challenge_method", "S256")];
    let got = || {
        let reply = code(&issuer, uri, &pkce);
        let to = url::Url::parse(reply.header("Location").expect("a redirect")).expect("a URL");
        let pairs: Vec<_> = to.query_pairs().into_owned().collect();
        assert_eq!(pairs[1], ("state".to_owned(), "a b".to_owned()));
        pairs[0].1.clone()
    };
    let good = got();
    let verifier = [("code_verifier", VERIFIER)];
    let reply = redeemed(&issuer, &good, uri, &verifier);
    assert_eq!((reply.status, reply.json()["user"]["id"].is_number()), (200, true));
    let current = issuer.current_refresh_token(Service::Canvas);
    assert_eq!(current, Some(reply.field("refresh_token")));
    let bad = [
        redeemed(&issuer, &good, uri, &verifier),
        redeemed(&issuer, &got(), uri, &[]),
        redeemed(&issuer, &got(), uri, &[("code_verifier", CHALLENGE)]),
    ];
    assert!(bad.iter().all(|reply| reply.error() == (400, "invalid_grant".into())));
    assert_eq!(redeemed(&issuer, &got(), OUT_OF_BAND, &verifier).status, 400);
    issuer.code_life(0);
    assert_eq!(redeemed(&issuer, &got(), uri, &verifier).status, 400);
    assert_eq!(
        bearing(&issuer, "DELETE /login/oauth2/token", &reply.field("access_token")).status,
        200
    );
    assert_eq!(bearing(&issuer, USER, &reply.field("access_token")).status, 401);
    assert!(issuer.saw_in_url("a b") && !issuer.saw_in_url(&good));
    assert_eq!((issuer.logins(), issuer.asked(TOKEN)), (6, 7), "an end is no login");
}

#[test]
fn a_code_can_be_shown_and_can_be_refused() {
    let (issuer, secret) = (Issuer::http(), canary());
    issuer.accept_pair("key", secret.as_bytes());
    let page = code(&issuer, OUT_OF_BAND, &[]).body;
    let shown = page.split("<code>").nth(1).and_then(|rest| rest.split('<').next());
    let shown = shown.expect("a code on the page");
    assert_eq!(redeemed(&issuer, shown, OUT_OF_BAND, &[("client_secret", &secret)]).status, 200);
    assert_eq!(code(&issuer, "https://elsewhere.example/", &[]).status, 400);
    issuer.refuse_codes(Some("access_denied"));
    let back = code(&issuer, "http://127.0.0.1:1/", &[]);
    let to = back.header("Location").expect("a redirect");
    assert_eq!(to, "http://127.0.0.1:1/?error=access_denied&state=a+b");
}

fn asserted(issuer: &Issuer, assertion: &str) -> Answer {
    let form = [
        ("grant_type", "client_credentials"),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", assertion),
        ("scope", "a b"),
    ];
    post(issuer, TOKEN, &form)
}

#[test]
fn an_assertion_is_checked_claim_by_claim() {
    let (issuer, key) = (Issuer::http(), SigningKey::rsa());
    issuer.accept_key("key", key.public_pem());
    let (url, now) = (format!("{}{TOKEN}", issuer.url()), now());
    let claims = |name: &str, value: Value| {
        let mut claims = json!({
            "iss": "anyone", "sub": "key", "aud": url, "iat": now, "exp": now + 60, "jti": "1",
        });
        claims[name] = value;
        key.jwt(Algorithm::Rs256, &claims)
    };
    let good = asserted(&issuer, &claims("aud", json!(["x", url])));
    assert_eq!((good.status, good.field("scope").as_str()), (200, "a b"));
    assert_eq!(good.field("access_token").split('.').count(), 3);
    for (name, value, said) in [
        ("aud", json!(issuer.url()), "the 'aud' is invalid"),
        ("exp", json!(now - 1), "the JWT has expired"),
        ("iat", json!(now - 302), "the 'iat' must be less than 300 seconds old"),
        ("iat", json!(now + 40), "the 'iat' must not be in the future"),
    ] {
        let reply = asserted(&issuer, &claims(name, value));
        assert_eq!(reply.error(), (400, "invalid_request".into()));
        assert_eq!(reply.field("error_description"), said);
    }
    let unsigned =
        asserted(&issuer, &SigningKey::rsa().jwt(Algorithm::Rs256, &json!({"sub": "key"})));
    assert_eq!(unsigned.field("error_description"), "JWS signature invalid.");
    let bare = asserted(&issuer, &key.jwt(Algorithm::Rs256, &json!({"sub": "key", "exp": 1})));
    let missing = "the following assertions are missing: aud,iat,jti,iss";
    assert_eq!(bare.field("error_description"), missing);
    assert_eq!(asserted(&issuer, &claims("sub", json!("other"))).status, 401);
    assert_eq!(issuer.assertions().len(), 1);
}

#[test]
fn the_mint_has_a_bucket_and_a_word_for_each_bearer() {
    let (issuer, token) = (Issuer::http(), canary());
    issuer.accept_canvas_token(&token);
    issuer.canvas_remaining(&token, 260.0);
    let minted = bearing(&issuer, MINT, &token);
    assert_eq!((minted.status, minted.header("X-Request-Cost")), (201, Some("200")));
    assert_eq!(minted.header("X-Rate-Limit-Remaining"), Some("60"));
    assert_eq!(bearing(&issuer, MINT, &token).header("X-Rate-Limit-Remaining"), Some("-140"));
    for status in [403, 429] {
        issuer.canvas_throttle_status(status);
        let refused = bearing(&issuer, MINT, &token);
        assert_eq!((refused.status, refused.header("X-Request-Cost")), (status, None));
        assert!(refused.body.contains("(Rate Limit Exceeded)"));
        assert_eq!(refused.header("X-Rate-Limit-Remaining"), Some("0.0"));
    }
    let by_jwe = bearing(&issuer, MINT, &minted.field("token"));
    let said = "cannot generate a JWT when authorized by a JWT";
    assert_eq!(by_jwe.error(), (403, said.into()));
    issuer.spoil_canvas_token(&token, CanvasFlaw::InsufficientScopes);
    let narrow = bearing(&issuer, MINT, &token);
    assert_eq!((narrow.status, narrow.header("WWW-Authenticate")), (401, None));
    assert_eq!(ask(&issuer, MINT, &[], "").status, 302);
}

#[test]
fn services_jwts_and_the_user_are_had_for_a_bearer() {
    let (issuer, token) = (Issuer::http(), canary());
    issuer.accept_canvas_token(&token);
    let jwt = bearing(&issuer, "POST /api/v1/jwts", &token);
    assert_eq!((jwt.status, jwt.field("token").contains('.')), (200, false));
    issuer.plain_service_jwts(true);
    let authorization = format!("Bearer {token}");
    let refresh = |jwt: &str| {
        let body = encoded(&[("jwt", jwt)]);
        ask(&issuer, "POST /api/v1/jwts/refresh", &[("Authorization", &authorization)], &body)
    };
    assert_eq!(refresh(&jwt.field("token")).field("token").split('.').count(), 3);
    assert_eq!(refresh(&canary()).body, r#"{"errors":{"jwt":"invalid refresh"}}"#);
    let inst_access = bearing(&issuer, MINT, &token).field("token");
    for bearer in [&token, &inst_access] {
        assert_eq!(bearing(&issuer, USER, bearer).json()["id"], 42);
    }
    let stranger = bearing(&issuer, USER, &canary());
    assert_eq!((stranger.status, stranger.header("WWW-Authenticate").is_some()), (401, true));
}
