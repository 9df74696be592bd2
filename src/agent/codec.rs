//! The bytes inside a frame: numbers in network order, texts behind their length.
//!
//! Reading takes whatever a stranger sends: no length is believed before the bytes are there, and
//! nothing is allocated that was not sent. Whatever is read is written again in the same bytes.

use jiff::civil::Date;
use zeroize::Zeroizing;

/// The bytes are not of the form that was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed;

/// Puts a frame together. It may hold a secret, so it is wiped.
pub(super) struct Writer(Zeroizing<Vec<u8>>);

impl Writer {
    pub(super) fn new(kind: u8) -> Self {
        let mut bytes = Zeroizing::new(Vec::with_capacity(1024));
        // Room for the length, which is known at the end.
        bytes.extend_from_slice(&[0, 0, 0, 0, kind]);
        Self(bytes)
    }

    pub(super) fn u8(mut self, value: u8) -> Self {
        self.0.push(value);
        self
    }

    pub(super) fn flag(self, value: bool) -> Self {
        self.u8(value.into())
    }

    pub(super) fn u16(mut self, value: u16) -> Self {
        self.0.extend_from_slice(&value.to_be_bytes());
        self
    }

    pub(super) fn u64(mut self, value: u64) -> Self {
        self.0.extend_from_slice(&value.to_be_bytes());
        self
    }

    pub(super) fn bytes(mut self, value: &[u8]) -> Self {
        let length = u32::try_from(value.len()).unwrap_or(u32::MAX);
        self.0.reserve(4 + value.len());
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(value);
        self
    }

    pub(super) fn text(self, value: &str) -> Self {
        self.bytes(value.as_bytes())
    }

    pub(super) fn option<T>(self, value: Option<T>, write: impl FnOnce(Self, T) -> Self) -> Self {
        match value {
            None => self.u8(0),
            Some(value) => write(self.u8(1), value),
        }
    }

    pub(super) fn list<T>(
        self,
        values: impl ExactSizeIterator<Item = T>,
        write: impl Fn(Self, T) -> Self,
    ) -> Self {
        let count = u16::try_from(values.len()).unwrap_or(u16::MAX);
        values.take(count.into()).fold(self.u16(count), write)
    }

    /// The frame with its length in front.
    pub(super) fn finish(mut self) -> Zeroizing<Vec<u8>> {
        let length = u32::try_from(self.0.len() - 4).unwrap_or(u32::MAX);
        if let Some(place) = self.0.first_chunk_mut() {
            *place = length.to_be_bytes();
        }
        self.0
    }
}

/// Takes the content of a frame apart.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn new(content: &'a [u8]) -> Self {
        Self(content)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        self.take(N)?.try_into().map_err(|_| Malformed)
    }

    pub(super) fn u8(&mut self) -> Result<u8, Malformed> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(super) fn flag(&mut self) -> Result<bool, Malformed> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Malformed),
        }
    }

    pub(super) fn u16(&mut self) -> Result<u16, Malformed> {
        self.array().map(u16::from_be_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64, Malformed> {
        self.array().map(u64::from_be_bytes)
    }

    pub(super) fn bytes(&mut self) -> Result<&'a [u8], Malformed> {
        let length = u32::from_be_bytes(self.array()?);
        self.take(usize::try_from(length).map_err(|_| Malformed)?)
    }

    pub(super) fn text(&mut self) -> Result<&'a str, Malformed> {
        std::str::from_utf8(self.bytes()?).map_err(|_| Malformed)
    }

    pub(super) fn option<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, Malformed>,
    ) -> Result<Option<T>, Malformed> {
        if self.flag()? { read(self).map(Some) } else { Ok(None) }
    }

    pub(super) fn list<T>(
        &mut self,
        read: impl Fn(&mut Self) -> Result<T, Malformed>,
    ) -> Result<Vec<T>, Malformed> {
        (0..self.u16()?).map(|_| read(self)).collect()
    }

    /// A date as we write it, and in none of its other forms.
    pub(super) fn date(&mut self) -> Result<Date, Malformed> {
        let text = self.text()?;
        let date: Date = text.parse().map_err(|_| Malformed)?;
        if date.to_string() == text { Ok(date) } else { Err(Malformed) }
    }

    /// Nothing may be left.
    pub(super) fn end(self) -> Result<(), Malformed> {
        if self.0.is_empty() { Ok(()) } else { Err(Malformed) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_a_cut_frame_is_not() {
        let frame = Writer::new(7)
            .flag(true)
            .u64(u64::MAX)
            .text("a\u{e9}")
            .option(Some(3), Writer::u16)
            .list(["x", "y"].iter(), |writer, text| writer.text(text))
            .finish();
        assert_eq!(frame.len(), 4 + usize::from(frame[3]));
        let read = |content: &[u8]| {
            let mut reader = Reader::new(content);
            let all = (
                reader.u8()?,
                reader.flag()?,
                reader.u64()?,
                reader.text()?.to_owned(),
                reader.option(Reader::u16)?,
                reader.list(|reader| reader.text().map(str::to_owned))?,
            );
            reader.end().map(|()| all)
        };
        let all = (7, true, u64::MAX, "a\u{e9}".into(), Some(3), vec!["x".into(), "y".into()]);
        assert_eq!(read(&frame[4..]), Ok(all));
        for end in 4..frame.len() {
            assert_eq!(read(&frame[4..end]), Err(Malformed), "{end}");
        }
    }

    // A06
    #[test]
    fn a_length_that_lies_allocates_nothing() {
        let mut reader = Reader::new(&[0xFF, 0xFF, 0xFF, 0xFF, 1, 2]);
        assert_eq!(reader.bytes(), Err(Malformed));
        // A list of 65,535 that ends after its first.
        let mut reader = Reader::new(&[0xFF, 0xFF, 1]);
        assert_eq!(reader.list(Reader::u8), Err(Malformed));
    }
}
