//! The recovery key: what is left when the opening key is gone.

use crate::issuer::Issuer;
use crate::keyring::Desk;
use crate::world::Canary;

// K02
#[test]
fn the_recovery_key_opens_a_vault_whose_keychain_entry_is_gone() {
    let (desk, issuer, canary) = (Desk::with_vault(), Issuer::http(), Canary::new());
    issuer.accept_pair(&canary.id, canary.secret.as_bytes());
    let url = issuer.url();
    let call = desk.mintage(&["add", "prod", "--stdin", "--base-url", &url]);
    call.stdin(canary.pair()).run().succeeds();
    desk.keyring.clear(&desk.vault_id());
    desk.run(&["token", "prod"]).exits(5);

    // As the hint says.
    let place = desk.world.vault();
    let place = place.to_str().expect("UTF-8");
    let add = ["vault", "add", place, "--name", "saved", "--identity-file", "recovery.txt"];
    desk.run(&add).succeeds().says("vault `saved` registered");
    desk.run(&["token", "prod", "--vault", "saved"]).succeeds();
    desk.mintage(&["add", "more", "--stdin", "--vault", "saved", "--base-url", &url])
        .stdin(canary.pair())
        .run()
        .succeeds();
    // Without the keychain too, and without the bus.
    desk.world.run(["show", "more", "--vault", "saved"]).succeeds();
    assert_eq!(desk.keyring.entries(), 0, "no key was put back by itself");
}

#[test]
fn a_recovery_key_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let desk = Desk::with_vault();
    let recovery = desk.world.path("recovery.txt");
    let open = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(&recovery, open).expect("changed");
    let place = desk.world.vault();
    let place = place.to_str().expect("UTF-8");
    let add = ["vault", "add", place, "--name", "saved", "--identity-file", "recovery.txt"];
    desk.run(&add).exits(9).says("hint: chmod 600 '");
    desk.run(&["list", "--vault", "saved"]).exits(9).says("saved");
}

#[test]
fn a_key_that_does_not_open_a_vault_does_not_register_it() {
    let (desk, other) = (Desk::with_vault(), Desk::with_vault());
    let place = desk.world.vault();
    let place = place.to_str().expect("UTF-8");
    let key = other.world.path("recovery.txt");
    let key = key.to_str().expect("UTF-8");
    let add = ["vault", "add", place, "--name", "saved", "--identity-file", key];
    desk.run(&add).exits(5);
    let vaults = desk.run(&["vault", "list", "--json"]).succeeds().json();
    assert_eq!(vaults["vaults"].as_array().map(Vec::len), Some(1));
}
