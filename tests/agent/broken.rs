//! Killed, stopped, starved: a command ends in time and says why, and the next one works.

use std::fs::{self, Permissions};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};
use rustix::process::Signal;

use crate::issuer::{Fault, Hold};
use crate::person::{PERSON, Person};
use crate::process::{agents, in_time, is_running, signal, words};
use crate::scene::Scene;
use crate::wire::{Wire, frame, hello, is_answered};
use crate::world::{at_once, until};

const SOON: Duration = Duration::from_secs(10);

impl Scene {
    /// A token whose mint is interrupted by the agent's death, and how long its end took from then.
    fn kill_in_a_mint(&self) -> (crate::world::Ran, Duration) {
        let hold = Hold::new();
        self.issuer.fault_once(Fault::Hold(hold.clone()));
        let agent = self.pid();
        thread::scope(|scope| {
            let asking = scope.spawn(|| in_time(self.mintage(["token", "prod"])));
            assert!(hold.is_sent_within(SOON));
            signal(agent, Signal::KILL);
            let killed = Instant::now();
            let (ran, _) = asking.join().expect("it ended");
            hold.release();
            (ran, killed.elapsed())
        })
    }
}

// A11
#[test]
fn a_command_whose_agent_is_killed_in_a_mint_exits_8_at_once_and_the_next_one_works() {
    let scene = Scene::new();
    scene.run(["agent", "start"]).succeeds();
    let dead = scene.pid();
    let (ran, took) = scene.kill_in_a_mint();
    ran.exits(8).says("the agent broke off");
    assert!(took < Duration::from_secs(2), "{took:?}");
    scene.run(["token", "prod"]).succeeds();
    assert_ne!(scene.pid(), dead);
}

// A11
#[test]
fn where_nothing_but_the_lease_was_asked_of_the_killed_agent_a_new_one_is_asked() {
    let scene = Scene::new();
    scene.run(["unlock"]).succeeds();
    let dead = scene.pid();
    let (ran, took) = scene.kill_in_a_mint();
    ran.succeeds();
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert_ne!(scene.pid(), dead);
    assert_eq!(scene.agents(), [scene.pid()]);
}

// A11
#[test]
fn a_stopped_agent_is_given_up_in_time_and_used_again_once_it_goes_on() {
    let scene = Scene::new();
    let token = scene.run(["token", "prod"]).succeeds().out();
    let agent = scene.pid();
    signal(agent, Signal::STOP);
    let commands = [
        &["token", "prod"][..],
        &["token", "prod", "--quiet"],
        &["token", "--fresh", "prod"],
        &["agent", "status"],
        &["agent", "start"],
        &["unlock"],
        &["status"],
    ];
    thread::scope(|scope| {
        for words in commands {
            let call = scene.mintage(words);
            scope.spawn(move || {
                let (ran, took) = in_time(call);
                ran.exits(8).says("the agent did not answer within 1 s");
                assert!(took < Duration::from_secs(4), "{words:?}: {took:?}");
            });
        }
    });
    signal(agent, Signal::CONT);
    assert_eq!(scene.run(["token", "prod"]).succeeds().out(), token);
    assert_eq!(scene.pid(), agent);
}

// A11
#[test]
fn a_stopped_agent_that_is_told_to_end_ends_once_it_goes_on() {
    let scene = Scene::new();
    let mut agent = scene.foreground();
    assert!(is_answered(&scene.socket()));
    agent.signal(Signal::STOP);
    let (ran, took) = in_time(scene.mintage(["agent", "stop"]));
    ran.exits(8).says("does not answer");
    assert!(took < Duration::from_secs(3), "{took:?}");
    agent.signal(Signal::CONT);
    assert_eq!(agent.code(), 0);
}

// A11
#[test]
fn a_shell_prompt_waits_for_no_stopped_agent() {
    let scene = Scene::new();
    scene.run(["token", "prod"]).succeeds();
    let agent = scene.pid();
    signal(agent, Signal::STOP);
    let (ran, took) = in_time(scene.mintage(["status", "--prompt"]));
    signal(agent, Signal::CONT);
    assert_eq!((ran.code, ran.out().as_str(), ran.err().as_str()), (0, "", ""));
    assert!(took < Duration::from_secs(2), "{took:?}");
}

// A11
#[test]
fn a_stopped_agent_does_not_keep_a_command_without_one_from_its_work() {
    let scene = Scene::new();
    scene.run(["agent", "start"]).succeeds();
    let agent = scene.pid();
    signal(agent, Signal::STOP);
    let (ran, _) = in_time(scene.mintage(["--no-agent", "token", "prod"]));
    signal(agent, Signal::CONT);
    ran.succeeds();
}

