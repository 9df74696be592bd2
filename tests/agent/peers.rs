//! Who may talk to it, and who may look into it: its own user, and nobody else, root included.

use std::fs::{self, Permissions};
use std::io::{ErrorKind, Read as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, lchown, symlink};
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::thread;
use std::time::Duration;

use rustix::process::Signal;

use crate::person::{PERSON, Person, STRANGER, as_user};
use crate::process::{agents, descriptors, in_time, is_listening, unix_sockets};
use crate::wire::{STATUS, Wire, frame, hello};

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("root may");
}

impl Person {
    /// Lets everybody reach her socket, as she never would, or nobody but her again.
    fn open_to(&self, others: u32) {
        for folder in [self.world.home(), &self.world.path("run"), &self.folder()] {
            chmod(folder, 0o700 | others);
        }
        chmod(&self.socket(), 0o600 | (others & 0o066));
    }

    /// Somebody connects, says what her clients say, and is given back nothing.
    #[track_caller]
    fn lets_down(&self, user: u32) {
        let socket = self.socket();
        let heard = as_user(user, move || {
            let mut wire = Wire::connect(&socket);
            // It may be closed before that.
            let _closed = wire.try_send(&[hello(), frame(&[STATUS])].concat());
            wire.rest()
        });
        assert_eq!(heard, b"");
    }
}

// A01
#[test]
fn a_process_of_another_user_is_let_down_without_a_byte_and_that_is_noted_once() {
    let person = Person::new();
    let agent = person.foreground();
    let token = person.run(["token", "prod"]).succeeds().out();
    person.open_to(0o077);
    person.lets_down(STRANGER);
    person.open_to(0);
    assert_eq!(agent.said(), format!("warning: refused a process of uid {STRANGER}\n"));
    assert_eq!(person.run(["token", "prod"]).succeeds().out(), token);
}

// A01
#[test]
fn an_agent_in_the_background_notes_it_in_its_log() {
    let person = Person::new();
    person.run(["token", "prod"]).succeeds();
    person.open_to(0o077);
    person.lets_down(STRANGER);
    person.open_to(0);
    let log = person.folder().join("agent.log");
    let said = || fs::read_to_string(&log).expect("kept");
    assert_eq!(said(), format!("warning: refused a process of uid {STRANGER}\n"));
    assert_eq!(fs::metadata(&log).expect("kept").mode() & 0o777, 0o600);
}

// A18
#[test]
fn root_is_let_down_as_well() {
    let person = Person::new();
    let agent = person.foreground();
    let token = person.run(["token", "prod"]).succeeds().out();
    person.lets_down(0);
    assert_eq!(agent.said(), "warning: refused a process of uid 0\n");
    assert_eq!(person.run(["token", "prod"]).succeeds().out(), token);
}

// A18
#[test]
fn a_command_that_root_runs_in_the_users_name_sends_her_agent_nothing() {
    let person = Person::new();
    let _agent = person.foreground();
    person.run(["unlock"]).succeeds();
    // What `sudo -E` leaves of her environment.
    let call = person.world.mintage(["token", "prod"]).env("MINTAGE_NO_AGENT", "0");
    let (ran, _) = in_time(call.env("XDG_RUNTIME_DIR", person.world.path("run")));
    ran.exits(9);
    assert_eq!(person.issuer.logins(), 0);
}

