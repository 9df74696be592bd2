//! `mintage agent install`: the files by which systemd, or launchd on macOS, starts the agent.

use std::path::PathBuf;

use crate::cli::Failure;
use crate::cli::parts::Parts;
use crate::config;
use crate::disk;

/// A file, and how the path of this program is written in it.
struct Unit {
    name: &'static str,
    text: &'static str,
    quote: fn(&str) -> String,
}

#[cfg(not(target_os = "macos"))]
const UNITS: [Unit; 2] = [
    Unit {
        name: "mintage-agent.socket",
        text: include_str!("../../../packaging/systemd/mintage-agent.socket"),
        quote: for_systemd,
    },
    Unit {
        name: "mintage-agent.service",
        text: include_str!("../../../packaging/systemd/mintage-agent.service"),
        quote: for_systemd,
    },
];
#[cfg(target_os = "macos")]
const UNITS: [Unit; 1] = [Unit {
    name: "mintage.agent.plist",
    text: include_str!("../../../packaging/launchd/mintage.agent.plist"),
    quote: for_launchd,
}];

#[cfg(not(target_os = "macos"))]
const NEXT: [&str; 2] = [
    "systemctl --user daemon-reload && systemctl --user enable --now mintage-agent.socket",
    "systemctl --user daemon-reload",
];
#[cfg(target_os = "macos")]
const NEXT: [&str; 2] = [
    "launchctl bootstrap gui/$(id -u) ~/Library/LaunchAgents/mintage.agent.plist",
    "launchctl bootout gui/$(id -u)/mintage.agent",
];

/// What the path of a program may not hold, however it is quoted (`string_is_safe` in systemd).
#[cfg(not(target_os = "macos"))]
const UNFIT: &[char] = &['"', '\'', '\\', '$'];
#[cfg(target_os = "macos")]
const UNFIT: &[char] = &[];

/// Writes them, or takes them away with `undo`, and says which command makes that known.
pub fn run(undo: bool, parts: &Parts) -> Result<u8, Failure> {
    let folder = folder(parts);
    let program = config::own_program().map_err(crate::agent::Error::NotStarted)?;
    let unfit = |character: char| character.is_control() || UNFIT.contains(&character);
    let program = program.to_str().filter(|path| !path.contains(unfit));
    let program = program
        .ok_or_else(|| Failure::Usage("the path of this program fits no such file".to_owned()))?;
    for Unit { name, text, quote } in UNITS {
        let path = folder.join(name);
        if undo {
            match disk::remove(&path) {
                Ok(()) => parts.style.say(format_args!("removed `{}`", path.display())),
                Err(disk::Error::NotFound(_)) => {}
                Err(error) => return Err(error.into()),
            }
        } else {
            disk::make_private_dir(&folder)?;
            let text = text.replace("@program@", &quote(program));
            disk::replace(&path, text.as_bytes(), &folder)?;
            parts.style.say(format_args!("wrote `{}`", path.display()));
        }
    }
    let [install, forget] = NEXT;
    parts.style.hint(if undo { forget } else { install });
    Ok(0)
}

#[cfg(not(target_os = "macos"))]
fn folder(parts: &Parts) -> PathBuf {
    let config = parts.paths.config();
    config.parent().unwrap_or(config).join("systemd/user")
}

#[cfg(target_os = "macos")]
fn folder(parts: &Parts) -> PathBuf {
    parts.paths.home().join("Library/LaunchAgents")
}

/// `systemd.service(5)`, quoting; `%` begins a specifier.
#[cfg(not(target_os = "macos"))]
fn for_systemd(path: &str) -> String {
    format!("\"{}\"", path.replace('%', "%%"))
}

#[cfg(target_os = "macos")]
fn for_launchd(path: &str) -> String {
    path.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
