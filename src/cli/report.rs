//! Turns a failure into words, advice and an exit code. The table is in `docs/exit-codes.md`.

use super::Failure;
use super::style::Style;
use crate::grant;
use crate::model::Invalid;
use crate::{
    agent, broker, config, disk, handover, http, identity, mint, prompt, seal, store, vault,
};

/// Exit codes by gravity: what a person must mend comes before what may pass by itself.
const GRAVEST_FIRST: [u8; 10] = [7, 6, 9, 10, 5, 3, 12, 11, 1, 8];

/// The gravest of some exit codes.
pub fn gravest(codes: &[u8]) -> Option<u8> {
    let known = GRAVEST_FIRST.into_iter().find(|code| codes.contains(code));
    known.or_else(|| codes.first().copied())
}

/// Shows `failure` and gives back the exit code.
pub fn show(failure: &Failure, style: Style) -> u8 {
    let code = exit_code(failure);
    match code {
        130 => style.error("interrupted"),
        143 => style.error("terminated"),
        _ => style.error(sentence(failure)),
    }
    for hint in hints(failure) {
        style.hint(hint);
    }
    code
}

/// The failure and its causes, each said once.
pub fn sentence(failure: &dyn std::error::Error) -> String {
    let mut text = failure.to_string();
    let mut cause = failure.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}

/// The exit code of `failure`.
pub fn exit_code(failure: &Failure) -> u8 {
    match failure {
        Failure::SecretOnCommandLine | Failure::Usage(_) | Failure::Pasted(_) => 2,
        Failure::Invalid(rule) => invalid_code(*rule),
        Failure::Config(error) => config_code(error),
        Failure::Disk(error) => disk_code(error),
        Failure::Identity(error) => identity_code(error),
        Failure::NotReadBack | Failure::NotAsked { .. } | Failure::OddAnswer | Failure::Hung(_) => {
            8
        }
        Failure::Vault(error) => vault_code(error),
        Failure::Mint { source, .. } => broker_code(source),
        Failure::Agent(error) => agent_code(error),
        Failure::Told(told) => told.code,
        Failure::Locked { .. } => 4,
        Failure::Ca(_)
        | Failure::NotForEnvironment(_)
        | Failure::Output(_)
        | Failure::UnknownPreset
        | Failure::Unwell(_) => 1,
        Failure::NoField(_) | Failure::NoDefault | Failure::NoneTagged => 3,
        Failure::NoStyle => 10,
        Failure::Discovery(error) | Failure::NotRevoked { source: error, .. } => mint_code(error),
        Failure::SomeFailed { code, .. } | Failure::SomeRecords { code, .. } => *code,
        Failure::Prompt(error) => prompt_code(error),
        Failure::NotConfirmed
        | Failure::TokenOnly(_)
        | Failure::SecretNeeded(_)
        | Failure::NotBound { .. }
        | Failure::InUse(_)
        | Failure::Drift { .. } => 9,
        Failure::BeforeChild(inner) => match exit_code(inner) {
            ended @ (130 | 143) => ended,
            _ => 125,
        },
        Failure::Child(error) => match error {
            handover::Error::NotFound(_) => 127,
            handover::Error::NotExecutable(_) => 126,
            handover::Error::Empty | handover::Error::Io(_) => 125,
        },
    }
}

fn invalid_code(rule: Invalid) -> u8 {
    match rule {
        // Well-formed, and not allowed.
        Invalid::PlainHttp | Invalid::TokenOnlyOverHttp | Invalid::TokenOnlyStatic => 9,
        _ => 2,
    }
}

fn config_code(error: &config::Error) -> u8 {
    match error {
        config::Error::NoHome | config::Error::Settings { .. } => 1,
        config::Error::File(error) => disk_code(error),
        config::Error::UnknownVault(_) => 9,
        config::Error::NoVault => 3,
        config::Error::VaultExists(_) => 11,
        config::Error::Name { .. } => 2,
    }
}

fn disk_code(error: &disk::Error) -> u8 {
    match error {
        disk::Error::NotFound(_) => 1,
        disk::Error::Untrusted { .. } => 9,
        disk::Error::TooLarge { .. } => 12,
        disk::Error::Exists(_) | disk::Error::Locked { .. } | disk::Error::NoLocks { .. } => 11,
        disk::Error::Io { .. } => {
            if error.is_about_saving() {
                11
            } else {
                8
            }
        }
    }
}