// A02
#[test]
fn a_socket_that_another_user_serves_is_sent_nothing() {
    let person = Person::new();
    fs::create_dir(person.folder()).expect("made");
    for folder in [person.world.home(), &person.world.path("run"), &person.folder()] {
        chmod(folder, 0o777);
    }
    let socket = person.socket();
    let bind = || UnixListener::bind(&socket).expect("bound");
    let listener = as_user(STRANGER, bind);
    chmod(&socket, 0o666);
    for folder in [person.world.home(), &person.world.path("run"), &person.folder()] {
        lchown(folder, Some(PERSON), Some(PERSON)).expect("root may");
        chmod(folder, 0o700);
    }
    let served = thread::spawn(move || {
        let heard = |stream: std::io::Result<UnixStream>| {
            let mut stream = stream.expect("a client");
            stream.set_read_timeout(Some(Duration::from_secs(10))).expect("set");
            let mut heard = Vec::new();
            match stream.read_to_end(&mut heard) {
                Err(error) if error.kind() != ErrorKind::ConnectionReset => panic!("{error}"),
                _ => heard,
            }
        };
        listener.incoming().map(heard).take_while(|heard| heard != b"stop").collect::<Vec<_>>()
    });
    for words in [
        &["token", "prod"][..],
        &["exec", "prod", "--", "true"],
        &["unlock"],
        &["agent", "start"],
        &["agent", "stop"],
        &["agent", "status"],
        &["purge", "prod"],
    ] {
        let (ran, _) = in_time(person.mintage(words));
        let code = if words[0] == "exec" { 125 } else { 9 };
        ran.exits(code).says("another user").says(&format!("uid {STRANGER}"));
    }
    let mut last = UnixStream::connect(person.socket()).expect("it listens");
    std::io::Write::write_all(&mut last, b"stop").expect("sent");
    drop(last);
    let heard = served.join().expect("it served");
    assert!(heard.len() >= 7 && heard.iter().all(Vec::is_empty), "{heard:?}");
    assert_eq!(person.issuer.logins(), 0);
}

// A03
#[test]
fn a_folder_that_another_user_made_first_is_not_used() {
    let person = Person::new();
    fs::create_dir(person.folder()).expect("made");
    chmod(&person.folder(), 0o777);
    lchown(person.folder(), Some(STRANGER), Some(STRANGER)).expect("root may");
    person.run(["agent", "start"]).exits(9).says("it belongs to another user");
    person.run(["agent", "run"]).exits(9).says("it belongs to another user");
    person.run(["token", "prod"]).succeeds().says("going on without an agent");
    assert_eq!(fs::read_dir(person.folder()).expect("listed").count(), 0);
    assert!(agents(&person.world.path("run")).is_empty());
}

// A03
#[test]
fn a_link_in_its_place_is_not_followed() {
    let person = Person::new();
    let elsewhere = person.world.path("elsewhere");
    fs::create_dir(&elsewhere).expect("made");
    chmod(&elsewhere, 0o755);
    symlink(&elsewhere, person.folder()).expect("linked");
    for (of_link, of_target) in [(STRANGER, PERSON), (PERSON, STRANGER), (STRANGER, STRANGER)] {
        lchown(person.folder(), Some(of_link), Some(of_link)).expect("root may");
        lchown(&elsewhere, Some(of_target), Some(of_target)).expect("root may");
        person.run(["agent", "start"]).exits(9).says("another user");
        person.run(["token", "prod"]).succeeds().says("going on without an agent");
        assert_eq!(fs::read_dir(&elsewhere).expect("listed").count(), 0);
    }
}

// A03
#[test]
fn a_folder_that_others_may_enter_is_not_used() {
    let person = Person::new();
    person.run(["agent", "start"]).succeeds();
    person.run(["agent", "stop"]).succeeds();
    chmod(&person.folder(), 0o711);
    person.run(["agent", "start"]).exits(9).says("others can");
    person.run(["token", "prod"]).succeeds().says("going on without an agent");
}

/// The inodes of a process's sockets.
fn sockets(pid: u32) -> Vec<String> {
    let inode = |link: &String| Some(link.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned());
    descriptors(pid).iter().filter_map(inode).collect()
}

