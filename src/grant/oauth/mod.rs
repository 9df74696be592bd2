//! What the OAuth grants share: the form body, client authentication, the reply, the life of a token.

mod client;
mod echo;
mod form;
mod lifetime;
mod reply;
mod token;

pub(super) use client::{OPTIONS as CLIENT_OPTIONS, authenticate, bearer, is_approved, request};
pub(super) use echo::Sent;
pub(super) use form::Form;
pub(super) use lifetime::Seconds;
pub(super) use reply::{Reading, access, code, first_error, is_json, json, lasting, read, refusal};
pub(super) use token::about as about_token;

use super::{Error, Rule, http};
