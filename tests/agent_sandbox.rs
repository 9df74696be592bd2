//! What the agent can and cannot do once it is in its sandbox, as root and as an ordinary user.
//!
//! A sandbox cannot be left again. So each fact is looked at in a process of its own: this program,
//! started once more for that one test.

#![cfg(target_os = "linux")]
#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    reason = "a test fails by panic wherever it stands, and makes files and processes of its own"
)]

use std::fs;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream, ToSocketAddrs as _};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _, chown, symlink};
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use mintage::agent::sandbox::{self, Level, Sandbox};
use mintage::clock::{Clock as _, System};
use mintage::seal::{OpeningKey, VaultId};
use mintage::store::DirStore;
use mintage::vault::{self, Founding, OpenVault, Pins};
use rustix::process::{Pid, geteuid, getpid, test_kill_process};

/// Needs no entry in the table of accounts.
const SOMEBODY: &str = "61001";

/// Where the inner process finds its folders.
const PLACE: &str = "SANDBOX_TEST_PLACE";

/// The folders of one agent, and one that is none of its business.
struct Place {
    readable: PathBuf,
    writable: PathBuf,
    outside: PathBuf,
}

impl Place {
    fn at(top: &Path) -> Self {
        let [readable, writable, outside] =
            ["readable", "writable", "outside"].map(|name| top.join(name));
        Self { readable, writable, outside }
    }

    /// Those of the inner process, which it makes; `None` in the outer one.
    fn of_this_process() -> Option<Self> {
        let place = Self::at(Path::new(&std::env::var_os(PLACE)?));
        for folder in [&place.readable, &place.writable, &place.outside] {
            fs::DirBuilder::new().mode(0o700).create(folder).expect("made");
            fs::write(folder.join("file"), "content").expect("written");
        }
        Some(place)
    }

    /// What the agent does when it listens.
    fn enter(&self) -> Sandbox {
        sandbox::enter(std::slice::from_ref(&self.readable), std::slice::from_ref(&self.writable))
    }
}

/// Looks at `fact` in a process of its own: as we are and, where that is root, as somebody else too.
fn inside(test: &str, fact: impl Fn(&Place)) {
    if let Some(place) = Place::of_this_process() {
        return fact(&place);
    }
    let itself = std::env::current_exe().expect("known");
    let _said = start(test, Command::new(&itself), |_| ());
    if geteuid().is_root() {
        let home = tempfile::tempdir().expect("a folder");
        let program = home.path().join("program");
        // By a process of its own: a file that we hold open to write, another test's child would hold
        // open as well, and what is written to cannot be started.
        let copied = Command::new("cp").arg(itself).arg(&program).status();
        assert!(copied.expect("started").success());
        fs::set_permissions(home.path(), fs::Permissions::from_mode(0o755)).expect("opened");
        let mut command = Command::new("setpriv");
        command.args(["--reuid", SOMEBODY, "--regid", SOMEBODY, "--clear-groups", "--"]);
        command.arg(program);
        let id = SOMEBODY.parse().expect("a number");
        let _said = start(test, command, |top| chown(top, Some(id), Some(id)).expect("given away"));
    }
}

/// What it printed.
fn start(test: &str, mut command: Command, give: impl Fn(&Path)) -> String {
    let top = tempfile::tempdir().expect("a folder");
    give(top.path());
    command.args(["--exact", test, "--nocapture"]).env(PLACE, top.path());
    let ran = command.output().expect("started");
    let [said, cried] =
        [ran.stdout, ran.stderr].map(|it| String::from_utf8_lossy(&it).into_owned());
    let is_passed = ran.status.success() && said.contains("1 passed");
    assert!(is_passed, "{command:?}\n{said}{cried}");
    said
}

#[track_caller]
fn refused<T>(tried: io::Result<T>) {
    let error = tried.err().expect("it was not refused");
    assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
}

#[test]
fn all_of_it_is_in_force() {
    inside("all_of_it_is_in_force", |place| {
        assert_eq!(place.enter(), Sandbox { files: Level::Full, calls: true });
        let status = fs::read_to_string("/proc/self/status").expect("readable");
        assert!(status.contains("NoNewPrivs:\t1") && status.contains("Seccomp:\t2"), "{status}");
    });
}

