//! A desktop's password prompt with nobody in front of it: `org.gnome.keyring.SystemPrompter`, which
//! says that it is asking, and never comes back with an answer.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::keyring::Keyring;

const NAME: &str = "org.gnome.keyring.SystemPrompter";

/// Its thread ends with the bus.
pub struct Prompter {
    asked: Arc<AtomicUsize>,
}

impl Prompter {
    pub fn start(keyring: &Keyring) -> Self {
        let path = keyring.address().trim_start_matches("unix:path=");
        let path = path.split(',').next().expect("a path");
        let mut bus = UnixStream::connect(path).expect("the bus answers");
        let uid = rustix::process::getuid().as_raw().to_string();
        let hex = uid.bytes().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
        write!(bus, "\0AUTH EXTERNAL {hex}\r\n").expect("written");
        let mut answer = String::new();
        BufReader::new(&bus).read_line(&mut answer).expect("an answer");
        assert!(answer.starts_with("OK "), "{answer}");
        bus.write_all(b"BEGIN\r\n").expect("written");
        bus.write_all(&to_bus(1, "Hello", "", &[])).expect("written");
        let mut name = text(NAME);
        pad(&mut name, 4);
        name.extend_from_slice(&4_u32.to_le_bytes());
        bus.write_all(&to_bus(2, "RequestName", "su", &name)).expect("written");
        keyring.wait_for(NAME);

        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        std::thread::spawn(move || {
            let mut serial = 2;
            while let Some(call) = receive(&mut bus) {
                if call.member == "BeginPrompting" {
                    count.fetch_add(1, Ordering::SeqCst);
                    serial += 1;
                    // "I am at it": what follows is up to the person, who never comes.
                    let reply = [(6, 's', call.sender)];
                    let reply = message(2, serial, &reply, Some(call.serial), "", &[]);
                    let _the_bus_is_gone = bus.write_all(&reply);
                }
            }
        });
        Self { asked }
    }

    /// How often it was told to prompt.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

/// What matters of a message that came in.
#[derive(Default)]
struct Call {
    serial: u32,
    member: String,
    sender: String,
}

/// Reads one message (D-Bus specification, "Message Protocol"); little-endian, as both ends are.
fn receive(bus: &mut UnixStream) -> Option<Call> {
    let mut fixed = [0; 16];
    bus.read_exact(&mut fixed).ok()?;
    let number = |at: usize| {
        let bytes: [u8; 4] = fixed[at..at + 4].try_into().expect("four bytes");
        u32::from_le_bytes(bytes)
    };
    let sizes = [number(12), number(4)].map(|size| usize::try_from(size).expect("64 bits"));
    let mut fields = vec![0; sizes[0].next_multiple_of(8) + sizes[1]];
    bus.read_exact(&mut fields).ok()?;
    let fields = &fields[..sizes[0]];
    let mut call = Call { serial: number(8), ..Call::default() };
    let mut at = 0;
    while at < fields.len() {
        let (code, kind) = (fields[at], fields[at + 2]);
        at += 4;
        if kind == b'u' {
            at += 4;
        } else {
            let head = if kind == b'g' { 1 } else { 4 };
            let length = usize::from(fields[at]);
            let value = String::from_utf8_lossy(&fields[at + head..at + head + length]);
            match code {
                3 => call.member = value.into_owned(),
                7 => call.sender = value.into_owned(),
                _ => {}
            }
            at += head + length + 1;
        }
        at = at.next_multiple_of(8);
    }
    Some(call)
}

/// One message to send: its kind (1 a call, 2 a reply), its header fields, its body.
fn message(
    kind: u8,
    serial: u32,
    texts: &[(u8, char, String)],
    reply_to: Option<u32>,
    signature: &str,
    body: &[u8],
) -> Vec<u8> {
    let mut fields = Vec::new();
    for (code, kind, value) in texts {
        pad(&mut fields, 8);
        fields.extend_from_slice(&[*code, 1, u8::try_from(*kind).expect("ASCII"), 0]);
        fields.extend_from_slice(&text(value));
    }
    if let Some(serial) = reply_to {
        pad(&mut fields, 8);
        fields.extend_from_slice(&[5, 1, b'u', 0]);
        fields.extend_from_slice(&serial.to_le_bytes());
    }
    if !signature.is_empty() {
        pad(&mut fields, 8);
        fields.extend_from_slice(&[8, 1, b'g', 0, length(signature.as_bytes()).to_le_bytes()[0]]);
        fields.extend_from_slice(signature.as_bytes());
        fields.push(0);
    }
    let mut bytes = vec![b'l', kind, 0, 1];
    for number in [length(body), serial, length(&fields)] {
        bytes.extend_from_slice(&number.to_le_bytes());
    }
    bytes.extend_from_slice(&fields);
    pad(&mut bytes, 8);
    bytes.extend_from_slice(body);
    bytes
}

/// A call to the bus itself.
fn to_bus(serial: u32, member: &str, signature: &str, body: &[u8]) -> Vec<u8> {
    let own = |text: &str| text.to_owned();
    let fields = [
        (1, 'o', own("/org/freedesktop/DBus")),
        (6, 's', own("org.freedesktop.DBus")),
        (2, 's', own("org.freedesktop.DBus")),
        (3, 's', own(member)),
    ];
    message(1, serial, &fields, None, signature, body)
}

fn text(value: &str) -> Vec<u8> {
    let mut bytes = length(value.as_bytes()).to_le_bytes().to_vec();
    bytes.extend_from_slice(value.as_bytes());
    bytes.push(0);
    bytes
}

fn pad(bytes: &mut Vec<u8>, step: usize) {
    bytes.resize(bytes.len().next_multiple_of(step), 0);
}

fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).expect("short")
}
