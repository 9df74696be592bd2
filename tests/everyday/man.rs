//! `man`: a page for the program and for each command.

use crate::world::World;

/// The commands that the help shows.
fn commands() -> Vec<String> {
    let help = World::new().run(["--help"]).succeeds().out();
    let list = help.split("Commands:\n").nth(1).expect("a list").split("\n\n").next();
    let named = list.expect("its end").lines().filter(|line| line.starts_with("  "));
    let words = named.filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// What groff makes of a page; it has nothing to complain of.
#[track_caller]
fn rendered(arguments: &[&str]) -> String {
    let world = World::new();
    let page = world.mintage(["man"]).args(arguments).run().succeeds();
    assert!(page.err().is_empty(), "{}", page.err());
    let groff =
        world.program("groff").args(["-man", "-Tutf8", "-ww", "-P-c", "-P-b", "-P-u", "-k"]);
    let ran = groff.stdin(page.stdout).run().succeeds();
    assert_eq!(ran.err(), "", "{arguments:?}");
    ran.out()
}

#[test]
fn the_page_of_the_program_renders_without_a_warning() {
    let page = rendered(&[]);
    for heading in ["NAME", "SYNOPSIS", "OPTIONS", "SUBCOMMANDS"] {
        assert!(page.contains(heading), "{heading}\n{page}");
    }
}

#[test]
fn every_command_has_a_page_that_renders_without_a_warning() {
    let commands = commands();
    assert!(commands.len() > 15, "{commands:?}");
    for command in commands.iter().filter(|command| *command != "help") {
        let page = rendered(&[command]);
        assert!(page.contains(&format!("mintage-{command}")), "{command}\n{page}");
        assert!(page.contains("SYNOPSIS") && page.contains("-v, --verbose"), "{command}\n{page}");
    }
}

#[test]
fn a_command_of_a_command_has_a_page() {
    let page = rendered(&["vault"]);
    for command in ["list", "add", "accept"] {
        assert!(page.contains(&format!("mintage-vault-{command}(1)")), "{command}\n{page}");
        // Its lines are justified.
        let page = rendered(&["vault", command]);
        let words: Vec<&str> = page.split_whitespace().collect();
        assert!(words.join(" ").contains(&format!("mintage-vault-{command} - ")), "{page}");
    }
}

#[test]
fn the_page_of_the_program_names_every_command() {
    let page = rendered(&[]);
    for command in commands().iter().filter(|command| *command != "help") {
        assert!(page.contains(&format!("mintage-{command}(1)")), "{command}\n{page}");
    }
}

#[test]
fn a_page_names_every_option_of_its_command() {
    let page = rendered(&["token"]);
    let help = World::new().run(["token", "--help"]).succeeds().out();
    let options = help.split_whitespace().filter(|word| word.starts_with("--"));
    for option in options.map(|word| word.trim_end_matches(|c: char| !c.is_ascii_lowercase())) {
        let name = option.split(['=', '[']).next().expect("a name");
        assert!(page.contains(name), "{name}\n{page}");
    }
}

#[test]
fn hidden_and_unknown_commands_have_no_page() {
    let world = World::new();
    for command in ["internal-stretch", "internal-keychain-read", "nothing", "help", ""] {
        let ran = world.run(["man", command]).exits(2);
        assert_eq!(ran.out(), "");
    }
    world.run(["man", "vault", "nothing"]).exits(2);
    world.run(["man", "token", "vault"]).exits(2);
    world.run(["man"]).succeeds().hides("internal");
}