#[test]
fn a_readable_folder_is_read_and_not_written() {
    inside("a_readable_folder_is_read_and_not_written", |place| {
        let _entered = place.enter();
        let file = place.readable.join("file");
        assert_eq!(fs::read(&file).expect("readable"), b"content");
        assert_eq!(fs::read_dir(&place.readable).expect("listed").count(), 1);
        refused(fs::write(&file, "else"));
        refused(fs::write(place.readable.join("new"), "new"));
        refused(fs::create_dir(place.readable.join("new")));
        refused(fs::remove_file(&file));
        refused(fs::rename(&file, place.readable.join("new")));
    });
}

#[test]
fn all_other_files_are_out_of_reach() {
    inside("all_other_files_are_out_of_reach", |place| {
        symlink(place.outside.join("file"), place.writable.join("link")).expect("made");
        let _entered = place.enter();
        refused(fs::read(place.outside.join("file")));
        refused(fs::read(place.writable.join("link")));
        refused(fs::read_dir(&place.outside));
        refused(fs::write(place.outside.join("new"), "new"));
        refused(fs::remove_file(place.outside.join("file")));
        refused(fs::read("/etc/shadow"));
        refused(fs::read_dir("/"));
        refused(fs::read_dir("/tmp"));
        refused(fs::read("/usr/bin/env"));
        refused(fs::read("/proc/1/status"));
    });
}

#[test]
fn in_a_writable_folder_files_are_made_moved_cut_and_removed() {
    inside("in_a_writable_folder_files_are_made_moved_cut_and_removed", |place| {
        let _entered = place.enter();
        let [one, two] = ["one", "two"].map(|name| place.writable.join(name));
        fs::create_dir(&one).expect("made");
        fs::create_dir(&two).expect("made");
        fs::write(one.join("file"), "long content").expect("written");
        fs::rename(one.join("file"), two.join("file")).expect("moved to another folder");
        fs::write(two.join("file"), "short").expect("cut and written");
        assert_eq!(fs::read(two.join("file")).expect("readable"), b"short");
        fs::remove_file(two.join("file")).expect("removed");
        fs::remove_dir(&two).expect("removed");
        mintage::disk::create_new(&one.join("new"), b"new").expect("by a nameless file");
    });
}

#[test]
fn nothing_leaves_a_writable_folder_but_by_reading() {
    inside("nothing_leaves_a_writable_folder_but_by_reading", |place| {
        let _entered = place.enter();
        let file = place.writable.join("file");
        let elsewhere = [place.outside.join("new"), place.readable.join("new")];
        for to in &elsewhere {
            for tried in [fs::rename(&file, to), fs::hard_link(&file, to)] {
                let kind = tried.expect_err("refused").kind();
                let is_refusal = [ErrorKind::PermissionDenied, ErrorKind::CrossesDevices];
                assert!(is_refusal.contains(&kind), "{kind}");
            }
        }
        assert!(fs::hard_link(place.outside.join("file"), place.writable.join("new")).is_err());
        refused(symlink("/", place.writable.join("link")));
        refused(UnixListener::bind(place.writable.join("socket")));
    });
}

#[test]
fn no_program_is_started() {
    inside("no_program_is_started", |place| {
        let program = place.writable.join("program");
        fs::copy("/bin/true", &program).expect("copied");
        assert!(Command::new(&program).status().expect("it runs outside").success());
        let _entered = place.enter();
        refused(Command::new("/bin/true").spawn());
        refused(Command::new(program).spawn());
    });
}

#[test]
fn tcp_connects_anywhere_and_listens_nowhere() {
    inside("tcp_connects_anywhere_and_listens_nowhere", |place| {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("bound");
        let address = listener.local_addr().expect("known");
        let _entered = place.enter();
        TcpStream::connect(address).expect("connected");
        refused(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)));
        refused(TcpListener::bind((Ipv4Addr::UNSPECIFIED, 48_613)));
    });
}

