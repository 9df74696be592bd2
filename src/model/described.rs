//! A profile without its secrets, as far as a command that uses it needs to know it.

/// What of a profile is no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    /// Its name.
    pub profile: String,
    /// The preset it was made from.
    pub preset: String,
    /// The client id; empty where there is none.
    pub client_id: String,
    /// The place of the service.
    pub base_url: Option<String>,
    /// Whether only tokens leave.
    pub token_only: bool,
    /// Whether its token is the secret itself.
    pub gives_the_secret: bool,
    /// The names of its further secrets.
    pub fields: Vec<String>,
}
