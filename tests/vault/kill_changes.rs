//! Killed at every call that touches a file: whatever changes a vault that is there already.

use crate::kill_points::kill_at;
use crate::scene::{Scene, write};

fn scene() -> Scene {
    let scene = Scene::new();
    write(&scene.world.path("pair"), scene.canary.pair().as_bytes());
    scene
}

/// The calls before and after which the disk is another one: a rename lies between two of `fsync`.
/// The others are left to the kill points of `add`, which goes the same ways.
const CHANGES: [&str; 2] = ["--syscalls", "fsync,unlink,unlinkat,mkdir,mkdirat,rmdir"];

fn kill_each(scene: &Scene, save: &[&str], check: &str) {
    let points = kill_at(&CHANGES, &scene.world, &scene.canary.secret, save, check);
    assert!(points > 1, "{points}");
}

// F01
#[test]
fn an_edit_killed_anywhere_leaves_the_old_or_the_new_profile() {
    let scene = scene();
    scene.world.run(["edit", "prod", "--label", "old"]).succeeds();
    let check = "
        m list >/dev/null
        whole prod
        label=$(m show prod --json | jq -r .label)
        test \"$label\" = old || test \"$label\" = new
        m edit prod --label new
        whole prod
        test \"$(m list --json | jq -r '.profiles[].label')\" = new
        test -z \"$(temps)\"";
    kill_each(&scene, &["edit", "prod", "--label", "new"], check);
}

// F01
#[test]
fn a_rename_killed_anywhere_leaves_one_of_the_names_or_both_and_is_finished_by_another() {
    let scene = scene();
    scene.world.run(["default", "prod"]).succeeds();
    let check = "
        m list >/dev/null
        there() { m show \"$1\" >/dev/null 2>&1; }
        there prod || there new
        # A default that was there is one still.
        m show >/dev/null
        if there prod; then
            whole prod
            ! there new || whole new
            m rename prod new
        fi
        absent prod; whole new; m show >/dev/null
        test \"$(m list | wc -l)\" = 1
        test -z \"$(temps)\"";
    kill_each(&scene, &["rename", "prod", "new"], check);
}

// F01
#[test]
fn a_choice_of_the_default_killed_anywhere_leaves_the_old_or_the_new_one() {
    let scene = scene();
    scene.add("other").succeeds();
    scene.world.run(["default", "prod"]).succeeds();
    let check = "
        m list >/dev/null; whole prod; whole other
        name=$(m default)
        test \"$name\" = prod || test \"$name\" = other
        m default other
        test \"$(m default)\" = other
        test -z \"$(temps)\"";
    kill_each(&scene, &["default", "other"], check);
}

// F01
#[test]
fn an_accept_killed_anywhere_can_be_run_again() {
    let scene = scene();
    let (vault, backup) = (scene.world.vault(), scene.world.path("backup"));
    crate::rollback::copy(&vault, &backup);
    scene.world.run(["edit", "prod", "--label", "later"]).succeeds();
    std::fs::remove_dir_all(&vault).expect("removed");
    std::fs::rename(&backup, &vault).expect("moved");
    let check = "
        code=0; m list >/dev/null 2>&1 || code=$?
        test $code = 0 || test $code = 6
        m vault accept --yes
        whole prod; m list >/dev/null
        test -z \"$(find \"$HOME\" -name '*.accepting' -o -name '*.old')\"
        test -z \"$(temps)\"";
    kill_each(&scene, &["vault", "accept", "--yes"], check);
}

// F01
#[test]
fn a_destruction_killed_anywhere_left_all_or_nothing_that_opens() {
    let scene = scene();
    let check = "
        vault=$HOME/.local/share/mintage/vaults/default
        if test -e \"$vault/key.age\"; then
            whole prod; m list >/dev/null
        else
            code=0; m show prod >/dev/null 2>&1 || code=$?
            test $code -ne 0
            # Without its keys, the recovery key opens nothing.
            find \"$vault\" -name '*.age' 2>/dev/null | while read -r file; do
                ! age -d -i \"$HOME/recovery.txt\" \"$file\" >/dev/null 2>&1
            done
        fi
        if m vault list | grep -q default; then m destroy --vault default --yes; fi
        test ! -e \"$vault\"
        test -z \"$(m vault list)\"
        test -z \"$(find \"$HOME/.config\" \"$HOME/.local\" -name '*.age' -o -name '*.key' -o -name '*.pin')\"
        test -z \"$(grep -rl AGE-SECRET-KEY \"$HOME\" --exclude=recovery.txt)\"";
    let destroy = ["destroy", "--vault", "default", "--yes"];
    kill_each(&scene, &destroy, check);
}

// F01
#[test]
fn a_move_of_the_key_killed_anywhere_leaves_the_place_that_the_settings_name() {
    let scene = scene();
    let check = "
        whole prod; m list >/dev/null
        m passphrase --to file --identity-file \"$HOME/old-moved\"
        whole prod
        grep -q old-moved \"$HOME/.config/mintage/settings.toml\"
        test -z \"$(find \"$HOME/.config\" -name '*.key' -o -name '*.age')\"
        test -z \"$(temps)\"";
    let file = scene.world.path("old-moved").display().to_string();
    kill_each(&scene, &["passphrase", "--to", "file", "--identity-file", &file], check);
}

/// At few points: a stretch of a passphrase takes a second.
// F01, K08
#[test]
fn a_move_behind_a_passphrase_killed_between_its_steps_opens_from_where_the_settings_say() {
    let scene = scene();
    let check = "
        if grep -q passphrase \"$HOME/.config/mintage/settings.toml\"; then
            \"$program\" list --passphrase-fd 0 <\"$HOME/pair\" >/dev/null
        else
            whole prod
            \"$program\" passphrase --to passphrase --new-passphrase-fd 0 <\"$HOME/pair\"
            test -z \"$(find \"$HOME/.config\" -name '*.key')\"
            \"$program\" list --passphrase-fd 0 <\"$HOME/pair\" >/dev/null
        fi
        test -z \"$(temps)\"";
    let save = ["passphrase", "--to", "passphrase", "--new-passphrase-fd", "0"];
    let options = ["--syscalls", "renameat"];
    let points = kill_at(&options, &scene.world, &scene.canary.secret, &save, check);
    assert!(points > 1, "{points}");
}
