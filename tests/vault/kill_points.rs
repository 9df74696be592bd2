//! Killed at every call that touches a file: `scripts/kill-points` around `init`, `add` and `remove`.

use std::path::Path;

use crate::rollback::copy;
use crate::scene::{Scene, write};
use crate::world::World;

/// What must hold of a home after a kill, whatever was killed. `m` is mintage; `$old` and `$new` say
/// what was there before and what is to come.
const ALWAYS: &str = r#"
    set -eu
    m() { env -i HOME="$HOME" PATH="$PATH" "$program" "$@" </dev/null; }
    add() { env -i HOME="$HOME" PATH="$PATH" "$program" add "$1" --stdin \
        --base-url https://127.0.0.1:1 <"$HOME/pair"; }
    whole() { test "$(m show "$1" --json --reveal | jq -r .client_secret)" = "$secret"; }
    absent() { code=0; m show "$1" 2>/dev/null || code=$?; test $code = 3; }
    temps() { find "$HOME" -name '.mintage-tmp-*'; }
    # One leftover at most, and no secret or opening key in it or anywhere else.
    test "$(temps | wc -l)" -le 1
    temps | while read -r temp; do test "$(stat -c %a "$temp")" = 600; done
    test -z "$(grep -rlF "$secret" "$HOME" --exclude=pair)"
    keys=$(grep -rlF AGE-SECRET-KEY "$HOME" || true)
    for file in $keys; do
        case $file in */identities/*.key | */recovery.txt | */old-*) ;; *) exit 1 ;; esac
        test "$(grep -c AGE-SECRET-KEY "$file")" = 1
        test "$(stat -c %a "$file")" = 600
    done
"#;

fn kill_each(world: &World, secret: &str, save: &[&str], check: &str) {
    let points = kill_at(&[], world, secret, save, check);
    assert!(points > 50, "{points}");
}

/// The same with options of `kill-points`; gives the number of kills.
pub fn kill_at(options: &[&str], world: &World, secret: &str, save: &[&str], check: &str) -> usize {
    let template = tempfile::tempdir().expect("a folder");
    copy(&world.home().join("."), template.path());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/kill-points");
    let restore = format!(
        "find \"$HOME\" -mindepth 1 -delete; cp -a {}/. \"$HOME\"",
        template.path().display()
    );
    let ran = world
        .program(script)
        .args(options)
        .args(["--input"])
        .args([world.path("pair")])
        .args(["--restore", &restore, "--check", &format!("{ALWAYS}{check}"), "--"])
        .args([env!("CARGO_BIN_EXE_mintage")])
        .args(save)
        .env("secret", secret)
        .env("program", env!("CARGO_BIN_EXE_mintage"))
        .run()
        .succeeds();
    ran.out().split_whitespace().next().and_then(|word| word.parse().ok()).expect("a number")
}

// F01
#[test]
fn an_add_killed_anywhere_leaves_the_old_or_the_new_vault() {
    let scene = Scene::new();
    write(&scene.world.path("pair"), scene.canary.pair().as_bytes());
    let save = ["add", "new", "--stdin", "--base-url", crate::scene::NOWHERE];
    let check = "
        m list >/dev/null
        whole prod
        whole new || { absent new; add new; whole new; }
        add another; whole another
        test -z \"$(temps)\"";
    kill_each(&scene.world, &scene.canary.secret, &save, check);
}

// F01
#[test]
fn a_removal_killed_anywhere_leaves_the_old_or_the_new_vault() {
    let scene = Scene::new();
    scene.add("leaver").succeeds();
    write(&scene.world.path("pair"), scene.canary.pair().as_bytes());
    let check = "
        m list >/dev/null
        whole prod
        if absent leaver; then add leaver; else m remove leaver --yes; absent leaver; fi
        m list >/dev/null
        add another
        test -z \"$(temps)\"";
    kill_each(&scene.world, &scene.canary.secret, &["remove", "leaver", "--yes"], check);
}

// F01
#[test]
fn a_founding_killed_anywhere_is_complete_or_starts_over() {
    let (world, canary) = (World::new(), crate::world::Canary::new());
    write(&world.path("pair"), canary.pair().as_bytes());
    let save = ["init", "--key", "file", "--recovery-file", "recovery.txt"];
    let check = "
        code=0; m list >/dev/null 2>&1 || code=$?
        case $code in
            0) ;;
            3 | 8) m init --key file --recovery-file recovery.txt ;;
            *) m list; exit 1 ;;
        esac
        add prod; whole prod; m list >/dev/null
        # The recovery key on disk is this vault's.
        age -d -i recovery.txt \"$HOME\"/.local/share/mintage/vaults/default/key.age >/dev/null
        add another
        test -z \"$(temps)\"";
    kill_each(&world, &canary.secret, &save, check);
}
