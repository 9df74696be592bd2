//! Starting, stopping, replacing: one agent for all who need one.

use std::fs::{self, Permissions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use mintage::agent::{Hello, NUMBER, VERSION};
use rustix::process::Signal;

use crate::person::{Person, STRANGER, give};
use crate::process::{descriptors, in_time, is_listening, is_running, signal, stat, words};
use crate::scene::Scene;
use crate::wire::{Wire, hello_of, is_answered};
use crate::world::{at_once, until};

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("ours");
}

#[test]
fn the_first_command_that_needs_it_starts_it() {
    let scene = Scene::new();
    assert!(scene.agents().is_empty());
    scene.run(["token", "prod"]).succeeds();
    assert_eq!(scene.agents(), [scene.pid()]);
}

// A05
#[test]
fn fifty_commands_at_once_start_one_agent_which_logs_in_once() {
    let scene = Scene::new();
    let ran = at_once(50, |_| scene.mintage(["token", "prod"]));
    let tokens: Vec<_> = ran.into_iter().map(|ran| ran.succeeds().out()).collect();
    assert!(tokens.iter().all(|token| *token == tokens[0] && !token.is_empty()));
    assert_eq!(scene.issuer.logins(), 1);
    assert_eq!(scene.agents(), [scene.pid()]);
}

#[test]
fn it_is_started_once_however_often_it_is_told_to() {
    let scene = Scene::new();
    scene.run(["agent", "start"]).succeeds();
    let first = scene.pid();
    scene.run(["agent", "start"]).succeeds();
    assert_eq!(scene.agents(), [first]);
}

#[test]
fn when_stop_returns_its_socket_is_gone_and_so_is_it_soon() {
    let scene = Scene::new();
    scene.run(["agent", "start"]).succeeds();
    let pid = scene.pid();
    scene.run(["agent", "stop"]).succeeds();
    assert!(!scene.socket().exists());
    until("it is gone", || !is_running(pid));
    scene.run(["agent", "stop"]).succeeds();
}

#[test]
fn where_none_ever_ran_there_is_nothing_to_stop() {
    let scene = Scene::new();
    scene.run(["agent", "stop"]).succeeds();
    assert!(!scene.folder().exists());
}

#[test]
fn the_status_of_none_exits_8() {
    let scene = Scene::new();
    scene.run(["agent", "status"]).exits(8).says("no agent is running");
    assert!(scene.agents().is_empty());
}

#[test]
fn in_the_foreground_it_ends_on_a_signal_and_takes_its_socket_along() {
    for ending in [Signal::TERM, Signal::INT, Signal::HUP] {
        let scene = Scene::new();
        let mut agent = scene.foreground();
        scene.run(["token", "prod"]).succeeds();
        assert_eq!(scene.agents(), [agent.pid()]);
        agent.signal(ending);
        assert_eq!((agent.code(), agent.said()), (0, String::new()));
        assert!(!scene.socket().exists());
    }
}

// A04
#[test]
fn the_socket_of_a_dead_agent_is_replaced() {
    let scene = Scene::new();
    scene.run(["token", "prod"]).succeeds();
    let dead = scene.pid();
    signal(dead, Signal::KILL);
    until("it is dead", || !is_running(dead));
    assert!(scene.socket().exists());
    scene.run(["token", "prod"]).succeeds();
    assert_ne!(scene.pid(), dead);
}

// A04
#[test]
fn a_second_agent_is_refused_and_takes_nothing_from_the_first() {
    let scene = Scene::new();
    let first = scene.foreground();
    let before = scene.run(["token", "prod"]).succeeds().out();
    let (second, _) = in_time(scene.mintage(["agent", "run"]));
    second.exits(11).says(&format!("process {}", first.pid()));
    assert_eq!(scene.run(["token", "prod"]).succeeds().out(), before);
    assert_eq!((scene.pid(), scene.issuer.logins()), (first.pid(), 1));
}

#[test]
fn it_ends_when_its_folder_is_deleted() {
    let scene = Scene::new();
    let mut agent = scene.foreground();
    assert!(is_answered(&scene.socket()));
    fs::remove_dir_all(scene.folder()).expect("deleted");
    assert_eq!(agent.code(), 0);
}

#[test]
fn it_ends_when_its_folder_was_deleted_before_it_could_watch_it() {
    let scene = Scene::new();
    let mut agent = scene.foreground();
    fs::remove_dir_all(scene.folder()).expect("deleted");
    assert_eq!(agent.code(), 0);
}

