//! The files by which systemd and launchd know the agent are what they take them for.

#![cfg(target_os = "linux")]
#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    reason = "a test fails by panic wherever it stands, and makes files and processes of its own"
)]

use std::fs;
use std::process::Command;

const SOCKET: &str = include_str!("../packaging/systemd/mintage-agent.socket");
const SERVICE: &str = include_str!("../packaging/systemd/mintage-agent.service");
const PLIST: &str = include_str!("../packaging/launchd/mintage.agent.plist");

/// The value of a setting that is there once.
#[track_caller]
fn setting<'a>(unit: &'a str, name: &str) -> &'a str {
    let mut values = unit.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    let value = values.next().expect("set");
    assert_eq!(values.next(), None, "{name} is set twice");
    value
}

#[test]
fn systemd_finds_nothing_wrong_with_the_units() {
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("mintage-agent.socket");
    let service = folder.path().join("mintage-agent.service");
    fs::write(&socket, SOCKET).expect("written");
    fs::write(&service, SERVICE.replace("@program@", "/bin/true")).expect("written");
    let ran = Command::new("systemd-analyze")
        .args(["verify", "--user", "--man=no", "--recursive-errors=no"])
        .args([&socket, &service])
        .env("XDG_RUNTIME_DIR", folder.path())
        .env("HOME", folder.path())
        .output()
        .expect("scripts/install-test-tools installs systemd-analyze");
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{said}");
    assert!(!said.contains("mintage-agent"), "{said}");
}

#[test]
fn the_socket_is_nobody_elses() {
    assert_eq!(setting(SOCKET, "ListenStream"), "%t/mintage/agent.sock");
    assert_eq!(setting(SOCKET, "SocketMode"), "0600");
    assert_eq!(setting(SOCKET, "DirectoryMode"), "0700");
}

/// In a user namespace the folders above a vault belong to nobody, and are not trusted.
#[test]
fn the_service_gets_no_namespace_of_its_own() {
    assert_eq!(setting(SERVICE, "ExecStart"), "@program@ agent run");
    let words = ["PrivateUsers", "Private", "Protect", "ReadOnlyPaths", "Bind", "Temporary"];
    for line in SERVICE.lines().filter(|line| !line.starts_with('#')) {
        assert!(!words.iter().any(|word| line.starts_with(word)), "{line}");
    }
}

#[test]
fn launchd_starts_it_once_a_login_and_keeps_no_log() {
    let read = "import json, plistlib, sys; \
                print(json.dumps(plistlib.loads(sys.argv[1].encode(), fmt=plistlib.FMT_XML)))";
    let ran = Command::new("python3").args(["-c", read, PLIST]).output().expect("python3 runs");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let plist: serde_json::Value = serde_json::from_slice(&ran.stdout).expect("JSON");
    assert_eq!(plist["Label"], "mintage.agent");
    assert_eq!(plist["ProgramArguments"], serde_json::json!(["@program@", "agent", "run"]));
    for (key, value) in [("RunAtLoad", true), ("KeepAlive", false)] {
        assert_eq!(plist[key], value, "{key}");
    }
    for key in ["StandardInPath", "StandardOutPath", "StandardErrorPath"] {
        assert_eq!(plist[key], "/dev/null", "{key}");
    }
}
