//! `DataSync`: client credentials in the form.

use crate::scene::{OAUTH_TOKEN, Scene, canary};

fn scene(secret: &str) -> Scene {
    let scene = Scene::new();
    let options = ["--client-id", "sync", "--secret-stdin"];
    let ran = scene.adding_here("sync", "datasync", &options).stdin(secret).run();
    ran.succeeds().hides(secret);
    scene
}

#[test]
fn the_pair_is_in_the_form_and_nowhere_else() {
    // What a form must escape, and Basic would split at.
    let secret = format!("{}:&=+% \u{e9}", canary());
    let scene = scene(&secret);
    scene.issuer.accept_pair("sync", secret.as_bytes());
    let token = scene.token("sync");
    assert_eq!(scene.issuer.tokens(), [token]);
    let (form, seen) = (scene.form(), scene.last());
    let found: Vec<_> = form.iter().map(|(name, value)| (&**name, &**value)).collect();
    let expected =
        [("client_id", "sync"), ("client_secret", &*secret), ("grant_type", "client_credentials")];
    assert_eq!(found, expected);
    assert_eq!((&*seen.target, seen.header("Authorization")), (OAUTH_TOKEN, None));
}

#[test]
fn a_refusal_names_the_regions() {
    let secret = canary();
    let scene = scene(&secret);
    let ran = scene.world.run(["token", "sync"]).exits(7).hides(&secret);
    ran.says("each region has a host of its own");
    assert_eq!(scene.issuer.logins(), 1);
}