#[test]
fn it_ends_when_the_folder_above_is_moved_away_with_it() {
    let scene = Scene::new();
    let mut agent = scene.foreground();
    assert!(is_answered(&scene.socket()));
    fs::rename(scene.folder(), scene.world.path("elsewhere")).expect("moved");
    assert_eq!(agent.code(), 0);
}

#[test]
fn it_ends_when_its_socket_is_replaced_and_leaves_the_other_one_alone() {
    let scene = Scene::new();
    let mut agent = scene.foreground();
    assert!(is_answered(&scene.socket()));
    fs::remove_file(scene.socket()).expect("deleted");
    let _other = UnixListener::bind(scene.socket()).expect("bound");
    assert_eq!(agent.code(), 0);
    assert!(is_listening(&scene.socket()));
}

#[test]
fn it_holds_no_descriptor_of_whoever_started_it() {
    let scene = Scene::new();
    // The pipe that is read to its end here is the starter's descriptors 1 and 9.
    let script = r#""$0" token prod 8<recovery.txt 9>&1"#;
    let call = scene.program("sh").args(["-c", script, env!("CARGO_BIN_EXE_mintage")]);
    let (ran, _) = in_time(call);
    assert_eq!(ran.succeeds().out().lines().count(), 1);
    let held = descriptors(scene.pid());
    let log = scene.folder().join("agent.log").display().to_string();
    for own in ["/dev/null", &log] {
        assert!(held.iter().any(|it| it == own), "{held:?}");
    }
    let foreign = |it: &&String| it.starts_with("pipe:") || it.contains("recovery");
    assert_eq!(held.iter().find(foreign), None);
}

#[test]
fn it_stands_in_no_session_or_folder_of_whoever_started_it() {
    let scene = Scene::new();
    // `script` gives it a terminal, and takes that away at its end.
    let command = format!("{} token prod", env!("CARGO_BIN_EXE_mintage"));
    let (ran, _) = in_time(scene.program("script").args(["-qec", &command, "/dev/null"]));
    ran.succeeds();
    let pid = scene.pid();
    let stat = stat(pid).expect("it runs");
    let [session, terminal] = [&stat[3], &stat[4]];
    assert_eq!((session, terminal.as_str()), (&pid.to_string(), "0"));
    assert_eq!(fs::read_link(format!("/proc/{pid}/cwd")).expect("root").as_os_str(), "/");
}

#[test]
fn it_gets_only_the_variables_that_say_where_things_are() {
    let scene = Scene::new();
    let call = scene.mintage(["token", "prod"]);
    let call = call.env("LD_PRELOAD", "/nowhere/canary.so").env("CANARY", "canary");
    let call = call.env("SSLKEYLOGFILE", "/nowhere/canary").env("HTTPS_PROXY", "http://canary");
    let call = call.env("MINTAGE_PROFILE", "canary").env("TZ", "UTC").env("MALLOC_CONF", "canary");
    call.run().succeeds();
    let mut names = words(scene.pid(), "environ");
    for name in &mut names {
        name.truncate(name.find('=').expect("a variable"));
    }
    names.sort();
    assert_eq!(names, ["HOME", "TZ", "XDG_RUNTIME_DIR"]);
}

#[test]
fn a_program_that_exec_runs_has_no_child_that_it_did_not_start() {
    let scene = Scene::new();
    let script = r#"read -r children <"/proc/$$/task/$$/children"; echo "[$children]""#;
    let ran = scene.run(["exec", "prod", "--", "sh", "-c", script]).succeeds();
    assert_eq!(ran.out(), "[]\n");
    let agent = scene.pid();
    let parent = stat(agent).expect("it runs")[1].parse().expect("a number");
    assert!(!words(parent, "cmdline").iter().any(|it| it.contains("mintage")), "{parent}");
}

#[test]
fn without_an_agent_none_is_started() {
    let scene = Scene::new();
    let settings = scene.world.config().join("settings.toml");
    let usual = fs::read_to_string(&settings).expect("readable");
    let forbidden = format!("{usual}\n[agent]\nuse = false\n");
    for (settings_say, option, variable) in
        [(&usual, Some("--no-agent"), "0"), (&usual, None, "1"), (&forbidden, None, "0")]
    {
        fs::write(&settings, settings_say).expect("written");
        let words = option.into_iter().chain(["token", "prod"]);
        scene.mintage(words).env("MINTAGE_NO_AGENT", variable).run().succeeds();
        assert!(scene.agents().is_empty());
        assert!(!scene.socket().exists());
    }
    assert_eq!(scene.issuer.logins(), 3);
}

