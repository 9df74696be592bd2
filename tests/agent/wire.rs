//! The agent's socket by hand: frames as bytes, not those of our own client.

use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use mintage::agent::{NUMBER, VERSION};

/// Longer than every deadline for a frame.
const PATIENCE: Duration = Duration::from_secs(20);

/// The kinds of some frames.
pub const STATUS: u8 = 21;
pub const TOLD: u8 = 65;
pub const STATUS_REPLY: u8 = 69;

/// A connection that may send anything.
pub struct Wire {
    pub stream: UnixStream,
}

impl Wire {
    /// Nothing is said yet.
    pub fn connect(socket: &Path) -> Self {
        let stream = UnixStream::connect(socket).expect("somebody listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("set");
        stream.set_write_timeout(Some(PATIENCE)).expect("set");
        Self { stream }
    }

    /// Both have said who they are.
    pub fn greet(socket: &Path) -> Self {
        let mut wire = Self::connect(socket);
        wire.send(&hello());
        assert_eq!(wire.hear().expect("an answer")[0], 1);
        wire
    }

    /// The agent may have closed already.
    pub fn try_send(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).is_ok()
    }

    pub fn send(&mut self, bytes: &[u8]) {
        assert!(self.try_send(bytes), "the agent closed");
    }

    /// The content of the next frame; nothing once the agent has closed.
    pub fn hear(&mut self) -> Option<Vec<u8>> {
        let mut length = [0; 4];
        match self.stream.read_exact(&mut length) {
            Err(error) if is_closed(error.kind()) => return None,
            read => read.expect("neither a frame nor an end in time"),
        }
        let mut content = vec![0; u32::from_be_bytes(length).try_into().expect("fits")];
        self.stream.read_exact(&mut content).expect("a whole frame");
        Some(content)
    }

    /// Everything until the agent closes.
    pub fn rest(mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        match self.stream.read_to_end(&mut rest) {
            Err(error) if is_closed(error.kind()) => {}
            read => drop(read.expect("it does not end")),
        }
        rest
    }
}

fn is_closed(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe)
}

/// A frame with its length.
pub fn frame(content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).expect("short");
    [&length.to_be_bytes(), content].concat()
}

/// How a conversation of this very version is opened.
pub fn hello() -> Vec<u8> {
    hello_of(NUMBER, VERSION, false)
}

/// How one of any version is.
pub fn hello_of(number: u16, version: &str, give_way: bool) -> Vec<u8> {
    let mut content = vec![1];
    content.extend(frame(b"mintage"));
    content.extend(number.to_be_bytes());
    content.extend(frame(version.as_bytes()));
    content.push(give_way.into());
    frame(&content)
}

/// Asks how things stand, and says whether that was answered.
pub fn is_answered(socket: &Path) -> bool {
    let mut wire = Wire::greet(socket);
    wire.try_send(&frame(&[STATUS])) && wire.hear().is_some_and(|reply| reply[0] == STATUS_REPLY)
}
