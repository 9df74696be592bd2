//! A supervisor that listens for it: systemd's, and one that stays, as systemd itself does.

use std::fs::{self, Permissions};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::process::{in_time, is_listening, is_running};
use crate::scene::Scene;
use crate::world::{at_once, until};

const PROGRAM: &str = env!("CARGO_BIN_EXE_mintage");

impl Scene {
    fn make_folder(&self) {
        fs::create_dir(self.folder()).expect("made");
        fs::set_permissions(self.folder(), Permissions::from_mode(0o700)).expect("ours");
    }
}

/// `systemd-socket-activate`: it becomes the agent when somebody connects.
struct Activated(Child);

impl Activated {
    fn start(scene: &Scene) -> Self {
        scene.make_folder();
        let home = format!("HOME={}", scene.world.home().display());
        let runtime = format!("XDG_RUNTIME_DIR={}", scene.world.path("run").display());
        let socket = scene.socket();
        let mut call = scene.program("systemd-socket-activate").args(["-E", &home, "-E", &runtime]);
        call = call.args(["-l", socket.to_str().expect("UTF-8"), PROGRAM, "agent", "run"]);
        call.command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let started = Self(call.command.spawn().expect("scripts/install-test-tools installs it"));
        until("it listens", || is_listening(&socket));
        started
    }
}

impl Drop for Activated {
    fn drop(&mut self) {
        let _ended_already = self.0.kill();
        let _reaped_already = self.0.wait();
    }
}

#[test]
fn systemd_starts_it_when_the_first_client_connects() {
    let scene = Scene::new();
    let activated = Activated::start(&scene);
    let before = fs::metadata(scene.socket()).expect("there").ino();
    let first = scene.run(["token", "prod"]).succeeds().out();
    assert_eq!(scene.pid(), activated.0.id());
    assert_eq!(scene.run(["token", "prod"]).succeeds().out(), first);
    assert_eq!(scene.issuer.logins(), 1);
    assert_eq!(fs::metadata(scene.socket()).expect("there").ino(), before);
}

#[test]
fn once_systemds_is_gone_the_next_command_starts_one_itself() {
    let scene = Scene::new();
    let mut activated = Activated::start(&scene);
    scene.run(["token", "prod"]).succeeds();
    scene.run(["agent", "stop"]).succeeds();
    assert!(activated.0.wait().expect("ours").success());
    assert!(scene.socket().exists());
    scene.run(["token", "prod"]).succeeds();
    assert_eq!(scene.agents(), [scene.pid()]);
}

/// What systemd does: it keeps the socket, and starts the agent whenever nobody answers there.
struct Supervisor<'a> {
    scene: &'a Scene,
    listener: UnixListener,
    starts: AtomicUsize,
    is_over: AtomicBool,
}

impl<'a> Supervisor<'a> {
    fn at(scene: &'a Scene) -> Self {
        scene.make_folder();
        let listener = UnixListener::bind(scene.socket()).expect("bound");
        fs::set_permissions(scene.socket(), Permissions::from_mode(0o600)).expect("ours");
        Self { scene, listener, starts: AtomicUsize::new(0), is_over: AtomicBool::new(false) }
    }

    /// Watches over it as long as `test` runs.
    fn during(&self, test: impl FnOnce() + Send) {
        thread::scope(|scope| {
            scope.spawn(|| self.watch());
            let tested = scope.spawn(test).join();
            self.is_over.store(true, Ordering::Relaxed);
            self.scene.run(["agent", "stop"]);
            if let Err(panic) = tested {
                std::panic::resume_unwind(panic);
            }
        });
    }

    fn watch(&self) {
        let step = Timespec::try_from(Duration::from_millis(20)).expect("short");
        while !self.is_over.load(Ordering::Relaxed) {
            let mut waited = [PollFd::new(&self.listener, PollFlags::IN)];
            if poll(&mut waited, Some(&step)).expect("watched") == 0 {
                continue;
            }
            self.starts.fetch_add(1, Ordering::Relaxed);
            let script = r#"LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" agent run 3<&0 </dev/null"#;
            let mut call = self.scene.program("sh").args(["-c", script, PROGRAM]);
            let socket: OwnedFd = self.listener.try_clone().expect("copied").into();
            call.command.stdin(socket).stdout(Stdio::null()).stderr(Stdio::null());
            let mut agent = call.command.spawn().expect("it starts");
            agent.wait().expect("ours");
        }
    }
}

#[test]
fn stop_leaves_the_supervisors_socket_alone_and_the_next_call_has_it_start_another() {
    let scene = Scene::new();
    let supervisor = Supervisor::at(&scene);
    supervisor.during(|| {
        let before = fs::metadata(scene.socket()).expect("there").ino();
        scene.run(["token", "prod"]).succeeds();
        let first = scene.pid();
        scene.run(["agent", "stop"]).succeeds();
        until("it is gone", || !is_running(first));
        assert_eq!(fs::metadata(scene.socket()).expect("there").ino(), before);
        scene.run(["token", "prod"]).succeeds();
        assert_ne!(scene.pid(), first);
        assert_eq!(supervisor.starts.load(Ordering::Relaxed), 2);
        assert_eq!(scene.agents(), [scene.pid()]);
    });
}

