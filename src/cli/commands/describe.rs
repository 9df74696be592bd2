//! A profile as people and programs see it: everything but the secret.

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Map, Value, json};

use crate::model::{
    ClientId, Credential, Endpoint, FieldName, Flags, Profile, ProfileName, Summary, Tag,
};
use crate::secret::ClientSecret;

/// The fields of a profile as JSON. The secret appears by its length only.
pub fn json(profile: &Profile) -> Value {
    let Profile {
        name,
        preset,
        grant,
        endpoint,
        issuer,
        base_url,
        auth,
        credential,
        from,
        options,
        scopes,
        audience,
        resource,
        params,
        ca,
        fields,
        label,
        tags,
        secret_expires,
        flags: Flags { token_only, plain_http },
        added_at,
        changed_at,
    } = profile;
    let Credential { client_id, secret, key, certificate, refresh } = credential;
    json!({
        "profile": name.as_str(),
        "preset": preset,
        "grant": grant,
        "endpoint": Some(endpoint.as_str()).filter(|url| *url != Endpoint::NOWHERE),
        "issuer": issuer.as_ref().map(Endpoint::as_base),
        "base_url": base_url.as_ref().map(Endpoint::as_base),
        "auth": auth.as_str(),
        "client_id": client_id.as_ref().map(ClientId::as_str),
        "client_secret_bytes": secret.as_ref().map(ClientSecret::len),
        "private_key": key.is_some(),
        "certificate": certificate.is_some(),
        "refresh_token": refresh.is_some(),
        "from": from.as_ref().map(ProfileName::as_str),
        "options": options.iter().collect::<Vec<_>>(),
        "scopes": scopes.iter().collect::<Vec<_>>(),
        "audience": audience,
        "resource": resource,
        "params": params,
        "ca": ca.is_some(),
        "fields": fields.iter().map(|(name, secret)| bytes(name, secret.len())).collect::<Map<_, _>>(),
        "label": label,
        "tags": tags.iter().map(Tag::as_str).collect::<Vec<_>>(),
        "secret_expires": secret_expires.map(|date| date.to_string()),
        "token_only": token_only,
        "plain_http": plain_http,
        "added_at": second(*added_at),
        "changed_at": second(*changed_at),
    })
}

/// A further secret appears by its length only, too.
fn bytes(name: &FieldName, length: usize) -> (String, Value) {
    (name.to_string(), json!({ "bytes": length }))
}

/// A profile in a listing as JSON.
pub fn summary(summary: &Summary, today: Date) -> Value {
    let Summary {
        name,
        preset,
        host,
        label,
        tags,
        secret_expires,
        token_only,
        added_at,
        changed_at,
    } = summary;
    json!({
        "profile": name.as_str(),
        "preset": preset,
        "host": host,
        "label": label,
        "tags": tags.iter().map(Tag::as_str).collect::<Vec<_>>(),
        "secret_expires": secret_expires.map(|date| date.to_string()),
        "days_left": summary.days_left(today),
        "token_only": token_only,
        "added_at": second(*added_at),
        "changed_at": second(*changed_at),
    })
}

/// A profile as [`json`] gives it, as rows of name and value; empty ones are left out.
pub fn rows(fields: &Value) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for (name, value) in fields.as_object().into_iter().flatten() {
        let shown = match value {
            Value::Null | Value::Bool(false) => continue,
            Value::Bool(true) => "yes".to_owned(),
            Value::Array(values) if values.is_empty() => continue,
            Value::Object(fields) => {
                let hidden = |(name, about): (&String, &Value)| {
                    let length = about.get("bytes").map(plain).unwrap_or_default();
                    vec![name.clone(), format!("(hidden, {length} bytes)")]
                };
                rows.extend(fields.iter().map(hidden));
                continue;
            }
            Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join(" "),
            other => plain(other),
        };
        let (name, shown) = match name.as_str() {
            "client_secret_bytes" => ("client_secret", format!("(hidden, {shown} bytes)")),
            name => (name, shown),
        };
        rows.push(vec![name.to_owned(), shown]);
    }
    rows
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(pair) => pair.iter().map(plain).collect::<Vec<_>>().join("="),
        other => other.to_string(),
    }
}

/// RFC 3339 in whole seconds, rounded down.
pub fn second(time: Timestamp) -> String {
    Timestamp::from_second(time.as_second()).unwrap_or(time).to_string()
}
