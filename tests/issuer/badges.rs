//! Badges (Badgr): a password or a code for tokens that refresh in a chain.

use serde_json::json;

use super::Issuer;
use super::client::text;
use super::family::{self, Service};
use super::http::{Reply, Seen};
use super::state::State;
use super::token;

pub const PATH: &str = "/o/token";

/// What is given where nothing is asked for.
pub const SCOPE: &str = "rw:profile";

const SCOPES: [&str; 3] = ["rw:profile", "rw:issuer", "rw:backpack"];

/// The client of those who have none of their own.
const PUBLIC: &str = "public";

/// Parameters in the query are a mistake that is told; without a grant type, it is `password`.
pub fn token(request: &Seen, state: &mut State) -> Reply {
    if request.target.contains('?') || !request.is_form() {
        return refused(400, "invalid_request", "parameters belong into the body");
    }
    let outcome =
        client(request, state).and_then(|client| match text(request, "grant_type").as_deref() {
            None | Some("password") => password(request, &client, state),
            Some("authorization_code") => code(request, &client, state),
            Some("refresh_token") => refresh(request, &client, state),
            Some(_) => Err(refused(400, "unsupported_grant_type", "no such grant")),
        });
    outcome.unwrap_or_else(|refusal| refusal)
}

/// `public`, or an app with its secret, in the body or as Basic.
fn client(request: &Seen, state: &State) -> Result<String, Reply> {
    let (user, key) = request.basic().unzip();
    let id = request.form_field("client_id").or(user).unwrap_or_else(|| PUBLIC.into());
    let secret = request.form_field("client_secret").or(key).unwrap_or_default();
    if id == PUBLIC.as_bytes() || state.knows_pair(&id, &secret) {
        return Ok(String::from_utf8_lossy(&id).into_owned());
    }
    Err(refused(400, "invalid_client", "unknown client, or a wrong secret"))
}

fn password(request: &Seen, client: &str, state: &mut State) -> Result<Reply, Reply> {
    let given = text(request, "username").zip(request.form_field("password"));
    let is_known = |(name, password): &(String, Vec<u8>)| {
        state.badge_users.iter().any(|(known, secret)| known == name && secret == password)
    };
    if !given.as_ref().is_some_and(is_known) {
        return Err(refused(401, "invalid_grant", "Invalid credentials given."));
    }
    let scope = text(request, "scope").unwrap_or_else(|| SCOPE.to_owned());
    begun(client, &scope, state)
}

fn code(request: &Seen, client: &str, state: &mut State) -> Result<Reply, Reply> {
    let code = state.codes.redeem(Service::Badges, client, request);
    let code = code.map_err(|_| refused(400, "invalid_grant", "Invalid code."))?;
    begun(client, if code.scope.is_empty() { SCOPE } else { &code.scope }, state)
}

fn begun(client: &str, scope: &str, state: &mut State) -> Result<Reply, Reply> {
    if !scope.split(' ').all(|asked| SCOPES.contains(&asked)) {
        return Err(refused(400, "invalid_scope", "no such scope"));
    }
    let access = token::opaque();
    state.record(&access);
    let refresh = state.families(Service::Badges).begin(client, scope, &access);
    Ok(sent(state, &access, scope, Some(&refresh)))
}

fn refresh(request: &Seen, client: &str, state: &mut State) -> Result<Reply, Reply> {
    let given = text(request, "refresh_token").unwrap_or_default();
    let Some((access, next)) = family::refresh(state, Service::Badges, client, &given) else {
        return Err(refused(401, "invalid_grant", "Invalid refresh token."));
    };
    Ok(sent(state, &access, &next.scope, next.refresh.as_deref()))
}

fn sent(state: &State, access: &str, scope: &str, refresh: Option<&str>) -> Reply {
    let mut answer = json!({
        "access_token": access,
        "token_type": "Bearer",
        "expires_in": state.life,
        "scope": scope,
    });
    if let Some(refresh) = refresh {
        answer["refresh_token"] = refresh.into();
    }
    Reply::json(200, &answer).with("Cache-Control", "no-store")
}

fn refused(status: u16, error: &str, description: &str) -> Reply {
    Reply::json(status, &json!({"error": error, "error_description": description}))
}

impl Issuer {
    /// Lets this user sign in with a password.
    pub fn accept_badge_user(&self, email: &str, password: &[u8]) {
        self.state().badge_users.push((email.to_owned(), password.to_vec()));
    }
}
