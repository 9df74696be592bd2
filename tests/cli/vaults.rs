//! Which vault is meant, which are registered, and the settings that say so.

use std::os::unix::fs::PermissionsExt;

use crate::world::World;

/// A world with the vaults `default` and `work`, and a profile of its name in each.
fn with_two() -> World {
    let world = World::with_vault();
    let init = ["init", "--vault", "work", "--key", "file", "--recovery-file", "work.txt"];
    world.run(init).succeeds();
    world.mintage(["add", "in-default", "--stdin"]).stdin("id:secret").run().succeeds();
    let add = ["add", "in-work", "--vault", "work", "--stdin"];
    world.mintage(add).stdin("id:secret").run().succeeds();
    world
}

fn names(world: &World, options: &[&str]) -> String {
    let out = world.mintage(["list"]).args(options).run().succeeds().out();
    out.split('\t').next().unwrap_or_default().to_owned()
}

#[test]
fn a_vault_is_chosen_by_name_or_place_and_the_option_comes_before_the_variable() {
    let world = with_two();
    let place = world.path(".local/share/mintage/vaults/work");
    let place = place.to_str().expect("text");
    assert_eq!(names(&world, &[]), "in-default");
    assert_eq!(names(&world, &["--vault", "work"]), "in-work");
    assert_eq!(names(&world, &["--vault", place]), "in-work");
    assert_eq!(names(&world, &["--vault", "./.local/share/mintage/vaults/work/"]), "in-work");
    let by_variable = |options: &[&str]| {
        let call = world.mintage(["list"]).args(options).env("MINTAGE_VAULT", "work");
        call.run().succeeds().out()
    };
    assert!(by_variable(&[]).starts_with("in-work"));
    assert!(by_variable(&["--vault", "default"]).starts_with("in-default"));
}

#[test]
fn an_unregistered_vault_answers_exit_9_whoever_names_it() {
    let world = with_two();
    let stranger = World::with_vault();
    let place = stranger.vault();
    for choice in ["other", "/nowhere", "../x", place.to_str().expect("text")] {
        for command in [&["list"][..], &["token", "p"], &["status"], &["vault", "accept", "--yes"]]
        {
            let call = || world.mintage(command);
            call().args(["--vault", choice]).run().exits(9).says("hint: mintage vault list");
            call().env("MINTAGE_VAULT", choice).run().exits(9);
        }
    }
    // A folder that lies here and is named as a word is not meant.
    std::fs::rename(&place, world.path("here")).expect("moved");
    world.run(["list", "--vault", "here"]).exits(9);
    world.run(["list", "--vault", "./here"]).exits(9);
}

#[test]
fn vault_list_names_each_and_which_is_used() {
    let world = with_two();
    let listed = world.run(["vault", "list"]).succeeds().out();
    assert!(listed.lines().count() == 2 && listed.contains("SHA256:"), "{listed}");
    let json = world.run(["vault", "list", "--json"]).succeeds().json();
    let seen: Vec<_> = json["vaults"].as_array().expect("a list").iter().collect();
    assert_eq!((&seen[0]["vault"], &seen[0]["default"]), (&"default".into(), &true.into()));
    assert_eq!((&seen[1]["vault"], &seen[1]["default"]), (&"work".into(), &false.into()));
    assert_eq!(World::new().run(["vault", "list"]).succeeds().out(), "");
}

