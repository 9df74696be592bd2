//! `token --env`: what real shells make of the line.

use crate::issuer::{Fault, Issuer};
use crate::world::{Canary, World};

/// Characters that a token may have and that shells like to interpret.
const AWKWARD: &str = "~a-b._c/d+e==";

fn scene() -> (World, Issuer) {
    let (issuer, canary) = (Issuer::https(), Canary::new());
    let world = World::with_profile(&issuer, &canary);
    issuer.fault(Fault::ReplaceFields(vec![
        ("access_token", Some(AWKWARD.into())),
        ("expires_in", Some(3600.into())),
    ]));
    (world, issuer)
}

/// What a child of `shell` finds in variable `name` after `script`.
fn found(world: &World, shell: &str, script: &str, name: &str) -> String {
    let script = format!("{script}; printenv {name}");
    let program = world.program(shell).args(["-c", &script]);
    program.env("M", env!("CARGO_BIN_EXE_mintage")).run().succeeds().out()
}

// X06
#[test]
fn sh_bash_and_zsh_set_exactly_the_token() {
    let (world, _issuer) = scene();
    for shell in ["sh", "bash", "zsh"] {
        let plain = found(&world, shell, "eval \"$(\"$M\" token prod --env)\"", "ACCESS_TOKEN");
        assert_eq!(plain, format!("{AWKWARD}\n"), "{shell}");
        let script = "eval \"$(SHELL=/usr/bin/fish \"$M\" token prod --env=MY_1 --shell sh)\"";
        assert_eq!(found(&world, shell, script, "MY_1"), format!("{AWKWARD}\n"), "{shell}");
    }
}

// X06
#[test]
fn fish_sets_exactly_the_token() {
    let (world, _issuer) = scene();
    let script = "env SHELL=/usr/bin/fish $M token prod --env | source";
    assert_eq!(found(&world, "fish", script, "ACCESS_TOKEN"), format!("{AWKWARD}\n"));
    let script = "$M token prod --env=MY_1 --shell fish | source";
    assert_eq!(found(&world, "fish", script, "MY_1"), format!("{AWKWARD}\n"));
}

// X06. There is no PowerShell for Debian: its line is compared as text.
#[test]
fn powershell_gets_its_own_assignment() {
    let (world, _issuer) = scene();
    let ran = world.run(["token", "prod", "--env=MY_1", "--shell", "pwsh"]).succeeds();
    assert_eq!(ran.out(), format!("$env:MY_1 = '{AWKWARD}'\n"));
}

#[test]
fn what_is_no_variable_or_shell_is_refused_before_anything_is_asked() {
    let (world, issuer) = scene();
    for option in ["--env=", "--env=1A", "--env=A;rm", "--env=A B", "--env=A=B"] {
        world.run(["token", "prod", option]).exits(2).says("not the name of a variable");
    }
    world.run(["token", "prod", "--env", "--shell", "tcsh"]).exits(2).says("fish");
    assert_eq!(issuer.logins(), 0);
}

// A shell that evaluates nothing after a failure would run its command without the token.
#[test]
fn a_failure_leaves_nothing_to_evaluate() {
    let (world, issuer) = scene();
    issuer.fault(Fault::Json("{}".to_owned()));
    let ran = world.run(["token", "prod", "--env"]).exits(10);
    assert_eq!(ran.out(), "");
}
