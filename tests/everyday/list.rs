//! `list`: what is chosen, in which order, and how it looks.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};
use serde_json::{Value, json};

use crate::pty::Desk;
use crate::scene::Scene;

/// The day that is so many days from now, as the program counts: in UTC.
fn day(days: i64) -> String {
    let today: Date = Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    (today + days.days()).to_string()
}

/// Four profiles that differ in all that one can choose and order by.
fn scene() -> Scene {
    let scene = Scene::new();
    let oauth = ["--preset", "oauth2", "--token-url"];
    let add = |name: &str, options: &[&str]| {
        scene.adding_at(name, options).run().succeeds();
    };
    let (soon, late, past) = (day(5), day(400), day(-3));
    add("zeta", &["--base-url", "https://b.example", "--tag", "eu", "--secret-expires", &late]);
    let at_c = [&oauth[..], &["https://c.example/t", "--tag", "eu", "--tag", "big"]].concat();
    add("acme/dap-eu", &[&at_c[..], &["--secret-expires", &soon]].concat());
    add("acme/dap-us", &["--base-url", "https://d.example", "--label", "A label"]);
    let at_a = [&oauth[..], &["https://a.example:8443/t", "--secret-expires", &past]].concat();
    add("middle", &at_a);
    scene
}

#[test]
fn all_are_listed_by_name() {
    let scene = scene();
    assert_eq!(scene.listed(&[]), ["acme/dap-eu", "acme/dap-us", "middle", "zeta"]);
}

#[test]
fn a_pattern_is_part_of_the_name() {
    let scene = scene();
    assert_eq!(scene.listed(&["dap"]), ["acme/dap-eu", "acme/dap-us"]);
    assert_eq!(scene.listed(&["dd"]), ["middle"]);
}

#[test]
fn a_pattern_with_a_star_fits_the_whole_name() {
    let scene = scene();
    assert_eq!(scene.listed(&["acme/*"]), ["acme/dap-eu", "acme/dap-us"]);
    assert_eq!(scene.listed(&["*-eu"]), ["acme/dap-eu"]);
    assert_eq!(scene.listed(&["dap*"]), [""; 0]);
    assert_eq!(scene.listed(&["*"]).len(), 4);
}

#[test]
fn a_pattern_that_fits_nothing_is_no_failure() {
    let scene = scene();
    assert_eq!(scene.run(&["list", "nothing"]).succeeds().out(), "");
}

#[test]
fn of_several_tags_all_are_wanted() {
    let scene = scene();
    assert_eq!(scene.listed(&["--tag", "eu"]), ["acme/dap-eu", "zeta"]);
    assert_eq!(scene.listed(&["--tag", "eu", "--tag", "big"]), ["acme/dap-eu"]);
}

#[test]
fn a_preset_is_chosen() {
    let scene = scene();
    assert_eq!(scene.listed(&["--preset", "oauth2"]), ["acme/dap-eu", "middle"]);
    assert_eq!(scene.listed(&["--preset", "none"]), [""; 0]);
}

#[test]
fn secrets_that_end_within_some_days_or_have_ended_are_chosen() {
    let scene = scene();
    assert_eq!(scene.listed(&["--expires-within", "30"]), ["acme/dap-eu", "middle"]);
    assert_eq!(scene.listed(&["--expires-within", "5"]), ["acme/dap-eu", "middle"]);
    assert_eq!(scene.listed(&["--expires-within", "4"]), ["middle"]);
    assert_eq!(scene.listed(&["--expires-within", "0"]), ["middle"]);
    assert_eq!(scene.listed(&["--expires-within", "500"]).len(), 3);
}

#[test]
fn filters_join() {
    let scene = scene();
    let filters = ["acme", "--tag", "eu", "--preset", "oauth2", "--expires-within", "30"];
    assert_eq!(scene.listed(&filters), ["acme/dap-eu"]);
}

#[test]
fn by_expiry_the_next_comes_first_and_those_without_last() {
    let scene = scene();
    let sorted = ["middle", "acme/dap-eu", "zeta", "acme/dap-us"];
    assert_eq!(scene.listed(&["--sort", "expires"]), sorted);
}

#[test]
fn by_host_they_come_by_its_name() {
    let scene = scene();
    let sorted = ["middle", "zeta", "acme/dap-eu", "acme/dap-us"];
    assert_eq!(scene.listed(&["--sort", "host"]), sorted);
}

#[test]
fn by_time_of_adding_the_oldest_comes_first() {
    let scene = scene();
    let sorted = ["zeta", "acme/dap-eu", "acme/dap-us", "middle"];
    assert_eq!(scene.listed(&["--sort", "added"]), sorted);
}

#[test]
fn by_time_of_change_the_longest_unchanged_comes_first() {
    let scene = scene();
    scene.run(&["edit", "zeta", "--label", "x"]).succeeds();
    let sorted = ["acme/dap-eu", "acme/dap-us", "middle", "zeta"];
    assert_eq!(scene.listed(&["--sort", "changed"]), sorted);
}

