//! AB Connect: no request at all. The token is the query that signs one: HMAC-SHA256 under the partner
//! key, over when it ends, the user, the method and the resource.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use url::form_urlencoded::byte_serialize;
use zeroize::Zeroizing;

use super::{Error, Exchange, Grant, Occasion, Rule, Step, any, http, seconds, seconds_of};
use crate::model::{Invalid, Part, Profile, Token, TokenLife, TokenType};

/// Seconds, where nothing is said: a signature leaks through logged bodies, which repeat the query.
const LIFE: u32 = 300;

const OPTIONS: [Rule; 4] = [
    Rule { name: "user", about: "the user that is signed for", required: false, fits: any },
    Rule {
        name: "method",
        about: "the only method it is good for: GET, POST, …",
        required: false,
        fits: is_method,
    },
    Rule {
        name: "resource",
        about: "the only resource it is good for, as `standards`; needs a method",
        required: false,
        fits: any,
    },
    Rule { name: "life", about: "seconds that it is good for", required: false, fits: seconds },
];

fn is_method(text: &str) -> bool {
    (1..=16).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphabetic())
}

/// The `abconnect` grant.
#[derive(Debug)]
pub(super) struct AbConnect;

impl Grant for AbConnect {
    fn name(&self) -> &'static str {
        "abconnect"
    }

    fn needs(&self, _: &Profile) -> Vec<Part> {
        vec![Part::ClientId, Part::Secret]
    }

    fn options(&self) -> &'static [Rule] {
        &OPTIONS
    }

    fn is_local(&self) -> bool {
        true
    }

    fn begin<'a>(&self, occasion: Occasion<'a>) -> Result<Box<dyn Exchange + 'a>, Error> {
        super::check(self, occasion.profile)?;
        if !occasion.request.scopes.is_empty() {
            return Err(Invalid::NothingToAsk.into());
        }
        Ok(Box::new(Run(occasion)))
    }
}

/// What is signed beside the end.
#[derive(Debug, Default, PartialEq, Eq)]
struct Bound<'a> {
    user: &'a str,
    method: String,
    resource: String,
}

impl<'a> Bound<'a> {
    /// Of the request where it says so (`GET standards`), else of the profile.
    fn of(occasion: &Occasion<'a>) -> Result<Self, Error> {
        let option = |name| occasion.profile.options.get(name).unwrap_or_default();
        let (method, resource) = match occasion.request.audience.as_deref() {
            Some(asked) => asked.split_once(' ').unwrap_or((asked, "")),
            None => (option("method"), option("resource")),
        };
        let (method, resource) =
            (method.to_uppercase(), resource.trim_start_matches('/').to_lowercase());
        let fits = (method.is_empty() && resource.is_empty()) || is_method(&method);
        if !fits {
            return Err(Invalid::Option(
                "it is signed for a method, or a method and a resource: `GET standards`",
            )
            .into());
        }
        Ok(Self { user: option("user"), method, resource })
    }

    /// The lines up to the last that says something; those between stay, empty.
    fn message(&self, expires: i64) -> String {
        let Self { user, method, resource } = self;
        let lines = [expires.to_string(), (*user).to_owned(), method.clone(), resource.clone()];
        let last = lines.iter().rposition(|line| !line.is_empty()).unwrap_or_default();
        lines.get(..=last).unwrap_or_default().join("\n")
    }
}

/// The key is the text as it is, though it looks like base64.
fn signature(key: &[u8], message: &str) -> String {
    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length (RFC 2104)")]
    let mut hash = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length");
    hash.update(message.as_bytes());
    STANDARD.encode(hash.finalize().into_bytes())
}

struct Run<'a>(Occasion<'a>);

impl Exchange for Run<'_> {
    fn step(&mut self, _: Option<&http::Reply>) -> Result<Step, Error> {
        let Occasion { profile, now, .. } = self.0;
        let secret = profile.credential.secret.as_ref().ok_or(Invalid::Missing(Part::Secret))?;
        let bound = Bound::of(&self.0)?;
        let life = seconds_of(profile, "life", LIFE);
        let expires = now.as_second() + i64::from(life);
        let signature = signature(secret.expose(), &bound.message(expires));
        let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
        let mut query = Zeroizing::new(format!(
            "partner.id={}&auth.signature={}&auth.expires={expires}",
            encoded(profile.credential.id()),
            encoded(&signature),
        ));
        if !bound.user.is_empty() {
            query.push_str("&user.id=");
            query.push_str(&encoded(bound.user));
        }
        let access = Token::opaque(query)?;
        let life = TokenLife::stated(life.into()).unwrap_or(TokenLife::unknown());
        Ok(Step::Done(Token { access, kind: TokenType::Query, life, scope: None }.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // The vectors of the documentation, and those recomputed in the reference.
    #[test]
    fn every_published_vector_is_signed_so() {
        let bound = |user, method: &str, resource: &str| Bound {
            user,
            method: method.to_owned(),
            resource: resource.to_owned(),
        };
        let mock = "mock-partner-key";
        for (key, expires, bound, expected) in [
            (
                "ajk84Hjk93h59skaAJ8732",
                1_512_570_029,
                bound("", "GET", ""),
                "Sdcfa9xgRAUzQnlLik5nKj1ntqdB85jFYyFCkNxwD/M=",
            ),
            (
                mock,
                1_900_000_000,
                bound("", "", ""),
                "G3qv6ZONHkM6pmYsYMMHf9zr/DbCvhCLRsyR4Xf8aaE=",
            ),
            (
                mock,
                1_900_000_000,
                bound("u1", "", ""),
                "XiaMYW9dPNe5mR2FHPAuPQdq2ynJwTN8ju9Vt8dJG1M=",
            ),
            (
                mock,
                1_900_000_000,
                bound("", "GET", ""),
                "Wd3t3JC2ljx3VQ/UJEviMjT26Na2G1+Y+vDpfYNyivs=",
            ),
            (
                mock,
                1_900_000_000,
                bound("", "GET", "standards"),
                "ji9wXb0PziYtmQP3NwAcX9PWgjl1mI5iTBXTjnkhQm8=",
            ),
        ] {
            assert_eq!(signature(key.as_bytes(), &bound.message(expires)), expected, "{bound:?}");
        }
    }

    #[test]
    fn lines_between_stay_and_lines_behind_go() {
        let message = |user, method: &str| {
            Bound { user, method: method.to_owned(), resource: String::new() }.message(7)
        };
        assert_eq!(message("", ""), "7");
        assert_eq!(message("u", ""), "7\nu");
        assert_eq!(message("", "GET"), "7\n\nGET");
    }
}
