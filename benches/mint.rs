//! What a grant costs beside the network: from the profile to the request, and from the reply to the
//! token, in milliseconds of CPU for each mint. TLS, files and the agent are not in it.
//!
//! ```text
//! cargo bench --bench mint
//! ```

#![expect(clippy::print_stdout, clippy::expect_used, reason = "a program for people who measure")]

#[cfg(unix)]
fn main() {
    measured::run();
}

#[cfg(not(unix))]
fn main() {
    println!("CPU time is measured on Unix only");
}

#[cfg(unix)]
mod measured {
    use std::time::Duration;

    use mintage::grant::key::{self, Kind};
    use mintage::grant::{self, Occasion, Step};
    use mintage::http::Reply;
    use mintage::model::{AuthStyle, Credential, LeaseRequest, Profile};
    use mintage::secret::{AccessToken, RefreshToken, ReplyBody};
    use rustix::time::{ClockId, clock_gettime};
    use zeroize::Zeroizing;

    /// Mints that are counted together, so that the clock's own step does not matter.
    const ROUND: u32 = 200;
    /// Rounds; the median of them is shown.
    const ROUNDS: usize = 15;

    struct Case {
        name: &'static str,
        grant: &'static str,
        auth: AuthStyle,
        key: Option<Kind>,
        status: u16,
        reply: &'static str,
    }

    const OAUTH: &str = r#"{"access_token":"bench-token","token_type":"Bearer","expires_in":3600}"#;

    const fn case(name: &'static str, grant: &'static str, auth: AuthStyle) -> Case {
        Case { name, grant, auth, key: None, status: 200, reply: OAUTH }
    }

    fn cases() -> [Case; 11] {
        let signed = |name, kind| Case {
            key: Some(kind),
            ..case(name, "client-credentials", AuthStyle::PrivateKeyJwt)
        };
        [
            case("client-credentials, basic", "client-credentials", AuthStyle::Basic),
            case(
                "client-credentials, client-secret-jwt",
                "client-credentials",
                AuthStyle::ClientSecretJwt,
            ),
            signed("client-credentials, RS256 (RSA 2048)", Kind::Rsa),
            signed("client-credentials, ES256", Kind::P256),
            signed("client-credentials, EdDSA", Kind::Ed25519),
            case("refresh-token", "refresh-token", AuthStyle::Post),
            Case {
                status: 201,
                reply: r#"{"token":"a.b.c.d.e"}"#,
                ..case("canvas-instaccess", "canvas-instaccess", AuthStyle::None)
            },
            case("abconnect", "abconnect", AuthStyle::None),
            case("quiz", "quiz", AuthStyle::None),
            Case {
                key: Some(Kind::P256),
                ..case("jwt-bearer, ES256", "jwt-bearer", AuthStyle::None)
            },
            case("static", "static", AuthStyle::None),
        ]
    }

    pub(super) fn run() {
        println!("{:40} {:>12}", "grant", "ms of CPU");
        for case in cases() {
            let profile = profile(&case);
            mint(&case, &profile);
            let mut rounds: Vec<Duration> = (0..ROUNDS).map(|_| round(&case, &profile)).collect();
            rounds.sort_unstable();
            let median = rounds.get(ROUNDS / 2).copied().unwrap_or_default();
            println!("{:40} {:>12.4}", case.name, (median / ROUND).as_secs_f64() * 1000.0);
        }
    }

    fn round(case: &Case, profile: &Profile) -> Duration {
        let before = cpu();
        for _ in 0..ROUND {
            mint(case, profile);
        }
        cpu().saturating_sub(before)
    }

    fn cpu() -> Duration {
        let now = clock_gettime(ClockId::ProcessCPUTime);
        let seconds = u64::try_from(now.tv_sec).unwrap_or_default();
        Duration::new(seconds, u32::try_from(now.tv_nsec).unwrap_or_default())
    }

    fn mint(case: &Case, profile: &Profile) {
        let request = LeaseRequest::plain(profile.name.clone());
        let refresh = RefreshToken::new(Zeroizing::new("bench-refresh".to_owned()));
        let source = AccessToken::new(Zeroizing::new("bench-source".to_owned()));
        let now = jiff::Timestamp::from_second(1_800_000_000).expect("a time");
        let occasion = Occasion {
            profile,
            request: &request,
            now,
            source: Some(&source),
            refresh: Some(&refresh),
            previous: None,
        };
        let grant = grant::find(case.grant).expect("a grant");
        let mut exchange = grant.begin(occasion).expect("begun");
        let mut reply = None;
        loop {
            match exchange.step(reply.as_ref()).expect("a step") {
                Step::Done(_) => return,
                Step::Send(_) => reply = Some(answer(case)),
            }
        }
    }

    fn answer(case: &Case) -> Reply {
        Reply {
            status: case.status,
            media_type: "application/json".to_owned(),
            retry_after: None,
            challenge: None,
            units_left: None,
            date: None,
            redirect_host: None,
            body: ReplyBody::new(Zeroizing::new(case.reply.as_bytes().to_vec())),
        }
    }

    fn profile(case: &Case) -> Profile {
        let now = jiff::Timestamp::UNIX_EPOCH;
        let id = "bench-client".parse().expect("an id");
        let secret = Zeroizing::new(b"bench-secret".to_vec());
        let mut credential = Credential::new(id, secret).expect("a credential");
        credential.key = case.key.map(|kind| key::generate(kind).expect("a key"));
        let name = "bench".parse().expect("a name");
        let endpoint = "https://issuer.example/token".parse().expect("a URL");
        Profile { auth: case.auth, ..Profile::new(name, case.grant, endpoint, credential, now) }
    }
}
