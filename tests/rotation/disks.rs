//! Disks that cannot be written: nothing is spent whose successor could not be kept, and where the disk
//! fails in between, it is said what became of the login.

use crate::scene::{Scene, TOKEN};
use crate::world::{Call, Ran};

/// A shell script with mounts of its own; as root only, and it fails where it is not.
fn in_own_mounts(scene: &Scene, script: &str) -> Call {
    let own = format!(
        "V=$HOME/.local/share/mintage/vaults/default S=$HOME/.local/state/mintage\n{script}"
    );
    scene
        .world
        .program("unshare")
        .args(["-m", "--propagation", "private", "sh", "-ec", &own])
        .args([env!("CARGO_BIN_EXE_mintage")])
}

#[test]
fn in_a_vault_that_cannot_be_written_nothing_is_spent() {
    let scene = Scene::new();
    let script = "mount --bind $HOME $HOME; mount -o remount,bind,ro $HOME; cd $HOME
        code=0; $0 token prod || code=$?
        test $code = 11";
    in_own_mounts(&scene, script).run().succeeds().hides(&scene.canary.secret);
    assert_eq!(scene.refreshes(), 0);
    scene.is_well();
}

#[test]
fn in_a_vault_that_cannot_be_written_the_token_that_is_kept_is_handed_out() {
    let scene = Scene::new();
    let kept = scene.token();
    let script =
        "mount --bind $HOME $HOME; mount -o remount,bind,ro $HOME; cd $HOME; $0 token prod";
    let ran = in_own_mounts(&scene, script).run().succeeds();
    assert_eq!(ran.out().trim_end(), kept);
    assert_eq!(scene.refreshes(), 1);
}

#[test]
fn on_a_disk_that_is_full_nothing_is_spent() {
    let scene = Scene::new();
    let script = "cp -a $V $HOME/copy
        mount -t tmpfs -o size=64k,mode=0700 none $V
        cp -a $HOME/copy/. $V/
        dd if=/dev/zero of=$V/filler bs=1k 2>/dev/null || true
        code=0; $0 token prod || code=$?
        test $code = 11
        rm $V/filler
        $0 token prod";
    in_own_mounts(&scene, script).run().succeeds().hides(&scene.canary.secret);
    assert_eq!([scene.refreshes(), scene.reuses()], [1, 0]);
}

/// Without a lock of this device, the claim alone decides, as between devices.
#[test]
fn processes_of_a_device_that_cannot_lock_never_spend_one_twice() {
    let scene = Scene::new();
    // Its word is there, and nothing more can be written.
    scene.refresh();
    let script = "mount --bind $S $S; mount -o remount,bind,ro $S
        for n in 1 2 3 4 5 6; do $0 token prod --fresh 2>$HOME/err.$n & pids=\"$pids $!\"; done
        for pid in $pids; do wait $pid; done";
    in_own_mounts(&scene, script).run().succeeds();
    scene.is_well();
}

/// A refresh of which the `n`-th call of a kind fails.
fn failing(scene: &Scene, call: &str, n: usize) -> (Ran, bool) {
    let trace = tempfile::NamedTempFile::new().expect("a file");
    let inject = format!("inject=?{call}:error=EIO:when={n}");
    let traced = format!("trace=?{call}");
    let strace = scene.world.program("strace").args(["-f", "-y", "-qq", "-e", "signal=none", "-o"]);
    let strace = strace.args([trace.path()]).args(["-e", &traced, "-e", &inject]);
    let ran = strace.args([env!("CARGO_BIN_EXE_mintage"), "token", "prod", "--fresh"]).run();
    let trace = std::fs::read_to_string(trace.path()).expect("readable");
    (ran.hides("panicked"), trace.contains("(INJECTED)"))
}

#[test]
fn a_disk_that_fails_at_any_write_costs_no_login_unnoticed() {
    let mut lost = 0;
    for call in ["fsync", "renameat", "mkdirat"] {
        for n in 1.. {
            let scene = Scene::new();
            let (ran, hit) = failing(&scene, call, n);
            if !hit {
                break;
            }
            let about = format!("{call} {n}: {} {}", ran.code, ran.err());
            if ran.code == 0 {
                // Only what is a courtesy failed.
                scene.is_well();
                continue;
            }
            assert_eq!(ran.code, 11, "{about}");
            assert!(ran.stdout.is_empty(), "{about}");
            let is_spent = scene.issuer.granted(TOKEN) == 1;
            let after = scene.run(&["token", "prod", "--fresh"]);
            if is_spent && after.code != 0 {
                lost += 1;
                assert!(ran.err().contains("login may be over"), "{about}");
            } else {
                assert_eq!(after.code, 0, "{about}");
                assert_eq!(scene.reuses(), 0, "{about}");
            }
        }
    }
    assert!(lost > 0);
}

/// A refresh token is spent by the first mint: it must be in the vault before that.
#[test]
fn an_add_with_verify_spends_nothing_that_cannot_be_kept() {
    let scene = Scene::empty();
    scene.log_in();
    let add = scene.adding("prod").args(["--verify"]);
    // Behind what starts it in a session of its own.
    let own = env!("CARGO_BIN_EXE_mintage");
    let words = add.command.get_args().skip_while(|word| *word != own).map(ToOwned::to_owned);
    let words: Vec<_> = words.collect();
    let renames = "inject=rename,renameat,renameat2:error=ENOSPC";
    let strace = ["-f", "-qq", "-o", "/dev/null", "-e", renames];
    let call = scene.world.program("strace").args(strace).args(words);
    let call = call.stdin(scene.canary.pair());
    call.run().exits(11);
    assert_eq!(scene.refreshes(), 0);
}
