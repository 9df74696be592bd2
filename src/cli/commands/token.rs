//! `mintage token`: a fresh token on standard output, whole or not at all.

use std::time::Duration;

use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{Which, describe};
use crate::agent::Wanted;
use crate::cli::holder::Holder;
use crate::cli::parts::Parts;
use crate::cli::{Failure, style};
use crate::handover::{Shell, is_variable};
use crate::model::{Endpoint, Lease, ProfileName, Scopes, TokenType, length};

/// Options of `token`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The profile
    #[arg(add = crate::cli::completion::profiles())]
    name: Option<ProfileName>,
    /// Life the token must have left
    #[arg(long, value_name = "TIME", value_parser = length)]
    min_valid: Option<Duration>,
    /// Mint another one, even where one is held
    #[arg(long)]
    fresh: bool,
    /// Scopes in place of the profile's own; may be repeated
    #[arg(long, value_name = "SCOPE")]
    scope: Vec<String>,
    /// Audience in place of the profile's own
    #[arg(long)]
    audience: Option<String>,
    /// Write an HTTP header line: `Authorization: Bearer …`, or the token alone under NAME
    #[arg(long, value_name = "NAME", num_args = 0..=1, group = "form",
        conflicts_with = "json", default_missing_value = "Authorization", value_parser = header_name)]
    header: Option<String>,
    /// Write this URL with the query that signs it (`abconnect`): good for it and nothing else
    #[arg(long, value_name = "URL", group = "form", conflicts_with_all = ["json", "audience"])]
    url: Option<Endpoint>,
    /// The method that the URL is signed for
    #[arg(long, requires = "url", default_value = "GET")]
    method: String,
    /// Write an assignment for a shell to evaluate
    #[arg(long, value_name = "VAR", num_args = 0..=1, require_equals = true, group = "form",
        conflicts_with = "json", default_missing_value = "ACCESS_TOKEN", value_parser = variable)]
    env: Option<String>,
    /// Quote for this shell: sh, fish or powershell [default: your own]
    #[arg(long, requires = "env")]
    shell: Option<Shell>,
    /// Show the token even at a terminal
    #[arg(long)]
    reveal: bool,
}

/// Runs the command.
pub fn run(args: &Args, parts: &Parts) -> Result<u8, Failure> {
    let which = super::which(args.name.as_ref(), parts)?;
    let scopes = Scopes::parse(args.scope.iter().map(String::as_str))?;
    if args.name.is_none() && args.header.as_ref().is_some_and(|name| name != "Authorization") {
        // `token --header prod` would send the default profile's token under the name `prod`.
        return Err(Failure::Usage("name the profile before `--header NAME`".to_owned()));
    }
    let lease = args.lease(&which, scopes, parts)?;
    args.check_kind(&lease)?;
    super::warn_of(&lease, parts);
    let hidden = style::is_seen() && !args.reveal;
    if parts.style.json {
        return write_json(&lease, hidden, parts);
    }
    if hidden {
        let minutes = lease.remaining(parts.clock()).as_secs() / 60;
        let length = lease.token.access.len();
        style::write_lines([format!("(hidden: {length} characters, {minutes} minutes left)")])?;
        parts.style.hint("it is whole on a pipe; add `--reveal` to see it here");
        return Ok(0);
    }
    style::write(args.form(&lease, parts).as_bytes())?;
    Ok(0)
}

fn write_json(lease: &Lease, hidden: bool, parts: &Parts) -> Result<u8, Failure> {
    let token = if hidden { None } else { Some(lease.token.access.expose()) };
    style::write_json(json!({
        "profile": lease.profile.as_str(),
        "token": token,
        "token_type": lease.token.kind.as_str(),
        "expires_at": expires_at(lease),
        "expires_in": lease.remaining(parts.clock()).as_secs(),
        "scope": lease.token.scope,
    }))?;
    Ok(0)
}

/// When it expires; rounded down, so that the deadline shown is never late.
pub fn expires_at(lease: &Lease) -> String {
    describe::second(lease.expires_at)
}

impl Args {
    fn lease(&self, which: &Which, scopes: Scopes, parts: &Parts) -> Result<Lease, Failure> {
        let (min_valid, fresh) = (self.min_valid, self.fresh);
        let mut holder = Holder::reach(parts)?;
        let audience = match &self.url {
            Some(url) => Some(self.signed_for(url, &holder.show(which)?)?),
            None => self.audience.clone(),
        };
        holder.lease(which, &Wanted { scopes, audience, min_valid, fresh })
    }

    /// The method and the resource of `url`, which must lie below the profile's endpoint.
    fn signed_for(&self, url: &Endpoint, profile: &Value) -> Result<String, Failure> {
        let text = |name: &str| profile.get(name).and_then(Value::as_str).unwrap_or_default();
        if text("grant") != "abconnect" {
            return Err(Failure::Usage("`--url` is for profiles that sign a query".to_owned()));
        }
        let endpoint: Endpoint = text("endpoint").parse()?;
        let base = format!("{}/", endpoint.url().path().trim_end_matches('/'));
        let resource = url.url().path().strip_prefix(&base);
        match resource.filter(|_| url.url().origin() == endpoint.url().origin()) {
            Some(resource) => Ok(format!("{} {}", self.method, resource.trim_end_matches('/'))),
            None => Err(Failure::NotBound { place: endpoint.to_string() }),
        }
    }

    /// Not every token can be had in every form.
    fn check_kind(&self, lease: &Lease) -> Result<(), Failure> {
        let is_query = lease.token.kind == TokenType::Query;
        if is_query && self.header.is_some() {
            let why = "this token belongs into the query of a URL: use `--url`";
            return Err(Failure::Usage(why.to_owned()));
        }
        Ok(())
    }

    fn form(&self, lease: &Lease, parts: &Parts) -> Zeroizing<String> {
        let token = lease.token.access.expose();
        let line = match (&self.header, &self.env, &self.url) {
            (Some(name), ..) => header_line(name, lease),
            (None, Some(variable), _) => {
                let own = Shell::at(parts.environment.shell.as_deref());
                self.shell.unwrap_or(own).export(variable, token)
            }
            (None, None, Some(url)) => {
                let between = if url.url().query().is_some() { '&' } else { '?' };
                Zeroizing::new(format!("{url}{between}{token}"))
            }
            (None, None, None) => Zeroizing::new(token.to_owned()),
        };
        Zeroizing::new(format!("{}\n", *line))
    }
}

/// The line of `name`: with the scheme where that is the usual header, in the form of the service
/// where it has one, else with the token alone.
fn header_line(name: &str, lease: &Lease) -> Zeroizing<String> {
    let (token, kind) = (lease.token.access.expose(), &lease.token.kind);
    let is_usual = name.eq_ignore_ascii_case("authorization");
    Zeroizing::new(match kind {
        TokenType::Header(form) if is_usual || name.eq_ignore_ascii_case(form.name()) => {
            let (before, after) = form.around();
            format!("{before}{token}{after}")
        }
        _ if is_usual => format!("{name}: {} {token}", kind.as_str()),
        _ => format!("{name}: {token}"),
    })
}

/// RFC 9110 §5.1: a token.
fn header_name(text: &str) -> Result<String, &'static str> {
    let is_name = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    let fits = !text.is_empty() && text.bytes().all(is_name);
    if fits { Ok(text.to_owned()) } else { Err("not the name of a header") }
}

fn variable(text: &str) -> Result<String, &'static str> {
    if is_variable(text) { Ok(text.to_owned()) } else { Err("not the name of a variable") }
}