fn identity_code(error: &identity::Error) -> u8 {
    match error {
        identity::Error::Unreachable { .. } | identity::Error::TimedOut { .. } => 8,
        identity::Error::Locked => 4,
        identity::Error::Missing { .. } => 5,
        identity::Error::Exists { .. } => 11,
        identity::Error::Passphrase(_) => 9,
        identity::Error::Prompt(error) => prompt_code(error),
        identity::Error::File(error) => disk_code(error),
        identity::Error::Key(error) => seal_code(*error),
        identity::Error::Stretch(_) => 1,
    }
}

fn prompt_code(error: &prompt::Error) -> u8 {
    match error {
        prompt::Error::NobodyThere | prompt::Error::NoAnswer => 4,
        prompt::Error::Interrupted => 130,
        prompt::Error::Terminated => 143,
        prompt::Error::TooLong => 12,
        prompt::Error::ControlCharacter => 2,
        prompt::Error::Io(_) => 1,
    }
}

fn seal_code(error: seal::Error) -> u8 {
    match error {
        seal::Error::WrongKey(_) | seal::Error::WrongPassphrase => 5,
        seal::Error::Damaged(_)
        | seal::Error::TextConversion(_)
        | seal::Error::Forged(_)
        | seal::Error::Misplaced(_)
        | seal::Error::UnknownVersion(_) => 6,
        seal::Error::TooLarge(_) | seal::Error::WorkFactor(_) => 12,
        seal::Error::NoRandomness => 1,
    }
}

/// The exit code of a failure of the vault.
pub fn vault_code(error: &vault::Error) -> u8 {
    match error {
        vault::Error::NotThere(_) => 8,
        vault::Error::Unborn | vault::Error::NoProfile(_) => 3,
        vault::Error::Occupied(_)
        | vault::Error::Exists(_)
        | vault::Error::Store(store::Error::Conflict) => 11,
        vault::Error::Full | vault::Error::Store(store::Error::TooLarge) => 12,
        vault::Error::Sealed(error) => seal_code(*error),
        vault::Error::History { .. } => 6,
        vault::Error::TooOldToWrite => 9,
        vault::Error::Store(store::Error::Disk(error)) => disk_code(error),
    }
}

fn agent_code(error: &agent::Error) -> u8 {
    match error {
        agent::Error::Foreign { .. } => 9,
        agent::Error::TooLong => 12,
        agent::Error::Folder(error) => disk_code(error),
        agent::Error::NotRunning
        | agent::Error::Differs { .. }
        | agent::Error::Silent(_)
        | agent::Error::BrokeOff
        | agent::Error::NotStarted(_) => 8,
    }
}

fn broker_code(error: &broker::Error) -> u8 {
    match error {
        broker::Error::Vault(error) => vault_code(error),
        broker::Error::Chain(_) => 9,
        broker::Error::Behind { source, .. } => broker_code(source),
        broker::Error::Mint { source, .. } => mint_code(source),
    }
}

fn mint_code(error: &mint::Error) -> u8 {
    match error {
        mint::Error::Grant(error) => grant_code(error),
        mint::Error::Http(error) => http_code(error),
        mint::Error::TooShort { .. } => 10,
        mint::Error::Slot(error) => vault_code(error),
        mint::Error::NotKept(error) => vault_code(error),
        mint::Error::Busy | mint::Error::NoWayBack(..) => 8,
        mint::Error::NoLogin(error) => prompt_code(error),
        mint::Error::UnknownPreset | mint::Error::Runtime(_) => 1,
    }
}

fn grant_code(error: &grant::Error) -> u8 {
    match error {
        grant::Error::Setup(rule) => setup_code(*rule),
        grant::Error::LoginNeeded => 4,
        grant::Error::Refused { .. } | grant::Error::WrongKind(_) => 7,
        grant::Error::NotReady { .. } => 8,
        grant::Error::BadRequest { .. }
        | grant::Error::Redirect { .. }
        | grant::Error::Unacceptable(_) => 10,
    }
}

