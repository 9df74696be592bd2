//! What each command does when all is well, and its plain refusals.

use crate::issuer::Issuer;
use crate::world::{Canary, World};

#[test]
fn a_token_is_minted_and_arrives_whole() {
    let (issuer, canary) = (Issuer::https(), Canary::new());
    let world = World::with_profile(&issuer, &canary);
    let ran = world.run(["token", "prod"]).succeeds().hides(&canary.secret);
    assert_eq!(ran.out().trim_end(), issuer.tokens()[0]);
    assert_eq!(issuer.logins(), 1);
    assert_eq!(ran.err(), "");
}

#[test]
fn a_missing_profile_answers_exit_3() {
    let world = World::with_vault();
    world.run(["token", "nobody"]).exits(3).says("no profile `nobody`");
    world.run(["show", "nobody"]).exits(3);
    world.run(["remove", "nobody", "--yes"]).exits(3);
}

#[test]
fn without_a_vault_everything_answers_exit_3_and_says_init() {
    let world = World::new();
    for command in [&["list"][..], &["token", "p"], &["show", "p"], &["add", "p", "--stdin"]] {
        world.run(command).exits(3).says("hint: mintage init");
    }
}
