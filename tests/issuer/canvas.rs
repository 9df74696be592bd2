//! What Canvas does for the bearer of one of its access tokens: mints for other services, and tells
//! who the user is.

use serde_json::{Value, json};

use super::Issuer;
use super::canvas_grant::Standing;
use super::client::text;
use super::http::{Reply, Seen};
use super::state::{Bucket, State, unix_now};
use super::token;

/// The mint of `InstAccess` tokens.
pub const PATH: &str = "/api/v1/inst_access_tokens";
/// The mint of tokens for Canvas's own services.
pub const JWTS_PATH: &str = "/api/v1/jwts";
pub const JWTS_REFRESH_PATH: &str = "/api/v1/jwts/refresh";
pub const USER_PATH: &str = "/api/v1/users/self";

/// What one mint, and one ordinary call, takes from the bucket of the token that asks.
const MINT_COST: f64 = 200.0;
const CALL_COST: f64 = 1.0;

/// A token that Canvas knows and still turns down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CanvasFlaw {
    /// 401 with the challenge, as newer Canvas says it.
    Expired,
    /// 401 with the challenge, as newer Canvas says it.
    Revoked,
    /// 401 without it: the developer key lacks the scope.
    InsufficientScopes,
    /// 401 without it: the user may not.
    NotAuthorized,
}

/// A Canvas access token in, 201 and a JWE out: about three in a burst, then one in 20 s.
pub fn inst_access_token(request: &Seen, state: &mut State) -> Reply {
    charged(request, state, MINT_COST, |state| {
        let token = token::jwe();
        state.record(&token);
        Reply::json(201, &json!({ "token": token }))
    })
}

/// A Canvas access token in, a JWT for an hour out.
pub fn service_jwt(request: &Seen, state: &mut State) -> Reply {
    charged(request, state, CALL_COST, new_service_jwt)
}

/// The same for a form with `jwt`, which must be one given out before.
pub fn refreshed_service_jwt(request: &Seen, state: &mut State) -> Reply {
    charged(request, state, CALL_COST, |state| match text(request, "jwt") {
        None => Reply::json(400, &json!({"errors": {"jwt": "required"}})),
        Some(old) if state.service_jwts.contains(&old) => new_service_jwt(state),
        Some(_) => Reply::json(400, &json!({"errors": {"jwt": "invalid refresh"}})),
    })
}

/// Who the bearer is. Unlike the real one, this takes `InstAccess` tokens, too.
pub fn user(request: &Seen, state: &mut State) -> Reply {
    let profile = json!({
        "id": 42,
        "name": "Mock User",
        "short_name": "Mock",
        "sortable_name": "User, Mock",
        "effective_locale": "en",
    });
    match request.bearer() {
        Some(bearer) if is_minted(bearer, state) && state.honours(bearer) => {
            Reply::json(200, &profile)
        }
        Some(bearer) if is_minted(bearer, state) => unknown_token("Invalid access token."),
        _ => charged(request, state, CALL_COST, |_| Reply::json(200, &profile)),
    }
}

/// The access token that asks, if Canvas takes it.
pub fn caller(request: &Seen, state: &State) -> Result<String, Reply> {
    let Some(bearer) = request.bearer() else {
        return Err(without_credentials(request));
    };
    if let Some((_, flaw)) = state.canvas_flaws.iter().rfind(|(token, _)| token == bearer) {
        return Err(flawed(*flaw));
    }
    if is_minted(bearer, state) {
        return Err(Reply::error(403, "cannot generate a JWT when authorized by a JWT"));
    }
    let is_good = match state.canvas.standing(bearer) {
        Some(standing) => standing == Standing::Current,
        None => state.canvas_tokens.iter().any(|known| known == bearer),
    };
    if is_good { Ok(bearer.to_owned()) } else { Err(unknown_token("Invalid access token.")) }
}

/// Whether this is a token that was given for another one, or by another service.
fn is_minted(bearer: &str, state: &State) -> bool {
    let is_canvas = state.canvas_tokens.iter().any(|known| known == bearer);
    state.issued_here(bearer) && !is_canvas && state.canvas.standing(bearer).is_none()
}

/// Does what the bearer may ask for, and tells what it cost.
fn charged(
    request: &Seen,
    state: &mut State,
    cost: f64,
    earned: impl FnOnce(&mut State) -> Reply,
) -> Reply {
    let bearer = match caller(request, state) {
        Ok(bearer) => bearer,
        Err(refusal) => return refusal,
    };
    let bucket = state.buckets.entry(bearer).or_insert_with(Bucket::new);
    let Some(remaining) = bucket.charge(cost) else {
        return throttled(state.throttle_status);
    };
    earned(state)
        .with("X-Request-Cost", cost.to_string())
        .with("X-Rate-Limit-Remaining", remaining.to_string())
}

fn throttled(status: u16) -> Reply {
    let reason = if status == 429 { "Too Many Requests" } else { "Forbidden" };
    let said = format!("{status} {reason} (Rate Limit Exceeded)\n");
    Reply::of_type(status, "text/plain; charset=utf-8", said).with("X-Rate-Limit-Remaining", "0.0")
}

fn new_service_jwt(state: &mut State) -> Reply {
    let issued_at = unix_now().saturating_add(state.skew);
    let token = if state.plain_service_jwts {
        token::jwt(issued_at, issued_at.saturating_add(state.life))
    } else {
        token::wrapped_jwe()
    };
    state.record(&token);
    state.service_jwts.push(token.clone());
    Reply::json(200, &json!({ "token": token }))
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

fn flawed(flaw: CanvasFlaw) -> Reply {
    match flaw {
        CanvasFlaw::Expired => unknown_token("Expired access token."),
        CanvasFlaw::Revoked => unknown_token("Revoked access token."),
        CanvasFlaw::InsufficientScopes => {
            Reply::json(401, &errors("Insufficient scopes on access token."))
        }
        CanvasFlaw::NotAuthorized => {
            let mut answer = errors("user not authorized to perform that action");
            answer["status"] = "unauthorized".into();
            Reply::json(401, &answer)
        }
    }
}

fn unknown_token(message: &str) -> Reply {
    challenged(Reply::json(401, &errors(message)))
}

fn errors(message: &str) -> Value {
    json!({"errors": [{ "message": message }]})
}

fn challenged(reply: Reply) -> Reply {
    reply.with("WWW-Authenticate", r#"Bearer realm="canvas-lms""#)
}

impl Issuer {
    /// Turns this Canvas access token down from now on.
    pub fn spoil_canvas_token(&self, token: &str, flaw: CanvasFlaw) {
        self.state().canvas_flaws.push((token.to_owned(), flaw));
    }

    /// Sets what is left of this token's 600 units, and stops the leak: time has no part any more.
    /// A request is refused that begins with 50 or less.
    pub fn canvas_remaining(&self, token: &str, remaining: f64) {
        self.state().buckets.insert(token.to_owned(), Bucket::with_remaining(remaining));
    }

    /// How throttling is said: 403 unless set, or 429.
    pub fn canvas_throttle_status(&self, status: u16) {
        self.state().throttle_status = status;
    }

    /// Whether `/api/v1/jwts` gives JWTs that can be read, in place of encrypted ones in another
    /// layer of base64, as Canvas does.
    pub fn plain_service_jwts(&self, plain: bool) {
        self.state().plain_service_jwts = plain;
    }
}
