//! How long a token lives: what the reply states, what the token itself says, the earlier of both.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::Error;
use crate::model::TokenLife;

/// `expires_in`: an integer, or (Azure and others) an integer in a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "serde_json::Value")]
pub(in crate::grant) struct Seconds(pub(in crate::grant) Option<u64>);

impl TryFrom<serde_json::Value> for Seconds {
    type Error = &'static str;

    fn try_from(value: serde_json::Value) -> Result<Self, &'static str> {
        const RULE: &str = "`expires_in` is not a number of seconds";
        let number = match value {
            serde_json::Value::Null => return Ok(Self(None)),
            serde_json::Value::Number(number) => number.as_u64().or_else(|| huge(&number)),
            serde_json::Value::String(text) => text.parse().ok(),
            _ => None,
        };
        number.map(|number| Self(Some(number))).ok_or(RULE)
    }
}

/// A whole number above what 64 bits hold is clamped like any that is too long.
fn huge(number: &serde_json::Number) -> Option<u64> {
    number.as_f64().filter(|value| *value >= 1e18 && value.fract() == 0.0).map(|_| u64::MAX)
}

/// The life of `token`, counted from when it was asked for; `otherwise` where nothing says it.
///
/// A JWT lives `exp - iat`, so that the two clocks need not agree. Its signature is not checked:
/// that is for whoever accepts the token.
///
/// # Errors
/// [`Error::Unacceptable`] for a life of nothing.
pub(super) fn of(
    token: &str,
    expires_in: Option<Seconds>,
    otherwise: TokenLife,
) -> Result<TokenLife, Error> {
    const NOTHING: Error = Error::Unacceptable("its token has expired already");
    let stated = match expires_in {
        Some(Seconds(Some(seconds))) => Some(TokenLife::stated(seconds).ok_or(NOTHING)?),
        Some(Seconds(None)) | None => None,
    };
    let inner = match jwt_seconds(token) {
        Some(seconds) => {
            let seconds = u64::try_from(seconds).map_err(|_| NOTHING)?;
            Some(TokenLife::stated(seconds).ok_or(NOTHING)?)
        }
        None => None,
    };
    Ok(match (stated, inner) {
        (Some(stated), Some(inner)) => stated.min(inner),
        (Some(life), None) | (None, Some(life)) => life,
        (None, None) => otherwise,
    })
}

#[derive(Deserialize)]
struct Claims {
    iat: Option<f64>,
    exp: Option<f64>,
}

/// `exp - iat` of a JWT that states both (RFC 7519 §4.1.4, §4.1.6: seconds, fractions allowed).
fn jwt_seconds(token: &str) -> Option<i64> {
    let mut parts = token.split('.');
    let (Some(_), Some(payload), Some(_), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return None;
    };
    let payload = Zeroizing::new(URL_SAFE_NO_PAD.decode(payload).ok()?);
    let claims: Claims = serde_json::from_slice(&payload).ok()?;
    let life = (claims.exp? - claims.iat?).floor();
    #[expect(clippy::cast_possible_truncation, reason = "a float cast saturates")]
    life.is_finite().then_some(life as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expires_in(json: &str) -> Option<Result<u64, ()>> {
        #[derive(Deserialize)]
        struct Reply {
            expires_in: Option<Seconds>,
        }
        let reply: Result<Reply, _> = serde_json::from_str(json);
        match reply {
            Err(_) => Some(Err(())),
            Ok(reply) => match of("opaque", reply.expires_in, TokenLife::unknown()) {
                Err(_) => Some(Err(())),
                Ok(life) if life == TokenLife::unknown() => None,
                Ok(life) => Some(Ok(life.duration().as_secs())),
            },
        }
    }

    // R02
    #[test]
    fn expires_in_is_read_in_every_form_that_servers_send() {
        let day = Some(Ok(86_400));
        for (json, life) in [
            (r#"{"expires_in":3600}"#, Some(Ok(3600))),
            (r#"{"expires_in":"3600"}"#, Some(Ok(3600))),
            (r"{}", None),
            (r#"{"expires_in":null}"#, None),
            (r#"{"expires_in":0}"#, Some(Err(()))),
            (r#"{"expires_in":-1}"#, Some(Err(()))),
            (r#"{"expires_in":true}"#, Some(Err(()))),
            (r#"{"expires_in":"abc"}"#, Some(Err(()))),
            (r#"{"expires_in":3599.5}"#, Some(Err(()))),
            (r#"{"expires_in":9223372036854775808}"#, day),
            (r#"{"expires_in":1000000000000}"#, day),
            (r#"{"expires_in":100000000000000000000000}"#, day),
        ] {
            assert_eq!(expires_in(json), life, "{json}");
        }
    }

    fn jwt(claims: &str) -> String {
        format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims))
    }

    // R08
    #[test]
    fn the_earlier_of_jwt_and_reply_wins() {
        let life = |claims: &str, seconds: u64| {
            of(&jwt(claims), Some(Seconds(Some(seconds))), TokenLife::unknown())
                .map(|life| life.duration().as_secs())
                .ok()
        };
        assert_eq!(life(r#"{"iat":100,"exp":400}"#, 3600), Some(300));
        assert_eq!(life(r#"{"iat":100,"exp":90000}"#, 3600), Some(3600));
        assert_eq!(life(r#"{"exp":400}"#, 3600), Some(3600));
        assert_eq!(life(r#"{"iat":400,"exp":100}"#, 3600), None);
        assert_eq!(life("not json", 3600), Some(3600));
        assert_eq!(life(r#"{"iat":1.5,"exp":1e300}"#, 3600), Some(3600));
    }
}
