//! A request as text, with names in place of secrets and of what is another each time.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use mintage::http::{Body, Method, Request};

use super::profiles::Canaries;

/// The whole request: line, header, and one line for each field of the body.
pub fn shown(request: &Request, canaries: &Canaries) -> String {
    let method = match request.method {
        Method::Get => "GET",
        Method::Post => "POST",
        Method::Delete => "DELETE",
    };
    let mut lines = vec![format!("{method} {}", request.endpoint)];
    if let Some(value) = &request.authorization {
        let value = String::from_utf8_lossy(value.expose()).into_owned();
        let (scheme, rest) = value.split_once(' ').expect("a scheme");
        lines.push(format!("Authorization: {scheme} {}", named(&plain(scheme, rest), canaries)));
    }
    match &request.body {
        Body::None => {}
        Body::Form(form) => {
            lines.push("Content-Type: application/x-www-form-urlencoded\n".to_owned());
            for (name, value) in url::form_urlencoded::parse(form.expose()) {
                lines.push(format!("{name} = {}", named(&value, canaries)));
            }
        }
        Body::Json(json) => {
            lines.push("Content-Type: application/json\n".to_owned());
            lines.push(named(&String::from_utf8_lossy(json.expose()), canaries));
        }
    }
    lines.join("\n") + "\n"
}

/// What is inside Basic.
fn plain(scheme: &str, value: &str) -> String {
    if scheme != "Basic" {
        return value.to_owned();
    }
    String::from_utf8(STANDARD.decode(value).expect("base64")).expect("text")
}

fn named(value: &str, canaries: &Canaries) -> String {
    if let Some(claims) = signed(value) {
        return claims;
    }
    let Canaries { secret, refresh, source } = canaries;
    [(secret, "{secret}"), (refresh, "{refresh token}"), (source, "{token of the other profile}")]
        .into_iter()
        .fold(value.to_owned(), |text, (canary, name)| text.replace(canary.as_str(), name))
}

/// Header and claims of a JWT of ours.
fn signed(value: &str) -> Option<String> {
    let mut parts = value.split('.');
    let mut json = || -> Option<serde_json::Value> {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts.next()?).ok()?).ok()
    };
    let (header, mut claims) = (json()?, json()?);
    if let Some(jti) = claims.get_mut("jti") {
        assert!(jti.as_str().is_some_and(|jti| jti.len() >= 22), "a jti is 128 bits");
        *jti = "{another each time}".into();
    }
    Some(format!("JWT {header} {claims}"))
}
