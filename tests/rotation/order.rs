//! What is on the disk when: the claim before anything is sent, the new refresh token before the token
//! is said.

use crate::scene::Scene;

/// Where in the trace the first line is that this holds of, from there on.
#[track_caller]
fn at(trace: &[&str], from: usize, what: &str, is_it: impl Fn(&str) -> bool) -> usize {
    let found = trace.iter().skip(from).position(|line| is_it(line));
    assert!(found.is_some(), "no {what} from {from} on:\n{}", trace.join("\n"));
    from + found.expect("asserted")
}

fn is(line: &str, call: &str, place: &str) -> bool {
    let word = line.split_whitespace().nth(1).unwrap_or_default();
    word.starts_with(call) && line.contains(place)
}

/// The lines of the four steps of one durable write of a slot, from a line on.
#[track_caller]
fn put(trace: &[&str], from: usize) -> [usize; 4] {
    let temp = ".mintage-tmp-";
    let written = at(trace, from, "write", |line| is(line, "write(", temp));
    let synced = at(trace, written, "fsync", |line| is(line, "fsync(", temp));
    let renamed = at(trace, synced, "rename", |line| {
        is(line, "rename", "/tokens/") || is(line, "linkat", "/tokens/")
    });
    let folder = at(trace, renamed, "fsync of the folder", |line| {
        is(line, "fsync(", "/vaults/default/tokens/") && !line.contains(temp)
    });
    [written, synced, renamed, folder]
}

#[test]
fn a_claim_is_durable_before_anything_is_sent_and_the_new_token_before_it_is_said() {
    let scene = Scene::new();
    for _ in ["first", "later"] {
        let trace = tempfile::NamedTempFile::new().expect("a file");
        let calls = "trace=write,fsync,?rename,renameat,renameat2,linkat,connect,flock";
        let ran = scene
            .world
            .program("strace")
            .args(["-f", "-y", "-qq", "-s", "300", "-e", "signal=none", "-e", calls, "-o"])
            .args([trace.path()])
            .args([env!("CARGO_BIN_EXE_mintage"), "token", "prod", "--fresh"])
            .run()
            .succeeds();
        let text = std::fs::read_to_string(trace.path()).expect("readable");
        let lines: Vec<&str> = text.lines().collect();
        let locked =
            at(&lines, 0, "lock", |line| is(line, "flock(", "/tokens/") && line.ends_with("= 0"));
        let claimed = put(&lines, locked);
        let port = format!("htons({})", scene.issuer.port());
        let sent = at(&lines, 0, "connection", |line| is(line, "connect(", &port));
        assert!(claimed[3] < sent, "{text}");
        let kept = put(&lines, sent);
        let token = ran.out().trim_end().to_owned();
        let said = at(&lines, 0, "token", |line| is(line, "write(1", &token));
        assert!(kept[3] < said, "{text}");
        // A pin never runs ahead of the vault.
        let pinned = at(&lines, kept[2], "pin", |line| is(line, "rename", "/pins/"));
        assert!(kept[3] < pinned, "{text}");
    }
}
