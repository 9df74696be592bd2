//! GitHub's tokens for an installation of an app: a JWT of the app in, a token for an hour out.

use serde_json::{Value, json};

use super::Issuer;
use super::http::{Reply, Seen};
use super::jose::{Jwt, PublicKey};
use super::state::{State, unix_now};
use super::token;

pub const PREFIX: &str = "/app/installations/";
pub const REVOCATION_PATH: &str = "/installation/token";

const DOCUMENTATION: &str = "https://docs.github.com/rest";

/// An app that is installed once.
pub struct App {
    id: String,
    key: PublicKey,
    installation: u64,
    /// Those it has; any, where there are none.
    repositories: Vec<String>,
    permissions: Value,
}

/// Whether a path is that of a mint.
pub fn is_mint(path: &str) -> bool {
    path.starts_with(PREFIX) && path.ends_with("/access_tokens")
}

pub fn access_token(request: &Seen, state: &mut State) -> Reply {
    match wish(request, state) {
        Ok(wish) => granted(&wish, state),
        Err(refusal) => refusal,
    }
}

/// Ends the token that asks.
pub fn revoke(request: &Seen, state: &mut State) -> Reply {
    match request.bearer().map(str::to_owned) {
        Some(bearer) if state.honours(&bearer) => {
            state.revoke(&bearer);
            Reply { status: 204, headers: Vec::new(), body: Vec::new() }
        }
        _ => refused(401, "Bad credentials"),
    }
}

/// What is asked for, by somebody who may: repositories, if named, and permissions.
fn wish(request: &Seen, state: &State) -> Result<Value, Reply> {
    if request.header("User-Agent").is_none_or(str::is_empty) {
        let said = "Request forbidden by administrative rules. Please make sure your request has a \
                    User-Agent header (https://docs.github.com/en/rest/overview/resources-in-the-\
                    rest-api#user-agent-required). Check https://developer.github.com for other \
                    possible causes.\n";
        return Err(Reply::of_type(403, "text/html; charset=utf-8", said));
    }
    let app = caller(request, &state.apps)?;
    let named = request.path().strip_prefix(PREFIX).and_then(|rest| rest.split('/').next());
    if named != Some(&app.installation.to_string()) {
        return Err(refused(404, "Not Found"));
    }
    let body = if request.body.is_empty() { b"{}" } else { request.body.as_slice() };
    let asked: Value =
        serde_json::from_slice(body).map_err(|_| refused(400, "Problems parsing JSON"))?;
    let repositories = repositories(&asked, app)?;
    let permissions = permissions(&asked, app)?;
    Ok(json!({"repositories": repositories, "permissions": permissions}))
}

/// The app whose JWT this is: RS256, its own `iss`, at most ten minutes from now.
fn caller<'a>(request: &Seen, apps: &'a [App]) -> Result<&'a App, Reply> {
    let undecodable = || refused(401, "A JSON web token could not be decoded");
    let jwt = request.bearer().and_then(Jwt::parse).ok_or_else(undecodable)?;
    let issuer = match &jwt.claims["iss"] {
        Value::Number(number) => number.to_string(),
        issuer => issuer.as_str().unwrap_or_default().to_owned(),
    };
    let app = apps.iter().find(|app| app.id == issuer);
    let app = app.ok_or_else(|| refused(404, "Integration not found"))?;
    if jwt.algorithm() != "RS256" || !jwt.is_signed_by(&app.key) {
        return Err(undecodable());
    }
    match time_flaw(&jwt) {
        Some(said) => Err(refused(401, said)),
        None => Ok(app),
    }
}

fn time_flaw(jwt: &Jwt) -> Option<&'static str> {
    const NO_EXP: &str = "'Expiration time' claim ('exp') must be a numeric value representing the \
                          future time at which the assertion expires";
    const NO_IAT: &str = "'Issued at' claim ('iat') must be an Integer representing the time that \
                          the assertion was issued";
    let now = unix_now();
    match (jwt.number("exp"), jwt.number("iat")) {
        (None, _) => Some(NO_EXP),
        (Some(exp), _) if exp <= now => Some(NO_EXP),
        (Some(exp), _) if exp > now + 600 => {
            Some("'Expiration time' claim ('exp') is too far in the future")
        }
        (_, None) => Some(NO_IAT),
        (_, Some(iat)) if iat > now + 60 => Some(NO_IAT),
        _ => None,
    }
}

fn repositories(asked: &Value, app: &App) -> Result<Value, Reply> {
    let Some(names) = asked.get("repositories") else { return Ok(Value::Null) };
    let has = |name: &Value| {
        let known = app.repositories.iter().any(|known| name == known);
        name.is_string() && (known || app.repositories.is_empty())
    };
    if names.as_array().is_some_and(|names| names.iter().all(has)) {
        return Ok(names.clone());
    }
    let said = "There is at least one repository that does not exist or is not accessible to the \
                parent installation.";
    Err(refused(422, said))
}

/// Those asked for, each at most as the app has it; all it has, if none is asked for.
fn permissions(asked: &Value, app: &App) -> Result<Value, Reply> {
    let Some(wanted) = asked.get("permissions") else { return Ok(app.permissions.clone()) };
    let has = |(name, level): (&String, &Value)| {
        let own = app.permissions[name].as_str();
        own == level.as_str() || (own == Some("write") && level == "read")
    };
    if wanted.as_object().is_some_and(|wanted| wanted.iter().all(has)) {
        return Ok(wanted.clone());
    }
    Err(refused(422, "The permissions requested are not granted to this installation."))
}

fn granted(wish: &Value, state: &mut State) -> Reply {
    let token = token::installation();
    state.record(&token);
    let until = jiff::Timestamp::from_second(unix_now() + state.life).expect("a time of this era");
    let mut answer = json!({
        "token": token,
        "expires_at": until.to_string(),
        "permissions": wish["permissions"],
        "repository_selection": "all",
    });
    if let Some(names) = wish["repositories"].as_array() {
        let named: Vec<Value> = names.iter().map(|name| json!({ "name": name })).collect();
        answer["repository_selection"] = "selected".into();
        answer["repositories"] = named.into();
    }
    Reply::json(201, &answer)
}

fn refused(status: u16, message: &str) -> Reply {
    let answer = json!({
        "message": message,
        "documentation_url": DOCUMENTATION,
        "status": status.to_string(),
    });
    Reply::json(status, &answer)
}

impl Issuer {
    /// Installs an app that signs with this key. It may read contents and metadata, and write
    /// issues, of any repository.
    pub fn accept_github_app(&self, app_id: &str, installation: u64, public_pem: &str) {
        self.state().apps.push(App {
            id: app_id.to_owned(),
            key: PublicKey::from_pem(public_pem),
            installation,
            repositories: Vec::new(),
            permissions: json!({"contents": "read", "issues": "write", "metadata": "read"}),
        });
    }

    /// Narrows every app installed so far to these repositories.
    pub fn github_repositories(&self, names: &[&str]) {
        for app in &mut self.state().apps {
            app.repositories = names.iter().map(|name| (*name).to_owned()).collect();
        }
    }

    /// What every app installed so far may do.
    pub fn github_permissions(&self, permissions: &Value) {
        for app in &mut self.state().apps {
            app.permissions = permissions.clone();
        }
    }
}