#[test]
fn reverse_turns_each_order_round() {
    let scene = scene();
    for by in ["name", "expires", "added", "changed", "host"] {
        let mut sorted = scene.listed(&["--sort", by]);
        sorted.reverse();
        assert_eq!(scene.listed(&["--sort", by, "--reverse"]), sorted, "{by}");
    }
}

#[test]
fn json_has_every_field_of_a_profile_and_no_secret() {
    let scene = scene();
    let listed = scene.run(&["list", "acme/dap-eu", "--json"]).succeeds().json();
    assert_eq!((&listed["v"], &listed["problems"]), (&json!(1), &json!([])));
    let profile = listed["profiles"][0].as_object().expect("an object");
    let times = ["added_at", "changed_at"];
    assert!(times.iter().all(|time| profile[*time].as_str().is_some_and(|it| it.ends_with('Z'))));
    let rest: serde_json::Map<String, Value> = profile
        .iter()
        .filter(|(name, _)| !times.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let expected = json!({
        "profile": "acme/dap-eu", "preset": "oauth2", "host": "c.example", "label": null,
        "tags": ["big", "eu"], "secret_expires": day(5), "days_left": 5, "token_only": false,
    });
    assert_eq!(Value::Object(rest), expected);
}

#[test]
fn days_left_count_down_to_below_zero() {
    let scene = scene();
    let listed = scene.run(&["list", "--json", "--sort", "expires"]).succeeds().json();
    let left: Vec<&Value> =
        listed["profiles"].as_array().expect("a list").iter().map(|it| &it["days_left"]).collect();
    assert_eq!(left, [&json!(-3), &json!(5), &json!(400), &Value::Null]);
}

#[test]
fn a_pipe_gets_a_line_of_seven_fields_a_profile() {
    let scene = scene();
    let out = scene.run(&["list"]).succeeds().out();
    let lines: Vec<Vec<&str>> = out.lines().map(|line| line.split('\t').collect()).collect();
    assert!(lines.iter().all(|line| line.len() == 7), "{out}");
    let soon = day(5);
    assert_eq!(lines[0], ["acme/dap-eu", "oauth2", "c.example", &soon, "", "big,eu", "5"]);
    assert_eq!(lines[1], ["acme/dap-us", "instructure", "d.example", "", "A label", "", ""]);
    assert_eq!(lines[2][2], "a.example:8443");
}

#[test]
fn a_terminal_gets_a_table_with_a_head() {
    let scene = scene();
    let ended = Desk::mintage(&scene.world, ["list"]).start().ends().exits(0);
    let lines: Vec<&str> = ended.shown.lines().collect();
    assert_eq!(lines.len(), 5, "{}", ended.shown);
    let head: Vec<&str> = lines[0].split_whitespace().collect();
    assert_eq!(head, ["NAME", "PRESET", "HOST", "SECRET", "ENDS", "LABEL", "TAGS"]);
    assert!(lines[1].contains(&format!("{} (5 days)", day(5))), "{}", lines[1]);
    assert!(lines[3].contains("(ended)") && !ended.shown.contains('\t'));
    assert_eq!(lines[0].find("PRESET"), lines[1].find("oauth2"));
}

#[test]
fn the_last_day_and_the_one_before_have_words_of_their_own() {
    let scene = Scene::new();
    scene.add("a", &["--secret-expires", &day(0)]);
    scene.add("b", &["--secret-expires", &day(1)]);
    let ended = Desk::mintage(&scene.world, ["list"]).start().ends().exits(0);
    ended.shows("(today)").shows("(1 day)");
}

#[test]
fn a_secret_that_ends_tomorrow_works_today() {
    let scene = Scene::with(&["--secret-expires", &day(1)]);
    scene.run(&["token", "prod"]).succeeds().says("ends on");
}

#[test]
fn no_profiles_are_said_at_a_terminal() {
    let scene = Scene::new();
    Desk::mintage(&scene.world, ["list"]).start().ends().exits(0).shows("no profiles");
}

#[test]
fn a_damaged_record_is_named_and_the_others_are_listed() {
    let scene = scene();
    std::fs::write(&scene.world.records()[0], "damaged").expect("written");
    let ran = scene.run(&["list", "--json"]).exits(6);
    assert_eq!(ran.json()["profiles"].as_array().map(Vec::len), Some(3));
    assert_eq!(ran.json()["problems"].as_array().map(Vec::len), Some(1));
}

#[test]
fn what_cannot_be_chosen_by_is_wrong_usage() {
    let scene = scene();
    for options in [["--sort", "size"], ["--expires-within", "-1"], ["--tag", "A"]] {
        scene.world.mintage(["list"]).args(options).run().exits(2);
    }
}