/// A socket at which somebody listens who never accepts, and no room is left to wait.
fn full(socket: &Path) -> OwnedFd {
    let make = || {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)
            .expect("made")
    };
    let address = SocketAddrUnix::new(socket).expect("short");
    let listener = make();
    rustix::net::bind(&listener, &address).expect("bound");
    rustix::net::listen(&listener, 0).expect("listens");
    loop {
        let client = make();
        match rustix::net::connect(&client, &address) {
            Ok(()) => std::mem::forget(client),
            Err(_) => return listener,
        }
    }
}

// A11
#[test]
fn a_socket_where_connecting_itself_would_wait_for_ever_is_given_up_in_time() {
    let scene = Scene::new();
    drop(listener_in_its_place(&scene));
    fs::remove_file(scene.socket()).expect("removed");
    let _listener = full(&scene.socket());
    let (ran, took) = in_time(scene.mintage(["token", "prod"]));
    ran.exits(8).says("the agent did not answer within 1 s");
    assert!(took < Duration::from_millis(3500), "{took:?}");
    fs::remove_file(scene.socket()).expect("removed");
}

fn listener_in_its_place(scene: &Scene) -> UnixListener {
    fs::create_dir(scene.folder()).expect("made");
    fs::set_permissions(scene.folder(), Permissions::from_mode(0o700)).expect("ours");
    UnixListener::bind(scene.socket()).expect("bound")
}

// A12
#[test]
fn whoever_else_listens_there_and_speaks_nonsense_is_given_up() {
    let speaks = |nonsense: &[u8]| {
        let scene = Scene::new();
        let listener = listener_in_its_place(&scene);
        thread::scope(|scope| {
            scope.spawn(|| {
                for stream in listener.incoming() {
                    let mut wire = Wire { stream: stream.expect("a client") };
                    if wire.hear().is_none_or(|heard| heard == [0]) {
                        return;
                    }
                    let _gone = wire.try_send(nonsense);
                }
            });
            let (ran, took) = in_time(scene.mintage(["token", "prod"]));
            Wire::connect(&scene.socket()).send(&frame(&[0]));
            ran.exits(8).says("the agent broke off");
            assert!(took < Duration::from_millis(3500), "{took:?}");
        });
        fs::remove_file(scene.socket()).expect("removed");
    };
    thread::scope(|scope| {
        let http = &b"HTTP/1.1 400 Bad Request\r\n\r\n"[..];
        for nonsense in [http, &[0, 0, 0, 0], &[0, 0, 0, 1, 1], b""] {
            scope.spawn(move || speaks(nonsense));
        }
    });
}

#[test]
fn a_runtime_folder_that_cannot_be_written_is_no_reason_to_fail() {
    let person = Person::new();
    fs::set_permissions(person.world.path("run"), Permissions::from_mode(0o500)).expect("root may");
    person.run(["token", "prod"]).succeeds().says("going on without an agent");
    assert!(agents(&person.world.path("run")).is_empty());
}

#[test]
fn so_is_one_in_which_no_agent_can_make_its_socket() {
    let person = Person::new();
    person.run(["agent", "start"]).succeeds();
    person.run(["agent", "stop"]).succeeds();
    fs::set_permissions(person.folder(), Permissions::from_mode(0o500)).expect("root may");
    person.run(["token", "prod"]).succeeds().says("going on without an agent");
    fs::set_permissions(person.folder(), Permissions::from_mode(0o700)).expect("root may");
}

/// Runs a script in which `$as` is the person, and her runtime folder is of this kind.
fn on_tmpfs(person: &Person, options: &str, script: &str) -> crate::world::Ran {
    let script = format!(
        "mount -t tmpfs -o mode=700,uid={PERSON},gid={PERSON},{options} none run
         as='setpriv --reuid {PERSON} --regid {PERSON} --clear-groups --'
         {script}"
    );
    let mut call = person.world.program("unshare").args(["-m", "sh", "-ec", &script]);
    call.command.env_remove("MINTAGE_NO_AGENT");
    in_time(call.env("XDG_RUNTIME_DIR", person.world.path("run"))).0
}

#[test]
fn a_full_runtime_folder_is_no_reason_to_fail() {
    let person = Person::new();
    // Room for less and less: the folder, the first lock, the second, the socket.
    for inodes in 1..=4 {
        let options = format!("size=64k,nr_inodes={inodes}");
        let ran = on_tmpfs(&person, &options, "$as ./mintage token prod");
        ran.succeeds().says("going on without an agent").hides("panicked");
    }
    let script = "$as ./mintage token prod; $as ./mintage agent stop";
    let ran = on_tmpfs(&person, "size=64k,nr_inodes=16", script);
    assert!(!ran.succeeds().err().contains("going on without"));
}

