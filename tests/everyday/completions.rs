//! `completions`: what real shells complete, and what a key on the Tab bar never does.

use crate::keyring::Desk as Keychain;
use crate::pty::Desk;
use crate::scene::Scene;
use crate::world::{Ran, World};

const M: &str = env!("CARGO_BIN_EXE_mintage");

/// Profiles whose names share a beginning; `mintage` is on the path.
fn scene() -> Scene {
    let scene = Scene::new();
    scene.add("acme/dap-eu", &["--label", "Europe"]);
    scene.add("acme/dap-us", &[]);
    scene.add("zeta", &[]);
    on_path(&scene.world);
    scene
}

fn on_path(world: &World) {
    let bin = world.path("bin");
    std::fs::create_dir(&bin).expect("made");
    std::os::unix::fs::symlink(M, bin.join("mintage")).expect("linked");
}

/// A script in this shell, with `mintage` on the path.
fn script(world: &World, shell: &str, text: &str) -> Ran {
    let path = format!("{}:/usr/local/bin:/usr/bin:/bin", world.path("bin").display());
    let call = world.program(shell).args(["-c", text]).env("PATH", path);
    // The environment of `env -i` has no terminal; zsh and fish ask for one.
    call.env("TERM", "dumb").run()
}

/// What bash would offer behind these words.
#[track_caller]
fn in_bash(world: &World, words: &[&str]) -> Vec<String> {
    let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    let last = words.len() - 1;
    let text = format!(
        "source <(mintage completions bash) || exit 1
        declare -F $(complete -p mintage | sed 's/.*-F \\([^ ]*\\).*/\\1/') >/dev/null || exit 2
        function=$(complete -p mintage | sed 's/.*-F \\([^ ]*\\).*/\\1/')
        COMP_WORDS=({}) COMP_CWORD={last} COMP_TYPE=9
        $function mintage \"${{COMP_WORDS[$COMP_CWORD]}}\" \"${{COMP_WORDS[$COMP_CWORD-1]}}\"
        printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        quoted.join(" "),
    );
    offered(&script(world, "bash", &text))
}

#[track_caller]
fn in_fish(world: &World, line: &str) -> Vec<String> {
    let text = format!("mintage completions fish | source; complete --do-complete '{line}'");
    offered(&script(world, "fish", &text))
}

/// The candidates without their descriptions.
#[track_caller]
fn offered(ran: &Ran) -> Vec<String> {
    assert_eq!((ran.code, ran.err().as_str()), (0, ""), "{}", ran.out());
    let out = ran.out();
    let lines = out.lines().map(|line| line.split('\t').next().unwrap_or_default().trim());
    let mut words: Vec<String> = lines.filter(|it| !it.is_empty()).map(str::to_owned).collect();
    words.sort();
    words
}

#[test]
fn bash_completes_commands() {
    let scene = scene();
    assert_eq!(in_bash(&scene.world, &["mintage", "tok"]), ["token"]);
    let all = in_bash(&scene.world, &["mintage", ""]);
    for command in ["add", "edit", "check", "completions", "doctor"] {
        assert!(all.contains(&command.to_owned()), "{all:?}");
    }
    assert!(!all.iter().any(|word| word.starts_with("internal")), "{all:?}");
}

#[test]
fn bash_completes_names_of_profiles() {
    let scene = scene();
    let both = ["acme/dap-eu", "acme/dap-us"];
    assert_eq!(in_bash(&scene.world, &["mintage", "token", "ac"]), both);
    for command in ["show", "edit", "remove", "rename", "exec", "inspect", "check", "default"] {
        assert_eq!(in_bash(&scene.world, &["mintage", command, "zet"]), ["zeta"], "{command}");
    }
}

#[test]
fn bash_completes_options_and_their_values() {
    let scene = scene();
    assert_eq!(in_bash(&scene.world, &["mintage", "list", "--rev"]), ["--reverse"]);
    let sorts = in_bash(&scene.world, &["mintage", "list", "--sort", ""]);
    assert_eq!(sorts, ["added", "changed", "expires", "host", "name"]);
}

#[test]
fn fish_completes_commands_and_names() {
    let scene = scene();
    assert_eq!(in_fish(&scene.world, "mintage tok"), ["token"]);
    assert_eq!(in_fish(&scene.world, "mintage token ac"), ["acme/dap-eu", "acme/dap-us"]);
}

