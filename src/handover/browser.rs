//! Sends the user's browser to a page. What is in its address can be seen in the process list: it is no
//! secret, and no secret may be put there.

use std::process::{Command, Stdio};

#[cfg(target_os = "macos")]
const OPEN: (&str, &[&str]) = ("open", &[]);
#[cfg(windows)]
const OPEN: (&str, &[&str]) = ("rundll32", &["url.dll,FileProtocolHandler"]);
#[cfg(not(any(windows, target_os = "macos")))]
const OPEN: (&str, &[&str]) = ("xdg-open", &[]);

/// Asks the desktop to open `page`, an http or https URL; `false` where there is none to ask.
#[must_use]
pub fn browse(page: &str) -> bool {
    if !page.starts_with("https://") && !page.starts_with("http://") {
        return false;
    }
    let (program, arguments) = OPEN;
    #[expect(clippy::disallowed_methods, reason = "this module starts all children")]
    let mut command = Command::new(program);
    command.args(arguments).arg(page);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // A browser that was not running yet stays when Ctrl-C ends the wait for it.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command.spawn().is_ok()
}