/// Where an agent that is started with this `XDG_RUNTIME_DIR` is found.
fn found(person: &Person, stated: &Path) -> Option<PathBuf> {
    let state = person.world.state().join("run/agent.sock");
    let call = person.mintage(["agent", "start"]).env("XDG_RUNTIME_DIR", stated);
    call.run().succeeds();
    let found = [stated.join("mintage/agent.sock"), state].into_iter().find(|it| is_listening(it));
    person.mintage(["agent", "stop"]).env("XDG_RUNTIME_DIR", stated).run().succeeds();
    found
}

// A13
#[test]
fn a_runtime_folder_that_is_not_the_users_alone_is_not_used() {
    let person = Person::new();
    let [open, foreign, file] = ["open", "foreign", "file"].map(|name| person.world.path(name));
    for (folder, mode) in [(&open, 0o777), (&foreign, 0o700)] {
        fs::create_dir(folder).expect("made");
        chmod(folder, mode);
    }
    fs::write(&file, "").expect("written");
    give(&open, crate::person::PERSON);
    give(&foreign, STRANGER);
    let fallback = person.world.state().join("run/agent.sock");
    let bad = [open, foreign, file, "/nowhere".into(), "relative".into(), PathBuf::new()];
    for stated in bad {
        assert_eq!(found(&person, &stated).as_ref(), Some(&fallback), "{}", stated.display());
    }
    let good = person.world.path("run");
    assert_eq!(found(&person, &good), Some(good.join("mintage/agent.sock")));
}

// A13
#[test]
fn without_the_variable_the_users_usual_folder_is_found() {
    let person = Person::new();
    // A /run of its own, in which root is a login manager.
    let script = r#"
        mount -t tmpfs -o mode=755 none /run
        mkdir -p /run/user/61001; chmod 700 /run/user/61001; chown 61001:61001 /run/user/61001
        as="setpriv --reuid 61001 --regid 61001 --clear-groups --"
        $as ./mintage token prod
        test -S /run/user/61001/mintage/agent.sock
        $as ./mintage agent stop"#;
    let mut call = person.world.program("unshare").args(["-m", "sh", "-ec", script]);
    call.command.env_remove("MINTAGE_NO_AGENT");
    let (ran, _) = in_time(call);
    ran.succeeds();
    assert!(!person.world.state().join("run").exists());
}

// A13
#[test]
fn where_the_path_is_too_long_for_a_socket_a_command_warns_and_goes_on() {
    let scene = Scene::new();
    let long = scene.world.path(&"long".repeat(25));
    fs::create_dir(&long).expect("made");
    chmod(&long, 0o700);
    let call = |words: [&str; 2]| scene.mintage(words).env("XDG_RUNTIME_DIR", &long).run();
    call(["token", "prod"]).succeeds().says("going on without an agent").says("107 bytes");
    call(["agent", "start"]).exits(12).says("107 bytes");
    call(["agent", "run"]).exits(12).says("107 bytes");
}

#[test]
fn no_variable_of_ours_moves_the_socket() {
    let scene = Scene::new();
    let other = scene.world.path("other");
    fs::create_dir(&other).expect("made");
    chmod(&other, 0o700);
    let mut call = scene.mintage(["token", "prod"]);
    for name in [
        "MINTAGE_SOCKET",
        "MINTAGE_SOCK",
        "MINTAGE_AGENT",
        "MINTAGE_AGENT_SOCK",
        "MINTAGE_AUTH_SOCK",
        "MINTAGE_RUNTIME_DIR",
        "MINTAGE_HOME",
        "MINTAGE_DIR",
        "TMPDIR",
    ] {
        call = call.env(name, other.join("agent.sock"));
    }
    call.run().succeeds();
    assert!(is_listening(&scene.socket()));
    assert_eq!(fs::read_dir(other).expect("listed").count(), 0);
}

/// An agent of another version: says who it is, and ends when it is asked to.
fn of_another_version(socket: &Path, number: u16, version: &str) -> mpsc::Receiver<Vec<Hello>> {
    fs::create_dir(socket.parent().expect("a folder")).expect("made");
    chmod(socket.parent().expect("a folder"), 0o700);
    let listener = UnixListener::bind(socket).expect("bound");
    let own = hello_of(number, version, false);
    let (done, is_done) = mpsc::channel();
    thread::spawn(move || {
        let mut heard = Vec::new();
        let last = loop {
            let (stream, _) = listener.accept().expect("a client");
            let mut wire = Wire { stream };
            heard.extend(wire.hear().and_then(|content| Hello::parse(&content)));
            let _gone = wire.stream.write_all(&own);
            if heard.last().is_some_and(|hello: &Hello| hello.give_way) {
                break wire;
            }
        };
        // As a process that ends does: nobody is told before nobody can connect any more.
        drop(listener);
        drop(last);
        let _test_is_over = done.send(heard);
    });
    is_done
}

