//! One profile for each preset, with canaries of its own.

use std::sync::atomic::{AtomicU32, Ordering};

use mintage::grant::key::{self, Kind};
use mintage::grant::{Ask, Preset};
use mintage::model::{AuthStyle, Credential, Endpoint, Options, Part, Profile, Scopes};
use mintage::secret::PrivateKey;
use zeroize::Zeroizing;

/// What must be shown nowhere.
pub struct Canaries {
    pub secret: String,
    pub refresh: String,
    pub source: String,
}

impl Canaries {
    pub fn all(&self) -> [&str; 3] {
        [&self.secret, &self.refresh, &self.source]
    }
}

/// A profile, and what is secret of it.
pub struct Made {
    pub profile: Profile,
    pub canaries: Canaries,
}

/// A word that no text has by chance.
fn canary(what: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("canary-{what}-{}-{number}", std::process::id())
}

/// A profile as `add` would make it, with all that the preset needs.
pub fn of(preset: &Preset) -> Made {
    let canaries =
        Canaries { secret: canary("secret"), refresh: canary("refresh"), source: canary("source") };
    let credential = credential(preset, &canaries);
    let base = preset.base_url.as_deref().unwrap_or(match preset.base_example {
        "" => "https://issuer.example",
        example => example,
    });
    let base: Endpoint = base.parse().expect("a URL");
    let path = preset.token_path.as_deref().unwrap_or("/token");
    let endpoint = base.join(path).expect("a URL");
    let name = "prod".parse().expect("a name");
    let takes_source = preset.asks.contains(&Ask::Source);
    let profile = Profile {
        preset: preset.name.to_string(),
        auth: style(preset, &credential),
        from: takes_source.then(|| "other".parse().expect("a name")),
        options: options(preset),
        scopes: scopes(preset),
        base_url: Some(base),
        ..Profile::new(name, &preset.grant, endpoint, credential, super::now())
    };
    Made { profile, canaries }
}

fn scopes(preset: &Preset) -> Scopes {
    let wanted = if preset.asks.contains(&Ask::Scopes) { "one two" } else { &preset.scopes };
    Scopes::parse([wanted]).expect("scopes")
}

fn style(preset: &Preset, credential: &Credential) -> AuthStyle {
    let has = |part| credential.has(part);
    match preset.auth {
        AuthStyle::None if preset.asks.contains(&Ask::RefreshOrLogin) && has(Part::Secret) => {
            AuthStyle::Basic
        }
        style => style,
    }
}

fn options(preset: &Preset) -> Options {
    let mut options = Options::default();
    for (name, text) in preset.options.iter() {
        options.set(name, text).expect("an option");
    }
    for ask in preset.asks {
        if let Ask::Option(name, _) = ask {
            let text = if *name == "user" { "me@school.example" } else { "4711" };
            options.set(name, text).expect("an option");
        }
    }
    if preset.asks.iter().any(|ask| matches!(ask, Ask::Login | Ask::RefreshOrLogin)) {
        options.set("authorize-url", "https://issuer.example/authorize").expect("an option");
    }
    if preset.name == "github-app" {
        options.set("repositories", "one,two").expect("an option");
        options.set("permissions", "contents=read").expect("an option");
    }
    options
}

fn credential(preset: &Preset, canaries: &Canaries) -> Credential {
    let mut credential = Credential::default();
    let asks = |wanted: fn(&Ask) -> bool| preset.asks.iter().any(wanted);
    let by_password = asks(|ask| matches!(ask, Ask::Option("user", _)));
    if !by_password
        && asks(|ask| matches!(ask, Ask::ClientId | Ask::ClientIdAs(_) | Ask::ClientIdOr(_)))
        || preset.name == "jwt-bearer"
    {
        credential.client_id = Some("client-1".parse().expect("an id"));
    }
    if asks(|ask| matches!(ask, Ask::Secret(_) | Ask::SourceOr(_))) {
        let secret = Zeroizing::new(canaries.secret.clone().into_bytes());
        credential.secret = Some(Credential::secret_of(secret).expect("a secret"));
    }
    if asks(|ask| matches!(ask, Ask::Key)) {
        credential.key = Some(signer());
    }
    if asks(|ask| matches!(ask, Ask::Login | Ask::RefreshOrLogin)) {
        let refresh = Credential::refresh_of(canaries.refresh.clone().into());
        credential.refresh = Some(refresh.expect("a refresh token"));
    }
    credential
}

/// Quick to make; how each kind signs is tested elsewhere.
fn signer() -> PrivateKey {
    key::generate(Kind::P256).expect("a key")
}
