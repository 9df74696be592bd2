//! What people paste at the prompt: several lines, too much, a full-size secret.

use crate::issuer::Issuer;
use crate::pty::{Desk, Ended};
use crate::world::{Canary, World};

const ID: &str = "Client id (or paste id and secret): ";
const SECRET: &str = "Client secret: ";

/// Pastes `text` where the pair is asked for and lets the issuer judge it.
fn paste(issuer: &Issuer, text: &str) -> Ended {
    let world = World::with_vault();
    std::fs::write(world.path("ca.pem"), issuer.ca_pem()).expect("written");
    let url = issuer.url();
    let add = ["add", "prod", "--base-url", &url, "--ca-file", "ca.pem", "--verify"];
    let mut session = Desk::mintage(&world, add).start();
    session.sees(ID).types(text);
    session.ends()
}

#[test]
fn every_form_is_recognised_where_the_pair_is_asked_for() {
    let (issuer, canary) = (Issuer::https(), Canary::new());
    issuer.accept_pair(&canary.id, canary.secret.as_bytes());
    let (id, secret) = (&canary.id, &canary.secret);
    let base64 = crate::canary::base64(canary.pair().as_bytes());
    for text in [
        format!("{id}:{secret}\r"),
        format!("DAP_CLIENT_ID={id}\rDAP_CLIENT_SECRET={secret}\r"),
        format!(
            "# from the portal\r\nexport CLIENT_ID=\"{id}\"\r\nexport CLIENT_SECRET='{secret}'\r\n"
        ),
        format!("{{\n  \"client_id\": \"{id}\",\n  \"client_secret\": \"{secret}\"\n}}\n"),
        format!("{base64}\r"),
    ] {
        let ended = paste(&issuer, &text).exits(0).leaves_the_terminal_alone();
        ended.hides(secret).hides(SECRET).hides(&base64);
    }
}

#[test]
fn a_secret_alone_in_env_form_leaves_only_the_id_to_ask_for() {
    let (issuer, canary) = (Issuer::https(), Canary::new());
    let world = World::with_profile(&issuer, &canary);
    let url = issuer.url();
    let add = ["add", "two", "--base-url", &url, "--ca-file", "ca.pem", "--verify"];
    let mut session = Desk::mintage(&world, add).start();
    session.sees(ID).types(format!("CLIENT_SECRET={}\r", canary.secret));
    session.sees("Client id: ").types(format!("{}\r", canary.id));
    session.ends().exits(0).leaves_the_terminal_alone().hides(&canary.secret);
}

#[test]
fn env_lines_are_taken_one_by_one_too() {
    let (issuer, canary) = (Issuer::https(), Canary::new());
    let world = World::with_profile(&issuer, &canary);
    let url = issuer.url();
    let add = ["add", "two", "--base-url", &url, "--ca-file", "ca.pem", "--verify"];
    let mut session = Desk::mintage(&world, add).start();
    session.sees(ID).types(format!("export DAP_CLIENT_ID='{}'\r", canary.id));
    session.sees(SECRET).types(format!("export DAP_CLIENT_SECRET='{}'\r", canary.secret));
    session.ends().exits(0).leaves_the_terminal_alone().hides(&canary.secret);
}

// The client id is shown freely: what holds a secret must never become one.
#[test]
fn a_json_object_of_another_form_never_becomes_the_client_id() {
    let issuer = Issuer::https();
    let ended = paste(&issuer, "{\"client_id\":\"a\",\"key\":\"some-secret\"}\r").exits(2);
    ended.leaves_the_terminal_alone().shows("not recognised").hides("some-secret");
}

#[test]
fn a_pair_pasted_where_the_secret_is_asked_for_is_taken_apart() {
    let (issuer, canary) = (Issuer::https(), Canary::new());
    let world = World::with_profile(&issuer, &canary);
    let (url, id) = (issuer.url(), canary.id.as_str());
    let add =
        ["add", "two", "--client-id", id, "--base-url", &url, "--ca-file", "ca.pem", "--verify"];
    for pasted in [
        format!("{}\r", canary.pair()),
        format!("{{\r \"client_id\": \"{id}\",\r \"client_secret\": \"{}\"\r}}\r", canary.secret),
    ] {
        let mut session = Desk::mintage(&world, add).start();
        session.sees(SECRET).types(pasted);
        session.ends().exits(0).leaves_the_terminal_alone().hides(&canary.secret);
        world.run(["remove", "two", "--yes"]).succeeds();
    }
}

#[test]
fn lines_that_are_no_pair_are_refused_with_the_forms_that_are() {
    let issuer = Issuer::https();
    let ended = paste(&issuer, "some-id\rsome-secret\r").exits(2).leaves_the_terminal_alone();
    ended.shows("not recognised").shows("id:secret").hides("some-secret");
    assert_eq!(issuer.logins(), 0);
}

// N07
#[test]
fn a_secret_of_64_kib_is_pasted_whole_and_a_byte_more_is_refused() {
    let (issuer, canary) = (Issuer::https(), Canary::new());
    let secret = format!("{}{}", canary.secret, "x".repeat(65_536 - canary.secret.len()));
    let (id, pair) = (&canary.id, format!("{}:{secret}", canary.id));
    issuer.accept_pair(id, secret.as_bytes());
    let world = World::with_vault();
    let mut session = Desk::mintage(&world, ["add", "prod"]).start();
    session.sees(ID).types(&pair).types("\r");
    session.ends().exits(0).leaves_the_terminal_alone().hides("xxx");
    let shown = world.run(["show", "prod", "--reveal", "--json"]).succeeds().json();
    assert_eq!(shown["client_secret"], secret);
    let more = paste(&issuer, &format!("{pair}x\r"));
    more.exits(2).leaves_the_terminal_alone().shows("64 KiB");
}

// A terminal hands a long paste over piece by piece: what comes after the refusal would be run.
#[test]
fn nothing_of_a_paste_that_is_too_long_reaches_the_shell() {
    let issuer = Issuer::https();
    let paste = paste(&issuer, &"echo of-a-paste-that-is-too-long\r".repeat(40_000));
    paste.exits(12).leaves_the_terminal_alone().hides("of-a-paste");
}

// The same with a paste that is refused at its first bytes.
#[test]
fn nothing_of_a_paste_with_a_control_character_reaches_the_shell() {
    let issuer = Issuer::https();
    let rest = "echo of-a-paste-with-an-escape\r".repeat(2_000);
    let paste = paste(&issuer, &format!("id\x1b[0m\r{rest}"));
    paste.exits(2).leaves_the_terminal_alone().hides("of-a-paste");
}

#[test]
fn without_a_vault_the_first_add_offers_to_make_one() {
    let world = World::new();
    let mut session = Desk::mintage(&world, ["add", "prod"]).start();
    session.sees("There is no vault yet. Make one now? [y/N] ").types("n\r");
    session.ends().exits(9).leaves_the_terminal_alone();
    assert!(!world.config().exists());
    let mut session = Desk::mintage(&world, ["add", "prod"]).start();
    session.sees("Make one now? [y/N] ").types("y\r");
    // No keychain answers here: nothing weaker is taken without being asked for.
    session.sees("Protect the vault with a passphrase instead? [y/N] ").types("y\r");
    session.sees("File for the recovery key").types("\r");
    session.sees("New passphrase: ").types("a long enough one\r").sees("The same again: ");
    session.types("a long enough one\r").sees(ID).types("id-one:secret-one\r");
    session.ends().exits(0).leaves_the_terminal_alone().hides("a long enough").hides("secret-one");
    assert!(world.path("mintage-recovery-default.txt").exists());
}
