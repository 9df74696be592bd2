//! The nouns: values that are right by construction. No I/O here.

mod anatomy;
mod auth;
mod credential;
mod described;
mod endpoint;
mod label;
mod lease;
mod length;
mod name;
mod option;
mod paste;
mod profile;
mod request;
mod scope;
mod slot;
mod summary;
mod token;
mod untrusted;

pub use anatomy::{Anatomy, scope_parts};
pub use auth::AuthStyle;
pub use credential::{Certificate, ClientId, Credential, Part};
pub use described::Described;
pub use endpoint::Endpoint;
pub use label::{FieldName, Tag};
pub use lease::{Given, Lease};
pub use length::length;
pub use name::{ProfileName, VaultName};
pub use option::Options;
pub use paste::{Pasted, PastedError, without_final_newline};
pub use profile::{Binding, Flags, Profile, Withheld};
pub use request::LeaseRequest;
pub use scope::Scopes;
pub use slot::{Claim, Kept, Slot};
pub use summary::Summary;
pub use token::{HeaderForm, Token, TokenLife, TokenType};
pub use untrusted::{Untrusted, is_harmless};

/// Why a value was refused. It names the rule and never quotes the value, which may be a secret
/// that was typed in the wrong place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// Not a profile name.
    #[error(
        "a profile name is 1 to 128 characters: segments of a-z, 0-9, `.`, `_` and `-`, each \
         beginning with a letter or digit, joined by `/`"
    )]
    ProfileName,
    /// Not a vault name.
    #[error("a vault name is 1 to 64 characters of a-z, 0-9 and `-`, beginning with a letter")]
    VaultName,
    /// Not an endpoint: the reason follows.
    #[error("not an endpoint: {0}")]
    Endpoint(&'static str),
    /// Not a client id.
    #[error("a client id is 1 to 1024 printable ASCII characters without spaces")]
    ClientId,
    /// Raw Basic cannot carry this client id.
    #[error(
        "a client id with a colon cannot be sent as raw Basic: the issuer would split it there"
    )]
    ColonInClientId,
    /// Not a client secret.
    #[error("a client secret is 1 byte to 64 KiB")]
    Secret,
    /// Not a refresh token.
    #[error("a refresh token is 1 byte to 64 KiB of visible ASCII (RFC 6749 Appendix A.17)")]
    Refresh,
    /// Not a private key: the reason follows.
    #[error("not a private key that can be used: {0}")]
    Key(&'static str),
    /// Not a client certificate with its key.
    #[error("not a client certificate with its private key (PEM)")]
    Certificate,
    /// The credential lacks what the grant needs.
    #[error("the profile has no {}", .0.as_str())]
    Missing(Part),
    /// It names no profile whose token it is minted with, or lacks an option: the name follows.
    #[error("missing: {0}")]
    Unset(&'static str),
    /// An option that is not as it may be: the rule, as a sentence.
    #[error("{0}")]
    Option(&'static str),
    /// An option of the grant has a value that it cannot have.
    #[error("`--set {name}` does not have this value; it is {about}")]
    Value {
        /// The option.
        name: &'static str,
        /// What it is for.
        about: &'static str,
    },
    /// The grant cannot be asked for scopes or an audience.
    #[error("tokens of this kind have no scope or audience to ask for")]
    NothingToAsk,
    /// Two settings that exclude each other.
    #[error("what this preset gives out is the secret itself: it cannot be token-only")]
    TokenOnlyStatic,
    /// Not a scope.
    #[error("a scope is printable ASCII without spaces, quotes and backslashes (RFC 6749 §3.3)")]
    Scope,
    /// Not a tag.
    #[error("a tag is 1 to 64 characters of a-z, 0-9, `.`, `_` and `-`")]
    Tag,
    /// Not a label, audience or resource.
    #[error("a text is one line of 1 to 512 bytes without control or invisible characters")]
    Text,
    /// Not a request parameter.
    #[error(
        "a request parameter is `KEY=VALUE` of at most 512 bytes, not one that the grant sets itself, \
         and not a secret"
    )]
    Parameter,
    /// Not a token.
    #[error("a token is 1 byte to 16 KiB of RFC 6750 characters")]
    Token,
    /// Not the name of a further secret.
    #[error(
        "the name of a field is 1 to 64 characters of a-z, 0-9 and `_`, beginning with a letter, not \
         ending in `_base64`, and not one that every profile has"
    )]
    FieldName,
    /// A further secret is empty or too large, or there are too many.
    #[error("a profile has at most 16 further fields, each of 1 byte to 64 KiB")]
    Fields,
    /// Two settings that exclude each other.
    #[error("a token-only profile cannot use plain http")]
    TokenOnlyOverHttp,
    /// Two settings that exclude each other.
    #[error("a token-only profile has no further fields: nothing could ever use them")]
    TokenOnlyWithFields,
    /// It was added with https.
    #[error("plain http is only for a profile that was added with a literal loopback URL")]
    PlainHttp,
}
