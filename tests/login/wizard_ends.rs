//! Every question of `mintage add` can be the last: nothing is left of the answers before.

use crate::scene::files;
use crate::wizard::{NAME, PAIR, PLACE, SERVICE, Setting, VERIFY};

/// Ctrl-C and Ctrl-D, and the exit code of each.
const ENDS: [(u8, i32); 2] = [(3, 130), (4, 4)];

/// Answers so many of the questions of `oauth2`, and ends it at the next.
fn ended_at(question: usize) {
    for (key, code) in ENDS {
        let setting = Setting::new();
        let before = files(setting.world.home());
        let place = format!("{}/oauth/token", setting.issuer.url());
        let questions = [
            (SERVICE, "oauth2".to_owned()),
            (PLACE, place),
            (PAIR, setting.canary.pair()),
            (VERIFY, String::new()),
            (NAME, String::new()),
        ];
        let mut session = setting.start();
        for (asked, answer) in &questions[..question] {
            session.sees(asked).types(format!("{answer}\r"));
        }
        session.sees(questions[question].0).types([key]);
        let ended = session.ends().exits(code).leaves_the_terminal_alone();
        ended.hides(&setting.canary.secret);
        assert_eq!(files(setting.world.home()), before);
        assert!(setting.issuer.requests().is_empty());
    }
}

#[test]
fn nothing_is_left_where_it_ends_at_the_service() {
    ended_at(0);
}

#[test]
fn nothing_is_left_where_it_ends_at_the_place() {
    ended_at(1);
}

#[test]
fn nothing_is_left_where_it_ends_at_the_pair() {
    ended_at(2);
}

#[test]
fn nothing_is_left_where_it_ends_before_it_is_verified() {
    ended_at(3);
}

#[test]
fn nothing_is_left_where_it_ends_at_the_name() {
    ended_at(4);
}