#[test]
fn zsh_completes_commands_and_names() {
    let scene = scene();
    let text = "autoload -U compinit; compinit -u -D; source <(mintage completions zsh)
        print -r -- \"${_comps[mintage]}\"
        compadd() { print -rl -- \"$@\" }
        _describe() { eval \"print -rl -- \\\"\\${${@[-1]}[@]}\\\"\" }
        words=(mintage token ac) CURRENT=3; ${_comps[mintage]}";
    let ran = script(&scene.world, "zsh", text).succeeds();
    assert!(ran.out().contains("_clap_dynamic_completer_mintage"), "{}", ran.out());
    assert!(ran.out().contains("acme/dap-us"), "{}\n{}", ran.out(), ran.err());
}

#[test]
fn powershell_gets_a_script() {
    let ran = World::new().run(["completions", "powershell"]).succeeds();
    assert!(ran.out().contains("Register-ArgumentCompleter"));
}

#[test]
fn an_unknown_shell_is_wrong_usage() {
    World::new().run(["completions", "tcsh"]).exits(2);
    World::new().run(["completions"]).exits(2);
}

#[test]
fn a_script_says_nothing_of_the_vault() {
    let scene = scene();
    for shell in ["bash", "zsh", "fish", "powershell"] {
        scene.run(&["completions", shell]).succeeds().hides("acme");
    }
}

/// What the program offers a shell behind `mintage token `, without a terminal.
fn names(world: &World) -> Ran {
    let text = "IFS=$'\\n'; _CLAP_COMPLETE_INDEX=2 _CLAP_COMPLETE_COMP_TYPE=9 \
        _CLAP_COMPLETE_SPACE=false _CLAP_IFS=$'\\n' MINTAGE_COMPLETE=bash \
        mintage -- mintage token ''";
    script(world, "bash", text)
}

#[test]
fn nobody_is_asked_over_the_network() {
    let scene = scene();
    let trace = "trace=connect,sendto,execve";
    let strace = ["-f", "-qq", "-o", "trace", "-e", trace, "env", "MINTAGE_COMPLETE=bash"];
    let more = ["_CLAP_COMPLETE_INDEX=2", M, "--", "mintage", "token", "ac"];
    let ran = scene.world.program("strace").args(strace).args(more).run().succeeds();
    assert!(ran.out().contains("acme/dap-eu"), "{}", ran.out());
    let trace = std::fs::read_to_string(scene.world.path("trace")).expect("a trace");
    assert!(trace.contains("execve") && !trace.contains("connect("), "{trace}");
    assert_eq!((scene.issuer.connections(), scene.elsewhere.connections()), (0, 0));
}

/// A vault behind a passphrase, with one profile.
fn behind_a_passphrase() -> World {
    let world = World::new();
    on_path(&world);
    std::fs::write(world.path("phrase"), "correct horse battery").expect("written");
    let init = "exec \"$0\" init --key passphrase --passphrase-fd 7 --recovery-file r.txt 7<phrase";
    world.program("sh").args(["-c", init, M]).run().succeeds();
    let add = "exec \"$0\" add secret-name --stdin --passphrase-fd 7 7<phrase";
    world.program("sh").args(["-c", add, M]).stdin("id:secret-1").run().succeeds();
    world
}

#[test]
fn a_passphrase_is_never_asked_for_without_a_terminal() {
    let world = behind_a_passphrase();
    let ran = names(&world).succeeds().hides("secret-name");
    assert_eq!(ran.err(), "");
    assert!(!in_bash(&world, &["mintage", "token", "secr"]).contains(&"secret-name".to_owned()));
}

#[test]
fn a_passphrase_is_never_asked_for_at_a_terminal() {
    let world = behind_a_passphrase();
    let text =
        "MINTAGE_COMPLETE=bash _CLAP_COMPLETE_INDEX=2 \"$M\" -- mintage token secr; echo over";
    let ended = Desk::script(&world, text).start().ends().exits(0);
    ended.leaves_the_terminal_alone().hides("assphrase").hides("secret-name").shows("over");
}

#[test]
fn a_locked_keychain_is_not_unlocked_for_it() {
    let desk = Keychain::with_vault();
    on_path(&desk.world);
    desk.mintage(&["add", "in-keychain", "--stdin"]).stdin("id:secret-1").run().succeeds();
    let complete = ["MINTAGE_COMPLETE=bash", "_CLAP_COMPLETE_INDEX=2", M, "--", "mintage"];
    let offered = || {
        let call = desk.world.program("env").args(complete).args(["token", "in"]);
        desk.on_bus(call).run().succeeds()
    };
    assert!(offered().out().contains("in-keychain"));
    desk.keyring.lock();
    let ran = offered();
    assert_eq!((ran.err().as_str(), ran.out().contains("in-keychain")), ("", false));
}

#[test]
fn without_a_vault_there_are_no_names_and_no_complaint() {
    let world = World::new();
    on_path(&world);
    assert_eq!(names(&world).succeeds().err(), "");
    assert!(!world.config().exists());
}

#[test]
fn a_damaged_vault_makes_no_complaint() {
    let scene = scene();
    std::fs::write(scene.world.vault().join("key.age"), "damaged").expect("written");
    let ran = names(&scene.world).succeeds().hides("acme");
    assert_eq!(ran.err(), "");
}
