//! A checkout of a stranger's repository that holds a vault of its own, and an `.envrc` that a user
//! allowed: what it names is not read.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::rollback::copy;
use crate::scene::{Scene, snapshot, write};
use crate::world::{Call, Ran};

/// A user with a vault, and a checkout with everything in it that could be taken for theirs.
struct Checkout {
    scene: Scene,
    stranger: Scene,
    folder: PathBuf,
}

impl Checkout {
    fn new() -> Self {
        let (scene, stranger) = (Scene::new(), Scene::new());
        let folder = scene.world.path("checkout");
        fs::create_dir(&folder).expect("made");
        copy(&stranger.world.vault(), &folder.join("vault"));
        copy(&stranger.world.config(), &folder.join("mintage"));
        copy(&stranger.key_file(), &folder.join("vault/key.txt"));
        let settings = folder.join("mintage/settings.toml");
        let text = fs::read_to_string(&settings).expect("settings");
        let here = folder.join("vault").display().to_string();
        let theirs = stranger.world.vault().display().to_string();
        write(&settings, text.replace(&theirs, &here).as_bytes());
        for place in
            ["settings.toml", ".mintage.toml", "mintage.toml", ".config/mintage/settings.toml"]
        {
            let place = folder.join(place);
            fs::create_dir_all(place.parent().expect("a folder")).expect("made");
            write(&place, text.replace(&theirs, &here).as_bytes());
        }
        write(&folder.join(".envrc"), b"export MINTAGE_VAULT=./vault XDG_CONFIG_HOME=.\n");
        Self { scene, stranger, folder }
    }

    /// Inside the checkout.
    fn call(&self, arguments: &[&str]) -> Call {
        let mut call = self.scene.world.mintage(arguments);
        call.command.current_dir(&self.folder);
        call
    }

    /// Nothing of the stranger's was told or changed.
    #[track_caller]
    fn is_untouched(&self, ran: Ran) -> Ran {
        ran.hides(&self.stranger.canary.id).hides(&self.stranger.canary.secret)
    }
}

fn opened(trace: &Path) -> String {
    fs::read_to_string(trace).expect("readable")
}

#[test]
fn a_vault_that_is_not_registered_is_never_opened_wherever_the_environment_points() {
    let checkout = Checkout::new();
    let before = snapshot(&checkout.folder);
    let absolute = checkout.folder.join("vault").display().to_string();
    symlink(checkout.folder.join("vault"), checkout.scene.world.path("link")).expect("a link");
    let link = checkout.scene.world.path("link").display().to_string();
    for place in ["./vault", "vault", "../checkout/vault", &absolute, &link, "mintage", ".", ""] {
        for command in [&["list"][..], &["show", "prod"], &["token", "prod"], &["check", "--all"]] {
            let ran = checkout.call(command).env("MINTAGE_VAULT", place).run();
            let ran = checkout.is_untouched(ran);
            // An empty one is none: then the user's own vault is meant.
            if !place.is_empty() {
                ran.exits(9).says("is registered");
            }
        }
    }
    crate::scene::assert_same(&before, &snapshot(&checkout.folder));
    let trace = checkout.scene.world.path("trace");
    let mut strace =
        checkout.scene.world.program("strace").args(["-f", "-qq", "-e", "trace=%file", "-o"]);
    strace.command.current_dir(&checkout.folder);
    let strace = strace.args([&trace]).args([env!("CARGO_BIN_EXE_mintage"), "list"]);
    strace.env("MINTAGE_VAULT", "./vault").run().exits(9);
    let touched = opened(&trace);
    assert!(touched.contains("settings.toml"), "{touched}");
    for file in ["vault.json", "key.age", "members.age", "profiles"] {
        assert!(!touched.contains(file), "{file} was looked at: {touched}");
    }
}

#[test]
fn a_link_in_the_checkout_to_the_users_own_vault_is_that_vault() {
    let checkout = Checkout::new();
    symlink(checkout.scene.world.vault(), checkout.folder.join("mine")).expect("a link");
    let ran = checkout.call(&["show", "prod", "--json"]).env("MINTAGE_VAULT", "./mine").run();
    assert!(ran.code == 9 || ran.out().contains(&checkout.scene.canary.id), "{}", ran.err());
}

#[test]
fn folders_that_are_relative_are_the_users_own_and_nothing_here_is_read() {
    let checkout = Checkout::new();
    let before = snapshot(&checkout.folder);
    for variable in ["XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"] {
        for value in [".", "./", "checkout", "mintage", "../checkout", "~", "$HOME/checkout"] {
            let call = checkout.call(&["show", "prod", "--json", "--reveal"]);
            let shown = checkout.is_untouched(call.env(variable, value).run().succeeds());
            assert_eq!(shown.json()["client_secret"], checkout.scene.canary.secret.as_str());
        }
    }
    crate::scene::assert_same(&before, &snapshot(&checkout.folder));
}

#[test]
fn what_lies_in_the_working_folder_is_never_looked_for() {
    let checkout = Checkout::new();
    let shown = checkout.call(&["show", "prod", "--json", "--reveal"]).run().succeeds();
    assert_eq!(shown.json()["client_secret"], checkout.scene.canary.secret.as_str());
    for variable in
        ["MINTAGE_CONFIG", "MINTAGE_HOME", "MINTAGE_DIR", "MINTAGE_SETTINGS", "MINTAGE_KEY"]
    {
        let call = checkout.call(&["show", "prod", "--json"]).env(variable, ".");
        assert_eq!(checkout.is_untouched(call.run().succeeds()).json()["profile"], "prod");
    }
}

#[test]
fn an_absolute_config_folder_is_believed_as_any_programs_is_and_says_which_vault_it_opens() {
    let checkout = Checkout::new();
    let call = checkout.call(&["-v", "show", "prod", "--json"]);
    let ran = call.env("XDG_CONFIG_HOME", checkout.folder.as_os_str()).run();
    // The user's own secrets are out of reach from there.
    ran.hides(&checkout.scene.canary.id).hides(&checkout.scene.canary.secret);
    // Who may write there decides: a checkout that others can write is refused.
    checkout.scene.world.program("chmod").args(["-R", "go+w"]).args([&checkout.folder]).run();
    let call = checkout.call(&["list"]);
    call.env("XDG_CONFIG_HOME", checkout.folder.as_os_str()).run().exits(9).says("not safe to use");
}

#[test]
fn a_vault_in_a_checkout_is_registered_by_its_key_only_and_stays_another_one() {
    let checkout = Checkout::new();
    // Without the key there is nothing to register.
    let add = ["vault", "add", "vault", "--identity-file", "vault/vault.json", "--name", "x"];
    let ran = checkout.is_untouched(checkout.call(&add).run());
    assert!([6, 9].contains(&ran.code), "{} {}", ran.code, ran.err());
    // The user's own recovery key does not open it.
    let add = ["vault", "add", "vault", "--identity-file", "../recovery.txt", "--name", "x"];
    checkout.is_untouched(checkout.call(&add).run().exits(5));
    let listed = checkout.call(&["vault", "list"]).run().succeeds().out();
    assert_eq!(listed.lines().count(), 1);
}