#[test]
fn a_vault_is_registered_again_with_its_recovery_key() {
    let world = with_two();
    std::fs::remove_dir_all(world.config()).expect("removed");
    std::fs::remove_dir_all(world.state()).expect("removed");
    world.run(["list"]).exits(3);
    let place = world.path(".local/share/mintage/vaults/work");
    let place = place.to_str().expect("text");
    let add = |name: &str, key: &str| {
        world.run(["vault", "add", place, "--name", name, "--identity-file", key])
    };
    add("again", "recovery.txt").exits(5).says("does not open this vault");
    add("again", "nothing.txt").exits(5);
    add("again", "work.txt").succeeds().says("vault `again` registered");
    add("again", "work.txt").exits(11).says("registered already");
    assert_eq!(names(&world, &[]), "in-work");
    let wrong = [
        "vault",
        "add",
        place,
        "--name",
        "x",
        "--identity-file",
        "work.txt",
        "--fingerprint",
        "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    ];
    world.run(wrong).exits(6);
    std::fs::set_permissions(world.path("work.txt"), PermissionsExt::from_mode(0o644))
        .expect("set");
    add("third", "work.txt").exits(9).says("hint: chmod 600");
}

#[test]
fn accept_believes_a_restored_vault_again() {
    let world = with_two();
    let record = world.records().remove(0);
    let old = std::fs::read(&record).expect("readable");
    world.run(["remove", "in-default", "--yes"]).succeeds();
    std::fs::write(&record, old).expect("written");
    std::fs::set_permissions(&record, PermissionsExt::from_mode(0o600)).expect("set");
    world.run(["show", "in-default"]).exits(6).says("hint: after a restore");
    world.run(["vault", "accept"]).exits(4);
    world.run(["show", "in-default"]).exits(6);
    world.run(["vault", "accept", "--yes"]).succeeds().says("accepted with 1 profile");
    world.run(["show", "in-default"]).succeeds();
}

#[test]
fn mintage_profile_stands_in_where_none_is_named() {
    let world = with_two();
    let show = |words: &[&str]| world.mintage(words).env("MINTAGE_PROFILE", "in-default").run();
    assert!(show(&["show"]).succeeds().out().contains("in-default"));
    show(&["show", "nobody"]).exits(3);
    world.run(["show"]).exits(2).says("missing: the name of a profile");
    show(&["exec", "--as", "dap", "--", "true"]).succeeds();
}

// N03
#[test]
fn settings_with_a_fault_are_refused_with_key_and_line() {
    let world = with_two();
    let file = world.config().join("settings.toml");
    let text = std::fs::read_to_string(&file).expect("readable");
    let lines = text.lines().count();
    let added = format!("line {}", lines + 1);
    let cases = [
        ("roots = \"/x\"", "unknown field `roots`", added.as_str()),
        ("[vault.work]", "duplicate key", &added),
        ("no toml at all", "", &added),
        (
            "[vault.third]\npath = \"rel\"\nid = \"1\"\nfingerprint = \"x\"\nkey = \"keychain\"",
            "`path` is not absolute",
            "third",
        ),
    ];
    for (fault, says, place) in cases {
        std::fs::write(&file, format!("{text}{fault}\n")).expect("written");
        for command in [&["list"][..], &["status"], &["vault", "list"], &["token", "in-default"]] {
            world.run(command).exits(1).says("settings.toml").says(says).says(place);
        }
    }
    std::fs::write(&file, format!("proxy = 3\n{text}")).expect("written");
    world.run(["list"]).exits(1).says("line 1: invalid type");
    std::fs::write(&file, format!("\u{1b}[2J = 1\n{text}")).expect("written");
    assert!(!world.run(["list"]).exits(1).err().contains('\u{1b}'));
    std::fs::write(&file, text).expect("written");
    world.run(["list"]).succeeds();
}

#[test]
fn init_in_a_folder_that_others_can_write_makes_nothing() {
    let world = World::new();
    let open = world.path("open");
    std::fs::create_dir(&open).expect("made");
    std::fs::set_permissions(&open, PermissionsExt::from_mode(0o777)).expect("set");
    for (vault, recovery) in [("open/vault", "key.txt"), ("vault", "open/key.txt")] {
        let init = ["init", "--key", "file", "--vault", vault, "--recovery-file", recovery];
        world.run(init).exits(9).says("hint: chmod go-w");
        assert!(!world.path(vault).exists() && !world.path(recovery).exists());
        assert!(!world.config().join("settings.toml").exists());
    }
}

// N03
#[test]
fn settings_that_others_could_have_written_are_refused() {
    let world = with_two();
    let file = world.config().join("settings.toml");
    let mode = |path: &std::path::Path, mode| {
        std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).expect("set");
    };
    let owned_by = |owner: &str| {
        let script = "[ $(id -u) -eq 0 ] || set -- sudo -n \"$@\"; exec \"$@\"";
        world
            .program("sh")
            .args(["-c", script, "as-root", "chown", owner])
            .args([&file])
            .run()
            .succeeds();
    };
    mode(&file, 0o660);
    world.run(["list"]).exits(9).says("settings.toml").says("hint: chmod");
    mode(&file, 0o600);
    mode(&world.config(), 0o777);
    world.run(["list"]).exits(9).says(".config/mintage");
    mode(&world.config(), 0o700);
    owned_by("61001");
    world.run(["list"]).exits(9).says("settings.toml");
    owned_by(&rustix::process::geteuid().as_raw().to_string());
    world.run(["list"]).succeeds();
}

#[test]
fn quiet_says_errors_only_and_verbose_says_what_is_done() {
    let world = with_two();
    let add = |name: &str, option: &str| {
        world.mintage(["add", name, option, "--stdin"]).stdin("id:secret").run().succeeds().err()
    };
    assert_eq!(add("quiet", "-q"), "");
    assert_eq!(
        add("plain", "--label=x"),
        "profile `plain` added: tokens from api-gateway.instructure.com\n"
    );
    assert!(add("loud", "-v").starts_with("note: vault `default` at `/"));
    let failed = world.run(["-q", "show", "nobody"]).exits(3).err();
    assert_eq!(failed, "error: no profile `nobody`\n");
    assert_eq!(world.run(["list", "-q"]).succeeds().out().lines().count(), 4);
}
