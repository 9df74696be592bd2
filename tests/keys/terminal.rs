//! A person at a terminal: `script` makes the terminal, the test types.

use std::io::{Read as _, Write as _};
use std::process::Stdio;

use crate::world::Call;

/// How a dialogue ended.
pub struct Talked {
    pub code: i32,
    /// All that stood on the terminal.
    pub shown: String,
}

/// The words of a command as one line for a shell.
pub fn line(words: &[&str]) -> String {
    words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" ")
}

/// Runs `script` (a call of that program, without arguments yet) on this command line, and gives
/// each answer once its question stands there. What is typed is never shown.
pub fn talk(script: Call, line: &str, dialogue: &[(&str, &str)]) -> Talked {
    let mut call = script.args(["-qefc", line, "/dev/null"]);
    call.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = call.command.spawn().expect("script starts");
    // Open to the end: its end would be typed as Ctrl-D.
    let mut keys = child.stdin.take().expect("a pipe");
    let mut screen = child.stdout.take().expect("a pipe");
    let mut shown = String::new();
    let mut seen = 0;
    let mut chunk = [0; 1024];
    for (question, answer) in dialogue {
        while !shown[seen..].contains(question) {
            let count = screen.read(&mut chunk).expect("readable");
            assert!(count > 0, "never asked: {question}\n{shown}");
            shown.push_str(&String::from_utf8_lossy(&chunk[..count]));
        }
        seen = shown.len();
        keys.write_all(format!("{answer}\n").as_bytes()).expect("typed");
    }
    let mut rest = Vec::new();
    screen.read_to_end(&mut rest).expect("readable");
    shown.push_str(&String::from_utf8_lossy(&rest));
    let code = child.wait().expect("it ends").code().expect("an exit code");
    Talked { code, shown }
}

impl Talked {
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}", self.shown);
        self
    }

    #[track_caller]
    pub fn shows(self, text: &str) -> Self {
        assert!(self.shown.contains(text), "not shown: {text}\n{}", self.shown);
        self
    }

    #[track_caller]
    pub fn hides(self, secret: &str) -> Self {
        assert!(!self.shown.contains(secret), "on the terminal: {}", self.shown);
        self
    }
}
