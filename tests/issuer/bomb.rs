//! A small gzip file that unpacks to a very large one, made without a compressor.

/// Copies of 258 bytes that take the unpacked size just past 1 GiB.
const MATCHES: usize = (1 << 30) / 258 + 1;

/// A valid one-member gzip file of 1 MB holding 1 GiB of spaces.
///
/// Its one deflate block has a code of its own: length 258 is `0`, a space `10`, the end `11`, and
/// the only distance, 1, is `0`. A copy of 258 spaces is thus two zero bits.
pub fn gzip() -> Vec<u8> {
    let mut bits = Bits(Vec::new());
    bits.push(0b1, 1); // the last block
    bits.push(0b10, 2); // with its own code
    bits.push(286 - 257, 5); // lengths given for symbols up to 285
    bits.push(0, 5); // and for one distance
    bits.push(18 - 4, 4); // the code for those lengths, as far as symbol 1:
    // in the order 16 17 18 0 8 7 9 6 10 5 11 4 12 3 13 2 14 1
    for length in [0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 2] {
        bits.push(length, 3);
    }
    bits.zero_lengths(32);
    bits.length_2(); // the space, 32
    bits.zero_lengths(138);
    bits.zero_lengths(85);
    bits.length_2(); // the end, 256
    bits.zero_lengths(28);
    bits.length_1(); // length 258, 285
    bits.length_1(); // distance 1
    bits.push(0b01, 2); // a space, most significant bit first
    bits.zeros(MATCHES * 2);
    bits.push(0b11, 2); // the end

    let mut file = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    file.extend(bits.into_bytes());
    let unpacked = MATCHES * 258 + 1;
    file.extend(crc_of_repeated(b' ', unpacked).to_le_bytes());
    let size = u32::try_from(unpacked).expect("less than 4 GiB");
    file.extend(size.to_le_bytes());
    file
}

/// Single bits in the order deflate packs them.
struct Bits(Vec<bool>);

impl Bits {
    fn push(&mut self, value: usize, count: usize) {
        self.0.extend((0..count).map(|bit| value >> bit & 1 == 1));
    }

    fn zeros(&mut self, count: usize) {
        self.0.resize(self.0.len() + count, false);
    }

    /// 11 to 138 code lengths of zero: symbol 18, coded `0`.
    fn zero_lengths(&mut self, count: usize) {
        self.push(0, 1);
        self.push(count - 11, 7);
    }

    /// A code length of one: symbol 1, coded `10`.
    fn length_1(&mut self) {
        self.push(0b01, 2);
    }

    /// A code length of two: symbol 2, coded `11`.
    fn length_2(&mut self) {
        self.push(0b11, 2);
    }

    fn into_bytes(self) -> Vec<u8> {
        self.0.chunks(8).map(packed).collect()
    }
}

fn packed(bits: &[bool]) -> u8 {
    bits.iter().rev().fold(0, |byte, bit| byte << 1 | u8::from(*bit)) // first bit lowest
}

/// The CRC-32 of `count` times the same byte, by repeated doubling.
fn crc_of_repeated(byte: u8, count: usize) -> u32 {
    let mut step = Step::of_byte(byte);
    let mut crc = !0;
    let mut left = count;
    while left > 0 {
        if left & 1 == 1 {
            crc = step.apply(crc);
        }
        step = step.doubled();
        left >>= 1;
    }
    !crc
}

/// What some input does to a CRC register: an affine map over single bits.
struct Step {
    of_bit: [u32; 32],
    of_zero: u32,
}

impl Step {
    fn of_byte(byte: u8) -> Self {
        Self::of_map(|register| {
            (0..8).fold(register ^ u32::from(byte), |value, _| {
                value >> 1 ^ if value & 1 == 1 { 0xedb8_8320 } else { 0 }
            })
        })
    }

    fn doubled(&self) -> Self {
        Self::of_map(|register| self.apply(self.apply(register)))
    }

    fn of_map(map: impl Fn(u32) -> u32) -> Self {
        let of_zero = map(0);
        Self { of_bit: std::array::from_fn(|bit| map(1 << bit) ^ of_zero), of_zero }
    }

    fn apply(&self, register: u32) -> u32 {
        let bits = self.of_bit.iter().enumerate();
        bits.filter(|(bit, _)| register >> bit & 1 == 1).fold(self.of_zero, |sum, (_, of)| sum ^ of)
    }
}
