//! Recorded requests and replies of every preset: what is sent is exactly what lies in `requests/`, and
//! each reply in `replies/<preset>/` is read as its head says, with the hint that goes with it.
//!
//! A reply's file begins with lines of `> expects: …` and `> hint: …`; behind them is the reply, as
//! HTTP writes it down.

#![expect(clippy::expect_used, clippy::panic, reason = "a test fails by panic wherever it stands")]

mod profiles;
mod reply;
mod sent;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use mintage::grant::{self, Error, Minted, Occasion, Preset, Step};
use mintage::model::{LeaseRequest, Profile};
use mintage::secret::{AccessToken, RefreshToken};
use zeroize::Zeroizing;

use self::profiles::Made;
use self::reply::Recorded;

/// When it all happens: 2027-01-15.
fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).expect("a time")
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/grant_corpus")
}

/// The presets that send something.
fn presets() -> Vec<Preset> {
    let asks = |preset: &&Preset| grant::find(&preset.grant).is_some_and(|it| !it.is_local());
    Preset::all().iter().filter(asks).cloned().collect()
}

/// Runs one exchange: what it sent first, and what came of the reply.
fn run(made: &Made, reply: Option<&Recorded>) -> (Option<String>, Option<Result<Minted, Error>>) {
    let Made { profile, canaries } = made;
    let request = LeaseRequest::plain(profile.name.clone());
    let source = AccessToken::new(Zeroizing::new(canaries.source.clone()));
    let refresh = RefreshToken::new(Zeroizing::new(canaries.refresh.clone()));
    let occasion = Occasion {
        profile,
        request: &request,
        now: now(),
        source: profile.from.as_ref().map(|_| &source),
        refresh: profile.credential.refresh.as_ref().map(|_| &refresh),
        previous: None,
    };
    let grant = grant::find(&profile.grant).expect("a grant");
    let mut exchange = grant.begin(occasion).expect("it begins");
    let sent = match exchange.step(None).expect("it sends") {
        Step::Send(request) => Some(sent::shown(&request, canaries)),
        Step::Done(minted) => return (None, Some(Ok(minted))),
    };
    let Some(reply) = reply else { return (sent, None) };
    let outcome = match exchange.step(Some(&reply.reply())) {
        Ok(Step::Done(minted)) => Ok(minted),
        Ok(Step::Send(_)) => panic!("it asks again"),
        Err(error) => Err(error),
    };
    (sent, Some(outcome))
}

/// An outcome in a few words, as the files say it.
fn shown(outcome: &Result<Minted, Error>) -> String {
    match outcome {
        Ok(Minted { token, refresh }) => {
            let life = token.life.duration().as_secs();
            let rotated = if refresh.is_some() { ", another refresh token" } else { "" };
            let scope = token.scope.as_ref().map(|it| format!(", scope {it}")).unwrap_or_default();
            format!("token {} for {life} s{rotated}{scope}", token.kind.to_text())
        }
        Err(Error::NotReady { retry_after, .. }) => match retry_after {
            Some(wait) => format!("not ready for {} s", wait.as_secs()),
            None => "not ready".to_owned(),
        },
        Err(error) => error.to_string(),
    }
}

fn hints(profile: &Profile, outcome: &Result<Minted, Error>) -> Vec<String> {
    let today = now().to_zoned(jiff::tz::TimeZone::UTC).date();
    outcome.as_ref().err().map(|error| grant::advice(profile, error, today)).unwrap_or_default()
}

#[test]
fn every_preset_sends_exactly_what_was_recorded() {
    for preset in presets() {
        let (sent, _) = run(&profiles::of(&preset), None);
        let sent = sent.expect("it sends something");
        let file = folder().join(format!("requests/{}.http", preset.name));
        let recorded = fs::read_to_string(&file).expect("a file for each preset");
        assert_eq!(sent, recorded, "{}", preset.name);
    }
}

#[test]
fn every_reply_is_read_as_its_head_says() {
    for preset in presets() {
        for (name, recorded) in Recorded::of(&folder(), &preset.name) {
            let made = profiles::of(&preset);
            let (_, outcome) = run(&made, Some(&recorded));
            let outcome = outcome.expect("an outcome");
            let place = format!("{}/{name}", preset.name);
            assert_eq!(shown(&outcome), recorded.expects, "{place}");
            let hints = hints(&made.profile, &outcome);
            for hint in &recorded.hints {
                assert!(hints.iter().any(|said| said.contains(hint)), "{place}: {hints:?}");
            }
            let said = format!("{} {hints:?}", shown(&outcome));
            for canary in made.canaries.all() {
                assert!(!said.contains(canary), "{place} shows a secret");
            }
        }
    }
}

/// So that a new preset comes with its own.
#[test]
fn every_preset_that_asks_has_a_good_and_a_refused_reply() {
    for preset in presets() {
        let expects: BTreeSet<bool> = Recorded::of(&folder(), &preset.name)
            .into_iter()
            .map(|(_, recorded)| recorded.expects.starts_with("token "))
            .collect();
        assert_eq!(expects.len(), 2, "{} lacks one of the two", preset.name);
    }
}

#[test]
fn there_is_no_file_of_a_preset_that_does_not_exist() {
    let known: BTreeSet<String> = presets().iter().map(|it| it.name.to_string()).collect();
    for (folder_name, suffix) in [("requests", ".http"), ("replies", "")] {
        for entry in fs::read_dir(folder().join(folder_name)).expect("a folder") {
            let name = entry.expect("readable").file_name().into_string().expect("UTF-8");
            assert!(known.contains(name.trim_end_matches(suffix)), "{name}");
        }
    }
}