// A05
#[test]
fn many_commands_at_once_have_the_supervisor_start_one() {
    let scene = Scene::new();
    let supervisor = Supervisor::at(&scene);
    supervisor.during(|| {
        let ran = at_once(20, |_| scene.mintage(["token", "prod"]));
        let tokens: Vec<_> = ran.into_iter().map(|ran| ran.succeeds().out()).collect();
        assert!(tokens.iter().all(|token| *token == tokens[0]));
        assert_eq!(supervisor.starts.load(Ordering::Relaxed), 1);
        assert_eq!(scene.issuer.logins(), 1);
    });
}

#[test]
fn an_agent_that_a_command_started_makes_room_for_the_supervisors() {
    let scene = Scene::new();
    scene.run(["token", "prod"]).succeeds();
    let first = scene.pid();
    // As systemd does when the socket unit is started: it takes the path.
    fs::remove_file(scene.socket()).expect("removed");
    fs::remove_dir_all(scene.folder()).expect("removed");
    let supervisor = Supervisor::at(&scene);
    supervisor.during(|| {
        scene.run(["token", "prod"]).succeeds();
        assert_ne!(scene.pid(), first);
        until("it is gone", || !is_running(first));
        assert_eq!(scene.agents(), [scene.pid()]);
    });
}

#[test]
fn a_socket_that_is_meant_for_another_process_is_not_taken() {
    let scene = Scene::new();
    let call = scene.mintage(["agent", "run"]).env("LISTEN_PID", "1").env("LISTEN_FDS", "1");
    let agent = scene.foreground_of(call);
    scene.run(["token", "prod"]).succeeds();
    assert_eq!(scene.pid(), agent.pid());
}

/// A copy of the program in a folder of this name.
fn program_in(scene: &Scene, name: &str) -> String {
    let folder = scene.world.path(name);
    fs::create_dir(&folder).expect("made");
    let program = folder.join("mintage");
    let copied = Command::new("cp").args([Path::new(PROGRAM), &program]).status();
    assert!(copied.expect("it starts").success());
    program.to_str().expect("UTF-8").to_owned()
}

#[test]
fn install_writes_units_that_systemd_accepts_and_undo_takes_them_away() {
    let scene = Scene::new();
    let folder = scene.world.path(".config/systemd/user");
    let units = ["mintage-agent.socket", "mintage-agent.service"].map(|name| folder.join(name));
    let said = scene.run(["agent", "install"]).succeeds();
    said.says("systemctl --user enable --now mintage-agent.socket");
    let service = fs::read_to_string(&units[1]).expect("written");
    assert!(service.contains(&format!("\nExecStart=\"{PROGRAM}\" agent run\n")), "{service}");
    let verify = ["verify", "--user", "--man=no", "--recursive-errors=no"];
    let (ran, _) = in_time(scene.program("systemd-analyze").args(verify).args(&units));
    let said = ran.succeeds().err();
    assert!(!said.contains("mintage-agent"), "{said}");
    scene.run(["agent", "install"]).succeeds();
    scene.run(["agent", "install", "--undo"]).succeeds().says("removed");
    assert!(units.iter().all(|unit| !unit.exists()));
    scene.run(["agent", "install", "--undo"]).succeeds();
}

#[test]
fn a_program_at_an_odd_place_is_quoted_as_systemd_reads_it() {
    let scene = Scene::new();
    let program = program_in(&scene, "a b; 100%h");
    scene.program(&program).args(["agent", "install"]).run().succeeds();
    let folder = scene.world.path(".config/systemd/user");
    let units = ["mintage-agent.socket", "mintage-agent.service"].map(|name| folder.join(name));
    let service = fs::read_to_string(&units[1]).expect("written");
    assert!(service.contains("/a b; 100%%h/mintage\" agent run\n"), "{service}");
    // It complains of a program that is not there.
    let verify = ["verify", "--user", "--man=no", "--recursive-errors=no"];
    let (ran, _) = in_time(scene.program("systemd-analyze").args(verify).args(&units));
    let said = ran.succeeds().err();
    assert!(!said.contains("mintage"), "{said}");
}

#[test]
fn a_program_where_systemd_takes_none_is_refused_before_anything_is_written() {
    let scene = Scene::new();
    for name in ["a\"b", "a'b", "a\\b", "a\tb", "a\nb", "a$b"] {
        let program = program_in(&scene, name);
        let (ran, _) = in_time(scene.program(&program).args(["agent", "install"]));
        ran.exits(2).says("the path of this program fits no such file");
    }
    assert!(!scene.world.path(".config/systemd").exists());
}
