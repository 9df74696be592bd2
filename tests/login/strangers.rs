//! Who else talks to the page that a browser comes back to: it is open to every program and every web
//! page on this machine. None of them ends the login or takes it over, and the right browser still
//! gets through.

use std::io::Write as _;
use std::net::TcpStream;

use url::Url;

use crate::browser::{self, ask, port};
use crate::scene::{Scene, TOKEN, asked};

/// Begins a login, lets strangers do what they can, and expects the right browser to get through.
fn in_spite_of<T>(strangers: impl FnOnce(&Url) -> T) {
    let scene = Scene::new();
    let mut session = scene.adding(&[]).start();
    let back = scene.sent_back(&mut session);
    let _what_they_still_hold = strangers(&back);
    assert!(session.is_running());
    assert_eq!(scene.issuer.asked(TOKEN), 0, "nothing was redeemed for a stranger");
    assert_eq!(browser::visit(&back).status, 200);
    session.ends().exits(0).leaves_the_terminal_alone();
    assert_eq!(scene.sent("code"), asked(&back, "code"));
    scene.fresh();
}

/// Who asks like this is told that nobody expects it.
fn turned_away(request: impl FnOnce(&str, &str, u16) -> String) {
    in_spite_of(|back| {
        let request = request(back.path(), back.query().expect("a query"), port(back));
        let answer = ask(port(back), &request);
        assert_eq!(answer.status, 404, "{}", answer.text);
    });
}

fn get(target: &str, host: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n")
}

#[test]
fn a_state_of_another_login_is_turned_away() {
    turned_away(|path, _, port| {
        get(&format!("{path}?code=stolen&state=another"), &format!("127.0.0.1:{port}"))
    });
}

#[test]
fn an_answer_without_a_state_is_turned_away() {
    turned_away(|path, _, port| get(&format!("{path}?code=stolen"), &format!("127.0.0.1:{port}")));
}

#[test]
fn a_refusal_without_the_state_does_not_end_the_login() {
    turned_away(|path, _, port| {
        get(&format!("{path}?error=access_denied"), &format!("127.0.0.1:{port}"))
    });
}

#[test]
fn the_right_answer_to_another_host_is_turned_away() {
    turned_away(|path, query, port| {
        get(&format!("{path}?{query}"), &format!("rebound.example:{port}"))
    });
}

#[test]
fn the_right_answer_to_another_path_is_turned_away() {
    turned_away(|_, query, port| get(&format!("/other?{query}"), &format!("127.0.0.1:{port}")));
}

#[test]
fn the_right_answer_by_post_is_turned_away() {
    turned_away(|path, query, port| {
        get(&format!("{path}?{query}"), &format!("127.0.0.1:{port}")).replacen("GET", "POST", 1)
    });
}

#[test]
fn a_form_with_the_right_answer_in_its_body_is_turned_away() {
    turned_away(|path, query, port| {
        let length = query.len();
        format!(
            "POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: {length}\r\n\r\n{query}"
        )
    });
}

#[test]
fn a_page_that_a_browser_asks_for_by_itself_is_turned_away() {
    turned_away(|_, _, port| get("/favicon.ico", &format!("127.0.0.1:{port}")));
}

#[test]
fn garbage_does_no_harm() {
    in_spite_of(|back| {
        for garbage in
            ["\r\n\r\n", "GET", "\0\0\0\0\r\n\r\n", "\u{16}\u{3}\u{1}\r\n\r\n", "GET \r\n\r\n"]
        {
            assert_ne!(ask_and_hang_up(port(back), garbage), 200);
        }
    });
}

#[test]
fn a_head_that_does_not_end_does_no_harm() {
    in_spite_of(|back| {
        let endless = format!("GET / HTTP/1.1\r\nX: {}\r\n", "x".repeat(64 * 1024));
        ask_and_hang_up(port(back), &endless);
    });
}

#[test]
fn a_port_scanner_does_no_harm() {
    in_spite_of(|back| {
        for _ in 0..300 {
            drop(TcpStream::connect(("127.0.0.1", port(back))).expect("somebody listens"));
        }
    });
}

#[test]
fn connections_that_stay_open_and_say_nothing_hold_nobody_up() {
    in_spite_of(|back| {
        let open = |_| TcpStream::connect(("127.0.0.1", port(back))).expect("somebody listens");
        (0..20).map(open).collect::<Vec<_>>()
    });
}

#[test]
fn connections_that_stop_in_the_middle_hold_nobody_up() {
    in_spite_of(|back| {
        let half = |_| {
            let mut stream = TcpStream::connect(("127.0.0.1", port(back))).expect("a listener");
            stream.write_all(b"GET /callback?code=st").expect("sent");
            stream
        };
        (0..20).map(half).collect::<Vec<_>>()
    });
}

#[test]
fn it_listens_at_the_one_address_that_the_browser_is_sent_to() {
    in_spite_of(|back| {
        for other in ["127.0.0.2", "::1"] {
            TcpStream::connect((other, port(back))).expect_err("nobody listens there");
        }
    });
}

/// The status of the answer; 0 for none.
fn ask_and_hang_up(port: u16, request: &str) -> u16 {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("somebody listens");
    // Who has heard enough hangs up before the end.
    let _hung_up = stream.write_all(request.as_bytes());
    let _no_more_to_come = stream.shutdown(std::net::Shutdown::Write);
    let mut text = String::new();
    let _hung_up = std::io::Read::read_to_string(&mut stream, &mut text);
    text.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
}
