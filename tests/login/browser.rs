//! A person's browser, as far as a login needs one: it asks the issuer for a page, and goes where that
//! sends it.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use url::Url;

use crate::world::World;

/// A person who sees nothing for so long believes that it does not work.
const PATIENCE: Duration = Duration::from_secs(15);

/// What somebody who listens answered.
pub struct Answer {
    pub status: u16,
    pub text: String,
}

/// Where the issuer sends a browser that asks for `page`.
#[track_caller]
pub fn sent_to(world: &World, page: &str) -> Url {
    let arguments = ["--silent", "--cacert", "ca.pem", "--output", "/dev/null"];
    let format = ["--write-out", "%{redirect_url}", page];
    let ran = world.program("curl").args(arguments).args(format).run().succeeds();
    Url::parse(&ran.out()).expect("the issuer sends the browser back")
}

/// What the page of an issuer shows.
#[track_caller]
pub fn read(world: &World, page: &str) -> String {
    let arguments = ["--silent", "--cacert", "ca.pem", page];
    world.program("curl").args(arguments).run().succeeds().out()
}

/// Goes to a page on this machine.
#[track_caller]
pub fn visit(url: &Url) -> Answer {
    let target = format!("{}?{}", url.path(), url.query().unwrap_or_default());
    ask(port(url), &format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n\r\n", port(url)))
}

/// Says this to whoever listens on a port of this machine.
#[track_caller]
pub fn ask(port: u16, request: &str) -> Answer {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("somebody listens");
    stream.write_all(request.as_bytes()).expect("sent");
    stream.set_read_timeout(Some(PATIENCE)).expect("set");
    let mut text = String::new();
    // Who has heard enough hangs up, perhaps before all was read.
    let _hung_up = stream.read_to_string(&mut text);
    let status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    Answer { status, text }
}

pub fn port(url: &Url) -> u16 {
    url.port().expect("a port of its own")
}