// A12, A15
#[test]
fn an_agent_of_another_version_is_asked_to_give_way_and_replaced() {
    for (number, version) in [(NUMBER, "0.0.1"), (NUMBER + 1, VERSION), (NUMBER - 1, "99.0.0")] {
        let scene = Scene::new();
        let other = of_another_version(&scene.socket(), number, version);
        scene.run(["token", "prod"]).succeeds();
        let heard = other.recv_timeout(Duration::from_secs(10)).expect("it was asked");
        assert!(heard.iter().all(|hello| hello.number == NUMBER && hello.version == VERSION));
        assert_eq!(scene.agent()["version"], VERSION);
        assert_eq!(scene.agents(), [scene.pid()]);
    }
}

// A12
#[test]
fn the_status_of_an_agent_of_another_version_is_not_guessed_at() {
    let scene = Scene::new();
    let _other = of_another_version(&scene.socket(), NUMBER + 1, "9.9.9");
    scene.run(["agent", "status"]).exits(8).says("9.9.9").says("mintage agent stop");
    scene.run(["agent", "stop"]).succeeds();
}

// A12
#[test]
fn a_client_of_another_version_learns_which_the_agent_is_of_and_no_more() {
    let scene = Scene::new();
    let agent = scene.foreground();
    let mut wire = Wire::connect(&scene.socket());
    wire.send(&hello_of(NUMBER + 1, "9.9.9", false));
    assert_eq!(wire.rest(), crate::wire::hello());
    assert_eq!(scene.pid(), agent.pid());
}

// A12, A15
#[test]
fn a_client_of_another_version_can_have_it_end() {
    let scene = Scene::new();
    let mut agent = scene.foreground();
    let mut wire = Wire::connect(&scene.socket());
    wire.send(&hello_of(NUMBER + 1, "9.9.9", true));
    assert_eq!(wire.rest(), crate::wire::hello());
    assert_eq!(agent.code(), 0);
    assert!(!scene.socket().exists());
}

// A15
#[test]
fn it_goes_on_when_its_program_is_deleted_and_a_new_one_uses_it() {
    let scene = Scene::new();
    let program = scene.world.path("old/mintage");
    fs::create_dir(program.parent().expect("a folder")).expect("made");
    let copied = std::process::Command::new("cp")
        .args([Path::new(env!("CARGO_BIN_EXE_mintage")), &program])
        .status();
    assert!(copied.expect("it starts").success());
    let call = scene.program(program.to_str().expect("UTF-8")).args(["token", "prod"]);
    let first = call.run().succeeds().out();
    fs::remove_file(&program).expect("deleted");
    assert_eq!(scene.run(["token", "prod"]).succeeds().out(), first);
    assert_eq!(scene.issuer.logins(), 1);
}

/// What is known of earlier states lies there: with another, a vault rolled back would be believed.
#[test]
fn an_agent_of_another_state_folder_is_not_used() {
    let scene = Scene::new();
    scene.run(["agent", "start"]).succeeds();
    let call = scene.mintage(["--verbose", "token", "prod"]);
    let ran = call.env("XDG_STATE_HOME", scene.world.path("s")).run().succeeds();
    ran.says("the agent leaves it to this command");
    assert_eq!(scene.agent()["held"], 0);
}

#[test]
fn an_agent_of_other_settings_is_not_used() {
    let scene = Scene::new();
    scene.run(["agent", "start"]).succeeds();
    let other = |words: &[&str]| {
        let call = scene.mintage(words).env("XDG_CONFIG_HOME", scene.world.path("c"));
        let call = call.env("XDG_DATA_HOME", scene.world.path("d"));
        call.env("XDG_STATE_HOME", scene.world.path("s"))
    };
    other(&["init", "--key", "file", "--recovery-file", "r.txt"]).run().succeeds();
    let (url, ca) = (scene.issuer.url(), scene.world.path("ca.pem"));
    let add = ["add", "prod", "--stdin", "--base-url", &url, "--ca-file"];
    let words: Vec<&str> = add.into_iter().chain(ca.to_str()).collect();
    other(&words).stdin(scene.canary.pair()).run().succeeds();
    let theirs = other(&["--verbose", "token", "prod"]).run().succeeds();
    theirs.says("the agent leaves it to this command");
    let again = other(&["token", "prod"]).run().succeeds().out();
    let ours = scene.run(["token", "prod"]).succeeds().out();
    assert_ne!(again, ours);
    assert_eq!(scene.agent()["leases"].as_array().map(Vec::len), Some(1));
}