#[test]
fn the_socket_it_listens_on_still_answers() {
    inside("the_socket_it_listens_on_still_answers", |place| {
        let socket = place.writable.join("agent.sock");
        let listener = UnixListener::bind(&socket).expect("bound");
        let _entered = place.enter();
        let mut client = UnixStream::connect(&socket).expect("connected");
        let (mut served, _) = listener.accept().expect("accepted");
        client.write_all(b"?").expect("asked");
        served.read_exact(&mut [0]).expect("heard");
        fs::remove_file(socket).expect("removed at the end");
    });
}

#[test]
fn abstract_sockets_and_signals_end_at_the_wall() {
    inside("abstract_sockets_and_signals_end_at_the_wall", |place| {
        let name = format!("mintage-test-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(name).expect("a name");
        let _listener = UnixListener::bind_addr(&address).expect("bound");
        // It ends with us, who hold its input.
        let mut other = Command::new("cat").stdin(Stdio::piped()).spawn().expect("started");
        let pid = Pid::from_child(&other);
        test_kill_process(pid).expect("possible outside");
        let _entered = place.enter();
        refused(UnixStream::connect_addr(&address));
        refused(test_kill_process(pid).map_err(io::Error::from));
        test_kill_process(getpid()).expect("itself");
        drop(other.stdin.take());
        assert!(other.wait().expect("ended").success());
    });
}

#[test]
fn names_are_resolved_on_a_thread_of_their_own() {
    inside("names_are_resolved_on_a_thread_of_their_own", |place| {
        let _entered = place.enter();
        let found =
            std::thread::spawn(|| ("localhost", 443).to_socket_addrs().map(Iterator::count));
        assert!(found.join().expect("it ends").expect("resolved") > 0);
        for file in ["/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf"] {
            let found = fs::read(file).map(drop).or_else(|error| match error.kind() {
                ErrorKind::NotFound => Ok(()),
                _ => Err(error),
            });
            found.unwrap_or_else(|error| panic!("{file}: {error}"));
        }
    });
}

/// As the HTTP library resolves names.
#[test]
fn a_runtime_starts_and_lends_its_threads() {
    inside("a_runtime_starts_and_lends_its_threads", |place| {
        let _entered = place.enter();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let found = runtime.expect("built").block_on(async {
            tokio::time::sleep(Duration::from_millis(1)).await;
            tokio::task::spawn_blocking(|| ("localhost", 443).to_socket_addrs()).await
        });
        assert!(found.expect("it ends").expect("resolved").count() > 0);
    });
}

#[test]
fn the_roots_of_the_platform_are_read() {
    inside("the_roots_of_the_platform_are_read", |place| {
        let outside = mintage::http::count_roots();
        let _entered = place.enter();
        assert!(outside > Some(0));
        assert_eq!(mintage::http::count_roots(), outside);
    });
}

#[test]
fn a_vault_opens_and_its_pins_are_kept() {
    inside("a_vault_opens_and_its_pins_are_kept", |place| {
        let device = founded(&place.readable.join("vault"));
        let _entered = place.enter();
        open_and_list(place, &device);
    });
}

#[test]
fn an_older_kernel_enforces_what_it_knows_and_the_rest_works() {
    const NEWER: &str = "files, as far as this kernel can, and system calls";
    const NO_FILES: &str = "system calls only: this kernel has no Landlock";
    let abi = |number| format!("--inject=landlock_create_ruleset:retval={number}:when=1");
    let none = "--inject=landlock_create_ruleset:error=ENOSYS".to_owned();
    let unfiltered = "--inject=seccomp:error=EINVAL".to_owned();
    let test = "an_older_kernel_enforces_what_it_knows_and_the_rest_works";
    if let Some(place) = Place::of_this_process() {
        let device = founded(&place.readable.join("vault"));
        println!("{}", place.enter().said());
        return open_and_list(&place, &device);
    }
    for (injected, said) in [
        (vec![abi(5)], NEWER),
        (vec![abi(2)], NEWER),
        // It knows no renames to another folder, which pins need.
        (vec![abi(1)], NO_FILES),
        (vec![none.clone()], NO_FILES),
        (vec![unfiltered.clone()], "files only: the kernel takes no filter of system calls"),
        (vec![none, unfiltered], "none: this kernel has no Landlock and takes no filter"),
    ] {
        let mut command = Command::new("strace");
        command.args(["-f", "-qq", "-o", "/dev/null", "-e"]);
        command.arg("trace=landlock_create_ruleset,seccomp").args(&injected);
        command.arg(std::env::current_exe().expect("known"));
        let found = start(test, command, |_| ());
        assert!(found.contains(said), "{injected:?}: {found}");
    }
}

/// What the agent does with a vault, twice: it has no pins of it, and then it has.
fn open_and_list(place: &Place, device: &OpeningKey) {
    for _ in ["without pins", "with pins"] {
        let pins = Pins::new(place.writable.join("pins/one"), device.pin_key(), &System);
        let store = DirStore::open(&place.readable.join("vault"), &System).expect("a vault");
        let print = device.founding_fingerprint();
        let vault = OpenVault::open(Box::new(store), device, &print, pins, &System);
        let vault = vault.expect("opened");
        assert_eq!(vault.list().expect("listed").profiles.len(), 0);
        let warned = vault.take_warnings();
        assert!(warned.is_empty(), "{warned:?}");
        let missing = vault.profile(&"prod".parse().expect("a name")).err().expect("none");
        assert!(matches!(missing, vault::Error::NoProfile(_)), "{missing}");
    }
    assert!(fs::read_dir(place.writable.join("pins/one")).expect("kept").count() > 1);
}

fn founded(folder: &Path) -> OpeningKey {
    let id = VaultId::random().expect("random");
    let device = OpeningKey::generate(id.clone(), None);
    let recovery = OpeningKey::generate(id, Some(device.founding_fingerprint()));
    let store = DirStore::create(folder, &System).expect("made");
    let founding =
        Founding { device: &device, recovery: &recovery, label: "here", at: System.wall() };
    vault::found(&store, &founding, "here").expect("founded");
    device
}

#[test]
fn what_a_user_never_does_is_refused() {
    inside("what_a_user_never_does_is_refused", |place| {
        let _entered = place.enter();
        for (name, number) in CALLS {
            assert_eq!(call(number), Some(libc::EPERM), "{name}");
        }
        assert_eq!(fork(), Some(libc::EPERM), "fork");
        std::thread::spawn(|| ()).join().expect("threads start all the same");
    });
}

const CALLS: [(&str, i64); 15] = [
    ("ptrace", libc::SYS_ptrace),
    ("process_vm_readv", libc::SYS_process_vm_readv),
    ("process_vm_writev", libc::SYS_process_vm_writev),
    ("pidfd_getfd", libc::SYS_pidfd_getfd),
    ("keyctl", libc::SYS_keyctl),
    ("add_key", libc::SYS_add_key),
    ("bpf", libc::SYS_bpf),
    ("io_uring_setup", libc::SYS_io_uring_setup),
    ("perf_event_open", libc::SYS_perf_event_open),
    ("userfaultfd", libc::SYS_userfaultfd),
    ("unshare", libc::SYS_unshare),
    ("setns", libc::SYS_setns),
    ("execveat", libc::SYS_execveat),
    ("kcmp", libc::SYS_kcmp),
    ("open_by_handle_at", libc::SYS_open_by_handle_at),
];

/// The error of a system call that would fail in another way without the filter.
#[expect(unsafe_code, reason = "no library of ours makes these calls")]
fn call(number: i64) -> Option<i32> {
    // SAFETY: no argument is an address or a descriptor that is ours, so nothing is read or changed.
    let answer = unsafe { libc::syscall(number, -1, -1, -1, -1, -1, -1) };
    (answer == -1).then(io::Error::last_os_error).and_then(|error| error.raw_os_error())
}

#[expect(unsafe_code, reason = "the standard library forks only to start a program")]
fn fork() -> Option<i32> {
    // SAFETY: a child, if there is one, ends at once and touches nothing.
    let child = unsafe { libc::fork() };
    if child == 0 {
        // SAFETY: it never returns.
        unsafe { libc::_exit(0) };
    }
    (child == -1).then(io::Error::last_os_error).and_then(|error| error.raw_os_error())
}
