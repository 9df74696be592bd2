//! Disks that fill up, fail, cannot lock or cannot be written: the old state stands, and it is said.

use std::fs;

use crate::issuer::Issuer;
use crate::scene::{NOWHERE, Scene, assert_same, leftovers, snapshot, write};
use crate::world::{Call, Canary, Ran, World};

/// `mintage` under strace with these options, and the trace with the paths of its files.
fn traced(scene: &Scene, options: &[&str], arguments: &[&str]) -> (Ran, String) {
    let trace = tempfile::NamedTempFile::new().expect("a file");
    let ran = scene
        .world
        .program("strace")
        .args(["-f", "-y", "-qq", "-e", "signal=none", "-s", "128", "-o"])
        .args([trace.path()])
        .args(options)
        .args([env!("CARGO_BIN_EXE_mintage")])
        .args(arguments)
        .stdin(scene.canary.pair())
        .run()
        .hides(&scene.canary.secret)
        .hides("panicked");
    let trace = fs::read_to_string(trace.path()).expect("readable");
    (ran, trace.lines().map(whole_paths).collect())
}

/// A line of the trace, with `FOLDER>, "NAME"` written as the one path that it means.
fn whole_paths(line: &str) -> String {
    let names = [" open", " rename"].iter().any(|call| line.contains(call));
    format!("{}\n", if names { line.replace(">, \"", "/") } else { line.to_owned() })
}

fn add(name: &str) -> [&str; 5] {
    ["add", name, "--stdin", "--base-url", NOWHERE]
}

/// Lets each call of one kind fail in turn while profiles are added, and asserts after each: either
/// saved and said so, or not saved and said so; what was there before is there, and all opens.
fn fail_each(call: &str, error: &str) -> usize {
    let scene = Scene::new();
    let mut failed = 0;
    for n in 1.. {
        let name = format!("new-{n}");
        let inject = format!("inject=?{call}:error={error}:when={n}");
        let trace = format!("trace=?{call}");
        let (ran, trace) = traced(&scene, &["-e", &trace, "-e", &inject], &add(&name));
        let Some(hit) = trace.lines().find(|line| line.ends_with("(INJECTED)")) else { break };
        judge(&scene, &name, &ran, hit);
        failed += 1;
        assert!(failed < 200, "it never comes to an end");
    }
    scene.add("at-last").succeeds();
    assert_eq!(leftovers(scene.world.home()), Vec::<std::path::PathBuf>::new());
    failed
}

#[track_caller]
fn judge(scene: &Scene, name: &str, ran: &Ran, hit: &str) {
    let about = format!("{hit}\nexit code {}: {}", ran.code, ran.err());
    let shown = scene.world.run(["show", name]).code;
    let in_vault = hit.contains("/vaults/default");
    // Objects, listings, and the sweep of old temp files, which does no harm where it fails.
    let is_read = ["O_DIRECTORY", ".age\"", ".json\"", ".pin\""].iter().any(|it| hit.contains(it));
    // The holder's number in the lock is a courtesy.
    let is_courtesy = hit.contains(" write(") && hit.contains("/lock>");
    let writes = !hit.contains(" open") || hit.contains("O_CREAT") || !is_read;
    if in_vault && writes && !is_courtesy {
        assert_eq!(ran.code, 11, "{about}");
        // Only where the folder's own fsync failed does nobody know which of the two it is.
        assert!(shown == 3 || hit.contains("/profiles/"), "{about}");
    } else if hit.contains("/mintage/pins/") && writes && !is_courtesy {
        assert_eq!(ran.code, 0, "{about}");
        assert!(ran.err().contains("warning: cannot remember"), "{about}");
    }
    assert!(shown == 0 || (shown == 3 && ran.code != 0), "{about}");
    scene.is_well();
}