/// What a profile lacks is a fault of the profile; what a request must not ask, of the request.
fn setup_code(rule: Invalid) -> u8 {
    match rule {
        Invalid::NothingToAsk | Invalid::Option(_) | Invalid::Value { .. } => 2,
        Invalid::TokenOnlyStatic | Invalid::TokenOnlyOverHttp | Invalid::PlainHttp => 9,
        _ => 1,
    }
}

fn http_code(error: &http::Error) -> u8 {
    match error {
        http::Error::Unreachable { .. }
        | http::Error::TimedOut { .. }
        | http::Error::BrokeOff { .. } => 8,
        http::Error::NotTrusted { .. } | http::Error::TooLarge { .. } => 10,
        http::Error::Roots(_)
        | http::Error::Proxy
        | http::Error::Certificate
        | http::Error::Client(_) => 1,
    }
}

/// Commands to paste, and what to know.
pub fn hints(failure: &Failure) -> Vec<String> {
    match failure {
        Failure::SecretOnCommandLine => history_advice(),
        Failure::Config(error) => config_hints(error),
        Failure::Disk(error) => disk_hints(error),
        Failure::Identity(error) => identity_hints(error),
        Failure::NotReadBack => one("mintage doctor"),
        Failure::Vault(error) => vault_hints(error),
        Failure::Mint { source, .. } => broker_hints(source),
        Failure::Agent(error) => agent_hints(error),
        Failure::Told(told) => told.hints.clone(),
        Failure::Locked { .. } => one("mintage unlock"),
        Failure::Hung(process) => one(&format!("kill -9 {process}")),
        Failure::Prompt(prompt::Error::NobodyThere) => {
            one("run it at a terminal, or give the answer by an option (see `--help`)")
        }
        Failure::NotConfirmed => one("add `--yes` to go on without being asked"),
        Failure::TokenOnly(name) => one(&format!("mintage token {name}")),
        Failure::UnknownPreset => one("upgrade mintage"),
        Failure::NoDefault => one("mintage default NAME"),
        Failure::NoField(profile) => one(&format!("mintage show {profile}")),
        Failure::SecretNeeded(name) => {
            one(&format!("mintage edit {name} … --secret-stdin < FILE-WITH-THE-SECRET"))
        }
        Failure::Drift { profile, issuer, .. } => {
            one(&format!("where that is meant: mintage edit {profile} --issuer '{issuer}'"))
        }
        Failure::NoStyle => one("where it does all the same: add `--auth basic` or `--auth post`"),
        Failure::InUse(_) => one("to forget this registration only: mintage vault forget NAME"),
        Failure::NoneTagged => one("mintage list"),
        Failure::Discovery(error) => mint_hints(error),
        Failure::BeforeChild(inner) => hints(inner),
        Failure::Pasted(_) => {
            one("paste `id:secret`, the two `.env` lines, a JSON object with `client_id` and \
             `client_secret`, or base64 of `id:secret`")
        }
        Failure::Usage(_)
        | Failure::Invalid(_)
        | Failure::Ca(_)
        | Failure::Prompt(_)
        | Failure::NotForEnvironment(_)
        | Failure::NotBound { .. }
        | Failure::SomeRecords { .. }
        | Failure::NotAsked { .. }
        | Failure::OddAnswer
        | Failure::NotRevoked { .. }
        | Failure::SomeFailed { .. }
        | Failure::Unwell(_)
        | Failure::Output(_)
        | Failure::Child(_) => Vec::new(),
    }
}

fn one(text: &str) -> Vec<String> {
    vec![text.to_owned()]
}

fn history_advice() -> Vec<String> {
    [
        "it is in your shell's history and was in the process list: delete it there, and rotate it",
        "bash: history -d $((HISTCMD-1)) && history -w",
        "zsh: fc -W && sed -i '/mintage/d' \"$HISTFILE\" && fc -p \"$HISTFILE\"",
        "fish: history delete --contains mintage",
        "PowerShell: Clear-History -CommandLine '*mintage*', and remove the line from \
         (Get-PSReadLineOption).HistorySavePath",
        "give it at the prompt instead, or by `--stdin`, `--secret-stdin`, `--secret-file F` or \
         `--secret-fd N`",
    ]
    .map(str::to_owned)
    .to_vec()
}