// A16
#[test]
fn what_listens_is_one_socket_in_one_folder_of_the_users_alone() {
    let person = Person::new();
    let agent = person.foreground();
    person.run(["token", "prod"]).succeeds();
    let own = sockets(agent.pid());
    let all = unix_sockets();
    let listens = all.iter().filter(|it| it.listens && own.contains(&it.inode));
    let places: Vec<&str> = listens.map(|it| it.path.as_str()).collect();
    assert_eq!(places, [person.socket().to_str().expect("UTF-8")]);
    assert!(all.iter().all(|it| !own.contains(&it.inode) || !it.path.starts_with('@')));
    for (path, kind) in [(person.socket(), 0o140_600), (person.folder(), 0o040_700)] {
        let found = fs::symlink_metadata(path).expect("there");
        assert_eq!((found.mode(), found.uid(), found.gid()), (kind, PERSON, PERSON));
    }
    for table in ["tcp", "tcp6", "udp", "udp6", "raw", "raw6", "packet"] {
        let listed = fs::read_to_string(format!("/proc/net/{table}")).unwrap_or_default();
        let held = listed
            .lines()
            .find(|line| line.split_whitespace().any(|word| own.iter().any(|inode| inode == word)));
        assert_eq!(held, None, "{table}");
    }
}

// A16
#[test]
fn a_generous_umask_opens_its_socket_to_nobody() {
    let person = Person::new();
    let program = person.world.path("mintage");
    let script = "umask 0; exec \"$0\" token prod";
    person.program("sh").args(["-c", script]).args([program]).run().succeeds();
    let mut files: Vec<_> = fs::read_dir(person.folder()).expect("listed").collect();
    files.push(fs::read_dir(person.world.path("run")).expect("listed").next().expect("one"));
    for file in files {
        let file = file.expect("readable");
        let mode = file.metadata().expect("there").mode();
        assert_eq!(mode & 0o077, 0, "{}", file.path().display());
    }
}

/// Everything that a process may be looked into by.
fn looks(pid: u32) -> [String; 7] {
    [
        format!("cat /proc/{pid}/environ"),
        format!("head -c 1 /proc/{pid}/maps"),
        format!("dd if=/proc/{pid}/mem of=/dev/null bs=1 count=1 skip=4194304"),
        format!("ls /proc/{pid}/fd"),
        format!("strace -p {pid} -e trace=none & sleep 0.3; kill $! 2>/dev/null; wait $!"),
        format!("gdb -batch -nx -p {pid} 2>&1"),
        format!("gcore -o looked {pid} 2>&1"),
    ]
}

// M01. That the same looks succeed on any other process is a test of tests/cli/memory.rs.
#[test]
fn another_process_of_the_same_user_cannot_look_into_it() {
    let person = Person::new();
    person.run(["token", "prod"]).succeeds();
    let [pid] = agents(&person.world.path("run"))[..] else { panic!("not one agent") };
    for look in looks(pid) {
        let ran = person.program("sh").args(["-c", &look]).run();
        let said = format!("{}{}", ran.out(), ran.err());
        let refused = ["Permission denied", "Operation not permitted"];
        assert!(refused.iter().any(|text| said.contains(text)), "{look}: {said}");
    }
    assert!(!person.world.path(&format!("looked.{pid}")).exists());
    person.run(["agent", "status"]).succeeds();
}

// M02
#[test]
fn a_crash_leaves_no_core() {
    let person = Person::new();
    for ending in [Signal::SEGV, Signal::ABORT] {
        let program = person.world.path("mintage");
        let call = person.program("prlimit").args(["--core=unlimited:unlimited"]).args([program]);
        let log = person.world.path("said");
        let mut agent =
            crate::process::Foreground::start(call.args(["agent", "run"]), &person.socket(), log);
        person.run(["token", "prod"]).succeeds();
        // The first SEGV is taken by Rust's own handler, which looks for a stack overflow.
        while crate::process::is_running(agent.pid()) {
            agent.signal(ending);
        }
        let ended = agent.ends();
        assert!(ended.signal().is_some() && !ended.core_dumped(), "{ended:?}");
    }
    let control = ["--core=unlimited:unlimited", "sh", "-c", "kill -SEGV $$"];
    let mut control = person.program("prlimit").args(control);
    let ended = control.command.status().expect("it starts");
    assert!(ended.core_dumped(), "nothing leaves a core here: this test shows nothing");
    assert!(!is_listening(&person.socket()));
}