// F02
#[test]
fn a_full_disk_at_any_call_leaves_the_old_state_and_is_told() {
    let renames = ["rename", "renameat", "renameat2"];
    let hits: Vec<usize> = ["openat", "open", "write", "fsync", "mkdirat", "mkdir"]
        .iter()
        .chain(&renames)
        .map(|call| fail_each(call, "ENOSPC"))
        .collect();
    assert!(hits.iter().sum::<usize>() > 40, "{hits:?}");
}

// F09
#[test]
fn a_failed_fsync_is_told_as_not_saved() {
    assert!(fail_each("fsync", "EIO") >= 5);
}

// F09
#[test]
fn a_failed_fsync_is_not_tried_again() {
    for n in 1..=3 {
        let scene = Scene::new();
        let inject = format!("inject=fsync:error=EIO:when={n}");
        let options = ["-e", "trace=fsync,rename,renameat,renameat2", "-e", &inject];
        let (ran, trace) = traced(&scene, &options, &add("new"));
        ran.exits(11).says("cannot make durable");
        let (_, after) = trace.split_once("(INJECTED)").expect("injected");
        assert!(!after.contains("/vaults/default"), "{trace}");
    }
}

// F04, F16
#[test]
fn a_save_is_write_fsync_rename_fsync_of_the_folder_and_only_then_a_word() {
    let scene = Scene::new();
    let calls = "trace=write,fsync,fdatasync,rename,renameat,renameat2,openat,open";
    let (ran, trace) = traced(&scene, &["-e", calls], &add("new"));
    ran.succeeds();
    let temp = "/vaults/default/tmp/.mintage-tmp-";
    let at = |what: &str, wanted: &dyn Fn(&str) -> bool| {
        trace.lines().position(wanted).unwrap_or_else(|| panic!("no {what}: {trace}"))
    };
    let made = at("temp file", &|line| line.contains("open") && line.contains(temp));
    let flags = trace.lines().nth(made).expect("the line");
    for flag in ["O_CREAT", "O_EXCL", "O_NOFOLLOW", "O_CLOEXEC", "0600"] {
        assert!(flags.contains(flag), "{flags}");
    }
    let is = |line: &str, call: &str, path: &str| {
        line.split_whitespace().nth(1).is_some_and(|word| word.starts_with(call))
            && line.contains(path)
    };
    let written = at("write", &|line| is(line, "write(", temp));
    let synced = at("fsync of the file", &|line| is(line, "fsync(", temp));
    let renamed = at("rename", &|line| is(line, "rename", temp));
    let folder_synced = |line: &str| is(line, "fsync(", "/vaults/default/profiles/");
    let after = trace.lines().skip(renamed).position(folder_synced).expect("fsync of the folder");
    let folder = renamed + after;
    let said = at("word", &|line| line.contains("added: tokens from"));
    let order = [made, written, synced, renamed, folder, said];
    assert!(order.is_sorted_by(|a, b| a < b), "{order:?}\n{trace}");
    let pinned = at("pin", &|line| is(line, "write(", "/mintage/pins/"));
    assert!(folder < pinned, "a pin never runs ahead: {trace}");
}

// F16
#[test]
fn no_two_saves_use_the_same_temp_name() {
    let scene = Scene::new();
    let name = |profile: &str| {
        let (ran, trace) =
            traced(&scene, &["-e", "trace=rename,renameat,renameat2"], &add(profile));
        ran.succeeds();
        let (_, rest) = trace.split_once("tmp/.mintage-tmp-").expect("a rename");
        rest[..16].to_owned()
    };
    assert_ne!(name("first"), name("second"));
}

