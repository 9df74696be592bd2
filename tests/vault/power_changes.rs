//! Power cuts during and after whatever changes a vault or the settings that are there already.

use crate::power::with_a_disk_at;
use crate::scene::Scene;

/// Kills a command at each `fsync` (a rename lies between two) and removal, cuts the power, and checks: `cuts DO
/// CHECK`, both of them functions of the script.
const CUTS: &str = r#"
    absent() { code=0; m show "$1" >/dev/null 2>&1 || code=$?; test $code = 3; }
    there() { m show "$1" >/dev/null 2>&1; }
    cuts() {
        check=$1; shift
        count=0
        for call in fsync unlink unlinkat; do
            for n in $(seq 30); do
                start
                : >"$images/trace"
                (strace -f -qq -o "$images/trace" -e "trace=?$call" -e signal=none \
                    -e "inject=?$call:signal=KILL:when=$n" "$program" "$@" \
                    </dev/null >/dev/null 2>&1 || true) 2>/dev/null
                grep -q '= ?$' "$images/trace" || { off; break; }
                cut
                count=$((count + 1))
                "$check" || { echo "cut at $call $n" >&2; exit 1; }
                off
            done
        done
        test $count -gt 1
    }
"#;

fn on_disk(folder: &str, scene: &Scene, script: &str) {
    with_a_disk_at(folder, scene, &format!("{CUTS}{script}"));
}

// F03
#[test]
fn an_edit_or_a_rename_that_was_said_to_be_saved_survives_a_power_cut() {
    let scene = Scene::new();
    on_disk(
        ".local/share",
        &scene,
        "start; m edit prod --label new; cut; m show prod --json | grep -q '\"new\"'; m list; off
        start; m rename prod new; cut; absent prod; whole new; m list; off",
    );
}

// F03
#[test]
fn a_power_cut_at_any_moment_of_an_edit_or_a_rename_leaves_the_old_or_the_new() {
    let scene = Scene::new();
    scene.world.run(["edit", "prod", "--label", "old"]).succeeds();
    on_disk(
        ".local/share",
        &scene,
        "edited() { m list >/dev/null && m show prod --json | grep -qE '\"(old|new)\"' \\
            && m edit prod --label new && m show prod --json | grep -q '\"new\"'; }
        cuts edited edit prod --label new
        renamed() { m list >/dev/null && { there prod || there new; } \\
            && { ! there prod || m rename prod new; } && absent prod && whole new; }
        cuts renamed rename prod new",
    );
}

// F03
#[test]
fn a_power_cut_at_any_moment_of_a_choice_of_the_default_leaves_the_old_or_the_new() {
    let scene = Scene::new();
    scene.add("other").succeeds();
    scene.world.run(["default", "prod"]).succeeds();
    on_disk(
        ".config",
        &scene,
        "start; m default other; cut; test \"$(m default)\" = other; off
        chosen() { m default | grep -qE '^(prod|other)$' && m default other \\
            && test \"$(m default)\" = other; }
        cuts chosen default other",
    );
}

// F03
#[test]
fn a_power_cut_at_any_moment_of_a_destruction_leaves_all_or_what_another_finishes() {
    let scene = Scene::new();
    on_disk(
        ".local/share",
        &scene,
        "cp -a \"$HOME/.config\" \"$images/config\"
        start() { rm -rf \"$HOME/.local/state\" \"$HOME/.config\"
            cp -a \"$images/state\" \"$HOME/.local/state\"
            cp -a \"$images/config\" \"$HOME/.config\"
            cp \"$images/old\" \"$images/now\"; on \"$images/now\"; }
        gone() { test ! -e \"$HOME/.local/share/mintage/vaults/default\"; }
        start; m destroy --vault default --yes; cut; gone; off
        destroyed() {
            if test -e \"$HOME/.local/share/mintage/vaults/default/key.age\"; then whole prod; fi
            if m vault list | grep -q default; then m destroy --vault default --yes; fi
            gone
        }
        cuts destroyed destroy --vault default --yes",
    );
}

// F03
#[test]
fn a_power_cut_at_any_moment_of_a_move_of_the_key_leaves_one_that_opens() {
    let scene = Scene::new();
    on_disk(
        ".config",
        &scene,
        "start; m passphrase --to file --identity-file \"$HOME/.config/moved\"; cut
        grep -q moved \"$HOME/.config/mintage/settings.toml\"; whole prod; off
        moved() { whole prod && m passphrase --to file --identity-file \"$HOME/.config/moved\" \\
            && whole prod \\
            && test -z \"$(find \"$HOME/.config\" -name '*.key')\"; }
        cuts moved passphrase --to file --identity-file \"$HOME/.config/moved\"",
    );
}
