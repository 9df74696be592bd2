//! Power cuts: only what reached the block layer is there afterwards.

use crate::scene::{Scene, write};

/// An ext4 that commits as late as it can, under the vault alone: an fsync of a pin would commit the
/// vault's own changes too. `cut` copies its image as it is on the disk at that moment and puts the
/// copy in its place. As root only.
const MACHINE: &str = r#"
    program=$0
    m() { "$program" "$@" </dev/null; }
    pair=$HOME/pair images=$(mktemp -d)
    trap 'umount "$HOME/.local/share" 2>/dev/null || true; rm -rf "$images"' EXIT
    add() { "$program" add "$1" --stdin --base-url https://127.0.0.1:1 <"$pair"; }
    whole() { m show "$1" >/dev/null; }
    absent() { code=0; m show "$1" 2>/dev/null || code=$?; test $code = 3; }
    truncate -s 16M "$images/old"
    mkfs.ext4 -q -F "$images/old"
    on() { mount -o loop,noauto_da_alloc,commit=300,data=ordered "$1" "$HOME/.local/share"; }
    on "$images/old"
    cp -a "$HOME/share.before/." "$HOME/.local/share/"
    chmod 700 "$HOME/.local/share"
    umount "$HOME/.local/share"
    cp -a "$HOME/.local/state" "$images/state"
    start() {
        rm -rf "$HOME/.local/state"
        cp -a "$images/state" "$HOME/.local/state"
        cp "$images/old" "$images/now"
        on "$images/now"
    }
    cut() { cp "$images/now" "$images/cut"; off; on "$images/cut"; }
    off() { umount "$HOME/.local/share"; }
"#;

fn on_such_a_machine(script: &str) {
    with_a_disk_at(".local/share", &Scene::new(), script);
}

/// The same with another folder of the home on that disk.
pub fn with_a_disk_at(folder: &str, scene: &Scene, script: &str) {
    let machine = MACHINE.replace(".local/share", folder);
    write(&scene.world.path("pair"), scene.canary.pair().as_bytes());
    let share = scene.world.path(folder);
    std::fs::rename(&share, scene.world.path("share.before")).expect("moved");
    std::fs::create_dir(&share).expect("made");
    let ran = scene
        .world
        .program("unshare")
        .args(["-m", "--propagation", "private", "bash", "-euc", &format!("{machine}{script}")])
        .args([env!("CARGO_BIN_EXE_mintage")])
        .env("PATH", "/usr/sbin:/sbin:/usr/bin:/bin")
        .run();
    ran.succeeds().hides(&scene.canary.secret);
}

// F03
#[test]
fn what_was_said_to_be_saved_survives_a_power_cut() {
    on_such_a_machine(
        "start; add new; cut; whole prod; whole new; m list; off
        start; m remove prod --yes; cut; absent prod; m list; off",
    );
}

// F03
#[test]
fn a_power_cut_at_any_moment_of_a_save_leaves_the_old_or_the_new() {
    on_such_a_machine(
        "cuts=0
        for call in write fsync rename renameat renameat2 fchmod mkdirat; do
            for n in 1 2 3 4 5 6 7 8 9 10 11 12; do
                start
                : >\"$images/trace\"
                (strace -f -qq -o \"$images/trace\" -e \"trace=?$call\" -e signal=none \\
                    -e \"inject=?$call:signal=KILL:when=$n\" \"$program\" add new --stdin \\
                    --base-url https://127.0.0.1:1 <\"$pair\" >/dev/null 2>&1 || true) 2>/dev/null
                grep -q '= ?$' \"$images/trace\" || { off; break; }
                cut
                cuts=$((cuts + 1))
                m list >/dev/null
                whole prod
                whole new || { absent new; add new; whole new; }
                off
            done
        done
        echo $cuts cuts; test $cuts -gt 15",
    );
}
