//! The README's five minutes, on a machine with nothing but Rust: a local issuer, a throw-away
//! vault, a profile, a token, a list of tables fetched with it.
//!
//! ```text
//! cargo run --example tour
//! ```
//! Every step runs the real command-line code in a process of its own (this program again, which
//! then behaves as `mintage`), and is printed as a user would type it.

#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a program for people, with a test double in it"
)]

#[path = "../tests/issuer/mod.rs"]
mod issuer;

use std::error::Error;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::{env, fs};

use issuer::Issuer;

#[global_allocator]
static ALLOCATOR: mintage::alloc::Wiping = mintage::alloc::Wiping;

/// With this argument first, the program is a child that lists tables with the token it was given.
const LIST_TABLES: &str = "list-tables";

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args_os().collect();
    match arguments.get(1).and_then(|argument| argument.to_str()) {
        None => report(tour()),
        Some(LIST_TABLES) => report(list_tables()),
        Some(_) => ExitCode::from(mintage::cli::run(&arguments)),
    }
}

fn report(done: Result<(), Box<dyn Error>>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tour: {error}");
            ExitCode::FAILURE
        }
    }
}

fn tour() -> Result<(), Box<dyn Error>> {
    let home = tempfile::tempdir()?;
    let issuer = Issuer::http();
    let (id, secret) = ("us-east-1#6f1e", random_word()?);
    issuer.accept_pair(id, secret.as_bytes());
    let url = issuer.url();
    let tour = Tour { home: home.path() };

    tell(
        "A vault. Its opening key would be in your keychain; here it is in a file, so that the tour leaves nothing behind.",
    );
    tour.step(&["init", "--key", "file", "--recovery-file", "recovery.txt"], "")?;
    tell(
        "A profile. The pair comes by pipe (at a terminal you are asked); a local issuer stands in for Instructure.",
    );
    let pair = format!("DAP_CLIENT_ID={id}\nDAP_CLIENT_SECRET={secret}\n");
    tour.step(&["add", "prod", "--stdin", "--verify", "--base-url", &url], &pair)?;
    tour.step(&["list"], "")?;
    tell("A token, whole on a pipe:");
    let token = tour.quiet(&["token", "prod"])?;
    println!("$ mintage token prod | cut -c1-40\n{}…\n", token.get(..40).unwrap_or_default());
    tell(
        "A real call with it. The child gets ACCESS_TOKEN in its environment; the secret stays here.",
    );
    let own = env::current_exe()?;
    let own = own.to_str().ok_or("this program has a path that is not UTF-8")?;
    tour.step(&["exec", "prod", "--env", "API=base_url", "--", own, LIST_TABLES], "")?;
    tell("What is on the disk: ciphertext under a name that tells nothing.");
    show_record(home.path(), &secret)?;
    issuer_saw(&issuer);
    tour.step(&["remove", "prod", "--yes"], "")?;
    home.close()?;
    println!("Everything is cleaned up. On your machine it is: mintage add prod");
    Ok(())
}

fn tell(text: &str) {
    println!("# {text}");
}

/// A throw-away home folder in which commands are run.
struct Tour<'a> {
    home: &'a Path,
}

impl Tour<'_> {
    /// Runs `mintage` with `input` on its standard input, and shows command and output.
    fn step(&self, arguments: &[&str], input: &str) -> Result<(), Box<dyn Error>> {
        let pipe = if input.is_empty() { "" } else { "… | " };
        println!("$ {pipe}mintage {}", shown(arguments));
        let mut child = self.command(arguments)?.stdin(Stdio::piped()).spawn()?;
        child.stdin.take().ok_or("no pipe")?.write_all(input.as_bytes())?;
        let status = child.wait()?;
        println!();
        if status.success() { Ok(()) } else { Err(format!("it ended with {status}").into()) }
    }

    fn quiet(&self, arguments: &[&str]) -> Result<String, Box<dyn Error>> {
        let output = self.command(arguments)?.stderr(Stdio::inherit()).output()?;
        if !output.status.success() {
            return Err(format!("it ended with {}", output.status).into());
        }
        Ok(String::from_utf8(output.stdout)?)
    }

    fn command(&self, arguments: &[&str]) -> Result<Command, Box<dyn Error>> {
        let mut command = Command::new(env::current_exe()?);
        for name in ["XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "MINTAGE_VAULT"] {
            command.env_remove(name);
        }
        command.args(arguments).env("HOME", self.home).current_dir(self.home);
        Ok(command)
    }
}

fn shown(arguments: &[&str]) -> String {
    let own = |argument: &&str| argument.contains("/tour");
    let words: Vec<&str> = arguments.iter().map(|a| if own(a) { "tour" } else { a }).collect();
    words.join(" ")
}

/// What a child does with a token: one call to the Data Access Platform's list of tables.
fn list_tables() -> Result<(), Box<dyn Error>> {
    let (token, url) = (env::var("ACCESS_TOKEN")?, env::var("API")?);
    let host = url.strip_prefix("http://").ok_or("the tour's issuer is plain http")?;
    let mut stream = TcpStream::connect(host)?;
    write!(
        stream,
        "GET /dap/query/canvas/table HTTP/1.1\r\nHost: {host}\r\n\
         Authorization: Bearer {token}\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or("no answer")?;
    if !head.starts_with("HTTP/1.1 200") {
        return Err("the token was not accepted".into());
    }
    println!("{body}");
    Ok(())
}

fn show_record(home: &Path, secret: &str) -> Result<(), Box<dyn Error>> {
    let profiles = home.join(".local/share/mintage/vaults/default/profiles");
    for shard in fs::read_dir(profiles)? {
        for file in fs::read_dir(shard?.path())? {
            let path = file?.path();
            let bytes = fs::read(&path)?;
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            println!("$ head -c 60 profiles/…/{name}");
            println!(
                "{}…",
                String::from_utf8_lossy(bytes.get(..60).unwrap_or_default()).trim_end()
            );
            let leaks = bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
            if leaks {
                return Err("the secret is in the record in the clear".into());
            }
        }
    }
    println!();
    Ok(())
}

fn issuer_saw(issuer: &Issuer) {
    println!(
        "# The issuer saw {} logins; no URL, argument or file had the secret in it.\n",
        issuer.logins()
    );
}

fn random_word() -> Result<String, Box<dyn Error>> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(|error| error.to_string())?;
    Ok(bytes.map(|byte| format!("{byte:02x}")).concat())
}