// F08
#[test]
fn without_locks_nothing_is_written_and_everything_is_read() {
    let scene = Scene::new();
    for error in ["ENOLCK", "EOPNOTSUPP"] {
        let before = snapshot(scene.world.home());
        for command in [&add("new")[..], &["remove", "prod", "--yes"]] {
            let (ran, _) = traced(&scene, &["-e", &format!("inject=flock:error={error}")], command);
            ran.exits(11).says("no working locks").says("hint: keep the vault on a local disk");
        }
        assert_same(&before, &snapshot(scene.world.home()));
        for command in [&["show", "prod"][..], &["list"]] {
            let options = ["-e", &format!("inject=flock:error={error}")];
            traced(&scene, &options, command).0.succeeds();
        }
        scene.is_well();
    }
    let empty = World::new();
    let init = ["init", "--key", "file", "--recovery-file", "recovery.txt"];
    let strace = ["-f", "-qq", "-o", "/dev/null", "-e", "inject=flock:error=ENOLCK"];
    let program = [env!("CARGO_BIN_EXE_mintage")];
    empty.program("strace").args(strace).args(program).args(init).run().exits(11);
    empty.run(init).succeeds();
}

/// A shell script with mounts of its own; as root only, and it fails where it is not.
fn in_own_mounts(world: &World, script: &str) -> Call {
    let own = format!(
        "V=$HOME/.local/share/mintage/vaults/default S=$HOME/.local/state/mintage\n{script}"
    );
    world
        .program("unshare")
        .args(["-m", "--propagation", "private", "sh", "-ec", &own])
        .args([env!("CARGO_BIN_EXE_mintage")])
}

// F02
#[test]
fn a_disk_that_is_really_full_is_told_and_works_again_once_it_is_not() {
    let scene = Scene::new();
    let pair = scene.world.path("pair");
    write(&pair, scene.canary.pair().as_bytes());
    let script = "cp -a $V $HOME/copy
        mount -t tmpfs -o size=64k,mode=0700 none $V
        cp -a $HOME/copy/. $V/
        dd if=/dev/zero of=$V/filler bs=1k 2>/dev/null || true
        code=0; $0 add new --stdin --base-url https://127.0.0.1:1 < $HOME/pair || code=$?
        test $code = 11
        $0 show prod; $0 list
        rm $V/filler
        $0 add new --stdin --base-url https://127.0.0.1:1 < $HOME/pair
        $0 show new
        test -z \"$(find $V -name '.mintage-tmp-*')\"";
    in_own_mounts(&scene.world, script).run().succeeds().hides(&scene.canary.secret);
}

// F05
#[test]
fn on_a_read_only_disk_tokens_are_minted_and_nothing_is_saved() {
    let (issuer, canary) = (Issuer::https(), Canary::new());
    let world = World::with_profile(&issuer, &canary);
    write(&world.path("pair"), canary.pair().as_bytes());
    let before = snapshot(world.home());
    let script = "mount --bind $HOME $HOME; mount -o remount,bind,ro $HOME; cd $HOME
        $0 token prod; $0 list >&2
        for save in 'add new --stdin' 'remove prod --yes'; do
            code=0; $0 $save < $HOME/pair || code=$?
            test $code = 11
        done
        $0 token prod";
    let ran = in_own_mounts(&world, script).run().succeeds().hides(&canary.secret);
    assert_eq!(ran.out().split_whitespace().collect::<Vec<_>>(), issuer.tokens());
    assert_same(&before, &snapshot(world.home()));
}

// F19
#[test]
fn a_state_folder_that_is_full_or_read_only_costs_a_warning_and_no_token() {
    for options in ["ro,mode=0700", "size=4k,mode=0700"] {
        let (issuer, canary) = (Issuer::https(), Canary::new());
        let world = World::with_profile(&issuer, &canary);
        let script = format!(
            "mount -t tmpfs -o {options} none $S
            dd if=/dev/zero of=$S/filler bs=1k 2>/dev/null || true
            $0 token prod"
        );
        let ran = in_own_mounts(&world, &script).run().succeeds().hides(&canary.secret);
        assert_eq!(ran.out().trim_end(), issuer.tokens()[0]);
        ran.says("warning: cannot remember the state of the vault");
    }
}
