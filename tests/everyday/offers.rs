//! What an issuer's metadata offers: in which place, and which way to prove oneself.

use crate::issuer::Fault;
use crate::scene::{OAUTH, OPENID, Scene, metadata};
use crate::world::Ran;

fn add(scene: &Scene, issuer: &str) -> Ran {
    scene.adding_at("prod", &["--issuer", issuer]).run()
}

#[test]
fn a_page_for_people_in_the_first_place_is_no_metadata() {
    let scene = Scene::new();
    let page = Fault::Status {
        status: 200,
        headers: vec![("Content-Type".to_owned(), "text/html".to_owned())],
        body: b"<html>".to_vec(),
    };
    scene.issuer.document(OAUTH, page);
    scene.issuer.document(
        OPENID,
        Fault::Json(
            metadata(&scene.issuer.url(), &format!("{}/oauth/token", scene.issuer.url()))
                .to_string(),
        ),
    );
    add(&scene, &scene.issuer.url()).succeeds();
}

#[test]
fn an_issuer_that_takes_no_client_secret_never_gets_it() {
    let scene = Scene::new();
    let mut document =
        metadata(&scene.issuer.url(), &format!("{}/oauth/token", scene.issuer.url()));
    document["token_endpoint_auth_methods_supported"] = serde_json::json!(["private_key_jwt"]);
    scene.issuer.document(OAUTH, Fault::Json(document.to_string()));
    add(&scene, &scene.issuer.url()).exits(10).says("--auth");
    assert_eq!(scene.issuer.logins(), 0);
}

#[test]
fn edit_takes_the_style_that_the_issuer_offers_and_keeps_one_that_it_offers_too() {
    let scene = Scene::new();
    let mut document =
        metadata(&scene.issuer.url(), &format!("{}/oauth/token", scene.issuer.url()));
    for (offered, expected) in [
        (&["client_secret_post"][..], "post"),
        (&["client_secret_basic", "client_secret_post"], "post"),
        (&["client_secret_basic"], "basic"),
    ] {
        document["token_endpoint_auth_methods_supported"] = serde_json::json!(offered);
        scene.issuer.document(OAUTH, Fault::Json(document.to_string()));
        let url = scene.issuer.url();
        if scene.world.records().is_empty() {
            let at = format!("{url}/oauth/token");
            scene.adding_at("prod", &["--token-url", &at]).run().succeeds();
        }
        scene.edit(&["--issuer", &url]).run().succeeds();
        assert_eq!(scene.show("prod")["auth"], expected);
    }
}
