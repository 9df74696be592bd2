//! Badges and GitHub.

use serde_json::{Value, json};

use crate::asking::{Answer, ask, bearing, canary, now, post};
use crate::issuer::{Algorithm, Issuer, Service, SigningKey};

const BADGES: &str = "/o/token";
const MINT: &str = "POST /app/installations/7/access_tokens";

#[test]
fn badges_take_a_password_in_the_body_and_rotate_what_refreshes() {
    let (issuer, password) = (Issuer::http(), canary());
    issuer.accept_badge_user("a@example.com", password.as_bytes());
    let signed_in = |password: &str| {
        post(&issuer, BADGES, &[("username", "a@example.com"), ("password", password)])
    };
    let refreshed = |token: &str| {
        let form =
            [("grant_type", "refresh_token"), ("client_id", "public"), ("refresh_token", token)];
        post(&issuer, BADGES, &form)
    };
    assert_eq!(signed_in(&canary()).status, 401);
    assert_eq!(post(&issuer, "/o/token?username=a%40example.com", &[]).status, 400);
    assert_eq!(post(&issuer, BADGES, &[("client_id", "unknown")]).status, 400);
    let first = signed_in(&password);
    assert_eq!((first.status, first.field("scope").as_str()), (200, "rw:profile"));
    let second = refreshed(&first.field("refresh_token"));
    let next = second.field("refresh_token");
    assert_ne!(next, first.field("refresh_token"));
    assert_eq!(refreshed(&first.field("refresh_token")).status, 401);
    assert_eq!((refreshed(&next).status, issuer.refresh_reuses(Service::Badges)), (401, 2));
    assert_eq!(issuer.logins(), 7);
}

fn minted(issuer: &Issuer, jwt: &str, body: &Value) -> Answer {
    let bearer = format!("Bearer {jwt}");
    let headers = [("Authorization", bearer.as_str()), ("User-Agent", "test")];
    ask(issuer, MINT, &headers, &body.to_string())
}

#[test]
fn github_gives_an_app_what_its_installation_has() {
    let (issuer, key) = (Issuer::http(), SigningKey::rsa());
    issuer.accept_github_app("12", 7, key.public_pem());
    issuer.github_repositories(&["one", "two"]);
    let jwt = |app: Value, life: i64, ahead: i64| {
        key.jwt(Algorithm::Rs256, &json!({"iss": app, "iat": now() + ahead, "exp": now() + life}))
    };
    let good = jwt(json!(12), 540, -60);
    let asked = json!({"repositories": ["one"], "permissions": {"issues": "read"}});
    let reply = minted(&issuer, &good, &asked);
    assert_eq!((reply.status, &reply.json()["permissions"]), (201, &asked["permissions"]));
    assert_eq!(reply.field("repository_selection"), "selected");
    assert!(reply.field("expires_at").ends_with('Z'));
    for body in [json!({"repositories": ["three"]}), json!({"permissions": {"contents": "write"}})]
    {
        assert_eq!(minted(&issuer, &good, &body).status, 422);
    }
    let undecodable =
        minted(&issuer, &SigningKey::rsa().jwt(Algorithm::Rs256, &json!({"iss": "12"})), &asked);
    let said = "A JSON web token could not be decoded";
    assert_eq!((undecodable.status, undecodable.field("message").as_str()), (401, said));
    for (jwt, status) in [
        (jwt(json!("12"), 660, 0), 401),
        (jwt(json!("12"), -5, 0), 401),
        (jwt(json!("12"), 540, 120), 401),
        (jwt(json!("13"), 540, 0), 404),
    ] {
        assert_eq!(minted(&issuer, &jwt, &asked).status, status);
    }
    assert_eq!(bearing(&issuer, MINT, &good).status, 403, "without a User-Agent");
    assert_eq!(bearing(&issuer, "DELETE /installation/token", &reply.field("token")).status, 204);
    assert_eq!(bearing(&issuer, "DELETE /installation/token", &reply.field("token")).status, 401);
    assert_eq!(issuer.logins(), 9);
}
