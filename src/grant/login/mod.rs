//! A person's login at an issuer, once: what is to be sent, shown and waited for, until there is a
//! token, and mostly a refresh token for all that come after it. No I/O here either.

mod code;
mod device;

use std::time::Duration;

use jiff::Timestamp;
use zeroize::Zeroizing;

pub use code::Redirect;

use super::{Error, Minted, Rule, any, jws, url};
use crate::http;
use crate::model::{Endpoint, Invalid, Profile};

/// A place that sends a person back, as the option `redirect-uri` has it.
pub const OUT_OF_BAND: &str = "urn:ietf:wg:oauth:2.0:oob";

/// The options of every grant that begins with a login.
pub(super) const OPTIONS: [Rule; 6] = [
    Rule { name: "alg", about: jws::ABOUT, required: false, fits: jws::is_algorithm },
    Rule { name: "kid", about: "the id of the private key", required: false, fits: any },
    Rule {
        name: "assertion-audience",
        about: "what an assertion is for, in place of the token endpoint",
        required: false,
        fits: any,
    },
    Rule {
        name: "authorize-url",
        about: "where a person logs in with a browser (RFC 6749 §3.1)",
        required: false,
        fits: url,
    },
    Rule {
        name: "device-url",
        about: "where a code for another device is asked for (RFC 8628 §3.1)",
        required: false,
        fits: url,
    },
    Rule {
        name: "redirect-uri",
        about: "where the browser comes back to: http://127.0.0.1:PORT/PATH, or \
                urn:ietf:wg:oauth:2.0:oob for a code to copy",
        required: false,
        fits: is_redirect,
    },
];

fn is_redirect(text: &str) -> bool {
    text == OUT_OF_BAND || Redirect::parse(text).is_some()
}

/// How a person logs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// With a browser that comes back with a code (RFC 6749 §4.1, RFC 7636, RFC 8252).
    Code,
    /// With any browser, by a code that is shown here (RFC 8628).
    Device,
}

impl Way {
    /// How a person logs in for `profile`; `None` where nobody can, or need.
    #[must_use]
    pub fn of(profile: &Profile) -> Option<Self> {
        if profile.options.get("device-url").is_some() {
            return Some(Self::Device);
        }
        profile.options.get("authorize-url").map(|_| Self::Code)
    }
}

/// One login, from the first step to the token.
pub trait Login {
    /// Whether the request last given may go unanswered: then the next step is told nothing.
    fn asks_again(&self) -> bool {
        false
    }

    /// What to do next; `answer` is what came of the step before.
    ///
    /// # Errors
    /// [`Error`]; the login is over then.
    fn step(&mut self, answer: Answer<'_>) -> Result<Ask, Error>;
}

/// What a step of a login came to.
pub enum Answer<'a> {
    /// There was none before, or nothing to come of it.
    Nothing,
    /// The answer to a request.
    Reply(&'a http::Reply),
    /// What the browser came back with: the query of the URL it was sent to.
    Returned(Zeroizing<String>),
    /// What a person copied from a page.
    Copied(Zeroizing<String>),
}

/// What is to be done for a login.
pub enum Ask {
    /// Send this.
    Send(http::Request),
    /// Have the person visit this page, and wait for the browser to come back.
    Visit(String),
    /// Have the person visit this page, and copy the code that it shows.
    VisitAndCopy(String),
    /// Have the person visit this page and type a code there.
    Tell {
        /// The page.
        url: String,
        /// The code.
        code: String,
        /// The page with the code in it, where there is one.
        whole: Option<String>,
    },
    /// Wait so long.
    Wait(Duration),
    /// It is done.
    Done(Minted),
}

/// Begins a login for `profile`; `redirect` is where a browser can come back to.
///
/// # Errors
/// [`Error::Setup`] where nobody can log in for it.
pub fn begin<'a>(
    profile: &'a Profile,
    redirect: Redirect,
    now: Timestamp,
) -> Result<Box<dyn Login + 'a>, Error> {
    profile.check()?;
    match Way::of(profile) {
        Some(Way::Device) => Ok(Box::new(device::Device::new(profile, now))),
        Some(Way::Code) => Ok(Box::new(code::Code::new(profile, redirect, now)?)),
        None => {
            Err(Invalid::Unset("`authorize-url` or `device-url`, where a person logs in").into())
        }
    }
}

fn option(profile: &Profile, name: &'static str) -> Result<Endpoint, Error> {
    let url = profile.options.get(name).ok_or(Invalid::Unset(name))?;
    Ok(url.parse()?)
}
