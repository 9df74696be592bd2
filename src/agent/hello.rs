//! How a conversation is opened. This frame never changes, whatever the number of the protocol.

use zeroize::Zeroizing;

use super::codec::{Reader, Writer};

/// The number of the protocol, changed with every change of a frame.
pub const NUMBER: u16 = 2;

/// The version of this program.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

const MAGIC: &[u8] = b"mintage";

/// How a conversation is opened, by either side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hello {
    /// The number of its protocol.
    pub number: u16,
    /// The version of its program.
    pub version: String,
    /// A client wants the agent to lock and end, so that another can take its place.
    pub give_way: bool,
}

impl Hello {
    /// Ours.
    #[must_use]
    pub fn own(give_way: bool) -> Self {
        Self { number: NUMBER, version: VERSION.to_owned(), give_way }
    }

    /// Whether the other side is of the same build as we are.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        self.number == NUMBER && self.version == VERSION
    }

    /// The whole frame.
    #[must_use]
    pub fn to_frame(&self) -> Zeroizing<Vec<u8>> {
        let Self { number, version, give_way } = self;
        Writer::new(1).bytes(MAGIC).u16(*number).text(version).flag(*give_way).finish()
    }

    /// Reads the content of a frame. What follows the fields known here is left to later versions.
    #[must_use]
    pub fn parse(content: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(content);
        let opens = reader.u8() == Ok(1) && reader.bytes() == Ok(MAGIC);
        let number = reader.u16().ok().filter(|_| opens)?;
        let version = reader.text().ok()?;
        let harmless = version.len() <= 64 && version.bytes().all(|byte| byte.is_ascii_graphic());
        let give_way = reader.flag().ok()?;
        harmless.then(|| Self { number, version: version.to_owned(), give_way })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_greeting_reads_back_whatever_a_later_version_adds() {
        let later = Hello { number: 9, version: "99.0.0-x".into(), give_way: true };
        for hello in [Hello::own(false), Hello::own(true), later] {
            let mut content = hello.to_frame()[4..].to_vec();
            assert_eq!(Hello::parse(&content), Some(hello.clone()));
            content.extend_from_slice(b"more");
            assert_eq!(Hello::parse(&content), Some(hello));
        }
    }

    #[test]
    fn a_greeting_with_a_version_that_is_not_for_a_terminal_is_none() {
        for version in ["\u{1b}[31m", "a b", &"1".repeat(65)] {
            let hello = Hello { version: version.to_owned(), ..Hello::own(false) };
            assert_eq!(Hello::parse(&hello.to_frame()[4..]), None);
        }
    }
}