#[test]
fn a_runtime_folder_without_a_byte_left_still_takes_an_agent() {
    let person = Person::new();
    let script = "dd if=/dev/zero of=run/filler bs=4096 2>/dev/null || :
        $as ./mintage token prod; $as ./mintage agent status; $as ./mintage agent stop";
    let ran = on_tmpfs(&person, "size=16k", script).succeeds();
    assert!(!ran.err().contains("going on without"), "{}", ran.err());
}

/// Stopping locks: whoever is in the middle of something is told that, and nobody anything else.
#[test]
fn an_agent_that_is_stopped_again_and_again_while_many_ask_leaves_nobody_in_the_dark() {
    let scene = Scene::new();
    thread::scope(|scope| {
        let asking = scope.spawn(|| {
            let ask = |_| at_once(10, |_| scene.mintage(["token", "prod"]));
            (0..6).flat_map(ask).collect::<Vec<_>>()
        });
        while !asking.is_finished() {
            scene.run(["agent", "stop"]).succeeds();
        }
        for ran in asking.join().expect("they ended") {
            let said = ran.err();
            let is_told = match ran.code {
                0 => said.is_empty(),
                4 => said.contains("the vault is locked"),
                8 => said.contains("the agent broke off") || said.contains("each was stopped"),
                _ => false,
            };
            assert!(is_told, "{}: {said}", ran.code);
        }
    });
    scene.run(["token", "prod"]).succeeds();
}

// A15
#[test]
fn a_connection_that_an_ending_agent_drops_before_a_word_is_not_the_end_of_a_command() {
    let scene = Scene::new();
    let listener = listener_in_its_place(&scene);
    // As the kernel does when a process ends: whoever is in the queue is dropped, then the queue is.
    let ending = thread::spawn(move || {
        for _ in 0..3 {
            drop(listener.accept().expect("a client"));
        }
    });
    let (ran, _) = in_time(scene.mintage(["token", "prod"]));
    ran.succeeds();
    ending.join().expect("it ended");
    assert_eq!(scene.agents(), [scene.pid()]);
}

#[test]
fn nothing_secret_is_in_what_it_says_or_leaves_lying_about() {
    let scene = Scene::new();
    let mut agent = scene.foreground();
    let token = scene.run(["token", "prod"]).succeeds().out();
    scene.run(["show", "prod", "--reveal"]).succeeds();
    let refused = Fault::Status { status: 401, headers: vec![], body: token.clone().into() };
    scene.issuer.fault_once(refused);
    assert_ne!(scene.run(["token", "--fresh", "prod"]).code, 0);
    scene.issuer.fault_once(Fault::Json(format!("{{\"error\": \"{}\"", scene.canary.secret)));
    assert_ne!(scene.run(["token", "--fresh", "prod"]).code, 0);
    let mut noise = Wire::connect(&scene.socket());
    noise.send(&[hello(), frame(scene.canary.secret.as_bytes())].concat());
    noise.rest();
    let mut said =
        vec![words(agent.pid(), "cmdline").join(" "), words(agent.pid(), "environ").join(" ")];
    for file in fs::read_dir(scene.folder()).expect("listed") {
        let file = file.expect("readable");
        said.extend(
            fs::read(file.path()).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
        );
    }
    agent.signal(Signal::TERM);
    agent.code();
    said.push(agent.said());
    for secret in [scene.canary.secret.as_str(), token.trim()] {
        assert!(said.iter().all(|text| !text.contains(secret)), "{said:?}");
    }
}

// A11
#[test]
fn it_outlives_clients_that_are_killed_while_they_wait() {
    let scene = Scene::new();
    let agent = scene.foreground();
    scene.run(["unlock"]).succeeds();
    let hold = Hold::new();
    scene.issuer.fault_once(Fault::Hold(hold.clone()));
    let start = |_| scene.mintage(["token", "prod"]).command.spawn().expect("it starts");
    let mut waiting: Vec<_> = (0..10).map(start).collect();
    assert!(hold.is_sent_within(SOON));
    until("they wait", || scene.conversations() == waiting.len());
    for client in &mut waiting {
        client.kill().expect("killed");
        client.wait().expect("ours");
    }
    hold.release();
    until("they are forgotten", || scene.conversations() == 0);
    scene.run(["token", "prod"]).succeeds();
    assert!(is_running(agent.pid()));
    assert_eq!(scene.issuer.logins(), 1);
}
