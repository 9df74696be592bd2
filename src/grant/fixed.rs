//! A key or password that is given out as it is: nothing is minted, and it is kept like the others.

use super::{Error, Exchange, Grant, Occasion, Rule, Step, http};
use crate::limits;
use crate::model::{HeaderForm, Invalid, Part, Profile, Token, TokenLife, TokenType};

const OPTIONS: [Rule; 1] = [Rule {
    name: "header",
    about: "the header that shows it, as `X-Api-Key: {token}`",
    required: false,
    fits: is_header,
}];

fn is_header(text: &str) -> bool {
    text.parse::<HeaderForm>().is_ok()
}

/// The `static` grant.
#[derive(Debug)]
pub(super) struct Fixed;

impl Grant for Fixed {
    fn name(&self) -> &'static str {
        "static"
    }

    fn needs(&self, _: &Profile) -> Vec<Part> {
        vec![Part::Secret]
    }

    fn options(&self) -> &'static [Rule] {
        &OPTIONS
    }

    fn gives_the_secret(&self) -> bool {
        true
    }

    fn begin<'a>(&self, occasion: Occasion<'a>) -> Result<Box<dyn Exchange + 'a>, Error> {
        super::check(self, occasion.profile)?;
        super::ask_for_nothing(occasion.request)?;
        Ok(begin(occasion))
    }
}

/// The exchange of whatever grant gives its secret out: there is none.
pub(super) fn begin(occasion: Occasion<'_>) -> Box<dyn Exchange + '_> {
    Box::new(Run(occasion.profile))
}

struct Run<'a>(&'a Profile);

impl Exchange for Run<'_> {
    fn step(&mut self, _: Option<&http::Reply>) -> Result<Step, Error> {
        const UNFIT: Error = Error::WrongKind(
            "it is no single line of visible ASCII: use `exec --env VAR=client_secret`",
        );
        let secret = self.0.credential.secret.as_ref().ok_or(Invalid::Missing(Part::Secret))?;
        let text = std::str::from_utf8(secret.expose()).map_err(|_| UNFIT)?;
        let access = Token::opaque(text.to_owned().into()).map_err(|_| UNFIT)?;
        let kind = match self.0.options.get("header") {
            Some(form) => TokenType::Header(form.parse()?),
            None => TokenType::Bearer,
        };
        let day = limits::TOKEN_LIFE.as_secs();
        let life = TokenLife::stated(day).unwrap_or(TokenLife::unknown());
        Ok(Step::Done(Token { access, kind, life, scope: None }.into()))
    }
}