fn config_hints(error: &config::Error) -> Vec<String> {
    match error {
        config::Error::NoVault => one("mintage init"),
        config::Error::UnknownVault(_) | config::Error::VaultExists(_) => one("mintage vault list"),
        config::Error::File(error) => disk_hints(error),
        _ => Vec::new(),
    }
}

fn disk_hints(error: &disk::Error) -> Vec<String> {
    match error {
        disk::Error::Untrusted { mend: Some(command), .. } => vec![command.clone()],
        disk::Error::NoLocks { .. } => {
            one("keep the vault on a local disk: a change without a lock could be lost")
        }
        _ => Vec::new(),
    }
}

fn identity_hints(error: &identity::Error) -> Vec<String> {
    match error {
        identity::Error::Unreachable { .. } | identity::Error::TimedOut { .. } => vec![
            "a new vault can do without: mintage init --key passphrase".to_owned(),
            RECOVER.to_owned(),
        ],
        identity::Error::Locked => {
            one("unlock the keychain (log in to the desktop, or run this at a terminal)")
        }
        identity::Error::Missing { .. } => one(RECOVER),
        identity::Error::Prompt(prompt::Error::NobodyThere) => {
            one("run it at a terminal, or give the passphrase by `--passphrase-fd N`")
        }
        identity::Error::File(error) => disk_hints(error),
        _ => Vec::new(),
    }
}

const RECOVER: &str = "an existing vault opens with its recovery key: mintage vault add PLACE \
                       --name NEW-NAME --identity-file RECOVERY-FILE";

fn vault_hints(error: &vault::Error) -> Vec<String> {
    match error {
        vault::Error::NoProfile(_) => one("mintage list"),
        vault::Error::Unborn => one("mintage init"),
        vault::Error::Occupied(place) => {
            one(&format!("mintage vault add '{place}' --identity-file RECOVERY-FILE"))
        }
        vault::Error::History { .. } => {
            one("after a restore that you made yourself: mintage vault accept")
        }
        vault::Error::Sealed(seal::Error::WrongKey(_)) => one(RECOVER),
        vault::Error::Sealed(seal::Error::UnknownVersion(_)) | vault::Error::TooOldToWrite => {
            one("upgrade mintage")
        }
        vault::Error::Sealed(seal::Error::TextConversion(_)) => {
            one("restore it from a backup, and mark the vault as binary where it was converted")
        }
        vault::Error::Store(store::Error::Disk(error)) => disk_hints(error),
        _ => Vec::new(),
    }
}

fn agent_hints(error: &agent::Error) -> Vec<String> {
    match error {
        agent::Error::Silent(_) | agent::Error::BrokeOff => {
            vec!["mintage agent stop".to_owned(), "without it: add `--no-agent`".to_owned()]
        }
        agent::Error::Differs { .. } => {
            one("mintage agent stop, and where the system starts it: mintage agent install")
        }
        agent::Error::Folder(error) => disk_hints(error),
        agent::Error::NotRunning => one("mintage agent start"),
        agent::Error::NotStarted(_) | agent::Error::TooLong | agent::Error::Foreign { .. } => {
            one("without an agent: add `--no-agent`")
        }
    }
}

fn broker_hints(error: &broker::Error) -> Vec<String> {
    match error {
        broker::Error::Vault(error) => vault_hints(error),
        broker::Error::Chain(name) => one(&format!("mintage edit {name} --from OTHER")),
        broker::Error::Behind { source, .. } => broker_hints(source),
        broker::Error::Mint { advice, source } => {
            let mut hints = advice.clone();
            hints.extend(mint_hints(source));
            hints
        }
    }
}

fn mint_hints(error: &mint::Error) -> Vec<String> {
    match error {
        mint::Error::Slot(error) => vault_hints(error),
        mint::Error::NotKept(error) => vault_hints(error),
        mint::Error::Grant(grant::Error::NotReady { retry_after: Some(wait), .. }) => {
            one(&format!("try again in {} s", wait.as_secs()))
        }
        mint::Error::Grant(grant::Error::Redirect { .. }) => {
            one("if the issuer has moved, add the profile again with its new URL")
        }
        mint::Error::Http(http::Error::NotTrusted { .. }) => {
            one("for an issuer with a private CA: mintage add … --ca-file CA.pem")
        }
        mint::Error::UnknownPreset => one("upgrade mintage"),
        _ => Vec::new(),
    }
}
