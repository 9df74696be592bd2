//! One mint for all who ask, and never the wrong token.

use crate::scene::Scene;

#[test]
fn a_second_command_gets_the_token_of_the_first() {
    let scene = Scene::new();
    let first = scene.run(["token", "prod"]).succeeds().stdout;
    let second = scene.run(["token", "prod"]).succeeds().stdout;
    assert_eq!(first, second);
    assert_eq!(scene.issuer.logins(), 1);
}
