//! A running process as the kernel lists it: its threads, its mappings, its memory read live.

use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;

/// A thread and its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thread {
    pub id: u32,
    pub name: String,
    pub is_main: bool,
}

/// A line of the list of mappings.
#[derive(Debug, Clone)]
pub struct Mapping {
    pub range: Range<u64>,
    pub is_readable: bool,
    pub name: String,
}

/// Its threads, the main one first.
pub fn threads(process: u32) -> Vec<Thread> {
    let tasks = std::fs::read_dir(format!("/proc/{process}/task")).expect("it runs");
    let mut threads: Vec<Thread> = tasks
        .map(|task| task.expect("readable").path())
        .filter_map(|task| {
            let id = task.file_name()?.to_str()?.parse().ok()?;
            // Gone since it was listed.
            let name = std::fs::read_to_string(task.join("comm")).ok()?.trim_end().to_owned();
            Some(Thread { id, name, is_main: id == process })
        })
        .collect();
    threads.sort_by_key(|thread| (!thread.is_main, thread.id));
    threads
}

pub fn mappings(process: u32) -> Vec<Mapping> {
    let list = std::fs::read_to_string(format!("/proc/{process}/maps")).expect("it runs");
    list.lines().map(|line| parse(line).unwrap_or_else(|| panic!("a mapping: {line}"))).collect()
}

fn parse(line: &str) -> Option<Mapping> {
    let mut words = line.split_whitespace();
    let (start, end) = words.next()?.split_once('-')?;
    let number = |text| u64::from_str_radix(text, 16).ok();
    let is_readable = words.next()?.starts_with('r');
    let name = words.nth(3).unwrap_or_default().to_owned();
    Some(Mapping { range: number(start)?..number(end)?, is_readable, name })
}

/// What root reads of a mapping while the process runs; `None` if even root is refused.
pub fn read(process: u32, mapping: &Mapping) -> Option<Vec<u8>> {
    let memory = File::open(format!("/proc/{process}/mem")).expect("we are root");
    let length = usize::try_from(mapping.range.end - mapping.range.start).expect("it fits");
    let mut bytes = vec![0; length];
    memory.read_exact_at(&mut bytes, mapping.range.start).ok()?;
    Some(bytes)
}

/// Whether this process has taken in all that was sent to it from this port, and sleeps.
pub fn has_read_all_from(port: u16, process: u32) -> bool {
    let sockets = std::fs::read_to_string("/proc/net/tcp").expect("readable");
    let is_read = sockets.lines().skip(1).all(|line| {
        // Number, local address, remote address, state, bytes on their way out and in.
        let words: Vec<&str> = line.split_whitespace().collect();
        let ends = |word: &str| word.ends_with(&format!(":{port:04X}"));
        let is_sent = !ends(words[1]) || words[4].starts_with("00000000:");
        let is_taken = !ends(words[2]) || words[4].ends_with(":00000000");
        words[3] != "01" || (is_sent && is_taken)
    });
    is_read && sleeps(process)
}

/// Whether its main thread waits for something.
pub fn sleeps(process: u32) -> bool {
    let state = std::fs::read_to_string(format!("/proc/{process}/stat")).expect("it runs");
    state.rsplit(") ").next().is_some_and(|rest| rest.starts_with('S'))
}
