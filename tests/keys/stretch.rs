//! Stretching a passphrase: in a hardened process of its own, one at a time.

use std::collections::BTreeSet;
use std::fs;
use std::process::{Child, Stdio};

use crate::world::World;

const MINTAGE: &str = env!("CARGO_BIN_EXE_mintage");
const PASSPHRASE: &str = "canary passphrase 7f1e";

fn with_passphrase_vault() -> World {
    let world = World::new();
    let init = ["init", "--passphrase-fd", "0", "--recovery-file", "r.txt"];
    world.mintage(init).stdin(PASSPHRASE).run().succeeds();
    world
}

/// `mintage list`, running, with the passphrase on its way.
fn start_list(world: &World) -> Child {
    // Once: another list may be reading it.
    if !world.path("pass").exists() {
        fs::write(world.path("pass"), PASSPHRASE).expect("written");
    }
    let mut call = world.mintage(["list", "--passphrase-fd", "0"]);
    let pass = fs::File::open(world.path("pass")).expect("there");
    call.command.stdin(pass).stdout(Stdio::null()).stderr(Stdio::piped());
    call.command.spawn().expect("it starts")
}

/// The processes that stretch for `parent`.
fn stretching_for(parent: u32) -> Vec<u32> {
    let children = format!("/proc/{parent}/task/{parent}/children");
    let children = fs::read_to_string(children).unwrap_or_default();
    let children = children.split_whitespace().filter_map(|number| number.parse().ok());
    children.filter(|child| arguments(*child).contains("internal-stretch")).collect()
}

fn arguments(process: u32) -> String {
    let bytes = fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&bytes).replace('\0', " ")
}

/// What anybody of this user may see of a process.
fn visible(process: u32) -> Vec<u8> {
    let mut seen = Vec::new();
    for file in ["cmdline", "environ", "comm", "status", "limits"] {
        // Only root may look into an undumpable process's environment.
        seen.extend(fs::read(format!("/proc/{process}/{file}")).unwrap_or_default());
    }
    seen
}

#[test]
fn while_it_runs_the_passphrase_is_in_no_argument_and_no_environment() {
    let world = with_passphrase_vault();
    let mut list = start_list(&world);
    let child = loop {
        if let Some(child) = stretching_for(list.id()).first() {
            break *child;
        }
        assert!(list.try_wait().expect("a child").is_none(), "no process of its own was seen");
    };
    let seen = [visible(child), visible(list.id())].concat();
    let limits = fs::read_to_string(format!("/proc/{child}/limits")).expect("it still runs");
    assert_eq!(arguments(child).split_whitespace().last(), Some("internal-stretch"));
    assert!(list.wait().expect("it ends").success());
    let found = seen.windows(PASSPHRASE.len()).any(|part| part == PASSPHRASE.as_bytes());
    assert!(!found, "the passphrase shows in /proc");
    assert!(seen.len() > 500, "nothing was looked at");
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).expect("a limit");
    assert_eq!(core.split_whitespace().nth(4), Some("0"), "{core}");
    assert_eq!(stretching_for(child), Vec::<u32>::new());
}

#[test]
fn its_process_is_hardened_before_it_reads_the_passphrase() {
    let world = with_passphrase_vault();
    let call = world.program("strace").args(["-f", "-o", "trace", "-s", "200"]);
    let call = call.args(["-e", "trace=execve,prctl,read", MINTAGE, "list"]);
    call.args(["--passphrase-fd", "0"]).stdin(PASSPHRASE).run().succeeds();
    let trace = fs::read_to_string(world.path("trace")).expect("a trace");
    let start = trace.lines().find(|line| line.contains("\"internal-stretch\"]"));
    let start = start.unwrap_or_else(|| panic!("no process of its own:\n{trace}"));
    let process = start.split(' ').next().expect("a process number");
    let own: Vec<&str> = trace.lines().filter(|line| line.starts_with(process)).collect();
    let at = |text: &str| own.iter().position(|line| line.contains(text));
    let hardened = at("prctl(PR_SET_DUMPABLE, SUID_DUMP_DISABLE").expect("it is hardened");
    let read = at("read(0, ").expect("it reads its task");
    assert!(own[read].contains(PASSPHRASE) || own[read + 1].contains(PASSPHRASE), "{own:?}");
    assert!(hardened < read, "{own:?}");
    for line in trace.lines().filter(|line| line.contains("execve(")) {
        assert!(!line.contains(PASSPHRASE), "{line}");
    }
}

fn is_running(process: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    status.rsplit(") ").next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with('Z'))
}

#[test]
fn one_passphrase_is_stretched_at_a_time() {
    let world = with_passphrase_vault();
    let mut lists = [start_list(&world), start_list(&world), start_list(&world)];
    let mut seen = BTreeSet::new();
    while lists.iter_mut().any(|list| list.try_wait().expect("a child").is_none()) {
        let now: Vec<u32> = lists.iter().flat_map(|list| stretching_for(list.id())).collect();
        // One may have ended, and the next begun, while they were looked for.
        let still = now.iter().filter(|child| is_running(**child)).count();
        assert!(still <= 1, "{still} at once");
        seen.extend(now);
    }
    assert_eq!(seen.len(), 3, "not all were seen");
    for list in lists {
        let ended = list.wait_with_output().expect("ended");
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    }
}
