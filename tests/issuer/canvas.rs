//! Canvas's mint for `InstAccess` tokens.

use serde_json::json;

use super::http::{Reply, Seen};
use super::state::{Bucket, State};
use super::token;

pub const PATH: &str = "/api/v1/inst_access_tokens";

/// What one mint takes from the bucket of the token that asks.
const COST: f64 = 200.0;

/// A Canvas access token in, 201 and a JWE out: about three in a burst, then one in 20 s.
pub fn inst_access_token(request: &Seen, state: &mut State) -> Reply {
    let Some(bearer) = request.bearer() else {
        return without_credentials(request);
    };
    if state.issued_here(bearer) {
        return Reply::error(403, "cannot generate a JWT when authorized by a JWT");
    }
    if !state.canvas_tokens.iter().any(|known| known == bearer) {
        let answer = json!({"errors": [{"message": "Invalid access token."}]});
        return challenged(Reply::json(401, &answer));
    }
    let bucket = state.buckets.entry(bearer.to_owned()).or_insert_with(Bucket::new);
    let Some(remaining) = bucket.charge(COST) else {
        return Reply::of_type(403, "text/plain", "403 Forbidden (Rate Limit Exceeded)\n")
            .with("X-Rate-Limit-Remaining", "0.0");
    };
    let token = token::jwe();
    state.record(&token);
    Reply::json(201, &json!({ "token": token }))
        .with("X-Request-Cost", COST.to_string())
        .with("X-Rate-Limit-Remaining", remaining.to_string())
}

/// A client that asked for JSON learns it must log in; any other is sent to the login page.
fn without_credentials(request: &Seen) -> Reply {
    if request.header("Accept").is_some_and(|accept| accept.contains("json")) {
        let errors = json!([{"message": "user authorization required"}]);
        let answer = json!({"status": "unauthenticated", "errors": errors});
        challenged(Reply::json(401, &answer))
    } else {
        Reply::of_type(302, "text/html", "<a href=\"/login\">redirected</a>")
            .with("Location", "/login")
    }
}

fn challenged(reply: Reply) -> Reply {
    reply.with("WWW-Authenticate", r#"Bearer realm="canvas-lms""#)
}
