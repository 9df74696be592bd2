//! The services, one row each.

use std::borrow::Cow;

use super::{Ask, Preset, Template, Value};
use crate::model::AuthStyle;

/// What most rows have.
const PLAIN: Preset = Preset {
    name: Cow::Borrowed(""),
    about: Cow::Borrowed(""),
    grant: Cow::Borrowed("client-credentials"),
    base_url: None,
    base_example: "",
    token_path: None,
    login_path: None,
    auth: AuthStyle::Basic,
    asks: &[Ask::ClientId, Ask::Secret("Client secret")],
    options: Cow::Borrowed(&[]),
    scopes: Cow::Borrowed(""),
    audience: None,
    docs: Cow::Borrowed(""),
    refused: Cow::Borrowed(""),
    bad_request: "",
    wrong_kind: "",
    templates: &[],
};

const TOKEN_TO_CANVASAPI: &[Template] = &[
    Template {
        name: "canvasapi",
        variables: &[("CANVAS_API_URL", Value::BaseUrl), ("CANVAS_API_TOKEN", Value::Token)],
    },
    Template {
        name: "canvaslms",
        variables: &[("CANVAS_SERVER", Value::BaseUrl), ("CANVAS_TOKEN", Value::Token)],
    },
];

/// Every row, in the order that listings show them.
pub(super) static ROWS: [Preset; 18] = [
    Preset {
        name: Cow::Borrowed("instructure"),
        about: Cow::Borrowed(
            "Instructure identity service: Data Access Platform (DAP, Canvas Data 2)",
        ),
        base_url: Some(Cow::Borrowed("https://api-gateway.instructure.com")),
        token_path: Some(Cow::Borrowed("/ids/auth/login")),
        auth: AuthStyle::BasicRaw,
        docs: Cow::Borrowed(
            "https://developerdocs.instructure.com/services/dap/query-api/oauth_login",
        ),
        refused: Cow::Borrowed(
            "check the key at identity.instructure.com: keys expire without notice, and a new one \
             works only once the code sent by mail was entered",
        ),
        templates: &[Template {
            name: "dap",
            variables: &[
                ("DAP_CLIENT_ID", Value::ClientId),
                ("DAP_CLIENT_SECRET", Value::ClientSecret),
                ("DAP_API_URL", Value::BaseUrl),
            ],
        }],
        ..PLAIN
    },
    Preset {
        name: Cow::Borrowed("canvas"),
        about: Cow::Borrowed(
            "Canvas API: a developer key and a login, or an access token made by hand",
        ),
        grant: Cow::Borrowed("canvas"),
        base_example: "https://school.instructure.com",
        token_path: Some(Cow::Borrowed("/login/oauth2/token")),
        login_path: Some("/login/oauth2/auth"),
        auth: AuthStyle::Post,
        asks: &[
            Ask::ClientIdOr("an access token made by hand"),
            Ask::Secret("Client secret"),
            Ask::Login,
        ],
        docs: Cow::Borrowed("https://developerdocs.instructure.com/services/canvas"),
        refused: Cow::Borrowed(
            "check the developer key in Canvas (Admin, Developer Keys): it must be on, and its redirect \
             URI the one used here",
        ),
        templates: TOKEN_TO_CANVASAPI,
        ..PLAIN
    },
    Preset {
        name: Cow::Borrowed("canvas-instaccess"),
        about: Cow::Borrowed("Canvas InstAccess token, for Instructure's API gateway"),
        grant: Cow::Borrowed("canvas-instaccess"),
        base_example: "https://school.instructure.com",
        token_path: Some(Cow::Borrowed("/api/v1/inst_access_tokens")),
        auth: AuthStyle::None,
        asks: &[Ask::SourceOr("a Canvas access token")],
        docs: Cow::Borrowed("https://developerdocs.instructure.com/services/canvas"),
        refused: Cow::Borrowed(
            "the Canvas access token may be expired, revoked or not yet activated by its user; and it \
             must be of this very host",
        ),
        bad_request: "the developer key must allow the scope `url:POST|/api/v1/inst_access_tokens`",
        wrong_kind: "give a Canvas access token (Account, Settings), or mint from a `canvas` profile: \
                     --from NAME",
        templates: TOKEN_TO_CANVASAPI,
        ..PLAIN
    },
    Preset {
        name: Cow::Borrowed("canvas-lti"),
        about: Cow::Borrowed("Canvas LTI Advantage services: an LTI key's private key"),
        base_example: "https://school.instructure.com",
        token_path: Some(Cow::Borrowed("/login/oauth2/token")),
        auth: AuthStyle::PrivateKeyJwt,
        asks: &[Ask::ClientId, Ask::Key, Ask::Scopes],
        docs: Cow::Borrowed("https://developerdocs.instructure.com/services/canvas"),
        refused: Cow::Borrowed(
            "the client id is the LTI key's number (10000000000001), and its public key that of \
             `mintage key public NAME`",
        ),
        bad_request: "Canvas takes an assertion of at most 5 minutes ago and 30 s ahead, for the \
                      account's own host: check the clock, and `--set assertion-audience=URL`",
        ..PLAIN
    },
    Preset {
        name: Cow::Borrowed("canvas-jwt"),
        about: Cow::Borrowed("Canvas services JWT"),
        grant: Cow::Borrowed("canvas-jwt"),
        base_example: "https://school.instructure.com",
        token_path: Some(Cow::Borrowed("/api/v1/jwts")),
        auth: AuthStyle::None,
        asks: &[Ask::SourceOr("a Canvas access token")],
        docs: Cow::Borrowed("https://developerdocs.instructure.com/services/canvas"),
        refused: Cow::Borrowed("the Canvas access token may be expired or revoked"),
        wrong_kind: "give a Canvas access token, or mint from a `canvas` profile: --from NAME",
        ..PLAIN
    },
    Preset {
        name: Cow::Borrowed("abconnect"),
        about: Cow::Borrowed("AB Connect: signs the query of a request, without asking anybody"),
        grant: Cow::Borrowed("abconnect"),
        base_url: Some(Cow::Borrowed("https://api.abconnect.instructure.com")),
        token_path: Some(Cow::Borrowed("/rest/v4.1")),
        auth: AuthStyle::None,
        asks: &[Ask::ClientIdAs("Partner id"), Ask::Secret("Partner key")],
        docs: Cow::Borrowed(
            "https://developerdocs.instructure.com/services/ab-connect/introduction/authentication",
        ),
        ..PLAIN
    },
    Preset {
        name: Cow::Borrowed("badges"),
        about: Cow::Borrowed("Parchment Digital Badges (Badgr): email and password, or an app"),
        grant: Cow::Borrowed("badges"),
        base_url: Some(Cow::Borrowed("https://api.badgr.io")),
        base_example: "https://api.eu.badgr.io, au, ca, sg",
        token_path: Some(Cow::Borrowed("/o/token")),
        auth: AuthStyle::Post,
        asks: &[Ask::Option("user", "Email"), Ask::Secret("Password")],
        scopes: Cow::Borrowed("rw:profile rw:issuer rw:backpack"),
        docs: Cow::Borrowed("https://developerdocs.instructure.com"),
        refused: Cow::Borrowed(
            "accounts are of one region: --base-url https://api.eu.badgr.io (au, ca, sg) where yours is",
        ),
        ..PLAIN
    },
    Preset {
        name: Cow::Borrowed("studio"),
        about: Cow::Borrowed("Studio: a developer key and a login"),
        grant: Cow::Borrowed("refresh-token"),
        base_example: "https://school.instructuremedia.com",
        token_path: Some(Cow::Borrowed("/api/public/oauth/token")),
        login_path: Some("/api/public/oauth/authorize"),
        auth: AuthStyle::Post,
        asks: &[Ask::ClientId, Ask::Secret("Client secret"), Ask::Login],
        docs: Cow::Borrowed("https://developerdocs.instructure.com"),
        refused: Cow::Borrowed("check the key in Studio: Settings, Manage OAuth Keys"),
        ..PLAIN
    },
    Preset {
        name: Cow::Borrowed("datasync"),
        about: Cow::Borrowed("DataSync (Grades Exchange, Interop, OneRoster)"),
        base_url: Some(Cow::Borrowed("https://api.us2.kimonocloud.com")),
        token_path: Some(Cow::Borrowed("/oauth/token")),
        auth: AuthStyle::Post,
        docs: Cow::Borrowed("https://developerdocs.instructure.com"),
        refused: Cow::Borrowed(
            "each region has a host of its own: --base-url URL, as your site shows it",
        ),
        ..PLAIN
    },
    Preset {
        name: Cow::Borrowed("catalog"),
        about: Cow::Borrowed("Catalog: an API key"),
        grant: Cow::Borrowed("static"),
        base_example: "https://school.catalog.instructure.com",
        token_path: Some(Cow::Borrowed("/")),
        auth: AuthStyle::None,
        asks: &[Ask::Secret("API key")],
        options: Cow::Borrowed(&[(
            Cow::Borrowed("header"),
            Cow::Borrowed("Authorization: Token token={token}"),
        )]),
        docs: Cow::Borrowed("https://developerdocs.instructure.com"),
        ..PLAIN
    },
    Preset {
        name: Cow::Borrowed("quiz"),
        about: Cow::Borrowed("Quiz API: a JWT that is signed here"),
        grant: Cow::Borrowed("quiz"),
        base_example: "https://quiz.example",
        token_path: Some(Cow::Borrowed("/")),
        auth: AuthStyle::None,
        asks: &[Ask::ClientIdAs("Consumer key"), Ask::Secret("Shared secret"), Ask::Scopes],
        docs: Cow::Borrowed("https://developerdocs.instructure.com"),
        ..PLAIN
    },
    Preset {
        name: Cow::Borrowed("oauth2"),
        about: Cow::Borrowed("any OAuth 2.0 token endpoint with the client_credentials grant"),
        refused: Cow::Borrowed(
            "the pair may be wrong, expired or revoked; or the server wants another `--auth`: basic, \
             basic-raw or post",
        ),
        ..PLAIN
    },
    Preset {
        name: Cow::Borrowed("oauth2-refresh"),
        about: Cow::Borrowed("any OAuth 2.0 issuer: a refresh token, or a login with a browser"),
        grant: Cow::Borrowed("refresh-token"),
        auth: AuthStyle::None,
        asks: &[Ask::ClientId, Ask::RefreshOrLogin],
        ..PLAIN
    },
    Preset {
        name: Cow::Borrowed("oauth2-device"),
        about: Cow::Borrowed("any OAuth 2.0 issuer: a login by a code that is typed elsewhere"),
        grant: Cow::Borrowed("refresh-token"),
        auth: AuthStyle::None,
        asks: &[Ask::ClientId, Ask::Login],
        ..PLAIN
    },
    Preset {
        name: Cow::Borrowed("jwt-bearer"),
        about: Cow::Borrowed("a signed assertion for a token: Google service accounts and others"),
        grant: Cow::Borrowed("jwt-bearer"),
        auth: AuthStyle::None,
        asks: &[Ask::Key, Ask::Scopes],
        refused: Cow::Borrowed(
            "the key may be deleted or disabled, or the clock of this machine be wrong",
        ),
        ..PLAIN
    },
    Preset {
        name: Cow::Borrowed("token-exchange"),
        about: Cow::Borrowed("another profile's token for one that is good elsewhere (RFC 8693)"),
        grant: Cow::Borrowed("token-exchange"),
        asks: &[Ask::Source, Ask::ClientId, Ask::Secret("Client secret")],
        ..PLAIN
    },
    Preset {
        name: Cow::Borrowed("github-app"),
        about: Cow::Borrowed("GitHub App: a token of one installation"),
        grant: Cow::Borrowed("github-app"),
        base_url: Some(Cow::Borrowed("https://api.github.com")),
        token_path: Some(Cow::Borrowed("/app/installations")),
        auth: AuthStyle::None,
        asks: &[
            Ask::ClientIdAs("App id"),
            Ask::Key,
            Ask::Option("installation", "Installation id"),
        ],
        refused: Cow::Borrowed(
            "the private key must be one of this app, and the clock of this machine right",
        ),
        bad_request: "the installation must be one of this app, and have what `repositories` and \
                      `permissions` ask for",
        ..PLAIN
    },
    Preset {
        name: Cow::Borrowed("static"),
        about: Cow::Borrowed("an API key or password that is given out as it is"),
        grant: Cow::Borrowed("static"),
        auth: AuthStyle::None,
        asks: &[Ask::Secret("Key or password")],
        token_path: Some(Cow::Borrowed("/")),
        ..PLAIN
    },
];
