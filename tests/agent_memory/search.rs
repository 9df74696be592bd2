//! Looks for all pieces of all forms of all secrets in one pass.
//!
//! Wherever sixteen bytes lie, eight of them are a whole word at a multiple of eight. So only every
//! eighth place is looked at, and what is found there is extended to both sides.

use std::collections::{BTreeSet, HashMap};

use super::needle::{Needle, PIECE};

const WORD: usize = 8;
const PAGE: usize = 4096;
const EMPTY: [u8; PAGE] = [0; PAGE];
/// The sieve has two to this many bits.
const SIEVE: u32 = 22;

pub struct Search<'a> {
    forms: Vec<(&'a Needle, &'static str, &'a [u8])>,
    /// Where each word stands: in which form, at which byte.
    words: HashMap<u64, Vec<(usize, usize)>>,
    /// A bit for each word that is in `words`, by its hash: most of memory falls through.
    sieve: Vec<u64>,
}

/// A piece of at least sixteen bytes, extended as far as it goes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hit {
    pub name: String,
    pub how: &'static str,
    /// Where in the place it begins, where in the form, and how long it is.
    pub at: usize,
    pub from: usize,
    pub length: usize,
    pub is_whole: bool,
}

impl<'a> Search<'a> {
    pub fn new(needles: &'a [Needle]) -> Self {
        let forms: Vec<_> = needles
            .iter()
            .flat_map(|needle| needle.forms.iter().map(move |form| (needle, form)))
            .map(|(needle, form)| (needle, form.how, form.bytes.as_slice()))
            .collect();
        let mut search = Self { forms, words: HashMap::new(), sieve: vec![0; 1 << (SIEVE - 6)] };
        for (index, (_, _, bytes)) in search.forms.iter().enumerate() {
            for (at, word) in bytes.windows(WORD).enumerate() {
                let word = u64::from_ne_bytes(word.try_into().expect("a word"));
                search.words.entry(word).or_default().push((index, at));
                let (part, bit) = bit_of(word);
                search.sieve[part] |= bit;
            }
        }
        search
    }

    /// Every piece in `place`, each once, in order.
    pub fn hits(&self, place: &[u8]) -> Vec<Hit> {
        let mut found = BTreeSet::new();
        for (number, page) in place.chunks(PAGE).enumerate() {
            // Most of memory was never used, and is compared faster than it is searched.
            if page == &EMPTY[..page.len()] {
                continue;
            }
            for (index, word) in page.chunks_exact(WORD).enumerate() {
                let word = u64::from_ne_bytes(word.try_into().expect("a word"));
                let (part, bit) = bit_of(word);
                if self.sieve[part] & bit == 0 {
                    continue;
                }
                for (form, from) in self.words.get(&word).into_iter().flatten() {
                    found.extend(self.extended(place, number * PAGE + index * WORD, *form, *from));
                }
            }
        }
        found.into_iter().collect()
    }

    /// How many places each secret, in each form, was found in: for a message.
    pub fn tally(hits: &[Hit]) -> Vec<String> {
        let mut tally: HashMap<(&str, &str), (usize, usize)> = HashMap::new();
        for hit in hits {
            let counts = tally.entry((&hit.name, hit.how)).or_default();
            if hit.is_whole {
                counts.0 += 1;
            } else {
                counts.1 += 1;
            }
        }
        let mut lines: Vec<String> = tally
            .into_iter()
            .map(|((name, how), (whole, part))| {
                format!("{name}, {how}: {whole} whole, {part} in part")
            })
            .collect();
        lines.sort();
        lines
    }

    /// The word at `at` in the place is the one at `from` in the form: how far do they go together?
    fn extended(&self, place: &[u8], at: usize, form: usize, from: usize) -> Option<Hit> {
        let (needle, how, bytes) = self.forms[form];
        let same = |(one, other): &(&u8, &u8)| one == other;
        let before = place[..at].iter().rev().zip(bytes[..from].iter().rev()).take_while(same);
        let before = before.count();
        let length = before + place[at..].iter().zip(&bytes[from..]).take_while(same).count();
        (length >= PIECE).then(|| Hit {
            name: needle.name.clone(),
            how,
            at: at - before,
            from: from - before,
            length,
            is_whole: length == bytes.len(),
        })
    }
}

fn bit_of(word: u64) -> (usize, u64) {
    let hash = word.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - SIEVE);
    (usize::try_from(hash >> 6).expect("a small number"), 1 << (hash & 63))
}
